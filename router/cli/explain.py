"""`task-router explain`: why a prompt would go where it would go.

In: a text or a request, and a policy. Out: classification and decision on stdout, as lines or as
JSON; exit status 0, 1 where the request would be refused, 2 for a file that cannot be used. Never:
anything sent, or a backend asked whether it is up.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import orjson
import typer

from router.assay.explain import explain
from router.classification.classifier import load_classifier
from router.errors import ConfigurationError
from router.families import load_families
from router.policy import load_policy, resolve_policy_path
from router.settings import environment

_DEFAULT_POLICY: Final = "shipped:default"
_REFUSED: Final = 1
_UNUSABLE: Final = 2
_LABEL_WIDTH: Final = 14

_Prompt = Annotated[
    str,
    typer.Argument(
        metavar="TEXT|@FILE|-",
        help="A prompt; @FILE: a request body in a JSON file; -: either of them on stdin.",
        show_default=False,
    ),
]
_Policy = Annotated[str, typer.Option(metavar="FILE", help="Policy file, or shipped:NAME.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def run(prompt: _Prompt, policy: _Policy = _DEFAULT_POLICY, as_json: _Json = False) -> None:
    """Say how a prompt would be classified and where it would go; send nothing."""
    raw = _body(prompt)
    try:
        rules = load_policy(resolve_policy_path(policy), environment(), load_families())
        classifier = load_classifier(rules.weights, encoder=rules.encoder)
    except ConfigurationError as error:
        _refuse(str(error))
    for spec in rules.backends.values():
        if spec.api_key_env and not environment().get(spec.api_key_env):
            typer.echo(
                f"note: {spec.name} is taken to be usable; {spec.api_key_env} is not set here",
                err=True,
            )
    found = explain(rules, classifier, raw, (), {})
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        for label, text in _lines(found):
            typer.echo(f"{label:<{_LABEL_WIDTH}}{text}".rstrip())
    if found["error"] is not None:
        raise typer.Exit(_REFUSED)


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(_UNUSABLE)


def _body(prompt: str) -> bytes:
    """Return the request body that `prompt` means."""
    if prompt == "-":
        content = sys.stdin.buffer.read()
        return content if _is_request(content) else _asking(content.decode("utf-8", "replace"))
    if not prompt.startswith("@"):
        return _asking(prompt)
    path = Path(prompt[1:])
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        _refuse(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}")


def _asking(text: str) -> bytes:
    safe = text.encode("utf-8", "replace").decode()
    return orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": safe}]})


def _is_request(content: bytes) -> bool:
    try:
        parsed = orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(parsed, dict) and ("messages" in parsed or "prompt" in parsed)


def _lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the report as labels and texts."""
    if found["classification"] is not None:
        yield from _classification_lines(found["classification"])
    if found["needs"] is not None:
        wanted = ", ".join(found["needs"]["capabilities"]) or "nothing special"
        yield "needs", f"{wanted}; about {found['needs']['tokens']} tokens"
    decision = found["decision"]
    if decision is not None:
        first, *rest = (_candidate(each) for each in decision["candidates"])
        yield "goes to", first
        yield "because", f"{decision['reason']}: {decision['meaning']}"
        if rest:
            yield "or else", ", ".join(rest)
        for skip in decision["skipped"]:
            yield "passed over", f"{skip['backend']}: {skip['meaning']}"
    if found["error"] is not None:
        yield "refused", f"{found['error']['status']} {found['error']['message']}"
    yield "policy", f"{found['policy']['file']} ({found['policy']['generation']})"


def _classification_lines(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    fact = f", {found['fact']}" if found["fact"] else ""
    yield "category", f"{found['category']} ({found['confidence']:.2f}, by {found['stage']}{fact})"
    ranked = sorted(found["probabilities"].items(), key=lambda pair: -pair[1])
    yield "probabilities", ", ".join(f"{name} {share:.2f}" for name, share in ranked)
    for each in found["weighed"]:
        yield "weighed", f"{each['weight']:+.2f} {each['feature']}"


def _candidate(candidate: dict[str, Any]) -> str:
    model = candidate["model"]
    return f"{candidate['backend']} (model {model})" if model else f"{candidate['backend']}"

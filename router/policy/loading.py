"""From a policy file to a frozen `Policy`, or to all of its mistakes at once.

In: a path, the environment, the table of families. Out: a `Policy`. Never: a policy that is only
partly good, and never a secret: keys are looked up elsewhere, at the moment of use.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from router.closed_sets import Capability
from router.errors import ConfigurationError
from router.families import Families, Family
from router.policy.backend_rules import Surroundings, expand
from router.policy.policy import AUTO, Expectation, Policy, PolicyTest
from router.policy.references import read_references
from router.policy.schema import BackendEntry, CapabilitiesEntry, PolicyFile, TestEntry
from router.policy.shape import read_shape
from router.types import BackendSpec, Timeouts
from router.yaml_source import load, read_bytes

_GENERATION_DIGITS: Final = 8


def load_policy(path: Path, environ: Mapping[str, str], families: Families) -> Policy:
    """Read, check and freeze a policy file.

    Args:
        path: The file.
        environ: Where `${VAR}` in a `base_url` is looked up.
        families: The facts that fill in what the policy leaves open.

    Raises:
        ConfigurationError: The file has mistakes; it carries all of them, by line.
    """
    content = read_bytes(path)
    document = load(content, str(path))
    around = Surroundings(path.parent, environ, families)
    checked, shape_mistakes = read_shape(document)
    mistakes = {*document.mistakes, *shape_mistakes, *read_references(document, around)}
    if checked is None or mistakes:
        ordered = sorted(mistakes, key=lambda m: (m.line, m.path, m.message))
        raise ConfigurationError(str(path), tuple(ordered))
    return Policy(
        generation=hashlib.sha256(content).hexdigest()[:_GENERATION_DIGITS],
        file=str(path),
        backends=MappingProxyType(
            {name: _backend(name, entry, around) for name, entry in checked.backends.items()}
        ),
        routes=MappingProxyType({name: tuple(to) for name, to in checked.routes.items()}),
        default=checked.default,
        aliases=MappingProxyType(dict(checked.aliases)),
        unknown_models=checked.unknown_models,
        min_confidence=checked.classification.min_confidence,
        weights=_beside(path.parent, checked.classification.weights),
        encoder=checked.classification.encoder,
        body_bytes=checked.limits.body_bytes,
        tests=_tests(checked, path.parent, document.lines),
    )


def _beside(folder: Path, name: str | None) -> Path | None:
    return None if name is None else folder / name


def _backend(name: str, entry: BackendEntry, around: Surroundings) -> BackendSpec:
    family = _family(entry, around.families)
    base_url, _ = expand(entry.base_url, around.environ)
    window = None if family is None else family.window
    if "context_window" in entry.model_fields_set:
        window = entry.context_window
    ca_file = _beside(around.folder, entry.ca_file)
    return BackendSpec(
        name=name,
        base_url=base_url.rstrip("/"),
        model=entry.model,
        api_key_env=entry.api_key_env,
        forward_key=entry.api_key == "forward",
        auth=entry.auth,
        headers=MappingProxyType(dict(entry.headers)),
        dialect=entry.dialect,
        family=None if family is None else family.name,
        transport=entry.transport,
        http2=entry.http2,
        proxy_env=entry.proxy_env,
        ca_file=None if ca_file is None else str(ca_file),
        context_window=window,
        capabilities=_capabilities(entry.capabilities, family),
        timeouts=Timeouts(**entry.timeouts.model_dump()),
        request_defaults=MappingProxyType(dict(entry.request_defaults)),
    )


def _family(entry: BackendEntry, families: Families) -> Family | None:
    if entry.family is not None:
        return families.named(entry.family)
    return None if entry.model is None else families.match(entry.model)


def _capabilities(own: CapabilitiesEntry, family: Family | None) -> Mapping[Capability, bool]:
    """Return what is known: the family's facts, then the policy's; an explicit null forgets."""
    known: dict[Any, bool | None] = {} if family is None else dict(family.capabilities)
    known |= own.model_dump(exclude_unset=True)
    return MappingProxyType({name: value for name, value in known.items() if value is not None})


@dataclass(frozen=True, slots=True)
class _Source:
    """The two ways in which a test gives its request."""

    body: bytes | None = None
    file: Path | None = None


def _tests(
    checked: PolicyFile, folder: Path, lines: Mapping[tuple[str | int, ...], int]
) -> tuple[PolicyTest, ...]:
    return tuple(
        _test(entry, folder, lines[("tests", index)]) for index, entry in enumerate(checked.tests)
    )


def _test(entry: TestEntry, folder: Path, line: int) -> PolicyTest:
    source = _source(entry, folder)
    expect = entry.expect
    return PolicyTest(
        line=line,
        expect=Expectation(
            category=expect.category,
            backend=expect.backend,
            backends=None if expect.backends is None else tuple(expect.backends),
            reason=expect.reason,
            skipped=expect.skipped,
            error=expect.error,
        ),
        body=source.body,
        file=source.file,
        health=MappingProxyType(dict(entry.health)),
    )


def _source(entry: TestEntry, folder: Path) -> _Source:
    if isinstance(entry.request, str):
        return _Source(file=folder / entry.request)
    request = entry.request
    if request is None:
        request = {"messages": [{"role": "user", "content": entry.ask}]}
    return _Source(body=json.dumps({"model": AUTO} | request).encode())

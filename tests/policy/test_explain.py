"""`task-router explain` and the report behind it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from router.assay.explain import explain
from router.categories import CATEGORIES
from router.classification.classifier import load_classifier
from router.cli import command_line
from tests.policy.writing import SMALL, backend, load_text, policy_of, write

FIBONACCI = "Write a Python function that returns the n-th Fibonacci number."

PASSING_OVER = """\
version: 1
backends:
  base: {base_url: "http://127.0.0.1:1", capabilities: {instruct: false}}
  claude: {base_url: "http://127.0.0.1:2"}
  coder: {base_url: "http://127.0.0.1:3", model: qwen}
routes: {code-edit: [base, claude, coder]}
default: coder
classification: {min_confidence: 0}
"""

TEN_PROMPTS = {
    "Summarise the causes of the First World War in five sentences.": "general-instruct",
    "Translate into Spanish: the train to the airport leaves at nine.": "general-instruct",
    "What is the difference between a virus and a bacterium?": "general-instruct",
    "Write a polite e-mail to my landlord about the broken heating.": "general-instruct",
    "Write a bash script that deletes all log files older than 30 days.": "code-generation",
    "Create a SQL query that lists the ten customers with the highest revenue.": "code-generation",
    "Implement a binary search tree in Rust with insert and lookup.": "code-generation",
    "Fix this code:\n```js\nfor (let i = 0; i <= xs.length; i++) sum += xs[i]\n```": "code-edit",
    "Add type hints to this:\n```python\ndef area(w, h):\n    return w * h\n```": "code-edit",
    "Port this to Go:\n```python\nprint(sum(int(x) for x in input().split()))\n```": "code-edit",
}


def run(*arguments: str, stdin: str | None = None) -> Result:
    """Run the command line."""
    return CliRunner().invoke(command_line(["explain"]), ["explain", *arguments], input=stdin)


def report(tmp_path: Path, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Return the report on a body, through JSON."""
    lines = [(f"x-router-{name}".encode(), value.encode()) for name, value in headers.items()]
    policy = load_text(tmp_path, SMALL)
    found = explain(
        policy, load_classifier(encoder=False), json.dumps(body).encode(), lines, {"llama": "down"}
    )
    loaded: dict[str, Any] = json.loads(json.dumps(found))
    return loaded


def test_the_report_says_what_was_found_and_why(tmp_path: Path) -> None:
    """Stage, probabilities, what weighed, needs, candidates, skips and their meanings."""
    ask = "Fix this function:\n```python\ndef f(x) return x\n```"
    found = report(tmp_path, {"model": "auto", "messages": [{"role": "user", "content": ask}]})
    assert found["classification"]["category"] == "code-edit"
    assert set(found["classification"]["probabilities"]) == set(CATEGORIES)
    assert found["classification"]["weighed"]
    assert found["needs"]["tokens"] > 0
    assert found["decision"]["reason"] == "route"
    assert found["decision"]["candidates"] == [
        {"backend": "coder", "model": "Qwen/Qwen2.5-Coder-7B-Instruct"}
    ]
    (skip,) = found["decision"]["skipped"]
    assert (skip["backend"], skip["reason"]) == ("llama", "down")
    assert "not reachable" in skip["meaning"]
    assert found["error"] is None


def test_headers_and_pins_are_heeded(tmp_path: Path) -> None:
    """A declared category is a stage of its own; a pinned request is not classified."""
    body = {"model": "auto", "messages": []}
    declared = report(tmp_path, body, category="code-edit")
    assert declared["classification"]["stage"] == "declared"
    pinned = report(tmp_path, body, backend="coder")
    assert pinned["classification"] is None
    assert pinned["decision"]["reason"] == "pinned"


def test_a_refusal_is_part_of_the_report(tmp_path: Path) -> None:
    """What would answer the client instead, with what was found until then."""
    found = report(tmp_path, {"model": "lama", "messages": []})
    assert found["decision"] is None
    assert found["error"]["status"] == 404
    assert found["error"]["code"] == "model_not_found"
    down = report(tmp_path, {"model": "auto:general-instruct", "messages": []})
    assert down["classification"]["stage"] == "declared"
    assert down["error"]["status"] == 503


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"model": "auto"}', b"[" * 100_000])
def test_any_body_is_reported_on(raw: bytes) -> None:
    """No body raises; what the router would refuse is a refusal."""
    found = explain(policy_of(backend("a")), load_classifier(encoder=False), raw, (), {})
    assert (found["decision"] is None) != (found["error"] is None)


def test_a_body_that_nests_too_deeply_goes_to_the_default() -> None:
    """It cannot be classified, and says so."""
    raw = b'{"model": "auto", "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    found = explain(policy_of(backend("a")), load_classifier(encoder=False), raw, (), {})
    assert found["classification"] is None
    assert found["decision"]["reason"] == "unreadable"


def test_a_text_is_explained_in_lines(tmp_path: Path) -> None:
    """Category, target and reason for people."""
    result = run("--policy", str(write(tmp_path, SMALL)), FIBONACCI)
    assert result.exit_code == 0
    assert "category      code-generation (" in result.stdout
    assert "goes to       llama (model llama3.1:8b)" in result.stdout
    assert "because       no_route: " in result.stdout
    assert result.stderr == ""
    routed = run("--policy", str(write(tmp_path, PASSING_OVER)), "Fix: def f(x) return x")
    assert "goes to       claude\n" in routed.stdout
    assert "or else       coder (model qwen)\n" in routed.stdout
    assert "passed over   base: the category needs an instruction-tuned model" in routed.stdout


def test_the_first_of_two_headers_counts() -> None:
    """As on the hot path."""
    policy = policy_of(backend("a"), backend("b"))
    twice = [(b"x-router-backend", b"b"), (b"x-router-backend", b"a")]
    found = explain(policy, load_classifier(encoder=False), b'{"model": "auto"}', twice, {})
    assert found["decision"]["candidates"] == [{"backend": "b", "model": None}]


@pytest.mark.parametrize(("prompt", "category"), TEN_PROMPTS.items())
def test_everyday_prompts_are_explained(prompt: str, category: str) -> None:
    """Ten prompts that are not in the demo's tour."""
    found = json.loads(run("--json", prompt).stdout)
    assert found["classification"]["category"] == category
    assert found["decision"]["candidates"]


def test_json_is_one_object(tmp_path: Path) -> None:
    """For scripts; without a policy, the shipped one is used."""
    found = json.loads(run("--json", FIBONACCI).stdout)
    assert found["classification"]["category"] == "code-generation"
    assert found["decision"]["candidates"][0]["backend"] == "gpt-4.1"
    body = {"model": "auto", "messages": [{"role": "user", "content": FIBONACCI}]}
    request = tmp_path / "request.json"
    request.write_text(json.dumps(body))
    for arguments, stdin in (
        ((f"@{request}",), None),
        (("-",), FIBONACCI),
        (("-",), json.dumps(body)),
    ):
        again = json.loads(run("--json", *arguments, stdin=stdin).stdout)
        assert again["classification"] == found["classification"]


def test_what_would_be_refused_is_status_1(tmp_path: Path) -> None:
    """The error is part of the data."""
    request = tmp_path / "request.json"
    request.write_text('{"model": "nobody"}')
    result = run(f"@{request}")
    assert result.exit_code == 1
    assert "refused       404 " in result.stdout


def test_files_that_cannot_be_used_are_status_2(tmp_path: Path) -> None:
    """A missing request, a missing policy, a policy with mistakes; nothing on stdout."""
    for arguments in (
        (f"@{tmp_path}/missing.json",),
        ("--policy", f"{tmp_path}/missing.yaml", "x"),
        ("--policy", str(write(tmp_path, "version: 2")), "x"),
        ("--policy", "shipped:nope", "x"),
    ):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr

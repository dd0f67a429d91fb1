"""`task-router check`: mistakes, failed tests and warnings, and the command line around them."""

import json
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner, Result

from router.cli import command_line
from tests.policy.writing import SMALL, write

FAILING: Final = (
    SMALL
    + """\
tests:
  - ask: "Write a Python function that returns the n-th Fibonacci number."
    expect:
      category: code-generation
      backend: coder
  - ask: "Explain in two sentences why the sky is blue."
    expect: {backend: llama}
  - request: missing.json
    expect: {backend: llama}
  - request:
      model: coder
      messages: [{role: user, content: [{type: image_url, image_url: {url: "http://x/y.png"}}]}]
    expect: {backend: coder}
  - request: {model: nobody}
    expect: {error: model_not_found}
  - ask: "Explain in two sentences why the sky is blue."
    health: {llama: down}
    expect: {error: no_backend_available}
"""
)


def run(*arguments: str, **variables: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(command_line(["check"]), ["check", *arguments], env=variables)


def test_mistakes_are_printed_one_a_line_with_the_file_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`FILE:LINE: PATH: MESSAGE` on stdout, status 1."""
    write(tmp_path, SMALL + "mod: route\nunknown_models: nobody\n")
    monkeypatch.chdir(tmp_path)
    result = run("./policy.yaml")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("./policy.yaml:8: mod: unknown key; ")
    assert lines[1].startswith("./policy.yaml:9: unknown_models: is neither reject, auto nor")
    assert len(lines) == 2


def test_failed_tests_are_printed_like_mistakes(tmp_path: Path) -> None:
    """Each at the line of what was expected, with what came instead and why."""
    path = write(tmp_path, FAILING)
    result = run(str(path))
    assert result.exit_code == 1
    lines = [line.removeprefix(f"{path}:") for line in result.stdout.splitlines()]
    assert len(lines) == 3
    assert lines[0].startswith("12: tests[0].expect.backend: expected coder, got llama; ")
    assert "says code-generation with" in lines[0]
    assert lines[0].endswith("reason no_route")
    assert lines[1].startswith("15: tests[2].request: ")
    assert "No such file" in lines[1]
    assert lines[2].startswith(
        "20: tests[3].expect.backend: expected coder, got nothing; refused: "
    )


def test_a_request_in_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    """Its path starts at the policy's folder."""
    body = {"model": "auto:code-edit", "messages": []}
    (tmp_path / "case.json").write_text(json.dumps(body))
    path = write(
        tmp_path,
        SMALL + "tests: [{request: case.json, expect: {backends: [coder, llama], "
        "reason: declared, skipped: {}, category: code-edit}}]\n",
    )
    result = run(str(path))
    assert result.exit_code == 0, result.stdout
    assert "1 tests passed" in result.stderr


def test_all_that_a_test_expects_is_compared(tmp_path: Path) -> None:
    """Order, reason, skips and errors, each with what came instead."""
    path = write(
        tmp_path,
        SMALL
        + """\
tests:
  - request: {model: "auto:code-edit"}
    expect:
      category: code-generation
      backends: [llama, coder]
      reason: route
      skipped: {llama: down}
  - request: {model: llama}
    health: {llama: down}
    expect: {skipped: {}, error: model_not_found}
  - ask: "Explain in two sentences why the sky is blue."
    expect: {error: no_backend_available}
""",
    )
    lines = run(str(path)).stdout.splitlines()
    told = [line.removeprefix(f"{path}:").split("; ")[0] for line in lines]
    assert told == [
        "11: tests[0].expect.category: expected code-generation, got code-edit",
        "12: tests[0].expect.backends: expected llama, coder, got coder, llama",
        "13: tests[0].expect.reason: expected route, got declared",
        "14: tests[0].expect.skipped: expected llama: down, got none",
        "17: tests[1].expect.skipped: expected none, got nothing",
        "17: tests[1].expect.error: expected model_not_found, got no_backend_available",
        "19: tests[2].expect.error: expected no_backend_available, got nothing",
    ]


def test_warnings_go_to_stderr_and_fail_nothing(tmp_path: Path) -> None:
    """A key or a proxy that is not set here, a path that is missing, a model nobody knows."""
    text = (
        "version: 1\n"
        "backends:\n"
        "  a:\n"
        "    base_url: http://127.0.0.1:1\n"
        "    model: my-model\n"
        "    api_key_env: MY_KEY\n"
        "    transport: httpx\n"
        "    proxy_env: MY_PROXY\n"
        "default: a\n"
    )
    path = write(tmp_path, text)
    result = run(str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    lines = [line.removeprefix(f"{path}:") for line in result.stderr.splitlines()]
    assert [line.split(": ")[:2] for line in lines[:4]] == [
        ["6", "backends.a.api_key_env"],
        ["4", "backends.a.base_url"],
        ["8", "backends.a.proxy_env"],
        ["5", "backends.a.model"],
    ]
    quiet = run(str(path), MY_KEY="k", MY_PROXY="http://p")
    assert "MY_KEY" not in quiet.stderr
    assert "MY_PROXY" not in quiet.stderr


def test_weights_that_cannot_be_used_are_a_mistake_of_the_policy(tmp_path: Path) -> None:
    """At the line of the key that names them."""
    (tmp_path / "w.bin").write_bytes(b"no weights")
    path = write(tmp_path, SMALL + "classification:\n  weights: w.bin\n")
    result = run(str(path))
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{path}:9: classification.weights: ")


def test_the_exit_status_is_that_of_the_worst_file(tmp_path: Path) -> None:
    """0 where all is well, 1 where a check failed, 2 where a file cannot be read."""
    good = str(write(tmp_path, SMALL))
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [")
    assert run(good).exit_code == 0
    assert run(good, str(bad)).exit_code == 1
    missing = run(str(bad), str(tmp_path / "missing.yaml"), good)
    assert missing.exit_code == 2
    assert "missing.yaml: cannot be read" in missing.stderr
    assert "bad.yaml:1: (file): not YAML" in missing.stdout
    assert run(str(tmp_path)).exit_code == 2
    assert run("shipped:nope").exit_code == 2
    assert run().exit_code == 2

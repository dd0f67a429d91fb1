"""Mistakes in a policy: all at once, each at its line, in words that say what to do."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.policy.writing import mistakes_in

PLANTED: Final = """\
version: 1
backends:
  llama:
    base_url: http://127.0.0.1:11434/v1
    modle: llama3.1:8b                        # 5: near miss of a key
    timeouts:
      connect: -2                             # 7: negative
  coder:
    base_url: https://me:secret@example.com   # 9: credentials
    context_window: "8192"                    # 10: a number in quotes
    http2: true                               # 11: needs httpx
  coder:                                      # 12: a key that stands twice
    base_url: http://127.0.0.1:1/v1
routes:
  code-edit: [coder, claude]                  # 15: unknown backend
  code-generating: [coder]                    # 16: unknown category
default: lama                                 # 17: unknown backend
aliases:
  gpt-4o: auto:code                           # 19: leads nowhere
stickiness: {margin: 0.2}                     # 20: unknown key
"""


def test_all_planted_mistakes_are_found_each_at_its_line(tmp_path: Path) -> None:
    """Mistakes of YAML, of shape and of reference come in one run."""
    found = mistakes_in(tmp_path, PLANTED)
    assert [(mistake.line, mistake.path) for mistake in found] == [
        (5, "backends.llama.modle"),
        (7, "backends.llama.timeouts.connect"),
        (9, "backends.coder.base_url"),
        (10, "backends.coder.context_window"),
        (11, "backends.coder.http2"),
        (12, "backends.coder"),
        (15, "routes.code-edit[1]"),
        (16, "routes.code-generating"),
        (17, "default"),
        (19, "aliases.gpt-4o"),
        (20, "stickiness"),
    ]
    assert "did you mean `model`?" in found[0].message
    assert "secret" not in " ".join(mistake.message for mistake in found)


def with_backend(**keys: Any) -> str:
    """Return a policy whose one backend has these keys too."""
    entry = {"base_url": "http://h/v1"} | keys
    return json.dumps({"version": 1, "backends": {"a": entry}, "default": "a"})


def with_root(**keys: Any) -> str:
    """Return a policy with these keys too."""
    root = {"version": 1, "backends": {"a": {"base_url": "http://h/v1"}}, "default": "a"}
    return json.dumps(root | keys)


def with_test(**keys: Any) -> str:
    """Return a policy with this one test."""
    return with_root(tests=[{"ask": "hello", "expect": {"backend": "a"}} | keys])


MISTAKES: Final[Mapping[str, tuple[str, str, str]]] = {
    "empty file": ("", "(file)", "must be a mapping"),
    "a list": ("[]", "(file)", "must be a mapping"),
    "no version": ("backends: {a: {base_url: 'http://h'}}\ndefault: a", "version", "is missing"),
    "another version": (with_root(version=2), "version", "must be 1"),
    "version as text": (with_root(version="1"), "version", "must be 1"),
    "no backends": (with_root(backends={}, default="a"), "backends", "must not be empty"),
    "a later key": (with_root(mode="observe"), "mode", "unknown key"),
    "a backend's later key": (with_backend(breaker="off"), "backends.a.breaker", "unknown key"),
    "reserved name": (
        json.dumps(
            {"version": 1, "backends": {"auto": {"base_url": "http://h"}}, "default": "auto"}
        ),
        "backends.auto",
        "is reserved",
    ),
    "odd name": (
        json.dumps({"version": 1, "backends": {"a b": {"base_url": "http://h"}}, "default": "a b"}),
        "backends.'a b'",
        "letters, digits",
    ),
    "other scheme": (with_backend(base_url="ftp://h"), "backends.a.base_url", "http://"),
    "no host": (with_backend(base_url="http:///v1"), "backends.a.base_url", "name a host"),
    "odd port": (with_backend(base_url="http://h:x"), "backends.a.base_url", "port"),
    "port 0": (with_backend(base_url="http://h:0"), "backends.a.base_url", "port"),
    "query": (with_backend(base_url="http://h?a=b"), "backends.a.base_url", "no query"),
    "fragment": (with_backend(base_url="http://h#a"), "backends.a.base_url", "no query"),
    "space in URL": (with_backend(base_url="http://h/a b"), "backends.a.base_url", "no spaces"),
    "line break in URL": (with_backend(base_url="http://h/\n"), "backends.a.base_url", "visible"),
    "the call's own path": (
        with_backend(base_url="http://h/v1/chat/completions"),
        "backends.a.base_url",
        "ends at the version",
    ),
    "unset variable": (with_backend(base_url="${NO}/v1"), "backends.a.base_url", "NO is not set"),
    "odd variable": (with_backend(base_url="${A-B}"), "backends.a.base_url", "${NAME}"),
    "open variable": (with_backend(base_url="http://${A"), "backends.a.base_url", "${NAME}"),
    "variable elsewhere": (with_backend(model="${M}"), "backends.a.model", "in base_url only"),
    "key in the file": (with_backend(api_key="sk-1"), "backends.a.api_key", "api_key_env"),
    "key for a name": (
        with_backend(api_key_env="sk-1"),
        "backends.a.api_key_env",
        "must be a variable's name",
    ),
    "two keys": (
        with_backend(api_key_env="K", api_key="forward"),
        "backends.a.api_key",
        "excludes",
    ),
    "a key that is not sent": (
        with_backend(api_key_env="K", auth="none"),
        "backends.a.auth",
        "sends no key",
    ),
    "http2 of aiohttp": (with_backend(http2=True), "backends.a.http2", "transport: httpx"),
    "proxy of aiohttp": (with_backend(proxy_env="P"), "backends.a.proxy_env", "transport: httpx"),
    "missing ca_file": (
        with_backend(transport="httpx", ca_file="no.pem"),
        "backends.a.ca_file",
        "no such file",
    ),
    "other dialect": (with_backend(dialect="anthropic"), "backends.a.dialect", "must be 'openai'"),
    "unknown family": (
        with_backend(family="codelama"),
        "backends.a.family",
        "did you mean `codellama`",
    ),
    "hop-by-hop header": (
        with_backend(headers={"Connection": "close"}),
        "backends.a.headers.Connection",
        "router itself",
    ),
    "router's header": (
        with_backend(headers={"X-Router-Backend": "b"}),
        "backends.a.headers.X-Router-Backend",
        "router itself",
    ),
    "header injection": (
        with_backend(headers={"x-a": "b\r\nx-evil: 1"}),
        "backends.a.headers.x-a",
        "on one line",
    ),
    "header's odd name": (
        with_backend(headers={"x a": "b"}),
        "backends.a.headers.'x a'",
        "not a header's name",
    ),
    "two spellings": (
        with_backend(headers={"x-a": "b", "X-A": "c"}),
        "backends.a.headers.X-A",
        "twice",
    ),
    "the key's header": (
        with_backend(headers={"Authorization": "Bearer x"}, api_key_env="K"),
        "backends.a.headers.Authorization",
        "where the key",
    ),
    "variable in a header": (
        with_backend(headers={"x-a": "${KEY}"}),
        "backends.a.headers.x-a",
        "api_key_env",
    ),
    "header of another type": (
        with_backend(headers={"x-a": 3}),
        "backends.a.headers.x-a",
        "must be text",
    ),
    "model as a default": (
        with_backend(request_defaults={"model": "x"}),
        "backends.a.request_defaults.model",
        "comes from the client",
    ),
    "NaN as a default": (
        "version: 1\nbackends: {a: {base_url: 'http://h', request_defaults: {t: [.inf]}}}",
        "backends.a.request_defaults.t",
        "JSON does not know",
    ),
    "NaN for seconds": (
        "version: 1\nbackends: {a: {base_url: 'http://h', timeouts: {idle: .nan}}}\ndefault: a",
        "backends.a.timeouts.idle",
        "finite",
    ),
    "a boolean for seconds": (
        with_backend(timeouts={"total": True}),
        "backends.a.timeouts.total",
        "must be a number",
    ),
    "zero seconds": (
        with_backend(timeouts={"total": 0}),
        "backends.a.timeouts.total",
        "greater than 0",
    ),
    "half a token": (
        with_backend(context_window=0.5),
        "backends.a.context_window",
        "whole number",
    ),
    "yes in quotes": (
        with_backend(capabilities={"tools": "yes"}),
        "backends.a.capabilities.tools",
        "must be true or false",
    ),
    "yes for a text": (with_backend(model=True), "backends.a.model", "must be text"),
    "unknown capability": (
        with_backend(capabilities={"vison": True}),
        "backends.a.capabilities.vison",
        "did you mean `vision`",
    ),
    "empty route": (with_root(routes={"code-edit": []}), "routes.code-edit", "not be empty"),
    "route of one text": (
        with_root(routes={"code-edit": "a"}),
        "routes.code-edit",
        "must be a list",
    ),
    "twice in a route": (
        with_root(routes={"code-edit": ["a", "a"]}),
        "routes.code-edit[1]",
        "twice",
    ),
    "alias of auto": (with_root(aliases={"auto": "a"}), "aliases.auto", "own meaning"),
    "alias of a backend": (with_root(aliases={"a": "auto"}), "aliases.a", "backend's name"),
    "alias of an alias": (
        with_root(aliases={"x": "auto", "y": "x"}),
        "aliases.y",
        "another alias",
    ),
    "alias to nowhere": (with_root(aliases={"x": "zzz"}), "aliases.x", "leads nowhere"),
    "unknown_models": (with_root(unknown_models="rejct"), "unknown_models", "`reject`"),
    "confidence over 1": (
        with_root(classification={"min_confidence": 1.5}),
        "classification.min_confidence",
        "at most 1",
    ),
    "no weights": (
        with_root(classification={"weights": "w.bin"}),
        "classification.weights",
        "no such file",
    ),
    "tiny body limit": (with_root(limits={"body_bytes": 1}), "limits.body_bytes", "at least 1024"),
    "test with neither": (with_test(ask=None), "tests[0]", "`ask` or `request`"),
    "test with both": (with_test(request={}), "tests[0]", "`ask` or `request`"),
    "test with a number": (with_test(ask=None, request=3), "tests[0].request", "path of a JSON"),
    "test expects nothing": (with_test(expect={}), "tests[0].expect", "expects nothing"),
    "test without expect": (with_root(tests=[{"ask": "x"}]), "tests[0].expect", "is missing"),
    "test of no backend": (with_test(health={"b": "down"}), "tests[0].health.b", "unknown backend"),
    "test of odd health": (with_test(health={"a": "ill"}), "tests[0].health.a", "must be 'down'"),
    "test of no reason": (
        with_test(expect={"reason": "routed"}),
        "tests[0].expect.reason",
        "did you mean `route`",
    ),
    "test of no error": (
        with_test(expect={"error": "oops"}),
        "tests[0].expect.error",
        "not a known value",
    ),
    "test of no skip": (
        with_test(expect={"skipped": {"a": "tired"}}),
        "tests[0].expect.skipped.a",
        "not a known value",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_where_it_is(tmp_path: Path, case: str) -> None:
    """Each mistake has its path and says what is wrong."""
    text, path, message = MISTAKES[case]
    found = {mistake.path: mistake.message for mistake in mistakes_in(tmp_path, text)}
    assert message in found.get(path, f"not found; there are {found}")


@pytest.mark.parametrize(
    "keys",
    [
        {"model": None, "context_window": None, "capabilities": {"tools": None}},
        {"transport": "httpx", "http2": True, "proxy_env": "PROXY"},
        {"headers": {"Authorization": "Basic eA=="}, "auth": "none"},
        {"api_key": "forward", "auth": "x-api-key"},
        {"timeouts": {"connect": 1, "total": 0.5}},
        {"base_url": "https://[::1]:8443/openai/v1/"},
        {"base_url": "http://${NO:-127.0.0.1}:80"},
        {"request_defaults": {"stop": ["a", None], "logit_bias": {"1": -1.5}}},
    ],
)
def test_what_is_right_is_accepted(tmp_path: Path, keys: dict[str, Any]) -> None:
    """The other side of the table: no mistake is seen where none is."""
    assert mistakes_in(tmp_path, with_backend(**keys)) == ()


def test_no_message_repeats_a_value_that_may_be_a_secret(tmp_path: Path) -> None:
    """A key in the wrong place is not printed into a terminal or a CI log."""
    text = with_backend(
        base_url="http://user:hunter2@h",
        api_key="hunter2",
        api_key_env="hunter-2",
        headers={"x-key": "hunter2\n"},
        model=["hunter2"],
    )
    found = mistakes_in(tmp_path, text)
    assert len(found) >= 5
    assert "hunter" not in str(found)

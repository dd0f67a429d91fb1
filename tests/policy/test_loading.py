"""From a file to a frozen policy."""

import hashlib
import json
from pathlib import Path

import pytest

from router.errors import ConfigurationError
from router.policy import load_policy
from router.types import Timeouts
from router.yaml_source import UnreadableFileError
from tests.policy.writing import FAMILIES, SMALL, load_text, write

WHOLE = """\
version: 1
backends:
  one:
    base_url: ${SCHEME:-https}://${HOST}/v1/
    model: codellama/CodeLlama-13b-hf
    api_key_env: ONE_KEY
    auth: api-key
    headers: {x-gateway: hush}
    transport: httpx
    http2: true
    proxy_env: PROXY
    ca_file: ca.pem
    context_window: 8192
    capabilities: {infill: true, vision: null, tools: false}
    timeouts: {connect: 1, total: 60.5}
    request_defaults: {temperature: 0.2}
  two: {base_url: "http://127.0.0.1:2", api_key: forward}
routes: {code-edit: [two, one]}
default: two
aliases: {gpt-4o: auto}
unknown_models: one
classification: {min_confidence: 0, weights: w.bin}
limits: {body_bytes: 2048}
"""


def test_every_key_arrives(tmp_path: Path) -> None:
    """Variables expanded, paths beside the file, facts of the family under those of the policy."""
    for name in ("ca.pem", "w.bin"):
        (tmp_path / name).touch()
    policy = load_text(tmp_path, WHOLE, {"HOST": "example.com", "SCHEME": ""})
    one = policy.backends["one"]
    assert one.base_url == "https://example.com/v1"
    assert one.family == "codellama"
    assert one.context_window == 8192
    assert dict(one.capabilities) == {
        "instruct": False,
        "chat": False,
        "code": True,
        "audio": False,
        "infill": True,
        "tools": False,
    }
    assert one.timeouts == Timeouts(connect=1, total=60.5)
    assert (one.api_key_env, one.auth, one.forward_key) == ("ONE_KEY", "api-key", False)
    assert (one.transport, one.http2, one.proxy_env) == ("httpx", True, "PROXY")
    assert one.ca_file == str(tmp_path / "ca.pem")
    assert policy.backends["two"].forward_key
    assert policy.routes == {"code-edit": ("two", "one")}
    assert (policy.default, policy.unknown_models, policy.aliases) == (
        "two",
        "one",
        {"gpt-4o": "auto"},
    )
    assert (policy.min_confidence, policy.body_bytes) == (0, 2048)
    assert policy.weights == tmp_path / "w.bin"


def test_the_rest_has_defaults(tmp_path: Path) -> None:
    """What a small policy leaves out."""
    policy = load_text(tmp_path, SMALL)
    assert (policy.min_confidence, policy.body_bytes) == (0.5, 32 * 1024 * 1024)
    assert (policy.unknown_models, policy.weights, policy.tests) == ("reject", None, ())
    llama = policy.backends["llama"]
    assert (llama.auth, llama.transport, llama.timeouts) == ("bearer", "aiohttp", Timeouts())
    assert (llama.family, llama.context_window) == ("llama-3.1-instruct", 131072)


def test_an_explicit_null_forgets_what_the_family_says(tmp_path: Path) -> None:
    """A server may be set to another window than the model card says, and nobody knows which."""
    text = SMALL.replace('model: "llama3.1:8b"', 'model: "llama3.1:8b", context_window: null')
    assert load_text(tmp_path, text).backends["llama"].context_window is None


def test_the_familys_name_outranks_the_models(tmp_path: Path) -> None:
    """Servers of one model take any name; `family` says what it is."""
    text = SMALL.replace('model: "llama3.1:8b"', 'model: "whatever", family: gemma-2')
    llama = load_text(tmp_path, text).backends["llama"]
    assert (llama.family, llama.capabilities["instruct"]) == ("gemma-2", False)


def test_the_generation_is_that_of_the_bytes(tmp_path: Path) -> None:
    """A comment changes it, since the file is another; loading again does not."""
    first = load_text(tmp_path, SMALL)
    assert first.generation == hashlib.sha256(SMALL.encode()).hexdigest()[:8]
    assert load_text(tmp_path, SMALL).generation == first.generation
    assert load_text(tmp_path, SMALL + "# x\n").generation != first.generation


def test_what_operators_see_is_json_without_secrets(tmp_path: Path) -> None:
    """Header values are hidden, names of variables are not."""
    for name in ("ca.pem", "w.bin"):
        (tmp_path / name).touch()
    shown = load_text(tmp_path, WHOLE, {"HOST": "h"}).redacted()
    text = json.dumps(shown)
    assert "hush" not in text
    assert shown["backends"]["one"]["headers"] == {"x-gateway": "***"}
    assert shown["backends"]["one"]["api_key_env"] == "ONE_KEY"
    assert shown["backends"]["two"]["api_key"] == "forward"
    assert shown["routes"] == {"code-edit": ["two", "one"]}


def test_the_policys_maps_cannot_be_changed(tmp_path: Path) -> None:
    """A request under way sees one policy from its beginning to its end."""
    policy = load_text(tmp_path, SMALL)
    with pytest.raises(TypeError):
        policy.routes["code-edit"] = ()  # type: ignore[index]
    with pytest.raises(TypeError):
        policy.backends["llama"].capabilities["tools"] = True  # type: ignore[index]


def test_a_file_that_is_not_there_is_told_from_one_that_is_wrong(tmp_path: Path) -> None:
    """The command line gives them different exit statuses."""
    with pytest.raises(UnreadableFileError):
        load_policy(tmp_path / "missing.yaml", {}, FAMILIES)
    with pytest.raises(ConfigurationError) as caught:
        load_policy(write(tmp_path, "version: 1"), {}, FAMILIES)
    assert not isinstance(caught.value, UnreadableFileError)
    assert str(caught.value).startswith(f"{tmp_path}/policy.yaml:1: backends: is missing")

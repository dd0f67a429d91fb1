"""Who may call what.

In: requests to the running router with and without keys. Out: verdicts on statuses, on what the
backends saw, and on what is said. Never: a key of anybody real.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from router.app import build
from router.settings import SettingError, Settings
from tests.running import RunningRouter, policy_for, running_router
from tests.stand_ins import ScriptedBackend, answers

ASK = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
CHAT = "/v1/chat/completions"
KEY = "key-of-alice"


class Nobody(ScriptedBackend):
    """A backend that is never started."""

    def __init__(self) -> None:
        super().__init__(answers(b"{}"))
        self.port = 9


@asynccontextmanager
async def guarded(
    folder: Path, environ: dict[str, str] | None = None, **settings: Any
) -> AsyncIterator[tuple[RunningRouter, ScriptedBackend]]:
    """Run the router with one client, alice."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    clients = folder / "clients.yaml"
    clients.write_text(yaml.safe_dump({"clients": [{"name": "alice", "key_sha256": digest}]}))
    clients.chmod(0o600)
    async with (
        ScriptedBackend(answers(b"{}")) as backend,
        running_router(folder, policy_for(backend), environ, clients=clients, **settings) as router,
    ):
        yield router, backend


async def call(
    router: RunningRouter, path: str, headers: dict[str, str] | None = None, body: Any = None
) -> tuple[int, Any]:
    """Send one request; return the status and the parsed body."""
    method = "GET" if body is None else "POST"
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, router.url + path, headers=headers, json=body) as response,
    ):
        raw = await response.read()
        return response.status, json.loads(raw) if raw.startswith((b"{", b"[")) else raw


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bEARER  {KEY}"},
        {"x-api-key": KEY},
        {"api-key": KEY},
        {"Authorization": "Bearer wrong", "api-key": KEY},
    ],
)
async def test_a_known_key_is_let_in_and_not_passed_on(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    """In each header, in any case of the scheme."""
    async with guarded(tmp_path) as (router, backend):
        status, _ = await call(router, CHAT, headers, ASK)
    assert status == 200
    assert KEY.encode() not in b"".join(value for _, value in backend.received[0].headers)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}, {"x-api-key": ""}],
    ids=["none", "wrong", "no scheme", "empty"],
)
@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/v1/embeddings", "/anything"])
async def test_without_a_known_key_nothing_is_served(
    tmp_path: Path, headers: dict[str, str], path: str
) -> None:
    """401 in OpenAI's shape, and no backend hears of it."""
    async with guarded(tmp_path) as (router, backend):
        status, body = await call(router, path, headers, ASK)
    assert status == 401
    assert body["error"]["code"] == "invalid_api_key"
    assert KEY not in json.dumps(body)
    assert backend.received == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_health_and_metrics_are_open(tmp_path: Path, path: str) -> None:
    """Probes and scrapers have no keys."""
    async with guarded(tmp_path) as (router, _):
        assert (await call(router, path))[0] == 200


OPERATOR = ["/router/policy", "/router/backends"]


@pytest.mark.parametrize("path", OPERATOR)
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"X-Forwarded-For": "127.0.0.1"}, 403),
        ({"Forwarded": "for=127.0.0.1"}, 403),
        ({"X-Forwarded-Host": "a"}, 403),
        ({"CF-Connecting-IP": "1.2.3.4"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost:1"}, 200),
        ({"Authorization": f"Bearer {KEY}", "X-Real-IP": "1.2.3.4"}, 403),
    ],
)
async def test_operators_paths_are_for_this_machine_without_a_key(
    tmp_path: Path, path: str, headers: dict[str, str], expected: int
) -> None:
    """A peer on loopback that speaks for itself; a client's key does not help."""
    async with guarded(tmp_path) as (router, _):
        status, body = await call(router, path, headers)
    assert status == expected
    if expected == 403:
        assert body["error"]["code"] == "access_denied"


async def test_with_an_admin_key_only_that_key_opens_operators_paths(tmp_path: Path) -> None:
    """Loopback alone is then not enough."""
    environ = {"ADMIN": "admin-key"}
    async with guarded(tmp_path, environ, admin_key_env="ADMIN") as (router, _):
        assert (await call(router, OPERATOR[0]))[0] == 403
        assert (await call(router, OPERATOR[0], {"Authorization": f"Bearer {KEY}"}))[0] == 403
        status, body = await call(router, OPERATOR[0], {"Authorization": "Bearer admin-key"})
    assert status == 200
    assert "admin-key" not in json.dumps(body)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": "0.0.0.0"}, ["--clients", "--insecure-no-auth"]),
        ({"host": "::"}, ["--clients", "--insecure-no-auth"]),
        ({"admin_key_env": "UNSET"}, ["UNSET"]),
    ],
)
def test_unsafe_settings_are_refused_with_the_remedy(
    tmp_path: Path, settings: dict[str, Any], words: list[str]
) -> None:
    """An address for others without keys, or an admin key that is not there."""
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(policy_for(Nobody())))
    with pytest.raises(SettingError) as caught:
        build(Settings(policy=file, **settings), {}, None)
    assert [word for word in words if word not in str(caught.value)] == []


def test_everybody_may_come_in_where_the_operator_says_so(tmp_path: Path) -> None:
    """--insecure-no-auth opens the address on purpose."""
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(policy_for(Nobody())))
    build(Settings(policy=file, host="0.0.0.0", insecure_no_auth=True), {}, None)


def test_client_keys_of_ours_are_never_forwarded(tmp_path: Path) -> None:
    """`api_key: forward` and --clients contradict each other."""
    document = policy_for(Nobody())
    document["backends"]["b1"] |= {"api_key": "forward", "auth": "bearer"}
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(SettingError, match="api_key: forward"):
        build(Settings(policy=file, clients=tmp_path / "clients.yaml"), {}, None)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://evil.example", 403),
        ("https://evil.example:8900", 403),
        ("http://localhost:3000", 200),
        ("http://127.0.0.1:8900", 200),
        ("http://[::1]:5173", 200),
        ("null", 200),
        ("app://desktop.client", 200),
    ],
)
async def test_web_pages_of_other_hosts_may_not_use_an_open_router(
    tmp_path: Path, origin: str, expected: int
) -> None:
    """A page cannot spend the operator's keys through a visitor's browser."""
    async with (
        ScriptedBackend(answers(b"{}")) as backend,
        running_router(tmp_path, policy_for(backend)) as router,
    ):
        status, _ = await call(router, CHAT, {"Origin": origin}, ASK)
    assert status == expected
    assert len(backend.received) == (expected == 200)


async def test_with_keys_the_origin_does_not_matter(tmp_path: Path) -> None:
    """Who has a key may come from anywhere."""
    headers = {"Origin": "http://app.example", "Authorization": f"Bearer {KEY}"}
    async with guarded(tmp_path) as (router, _):
        assert (await call(router, CHAT, headers, ASK))[0] == 200


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        (CHAT, {}, 401),
        ("/router/policy", {"Via": "x"}, 403),
        ("/v1/nothing", {"x-api-key": KEY}, 404),
        (CHAT, {"x-api-key": KEY, "Content-Encoding": "br"}, 415),
        (CHAT, {"x-api-key": KEY}, 404),
    ],
)
async def test_every_error_carries_the_requests_identifier(
    tmp_path: Path, path: str, headers: dict[str, str], expected: int
) -> None:
    """So that a person can find it in the log."""
    async with (
        guarded(tmp_path) as (router, _),
        aiohttp.ClientSession() as session,
        session.post(router.url + path, headers=headers, json={"model": "none"}) as response,
    ):
        assert response.status == expected
        assert response.headers["x-router-request-id"]
        assert response.headers["x-request-id"] == response.headers["x-router-request-id"]


async def test_a_key_may_have_letters_of_any_script(tmp_path: Path) -> None:
    """Compared as the bytes that were sent."""
    key = "clé-ключ"
    digest = hashlib.sha256(key.encode()).hexdigest()
    clients = tmp_path / "clients.yaml"
    clients.write_text(yaml.safe_dump({"clients": [{"name": "zoe", "key_sha256": digest}]}))
    clients.chmod(0o600)
    async with (
        ScriptedBackend(answers(b"{}")) as backend,
        running_router(tmp_path, policy_for(backend), clients=clients) as router,
    ):
        assert (await call(router, CHAT, {"x-api-key": key}, ASK))[0] == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_probes_may_use_head(tmp_path: Path, path: str) -> None:
    """Load balancers do."""
    async with (
        guarded(tmp_path) as (router, _),
        aiohttp.ClientSession() as session,
        session.head(router.url + path) as response,
    ):
        assert response.status == 200

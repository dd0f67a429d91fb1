"""The registry: which backends can be called, through what, and what happens at the end.

In: backend specs and an environment. Out: verdicts on health, transports and closing. Never: a
request to anything but loopback.
"""

import asyncio
from pathlib import Path
from types import MappingProxyType

import pytest

from router.backends.registry import Backend, Registry, open_registry, unusable_settings
from router.backends.transport import Limits, UnusableSettingError, UpstreamRequest
from router.errors import ConnectFailedError
from router.types import BackendSpec, ByteStream
from tests.backends.wire import failure, limits, request_to
from tests.stand_ins import ScriptedBackend, answers


def spec(name: str = "b", **keys: object) -> BackendSpec:
    """Return a backend on httpx unless the keys say otherwise."""
    fields = {"name": name, "base_url": "http://127.0.0.1:1/v1", "transport": "httpx"} | keys
    return BackendSpec(**fields)  # type: ignore[arg-type]


async def test_a_proxy_that_is_not_set_makes_its_backend_unusable() -> None:
    """It has a reason of its own, and what is sent all the same goes nowhere."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        one = spec(base_url=backend.base_url, proxy_env="PROXY")
        for environ in ({}, {"PROXY": ""}):
            registry = open_registry([one], environ)
            assert registry.health() == {"b": "no_proxy"}
            error = await failure(registry["b"].transport, request_to(backend), limits())
            assert type(error) is ConnectFailedError
            await registry.close()
    assert backend.connections == []


async def test_a_proxy_that_is_set_is_used() -> None:
    """The backend is usable and the request goes to the proxy."""
    async with ScriptedBackend(answers(b"{}")) as proxy:
        environ = {"PROXY": f"http://127.0.0.1:{proxy.port}"}
        registry = open_registry([spec(proxy_env="PROXY")], environ)
        assert registry.health() == {}
        request = UpstreamRequest("POST", "http://backend.invalid/v1", (), b"{}")
        stream = await registry["b"].transport.open(request, limits())
        await stream.close()
        await registry.close()
    assert proxy.received[0].line == b"POST http://backend.invalid/v1 HTTP/1.1"


async def test_a_missing_key_is_told_before_a_missing_proxy() -> None:
    """One reason for one backend; backends without either are usable."""
    both = spec("both", proxy_env="PROXY", api_key_env="KEY")
    registry = open_registry([both, spec("free")], {})
    assert registry.health() == {"both": "no_key"}
    assert registry.names() == ("both", "free")
    await registry.close()


async def test_backends_on_aiohttp_share_their_transport() -> None:
    """Those on httpx have one each, for their own proxy and certificates."""
    specs = [
        spec(name, transport=kind)
        for name, kind in zip("abcd", ["aiohttp", "httpx"] * 2, strict=True)
    ]
    registry = open_registry(specs, {})
    a, b, c, d = (registry[name].transport for name in "abcd")
    assert a is c
    assert b is not d
    await registry.close()


def test_unusable_settings_are_told_before_anything_is_opened(tmp_path: Path) -> None:
    """Each message names the backend and the key, and holds no proxy's password."""
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing")
    specs = [
        spec("fine"),
        spec("unset", proxy_env="NOT_SET"),
        spec("odd", proxy_env="ODD"),
        spec("empty", ca_file=str(empty)),
        spec("gone", ca_file=str(tmp_path / "gone.pem")),
    ]
    odd, hollow, gone = unusable_settings(specs, {"ODD": "user:hunter2@proxy:80"})
    assert odd.startswith("backends.odd.proxy_env: 'ODD' ")
    assert "hunter2" not in odd
    assert hollow.startswith("backends.empty.ca_file: ")
    assert "ca.pem" in hollow
    assert gone.startswith("backends.gone.ca_file: ")


async def test_opening_refuses_what_cannot_be_used() -> None:
    """Nothing that has to be closed was opened by then."""
    specs = [spec("first", transport="aiohttp"), spec("odd", proxy_env="ODD")]
    with pytest.raises(UnusableSettingError):
        open_registry(specs, {"ODD": "ftp://proxy"})


def test_a_key_does_not_print() -> None:
    """Neither in a log line nor in a traceback."""
    assert "hunter2" not in repr(Backend(spec(), _Transport(), key="hunter2"))


class _Transport:
    """A transport that notes its end, and may fail at it."""

    def __init__(self, *, fails: bool = False) -> None:
        self._fails = fails
        self.closed = False

    async def open(self, _request: UpstreamRequest, _limits: Limits) -> ByteStream:
        raise AssertionError

    async def close(self) -> None:
        await asyncio.sleep(0)
        if self._fails:
            raise OSError("stuck")
        self.closed = True


async def test_one_failing_transport_keeps_no_other_open() -> None:
    """Every transport is closed, then the failures are raised together."""
    transports = [_Transport(), _Transport(fails=True), _Transport()]
    backends = {str(n): Backend(spec(str(n)), one) for n, one in enumerate(transports)}
    registry = Registry(MappingProxyType(backends), {})
    with pytest.raises(ExceptionGroup) as caught:
        await registry.close()
    assert [type(error) for error in caught.value.exceptions] == [OSError]
    assert [one.closed for one in transports] == [True, False, True]

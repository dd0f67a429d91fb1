"""The contract of transports, continued: which limit in time counts when.

In: a backend that is slow at one point. Out: verdicts on what ends the wait. Never: an assertion on
wall time; limits are a tenth of a second or ten.
"""

import asyncio

import pytest

from router.backends.transport import Transport, UpstreamRequest
from router.backends.transport_httpx import HttpxTransport
from router.errors import ConnectFailedError, UpstreamTimeoutError
from tests.backends.wire import MuteServer, failure, limits, read_all, request_to
from tests.stand_ins import Connection, Received, Script, ScriptedBackend, hangs, streams

SHORT = 0.1
LONGER = 0.35
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def thinks(*pieces: bytes) -> Script:
    """Return a script that pauses before each piece, for longer than the limit between pieces."""

    async def script(connection: Connection, _received: Received) -> bool:
        for piece in pieces:
            await asyncio.sleep(LONGER)
            await connection.write(piece)
        return True

    return script


@pytest.mark.parametrize("script", [hangs, streams([b"one"], then=hangs)], ids=["mute", "stalls"])
async def test_the_deadline_ends_every_silence(transport: Transport, script: Script) -> None:
    """It counts before the headers and between chunks."""
    async with ScriptedBackend(script) as backend:
        error = await failure(transport, request_to(backend), limits(total=SHORT))
    assert type(error) is UpstreamTimeoutError


async def test_silence_between_two_chunks_ends_at_its_limit(transport: Transport) -> None:
    """An answer that has begun and goes on no more is given up."""
    async with ScriptedBackend(streams([b"one"], then=hangs)) as backend:
        limit = limits(idle=SHORT, total=1000)
        error = await asyncio.wait_for(failure(transport, request_to(backend), limit), 10)
    assert type(error) is UpstreamTimeoutError


async def test_the_limit_between_chunks_spares_the_first(transport: Transport) -> None:
    """A model may think, before its headers and before its first token, for longer than that."""
    async with ScriptedBackend(thinks(HEAD, b"3\r\none\r\n0\r\n\r\n")) as backend:
        stream = await transport.open(request_to(backend), limits(idle=SHORT))
        assert await read_all(stream) == b"one"


async def test_the_limit_between_chunks_counts_anew_for_each(transport: Transport) -> None:
    """Many short pauses are no long one."""
    async with ScriptedBackend(streams([b"x"] * 10, pause=0.05)) as backend:
        stream = await transport.open(request_to(backend), limits(idle=LONGER))
        assert await read_all(stream) == b"x" * 10


async def test_a_backend_that_does_not_read_is_left_at_the_deadline(transport: Transport) -> None:
    """A request too long for the kernel's buffers does not hang on writing."""
    async with MuteServer(reads=False) as server:
        body = b"a" * 32_000_000
        request = UpstreamRequest("POST", f"http://127.0.0.1:{server.port}/v1", (), body)
        error = await failure(transport, request, limits(total=LONGER))
    assert type(error) is UpstreamTimeoutError


@pytest.mark.parametrize("scheme", ["socks5", "http"])
async def test_a_mute_proxy_is_a_failed_connection(scheme: str) -> None:
    """The limit for connecting covers what is said to a proxy on the way."""
    async with MuteServer() as server:
        transport = HttpxTransport(proxy=f"{scheme}://127.0.0.1:{server.port}")
        request = UpstreamRequest("POST", "https://backend.invalid/v1", (), b"{}")
        error = await failure(transport, request, limits(connect=SHORT))
        await asyncio.wait_for(server.gone.wait(), 10)
        await transport.close()
    assert type(error) is ConnectFailedError
    assert error.message == "connecting timed out"

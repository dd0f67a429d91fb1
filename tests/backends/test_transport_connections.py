"""The contract of transports, continued: whose bytes are on a connection, and when it is closed.

In: a scripted backend that says more than it was asked, or clients that leave at every moment.
Out: verdicts on the next answer and on open sockets. Never: a library's exception.
"""

import asyncio

import pytest

from router.backends.transport import Transport, UpstreamRequest
from router.backends.transport_aiohttp import AiohttpTransport
from router.backends.transport_httpx import HttpxTransport
from router.errors import UpstreamProtocolError
from tests.backends.wire import MuteServer, failure, limits, read_all, request_to
from tests.stand_ins import Connection, Received, Script, ScriptedBackend, answers, hangs, sends

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"

JUNK = b"xx"


def surplus(answer: bytes, more: bytes, sent: asyncio.Event | None = None) -> Script:
    """Return a script that says more than its answer: in one piece, or once that was read."""

    async def script(connection: Connection, _received: Received) -> bool:
        if sent is None:
            await connection.write(answer + more)
            return True
        await connection.write(answer)
        await asyncio.sleep(0.05)
        await connection.write(more)
        sent.set()
        return True

    return script


@pytest.mark.parametrize("late", [False, True], ids=["at once", "while idle"])
@pytest.mark.parametrize("more", [EVIL, EVIL[:20], JUNK], ids=["an answer", "half of one", "junk"])
@pytest.mark.parametrize("answer", [GOOD, CHUNKED], ids=["length", "chunked"])
async def test_surplus_bytes_never_answer_the_next_request(
    transport: Transport, answer: bytes, more: bytes, *, late: bool
) -> None:
    """What a backend says after an answer's end is nobody's answer."""
    sent = asyncio.Event() if late else None
    async with ScriptedBackend(surplus(answer, more, sent), answers(b"next")) as backend:
        if more is JUNK and not late and isinstance(transport, AiohttpTransport):
            # aiohttp's parser takes one piece for good or for bad; only this answer suffers.
            error = await failure(transport, request_to(backend), limits())
            assert type(error) is UpstreamProtocolError
        else:
            assert await read_all(await transport.open(request_to(backend), limits())) == b"good"
        if sent is not None:
            await sent.wait()
            await asyncio.sleep(0.05)  # loopback delivers before that; else nothing is tested
        assert await read_all(await transport.open(request_to(backend), limits())) == b"next"


async def test_aiohttp_uses_a_clean_connection_again() -> None:
    """An answer that was read whole gives its connection back."""
    transport = AiohttpTransport()
    async with ScriptedBackend(answers(b"{}")) as backend:
        for _ in range(3):
            await read_all(await transport.open(request_to(backend), limits()))
        assert len(backend.connections) == 1
    await transport.close()


async def test_httpx_closes_its_connection_with_the_answer() -> None:
    """Nothing is left of a request once its answer is closed, and nothing is shared."""
    transport = HttpxTransport()
    async with ScriptedBackend(answers(b"{}")) as backend:
        for count in range(1, 4):
            await read_all(await transport.open(request_to(backend), limits()))
            assert len(backend.connections) == count
            await asyncio.wait_for(backend.connections[-1].gone.wait(), 10)
    await transport.close()


async def test_only_httpx_takes_two_equal_lengths() -> None:
    """A difference that aiohttp's parser leaves no choice in; both keep the contract's errors."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\ngood"
    strict, lenient = AiohttpTransport(), HttpxTransport()
    async with ScriptedBackend(sends(raw)) as backend:
        error = await failure(strict, request_to(backend), limits())
        assert type(error) is UpstreamProtocolError
        assert await read_all(await lenient.open(request_to(backend), limits())) == b"good"
    await strict.close()
    await lenient.close()


async def test_leaving_at_any_moment_leaves_no_socket_open(transport: Transport) -> None:
    """Whether a client leaves while TCP connects or later, the backend sees the end."""
    async with ScriptedBackend(hangs) as backend:
        for turns in range(120):
            opening = asyncio.create_task(transport.open(request_to(backend), limits()))
            for _ in range(turns):
                await asyncio.sleep(0)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
        assert backend.received  # some were late enough to have sent their request
        await asyncio.sleep(0.05)  # what was dialled last arrives at the backend
        for connection in backend.connections:
            await asyncio.wait_for(connection.gone.wait(), 10)


@pytest.mark.parametrize("proxy", [None, "socks5", "http", "https"])
async def test_leaving_in_a_handshake_leaves_no_socket_open(proxy: str | None) -> None:
    """Nor does leaving while TLS or a proxy makes one wait; httpcore alone would forget it."""
    async with MuteServer() as server:
        address = f"127.0.0.1:{server.port}"
        transport = HttpxTransport(proxy=f"{proxy}://{address}" if proxy else None)
        request = UpstreamRequest("POST", f"https://{address}/v1", (), b"{}")
        opening = asyncio.create_task(transport.open(request, limits()))
        await server.reached.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await asyncio.wait_for(server.gone.wait(), 10)
        await transport.close()


async def test_closing_a_transport_closes_what_is_under_way(transport: Transport) -> None:
    """Neither an answer nor a request that waits for one outlives it."""
    async with ScriptedBackend(sends(GOOD[:-2]), hangs) as backend:
        stream = await transport.open(request_to(backend), limits())
        waiting = asyncio.create_task(transport.open(request_to(backend), limits()))
        await backend.wait_for_requests(2)
        await transport.close()
        for connection in backend.connections:
            await asyncio.wait_for(connection.gone.wait(), 10)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await stream.close()

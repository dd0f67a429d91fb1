"""The contract of transports, run over each implementation.

In: a scripted backend on real sockets. Out: verdicts on what goes over the wire and which of our
errors comes back. Never: a library's exception, or a word about wall time.
"""

import asyncio
from collections.abc import Callable

import pytest

from router.backends.transport import Transport, UpstreamRequest
from router.backends.transport_aiohttp import AiohttpTransport
from router.errors import (
    ConnectFailedError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
)
from tests.backends.wire import BODY, failure, limits, read_all, request_to
from tests.stand_ins import (
    Connection,
    Received,
    ScriptedBackend,
    answers,
    closes,
    hangs,
    resets,
    sends,
    streams,
)

UPGRADED = (("Upgrade", "websocket"), ("Connection", "Upgrade"))


async def test_the_request_goes_out_as_it_was_given(transport: Transport) -> None:
    """Nothing is added but Host and framing; order, case of values and duplicates stay."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        lines = (
            (b"content-type", b"application/json"),
            (b"x-twice", b"one"),
            (b"x-twice", b"two"),
            (b"x-utf8", "grüß".encode()),
        )
        await read_all(await transport.open(request_to(backend, *lines), limits()))
    (received,) = backend.received
    assert received.line == b"POST /v1/x HTTP/1.1"
    assert received.body == BODY
    names = sorted(name.lower() for name, _ in received.headers)
    expected = [b"content-length", b"content-type", b"host", b"x-twice", b"x-twice", b"x-utf8"]
    assert names == expected
    assert received.values("x-twice") == [b"one", b"two"]
    assert received.values("x-utf8") == ["grüß".encode()]


async def test_a_query_is_kept_byte_for_byte(transport: Transport) -> None:
    """Escapes, case, order and what libraries like to quote survive."""
    target = "/x?b=%7e&a=1&a=%2F+%20&empty=&flag&odd=\"<>|{}^`\\'[]&c=../.."
    async with ScriptedBackend(answers(b"{}")) as backend:
        request = request_to(backend, path=target + "#fragment")
        await read_all(await transport.open(request, limits()))
    assert backend.received[0].line == b"POST /v1" + target.encode() + b" HTTP/1.1"


async def test_raw_bytes_in_a_query_arrive(transport: Transport) -> None:
    """UTF-8 that a client did not escape keeps its bytes; under httpx, h11 wants it escaped."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        request = request_to(backend, path="/x?a=" + "é".encode().decode("latin-1"))
        await read_all(await transport.open(request, limits()))
    sent = b"\xc3\xa9" if isinstance(transport, AiohttpTransport) else b"%C3%A9"
    assert backend.received[0].line == b"POST /v1/x?a=" + sent + b" HTTP/1.1"


async def test_a_latin_1_header_keeps_its_meaning(transport: Transport) -> None:
    """Its bytes stay, but for aiohttp, which writes nothing other than UTF-8."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        line = (b"x-name", b"gr\xfcn")
        await read_all(await transport.open(request_to(backend, line), limits()))
    coding = "utf-8" if isinstance(transport, AiohttpTransport) else "latin-1"
    assert backend.received[0].values("x-name") == ["grün".encode(coding)]


async def test_what_cannot_be_written_is_our_error(transport: Transport) -> None:
    """A control character in a header is refused before it can become a header of its own."""
    async with ScriptedBackend(answers(b"{}")) as backend:
        request = request_to(backend, (b"x-a", b"1\r\nx-evil: 1"))
        error = await failure(transport, request, limits())
    assert type(error) is UpstreamProtocolError
    assert "request" in error.message


async def test_fifteen_hundred_header_lines_are_read(transport: Transport) -> None:
    """No library's own limit turns an answer into an error."""
    lines = tuple((f"X-{number}", "v") for number in range(1500))
    async with ScriptedBackend(answers(b"{}", headers=lines)) as backend:
        stream = await transport.open(request_to(backend), limits())
        assert await read_all(stream) == b"{}"
    assert len(stream.headers) == 1501


async def test_status_headers_and_body_come_back_as_they_are(transport: Transport) -> None:
    """Odd statuses, duplicates and non-ASCII values are not the transport's business."""
    headers = (("X-Twice", "1"), ("X-Twice", "2"), ("Set-Cookie", "a=b"), ("X-Utf8", "grüß"))
    async with ScriptedBackend(answers(b"\x00\xff", "529 Odd", headers)) as backend:
        stream = await transport.open(request_to(backend), limits())
        assert stream.status == 529
        assert [v for k, v in stream.headers if k == b"x-twice"] == [b"1", b"2"]
        assert [v for k, v in stream.headers if k == b"x-utf8"] == ["grüß".encode()]
        assert await read_all(stream) == b"\x00\xff"


async def test_compressed_answers_stay_compressed(transport: Transport) -> None:
    """Coding and bytes agree: neither is touched."""
    headers = (("Content-Encoding", "gzip"),)
    async with ScriptedBackend(answers(b"\x1f\x8bnot really", headers=headers)) as backend:
        stream = await transport.open(request_to(backend), limits())
        assert (b"content-encoding", b"gzip") in stream.headers
        assert await read_all(stream) == b"\x1f\x8bnot really"


async def test_cookies_are_not_kept(transport: Transport) -> None:
    """One client's cookie never goes out with the next client's request."""
    async with ScriptedBackend(answers(b"{}", headers=(("Set-Cookie", "id=1"),))) as backend:
        for _ in range(2):
            await read_all(await transport.open(request_to(backend), limits()))
    assert backend.received[1].values("cookie") == []


async def test_redirects_are_not_followed(transport: Transport) -> None:
    """A 307 is the client's to follow, without our credentials."""
    script = answers(b"", "307 Temporary Redirect", (("Location", "/elsewhere"),))
    async with ScriptedBackend(script) as backend:
        stream = await transport.open(request_to(backend), limits())
        await read_all(stream)
        assert stream.status == 307
    assert len(backend.received) == 1


async def test_an_interim_response_is_skipped(transport: Transport) -> None:
    """103 comes before the answer and is not the answer."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    raw = hints + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with ScriptedBackend(sends(raw)) as backend:
        stream = await transport.open(request_to(backend), limits())
        assert stream.status == 200
        assert await read_all(stream) == b"ok"


async def test_a_long_body_arrives_whole(transport: Transport) -> None:
    """A body of several megabytes keeps its length and its bytes."""
    body = b'{"x":"' + b"a" * 3_000_000 + b'"}'
    async with ScriptedBackend(answers(b"{}")) as backend:
        await read_all(await transport.open(request_to(backend, body=body), limits()))
    assert backend.received[0].body == body
    assert backend.received[0].values("transfer-encoding") == []


async def test_chunks_come_when_they_are_sent(transport: Transport) -> None:
    """A chunk is readable before the next one is written."""
    go_on = asyncio.Event()

    async def script(connection: Connection, _received: Received) -> bool:
        await connection.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        await connection.write(b"3\r\none\r\n")
        await go_on.wait()
        await connection.write(b"3\r\ntwo\r\n0\r\n\r\n")
        return True

    async with ScriptedBackend(script) as backend:
        stream = await transport.open(request_to(backend), limits())
        assert await stream.read() == b"one"
        go_on.set()
        assert await read_all(stream) == b"two"


async def test_closing_early_closes_the_connection(transport: Transport) -> None:
    """An answer that nobody wants any more stops at once."""
    async with ScriptedBackend(streams([b"one"], then=hangs)) as backend:
        stream = await transport.open(request_to(backend), limits())
        await stream.read()
        await stream.close()
        await asyncio.wait_for(backend.connections[0].gone.wait(), 10)


async def test_cancelling_the_opening_closes_the_connection(transport: Transport) -> None:
    """A client that leaves before the headers frees the backend."""
    async with ScriptedBackend(hangs) as backend:
        opening = asyncio.create_task(transport.open(request_to(backend), limits()))
        await backend.wait_for_requests(1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await asyncio.wait_for(backend.connections[0].gone.wait(), 10)


async def test_a_hundred_and_thirty_requests_wait_side_by_side(transport: Transport) -> None:
    """No pool limit makes the next request queue behind hanging ones."""
    async with ScriptedBackend(*[hangs] * 130, answers(b"{}")) as backend:
        hanging = [
            asyncio.create_task(transport.open(request_to(backend), limits())) for _ in range(130)
        ]
        await backend.wait_for_requests(130)
        assert await read_all(await transport.open(request_to(backend), limits())) == b"{}"
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (resets, UpstreamResetError),
        (closes, UpstreamResetError),
        (sends(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), UpstreamProtocolError),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), UpstreamResetError),
        (streams([b"one"], then=closes), UpstreamResetError),
        (streams([b"one"], then=resets), UpstreamResetError),
        (answers(b"", "000 Odd"), UpstreamProtocolError),
        (answers(b"", "099 Odd"), UpstreamProtocolError),
        (answers(b"", "101 Switching Protocols", UPGRADED), UpstreamProtocolError),
        (answers(b"", "600 Odd"), UpstreamProtocolError),
        (answers(b"", "999 Odd"), UpstreamProtocolError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
async def test_a_failing_backend_gives_our_error(
    transport: Transport, script: Callable[..., object], expected: type[UpstreamError]
) -> None:
    """Each way to break off has its class, whichever library noticed."""
    async with ScriptedBackend(script) as backend:  # type: ignore[arg-type]
        error = await failure(transport, request_to(backend), limits())
    assert type(error) is expected
    assert "127.0.0.1" not in error.message


async def test_a_closed_port_is_a_failed_connection(transport: Transport) -> None:
    """Connection refused says so, without the address."""
    async with ScriptedBackend(closes) as backend:
        request = request_to(backend)
    error = await failure(transport, request, limits())
    assert type(error) is ConnectFailedError
    assert error.message == "connection refused"


async def test_an_unknown_host_is_a_failed_connection(transport: Transport) -> None:
    """A name that does not resolve says so, without the name."""
    request = UpstreamRequest("POST", "http://nothing.invalid/v1", (), BODY)
    error = await failure(transport, request, limits())
    assert type(error) is ConnectFailedError
    assert "nothing.invalid" not in error.message


async def test_plain_http_behind_https_is_a_failed_handshake(transport: Transport) -> None:
    """TLS that fails is told as TLS that fails."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        error = await failure(transport, UpstreamRequest("POST", url, (), BODY), limits())
    assert type(error) is ConnectFailedError
    assert "TLS" in error.message

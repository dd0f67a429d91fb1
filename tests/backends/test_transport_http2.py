"""The contract of transports over HTTP/2, which only the one on httpx speaks.

In: a backend that speaks HTTP/2 over TLS. Out: verdicts on bodies, errors and open connections.
Never: a library's exception.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.backends.transport import Transport, UpstreamRequest
from router.backends.transport_httpx import HttpxTransport
from router.errors import (
    ConnectFailedError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
)
from tests.backends import http2_backend as h2b
from tests.backends.http2_backend import Act, Http2Backend
from tests.backends.wire import failure, limits, read_all

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="makes its certificate with the openssl command"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost."""
    return h2b.make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def http2(certificate: Path) -> AsyncIterator[Transport]:
    """The transport that speaks HTTP/2, trusting that certificate."""
    transport = HttpxTransport(http2=True, ca_file=str(certificate))
    yield transport
    await transport.close()


def request_to(backend: Http2Backend, target: str = "/x") -> UpstreamRequest:
    """Return a request to the backend."""
    return UpstreamRequest("POST", backend.url + target, (), b'{"model":"m"}')


async def test_the_query_is_kept_byte_for_byte(http2: Transport, certificate: Path) -> None:
    """Over HTTP/2 too, nothing is quoted anew."""
    async with Http2Backend(certificate, h2b.sends(b"{}")) as backend:
        stream = await http2.open(request_to(backend, '/x?a="<>&b=%7e'), limits())
        assert await read_all(stream) == b"{}"
    assert backend.paths == [b'/v1/x?a="<>&b=%7e']


@pytest.mark.parametrize("pieces", [(b"", b"one"), (b"one", b"", b"", b"two")])
async def test_an_empty_frame_is_no_end(
    http2: Transport, certificate: Path, pieces: tuple[bytes, ...]
) -> None:
    """Only the end of the stream ends the body."""
    async with Http2Backend(certificate, h2b.sends(*pieces)) as backend:
        stream = await http2.open(request_to(backend), limits())
        assert await read_all(stream) == b"".join(pieces)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (h2b.resets, UpstreamResetError),
        (h2b.resets_midway, UpstreamResetError),
        (h2b.goes_away, UpstreamResetError),
        (h2b.breaks_its_word, UpstreamProtocolError),
        (h2b.says_what_is_no_status, UpstreamProtocolError),
    ],
)
async def test_a_failing_stream_gives_our_error(
    http2: Transport, certificate: Path, act: Act, expected: type[UpstreamError]
) -> None:
    """A reset stream and a GOAWAY are lost connections; what breaks the protocol says so."""
    async with Http2Backend(certificate, act) as backend:
        assert type(await failure(http2, request_to(backend), limits())) is expected


async def test_closing_early_tells_the_backend(http2: Transport, certificate: Path) -> None:
    """An answer that nobody reads any more ends the connection, and with it the work on it."""
    async with Http2Backend(certificate, h2b.sends(b"one", ends=False)) as backend:
        stream = await http2.open(request_to(backend), limits())
        await stream.read()
        await stream.close()
        await asyncio.wait_for(backend.gone[0].wait(), 10)


async def test_leaving_before_the_headers_tells_the_backend(
    http2: Transport, certificate: Path
) -> None:
    """So does leaving before there is an answer."""
    reached = asyncio.Event()
    async with Http2Backend(certificate, lambda _connection, _stream: reached.set()) as backend:
        opening = asyncio.create_task(http2.open(request_to(backend), limits()))
        await reached.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await asyncio.wait_for(backend.gone[0].wait(), 10)


async def test_an_abandoned_answer_takes_no_window_from_others(
    http2: Transport, certificate: Path
) -> None:
    """Each request has a connection of its own."""
    acts = (h2b.sends(b"one", ends=False), h2b.sends(b"{}"))
    async with Http2Backend(certificate, *acts) as backend:
        stalled = await http2.open(request_to(backend), limits())
        assert await read_all(await http2.open(request_to(backend), limits())) == b"{}"
        assert len(backend.gone) == 2
        await stalled.close()


async def test_an_unknown_certificate_is_a_failed_handshake(certificate: Path) -> None:
    """Without the file that vouches for it, a backend is not spoken to."""
    stranger = HttpxTransport(http2=True)
    async with Http2Backend(certificate, h2b.sends(b"{}")) as backend:
        error = await failure(stranger, request_to(backend), limits())
    await stranger.close()
    assert type(error) is ConnectFailedError
    assert "TLS" in error.message
    assert backend.paths == []

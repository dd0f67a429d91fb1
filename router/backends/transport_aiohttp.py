"""The default transport, on aiohttp.

In: an `UpstreamRequest`. Out: a `ByteStream`. Never: what aiohttp would do by itself: decompress,
keep cookies, follow redirects, read .netrc or proxy variables, limit connections to 100, add
Accept, Accept-Encoding or User-Agent, normalise the URL, or reuse a connection with surplus bytes.

What it does not do, since aiohttp and its parser have no setting for it: it writes header values
as UTF-8, so the Latin-1 byte FC arrives as C3 BC; it takes an answer with two Content-Length lines
for broken, even if they agree (RFC 9110, section 8.6 leaves the choice), and also one that comes in
one piece with surplus bytes that are no HTTP; it drops a `?` at the end of a URL. The httpx
transport does better at all four.
"""

import asyncio
import io
from typing import Final

import aiohttp
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from multidict import CIMultiDict
from yarl import URL

from router.backends.transport import (
    KEEP_ALIVE_SECONDS,
    Limits,
    UpstreamRequest,
    connect_failure,
    refuse_odd_status,
)
from router.errors import (
    ConnectFailedError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
    UpstreamTimeoutError,
)
from router.types import ByteStream, RawHeaders

_MAX_HEADER_BYTES: Final = 65_536
_MAX_HEADER_LINES: Final = 2_000
"""aiohttp's own limit is 128; h11, under httpx, counts bytes only."""
_READ_BUFFER_BYTES: Final = 65_536
_WHOLE_WRITE_BYTES: Final = 1_048_576
"""Longer bodies are written piece by piece, so that one upload does not hold the event loop."""
_LEFT_TO_THE_CALLER: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class _CleanConnector(aiohttp.TCPConnector):
    """Keeps connections, and gives out none on which bytes came that nobody asked for.

    aiohttp looks at surplus bytes when it takes a connection back, but not when it gives it out
    again: what arrives in between would be read as the answer to the next request, another user's.
    `_get` is private to aiohttp; the contract suite fails if it stops being asked.
    """

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        while (connection := await super()._get(key, traces)) is not None:
            protocol = connection.protocol
            if protocol is not None and not protocol.should_close:
                return connection
            connection.close()
        return None


class AiohttpTransport:
    """Connections to any number of backends, kept by aiohttp."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=_CleanConnector(
                limit=0,
                limit_per_host=0,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            requote_redirect_url=False,
            skip_auto_headers=_LEFT_TO_THE_CALLER,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
            max_headers=_MAX_HEADER_LINES,
            read_bufsize=_READ_BUFFER_BYTES,
        )

    async def open(self, request: UpstreamRequest, limits: Limits) -> ByteStream:
        """Send the request and return at the answer's headers (see `Transport.open`)."""
        left = limits.deadline - asyncio.get_running_loop().time()
        try:
            response = await self._session.request(
                request.method,
                URL(_url_out(request.url), encoded=True),
                data=_body_out(request.body),
                headers=_headers_out(request.headers),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=max(left, 0.001),
                    sock_connect=limits.connect,
                ),
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _ours(error) from error
        try:
            refuse_odd_status(response.status)
        except UpstreamProtocolError:
            response.close()
            raise
        return _AiohttpStream(response, limits.idle)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


class _AiohttpStream:
    """An answer under way."""

    __slots__ = ("_begun", "_content", "_idle", "_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, idle: float) -> None:
        self._response = response
        self._content = response.content
        self._idle = idle
        self._begun = False
        self.status = response.status
        self.headers: RawHeaders = tuple(
            (name.lower(), value) for name, value in response.raw_headers
        )

    async def read(self) -> bytes:
        """Return what has arrived; empty at the end."""
        content = self._content
        try:
            if not self._begun:
                first = await content.readany()
                self._begun = bool(first)
                return first
            # No timer for what is there already.
            ready = content.read_nowait()
            if ready or content.at_eof():
                return ready
            async with asyncio.timeout(self._idle):
                return await content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _ours(error) from error

    async def close(self) -> None:
        """Give the connection back if the answer was read whole, else close it. Never suspends."""
        if self._content.at_eof():
            self._response.release()
        else:
            self._response.close()


def _body_out(body: bytes) -> bytes | io.BytesIO:
    """Return the body in the form in which aiohttp writes one of its length best."""
    return body if len(body) <= _WHOLE_WRITE_BYTES else io.BytesIO(body)


def _url_out(url: str) -> str:
    """Return the URL so that aiohttp, which writes it as UTF-8, sends the bytes it stands for."""
    if url.isascii():
        return url
    try:
        return url.encode("latin-1").decode()
    except UnicodeError:
        return url


def _headers_out(headers: RawHeaders) -> CIMultiDict[str]:
    """Return header lines in aiohttp's form, which it writes as UTF-8: Latin-1 becomes that."""
    lines: CIMultiDict[str] = CIMultiDict()
    for name, value in headers:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        lines.add(name.decode("latin-1"), text)
    return lines


_KINDS: Final[tuple[tuple[type[Exception], type[UpstreamError], str], ...]] = (
    (aiohttp.ConnectionTimeoutError, ConnectFailedError, "connecting timed out"),
    (TimeoutError, UpstreamTimeoutError, "it took too long"),
    (aiohttp.ClientConnectorDNSError, ConnectFailedError, "its host name does not resolve"),
    (aiohttp.ClientSSLError, ConnectFailedError, "its TLS certificate or handshake failed"),
    (aiohttp.ClientConnectorError, ConnectFailedError, ""),
    (aiohttp.ClientPayloadError, UpstreamResetError, "the connection was lost"),
    (aiohttp.ClientConnectionError, UpstreamResetError, "the connection was lost"),
    (OSError, UpstreamResetError, "the connection was lost"),
    (ValueError, UpstreamProtocolError, "the request cannot be written as HTTP"),
)
"""aiohttp's exceptions, the narrower first → ours."""


def _ours(error: Exception) -> UpstreamError:
    """Return our error for one of aiohttp's."""
    for kind, ours, words in _KINDS:
        if isinstance(error, kind):
            return ours(words) if words else connect_failure(error)
    return UpstreamProtocolError("what it sent is not HTTP")

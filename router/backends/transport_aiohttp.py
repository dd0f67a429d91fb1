"""The default transport, on aiohttp.

In: an `UpstreamRequest`. Out: a `ByteStream`. Never: what aiohttp would do by itself: decompress,
keep cookies, follow redirects, read .netrc or proxy variables, limit connections to 100, add
Accept, Accept-Encoding or User-Agent, or normalise the URL.
"""

import asyncio
import io
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from router.backends.transport import KEEP_ALIVE_SECONDS, Limits, UpstreamRequest, connect_failure
from router.errors import (
    ConnectFailedError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
    UpstreamTimeoutError,
)
from router.types import ByteStream, RawHeaders

_MAX_HEADER_BYTES: Final = 65_536
_READ_BUFFER_BYTES: Final = 65_536
_WHOLE_WRITE_BYTES: Final = 1_048_576
"""Longer bodies are written piece by piece, so that one upload does not hold the event loop."""
_LEFT_TO_THE_CALLER: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class AiohttpTransport:
    """Connections to any number of backends, kept by aiohttp."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
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
            read_bufsize=_READ_BUFFER_BYTES,
        )

    async def open(self, request: UpstreamRequest, limits: Limits) -> ByteStream:
        """Send the request and return at the answer's headers (see `Transport.open`)."""
        left = limits.deadline - asyncio.get_running_loop().time()
        try:
            response = await self._session.request(
                request.method,
                URL(request.url, encoded=True),
                data=_body_out(request.body),
                headers=_headers_out(request.headers),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=max(left, 0.001),
                    sock_connect=limits.connect,
                    sock_read=limits.idle,
                ),
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _ours(error) from error
        return _AiohttpStream(response)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


class _AiohttpStream:
    """An answer under way."""

    __slots__ = ("_content", "_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._content = response.content
        self.status = response.status
        self.headers: RawHeaders = tuple(
            (name.lower(), value) for name, value in response.raw_headers
        )

    async def read(self) -> bytes:
        """Return what has arrived; empty at the end."""
        try:
            return await self._content.readany()
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


def _headers_out(headers: RawHeaders) -> CIMultiDict[str]:
    """Return header lines in aiohttp's form, which it writes as UTF-8."""
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
)
"""aiohttp's exceptions, the narrower first → ours."""


def _ours(error: Exception) -> UpstreamError:
    """Return our error for one of aiohttp's."""
    for kind, ours, words in _KINDS:
        if isinstance(error, kind):
            return ours(words) if words else connect_failure(error)
    return UpstreamProtocolError("what it sent is not HTTP")

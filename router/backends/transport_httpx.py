"""The alternative transport, on httpx: HTTP/2, HTTP and SOCKS proxies, private certificates.

In: an `UpstreamRequest`. Out: a `ByteStream`. Never: what httpx would do by itself: decompress,
keep cookies, follow redirects, read the environment, add Accept, Accept-Encoding or User-Agent.
It costs about ten times as much CPU per request as the default; use it where its keys are needed.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from typing import Final, cast

import httpx

from router.backends.transport import KEEP_ALIVE_SECONDS, Limits, UpstreamRequest, connect_failure
from router.errors import (
    ConnectFailedError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
    UpstreamTimeoutError,
)
from router.types import ByteStream, RawHeaders

_ENDED: Final = re.compile("disconnected|closed connection|terminated")
"""How h11's and h2's messages, all of one class, say that the peer went away."""


class HttpxTransport:
    """Connections kept by httpx, all with one proxy and one set of certificates."""

    def __init__(
        self, *, http2: bool = False, proxy: str | None = None, ca_file: str | None = None
    ) -> None:
        self._transport = httpx.AsyncHTTPTransport(
            verify=ssl.create_default_context(cafile=ca_file),
            http2=http2,
            proxy=proxy,
            trust_env=False,
            limits=httpx.Limits(
                max_connections=None,
                max_keepalive_connections=None,
                keepalive_expiry=KEEP_ALIVE_SECONDS,
            ),
        )

    async def open(self, request: UpstreamRequest, limits: Limits) -> ByteStream:
        """Send the request and return at the answer's headers (see `Transport.open`)."""
        timeout = httpx.Timeout(limits.idle, connect=limits.connect, pool=None)
        try:
            async with asyncio.timeout_at(limits.deadline):
                response = await self._transport.handle_async_request(
                    httpx.Request(
                        request.method,
                        request.url,
                        headers=list(request.headers),
                        content=request.body,
                        extensions={"timeout": timeout.as_dict()},
                    )
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise _ours(error) from error
        return _HttpxStream(response, limits.deadline)

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


class _HttpxStream:
    """An answer under way."""

    def __init__(self, response: httpx.Response, deadline: float) -> None:
        self._response = response
        self._chunks: AsyncIterator[bytes] = aiter(cast("httpx.AsyncByteStream", response.stream))
        self._deadline = deadline
        self.status = response.status_code
        self.headers: RawHeaders = tuple(
            (name.lower(), value) for name, value in response.headers.raw
        )

    async def read(self) -> bytes:
        """Return what has arrived; empty at the end."""
        try:
            async with asyncio.timeout_at(self._deadline):
                return await anext(self._chunks, b"")
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise _ours(error) from error

    async def close(self) -> None:
        """Give the connection back if the answer was read whole, else close it."""
        await asyncio.shield(self._response.aclose())


_KINDS: Final[tuple[tuple[type[Exception], type[UpstreamError], str], ...]] = (
    (httpx.ConnectTimeout, ConnectFailedError, "connecting timed out"),
    (httpx.TimeoutException, UpstreamTimeoutError, "it took too long"),
    (TimeoutError, UpstreamTimeoutError, "it took too long"),
    (httpx.ProxyError, ConnectFailedError, "the proxy in front of it refused"),
    (httpx.LocalProtocolError, UpstreamProtocolError, "the request cannot be written as HTTP"),
    (httpx.InvalidURL, UpstreamProtocolError, "the request cannot be written as HTTP"),
)
"""httpx's exceptions, the narrower first → ours."""


def _ours(error: Exception) -> UpstreamError:
    """Return our error for one of httpx's."""
    for kind, ours, words in _KINDS:
        if isinstance(error, kind):
            return ours(words)
    if isinstance(error, httpx.ConnectError):
        return connect_failure(_cause(error))
    if isinstance(error, httpx.RemoteProtocolError) and not _ENDED.search(str(error)):
        return UpstreamProtocolError("what it sent is not HTTP")
    return UpstreamResetError("the connection was lost")


def _cause(error: BaseException) -> BaseException | None:
    """Return the operating system's or TLS error at the root of httpx's, if there is one."""
    root = None
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError):
            root = below
        below = below.__cause__ or below.__context__
    return root

"""The alternative transport, on httpx: HTTP/2, HTTP and SOCKS proxies, private certificates.

In: an `UpstreamRequest`. Out: a `ByteStream`. Never: what httpx would do by itself: decompress,
keep cookies, follow redirects, read the environment, add Accept, Accept-Encoding or User-Agent,
quote the query anew; or a connection that serves two requests.

Each request has a connection of its own, closed with its answer. So nothing of one answer can get
into another: h11 does not tell of bytes after an answer's end, and on a shared HTTP/2 connection an
answer that nobody reads any more is not reset and uses up the window of all others. It also tells
the backend at once that a client has left. The price is a handshake for each request (over TLS one
to two round trips and a few milliseconds of CPU), on top of about ten times the CPU of the default
transport. Use it where its keys are needed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, cast

import h2.exceptions
import httpx

from router.backends.transport import (
    Limits,
    UpstreamRequest,
    refuse_odd_status,
)
from router.backends.transport_httpx_forms import our_error, outgoing_request, proxy_by, trust
from router.errors import (
    ConnectFailedError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
    UpstreamTimeoutError,
)
from router.types import ByteStream, RawHeaders

_STANDS: Final = ("http11.send_request_headers.started", "http2.send_connection_init.started")
"""What httpcore's `trace` says first once a connection is there, TLS included."""


class HttpxTransport:
    """Connections made by httpx, one for each request, all by one proxy and set of certificates."""

    def __init__(
        self, *, http2: bool = False, proxy: str | None = None, ca_file: str | None = None
    ) -> None:
        """Read the certificates, once for all connections.

        Raises:
            UnusableSettingError: There is no such file, or no certificate in it; or the proxy's URL
                is not one.
        """
        self._http2 = http2
        self._tls = trust(ca_file)
        self._proxy = None if proxy is None else proxy_by(proxy, ca_file)
        self._lines: set[_Line] = set()
        self._closing: set[asyncio.Task[None]] = set()

    async def open(self, request: UpstreamRequest, limits: Limits) -> ByteStream:
        """Send the request and return at the answer's headers (see `Transport.open`)."""
        line = _Line(self._pool(), limits)
        try:
            outgoing = outgoing_request(request, limits.connect, line.trace)
        except (httpx.InvalidURL, ValueError) as error:
            raise our_error(error) from error
        self._lines.add(line)
        stream: ByteStream | None = None
        try:
            response = await line.send(outgoing)
            refuse_odd_status(response.status_code)
            stream = _HttpxStream(response, limits, lambda: self._hang_up(line))
            return stream
        finally:
            if stream is None:
                self._hang_up(line)

    async def close(self) -> None:
        """Close every connection, those under way and those still being made included."""
        for line in tuple(self._lines):
            self._hang_up(line)
        await asyncio.gather(*self._closing)

    def _pool(self) -> httpx.AsyncHTTPTransport:
        """Return a pool for one connection; it is cheap, since certificates are read already."""
        return httpx.AsyncHTTPTransport(
            verify=self._tls, http2=self._http2, proxy=self._proxy, trust_env=False
        )

    def _hang_up(self, line: "_Line") -> "asyncio.Task[None]":
        """Close a connection in a task of its own: whoever wants that may be cancelled himself."""
        self._lines.discard(line)
        task = asyncio.create_task(line.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task


class _Line:
    """The connection of one request, from dialling to hanging up.

    httpcore forgets a socket when it is cancelled in a handshake with TLS or a proxy, and a
    connection when it is cancelled just before its first use. So the sockets are noted here, and
    the pool is closed with the request. Sending has a task of its own: `close` can end it, and
    whatever exception it ends in, of five libraries, is known to be none of ours.
    """

    def __init__(self, pool: httpx.AsyncHTTPTransport, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._sending: asyncio.Task[httpx.Response] | None = None
        self._timer: asyncio.Timeout | None = None
        self._stands = False
        self._sockets: list[Any] = []

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note how far connecting is (httpcore's request extension `trace`)."""
        if event.endswith("connect_tcp.complete"):
            self._sockets.append(info["return_value"])
        elif event in _STANDS and info["request"].method != b"CONNECT" and not self._stands:
            self._stands = True
            if self._timer is not None and not self._timer.expired():
                self._timer.reschedule(self._limits.deadline)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Return the answer at its headers.

        Raises:
            router.errors.UpstreamError: See `Transport.open`.
        """
        clock = asyncio.get_running_loop().time
        first_limit = min(self._limits.deadline, clock() + self._limits.connect)
        sending = self._sending = asyncio.create_task(self._pool.handle_async_request(request))
        try:
            async with asyncio.timeout_at(first_limit) as self._timer:
                await asyncio.wait((sending,))
        except TimeoutError as error:
            if not self._stands and clock() < self._limits.deadline:
                raise ConnectFailedError("connecting timed out") from error
            raise UpstreamTimeoutError("it took too long") from error
        finally:
            self._timer = None
        if sending.cancelled():
            raise UpstreamResetError("the router closed its connections")
        failed = sending.exception()
        if failed is not None:
            raise self._told(failed) from failed
        return sending.result()

    def _told(self, error: BaseException) -> UpstreamError:
        """Return our error; until the connection stands, only a proxy can have answered badly."""
        ours = our_error(error)
        if self._stands or not isinstance(ours, UpstreamResetError | UpstreamProtocolError):
            return ours
        return ConnectFailedError("the proxy in front of it gave no usable answer")

    async def close(self) -> None:
        """Close the connection, whatever it is doing."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        sockets = [socket.aclose() for socket in self._sockets]
        await asyncio.gather(self._pool.aclose(), *sockets, return_exceptions=True)


class _HttpxStream:
    """An answer under way."""

    def __init__(
        self,
        response: httpx.Response,
        limits: Limits,
        hang_up: "Callable[[], asyncio.Task[None]]",
    ) -> None:
        self._chunks: AsyncIterator[bytes] = aiter(cast("httpx.AsyncByteStream", response.stream))
        self._limits = limits
        self._hang_up = hang_up
        self._begun = False
        self.status = response.status_code
        self.headers: RawHeaders = tuple(
            (name.lower(), value) for name, value in response.headers.raw
        )

    async def read(self) -> bytes:
        """Return what has arrived; empty at the end. An empty DATA frame of HTTP/2 is no end."""
        until = self._limits.deadline
        if self._begun:
            until = min(until, asyncio.get_running_loop().time() + self._limits.idle)
        try:
            async with asyncio.timeout_at(until):
                chunk = await self._next_bytes()
        except (httpx.HTTPError, h2.exceptions.H2Error, TimeoutError, OSError) as error:
            raise our_error(error) from error
        self._begun = True
        return chunk

    async def _next_bytes(self) -> bytes:
        async for chunk in self._chunks:
            if chunk:
                return chunk
        return b""

    async def close(self) -> None:
        """Close the connection."""
        await asyncio.shield(self._hang_up())

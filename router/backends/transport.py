"""What every transport does: open one request, give back a byte stream.

In: an `UpstreamRequest` and its limits in time. Out: a `ByteStream` at its status line and headers.
Never: a retry, a redirect followed, a cookie kept, a proxy or credential read from the
environment, a header added that the caller did not give (Host, Content-Length and what framing
needs excepted), or a library's own exception let out.
"""

import errno
import socket
import ssl
from dataclasses import dataclass
from typing import Final, Protocol

from router.errors import ConnectFailedError
from router.types import ByteStream, RawHeaders

KEEP_ALIVE_SECONDS: Final = 4.0
"""How long an idle connection is kept. Uvicorn and cpp-httplib, under most local model servers,
close theirs after 5 s; a connection reused later than that dies under the request."""

_WORDS: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "network unreachable",
    errno.ETIMEDOUT: "connecting timed out",
    errno.ECONNRESET: "connection reset",
}


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """One HTTP request as it goes out."""

    method: str
    url: str
    """Absolute and already encoded; sent as it stands."""
    headers: RawHeaders
    body: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in time of one try."""

    connect: float
    """Seconds until the connection stands, TLS included."""
    idle: float
    """Seconds between two pieces of the answer, its first included."""
    deadline: float
    """When all must be over, in the event loop's time."""


class Transport(Protocol):
    """Sends requests over connections that it keeps."""

    async def open(self, request: UpstreamRequest, limits: Limits) -> ByteStream:
        """Send the request and return at the answer's headers.

        Raises:
            router.errors.ConnectFailedError: No connection.
            router.errors.UpstreamResetError: The connection ended before the headers.
            router.errors.UpstreamProtocolError: What came is not HTTP.
            router.errors.UpstreamTimeoutError: One of the limits passed.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


def connect_failure(error: BaseException | None) -> ConnectFailedError:
    """Return the error for a connection that did not come about, in words without an address."""
    number = getattr(error, "errno", None)
    if isinstance(error, ssl.SSLError):
        words = "its TLS certificate or handshake failed"
    elif isinstance(error, socket.gaierror):
        words = "its host name does not resolve"
    elif number is None and "refused" in str(error).lower():
        # asyncio joins the errors of several addresses into one without a number.
        words = _WORDS[errno.ECONNREFUSED]
    else:
        words = _WORDS.get(number or 0, "no connection")
    return ConnectFailedError(words)

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

from router.errors import ConnectFailedError, UpstreamProtocolError
from router.types import ByteStream, RawHeaders

KEEP_ALIVE_SECONDS: Final = 4.0
"""How long an idle connection is kept. Uvicorn and cpp-httplib, under most local model servers,
close theirs after 5 s; a connection reused later than that dies under the request."""

_FIRST_STATUS: Final = 200
_LAST_STATUS: Final = 599

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
    """Absolute and already encoded; sent as it stands, up to a `#`. A character from U+0080 to
    U+00FF in the path or query stands for the byte of that number."""
    headers: RawHeaders
    body: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in time of one try."""

    connect: float
    """Seconds until the connection stands, TLS included."""
    idle: float
    """Seconds between two pieces of the answer's body. It begins to count with the first one:
    until then a model may think for as long as the caller and the deadline allow."""
    deadline: float
    """When all must be over, in the event loop's time."""


class UnusableSettingError(ValueError):
    """A transport cannot be built with a setting. Its text holds no value: a proxy's has a key."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key
        """The backend's key in the policy: `proxy_env` or `ca_file`."""


class Transport(Protocol):
    """Sends requests over connections that it keeps."""

    async def open(self, request: UpstreamRequest, limits: Limits) -> ByteStream:
        """Send the request and return at the answer's headers.

        Raises:
            router.errors.ConnectFailedError: No connection.
            router.errors.UpstreamResetError: The connection ended before the headers.
            router.errors.UpstreamProtocolError: What came is not HTTP, or no answer: a status
                outside 200 to 599.
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


def refuse_odd_status(status: int) -> None:
    """Refuse a status that no answer has: 101, since no upgrade is asked for, and odd numbers.

    Raises:
        router.errors.UpstreamProtocolError: The status is not from 200 to 599 (RFC 9110, section
            15; interim answers are skipped before this).
    """
    if not _FIRST_STATUS <= status <= _LAST_STATUS:
        raise UpstreamProtocolError(f"{status:03d} is not the status of an answer")

"""Our values in httpx's form, and httpx's errors in ours.

In: a request, a certificate file, a proxy's URL, an exception. Out: what httpx wants of them; an
`UpstreamError`. Never: I/O other than reading the certificates, or a proxy's URL in a message.
"""

import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import httpx

from router.backends.transport import UnusableSettingError, UpstreamRequest, connect_failure
from router.errors import (
    ConnectFailedError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
    UpstreamTimeoutError,
)

Trace: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[None]]
"""Told what httpcore does, step by step (its request extension `trace`)."""

_ENDED: Final = re.compile("disconnected|closed connection|StreamReset|ConnectionTerminated")
"""How h11's and h2's messages, all of one class, say that the peer went away."""
_BEYOND_ASCII: Final = 0x80
_PROXY_SCHEMES: Final = ("http", "https", "socks5", "socks5h")


class _ExactURL(httpx.URL):
    """A URL whose path and query go out as they are; httpx would quote what it finds unsafe.

    Its extension `target` does the same, but breaks the requests that go to a proxy.
    """

    def __init__(self, origin: str, target: bytes) -> None:
        super().__init__(origin)
        self._target = target

    @property
    def raw_path(self) -> bytes:
        """The target as it goes into the request line or `:path`; httpx hands it to httpcore."""
        return self._target


def outgoing_request(request: UpstreamRequest, connect: float, trace: Trace) -> httpx.Request:
    """Return the request in httpx's form."""
    scheme, _, rest = request.url.partition("#")[0].partition("://")
    host = re.split("[/?]", rest, maxsplit=1)[0]
    target = rest[len(host) :]
    if not target.startswith("/"):
        target = "/" + target
    url = _ExactURL(f"{scheme}://{host}", _bytes(target))
    # Reading and writing are limited by whoever waits for them.
    timeout = httpx.Timeout(None, connect=connect)
    outgoing = httpx.Request(
        request.method,
        url,
        headers=list(request.headers),
        content=request.body,
        extensions={"timeout": timeout.as_dict(), "trace": trace},
    )
    outgoing.url = url
    return outgoing


def _bytes(target: str) -> bytes:
    """Return the bytes that a target stands for (see `UpstreamRequest.url`).

    Those beyond ASCII are escaped: h11 refuses them as they are (RFC 3986 allows none).
    """
    if target.isascii():
        return target.encode()
    try:
        raw = target.encode("latin-1")
    except UnicodeEncodeError:
        raw = target.encode()
    return b"".join(b"%c" % byte if byte < _BEYOND_ASCII else b"%%%02X" % byte for byte in raw)


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Return TLS settings that trust the file's authorities, or without one the system's."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise UnusableSettingError("ca_file", "it holds no certificate in PEM") from error


def proxy_by(url: str, ca_file: str | None) -> httpx.Proxy:
    """Return httpx's form of a proxy, with its credentials taken out of the URL."""
    try:
        parsed = httpx.URL(url)
        usable = parsed.scheme in _PROXY_SCHEMES and bool(parsed.host)
        if usable:
            tls = trust(ca_file) if parsed.scheme == "https" else None
            return httpx.Proxy(parsed, ssl_context=tls)
    except (httpx.InvalidURL, ValueError):
        pass
    raise UnusableSettingError(
        "proxy_env",
        "its variable holds no URL of a proxy, as http://proxy:3128 or socks5://proxy:1080",
    )


_KINDS: Final[tuple[tuple[type[BaseException], type[UpstreamError], str], ...]] = (
    (httpx.ConnectTimeout, ConnectFailedError, "connecting timed out"),
    (httpx.TimeoutException, UpstreamTimeoutError, "it took too long"),
    (TimeoutError, UpstreamTimeoutError, "it took too long"),
    (httpx.ProxyError, ConnectFailedError, "the proxy in front of it refused"),
    (httpx.LocalProtocolError, UpstreamProtocolError, "the request cannot be written as HTTP"),
    (httpx.InvalidURL, UpstreamProtocolError, "the request cannot be written as HTTP"),
    (httpx.NetworkError, UpstreamResetError, "the connection was lost"),
    (OSError, UpstreamResetError, "the connection was lost"),
)
"""httpx's exceptions, the narrower first → ours."""


def our_error(error: BaseException) -> UpstreamError:
    """Return our error for one of httpx's, or of the libraries below that it lets through."""
    if isinstance(error, httpx.ConnectError):
        return connect_failure(_cause(error))
    for kind, ours, words in _KINDS:
        if isinstance(error, kind):
            return ours(words)
    if isinstance(error, httpx.RemoteProtocolError) and _ENDED.search(str(error)):
        return UpstreamResetError("the connection was lost")
    return UpstreamProtocolError("what it sent is not HTTP")


def _cause(error: BaseException) -> BaseException | None:
    """Return the operating system's or TLS error at the root of httpx's, if there is one."""
    root = None
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError):
            root = below
        below = below.__cause__ or below.__context__
    return root

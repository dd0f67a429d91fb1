"""Reading a request's body, bounded.

In: ASGI's receive. Out: the bytes, without their content coding. Never: more of them than allowed,
before or after decompression, or a wait for a client that has left.

Content codings: RFC 9110, section 8.4.1; zstd and its window: RFC 8878, section 3.1.1.1.2.
"""

import zlib
from typing import Final

import zstandard
from starlette.types import Receive, Scope

from router.errors import BodyTooLargeError, InvalidBodyError, UnsupportedEncodingError

_GZIP_OR_ZLIB: Final = 47
"""zlib's window bits for "either header, largest window"."""
_ZSTD_WINDOW_BYTES: Final = 8 * 1024 * 1024
"""What RFC 8878 recommends every decoder to support, and no more: a frame may ask for gigabytes."""
_IDENTITY: Final = frozenset({b"", b"identity"})


class ClientLeftError(Exception):
    """The client went away before its request was whole; there is nobody to answer."""


async def read_whole(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the request's body, decompressed.

    Args:
        scope: The ASGI scope, for the headers.
        receive: The ASGI receive channel, with nothing taken from it yet.
        limit: The most bytes to accept, both as sent and as decompressed.

    Raises:
        BodyTooLargeError: It is longer, or says that it will be.
        UnsupportedEncodingError: It is compressed in a way that is not read.
        InvalidBodyError: It does not decompress.
        ClientLeftError: The client went away.
    """
    codings: list[bytes] = []
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise _too_large(limit)
        if name == b"content-encoding":
            codings += [each.strip().lower() for each in value.split(b",")]
    body = await _received(receive, limit)
    # The last coding was applied last (RFC 9110, section 8.4).
    for coding in reversed([each for each in codings if each not in _IDENTITY]):
        body = _decompressed(body, coding, limit)
    return body


async def _received(receive: Receive, limit: int) -> bytes:
    """Return the body as it was sent."""
    message = await receive()
    chunks = []
    length = 0
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        length += len(chunk)
        if length > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
        message = await receive()
    raise ClientLeftError


def _decompressed(body: bytes, coding: bytes, limit: int) -> bytes:
    """Return the body without its coding; stops at the limit, however much there would be."""
    try:
        if coding in (b"gzip", b"x-gzip", b"deflate"):
            plain = zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, limit + 1)
        elif coding == b"zstd":
            decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
            with decompressor.stream_reader(body) as reader:
                plain = reader.read(limit + 1)
        else:
            raise UnsupportedEncodingError(
                "The body's Content-Encoding is not read here. Send it as gzip, deflate or zstd, "
                "or without compression."
            )
    except (zlib.error, zstandard.ZstdError) as error:
        raise InvalidBodyError(
            "The body does not decompress as its Content-Encoding says. Send it again, or without "
            "compression."
        ) from error
    if len(plain) > limit:
        raise _too_large(limit)
    return plain


def _too_large(limit: int) -> BodyTooLargeError:
    """Return the error for a body over the limit."""
    return BodyTooLargeError(
        f"The body is longer than {limit} bytes. Send less, or ask the operator to raise "
        "limits.body_bytes in the policy."
    )

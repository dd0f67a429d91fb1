"""Reading a request's body, bounded.

In: ASGI's receive. Out: the bytes. Never: more of them than allowed, or a wait for a client that
has left.
"""

from starlette.types import Receive, Scope

from router.errors import BodyTooLargeError, UnsupportedEncodingError


class ClientLeftError(Exception):
    """The client went away before its request was whole; there is nobody to answer."""


async def read_whole(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the request's body.

    Args:
        scope: The ASGI scope, for the headers.
        receive: The ASGI receive channel, with nothing taken from it yet.
        limit: The most bytes to accept.

    Raises:
        BodyTooLargeError: It is longer, or says that it will be.
        UnsupportedEncodingError: It is compressed.
        ClientLeftError: The client went away.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise _too_large(limit)
        if name == b"content-encoding" and value.lower() not in (b"", b"identity"):
            raise UnsupportedEncodingError(
                "The body is compressed, which this version does not read. Send it without "
                "Content-Encoding."
            )
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


def _too_large(limit: int) -> BodyTooLargeError:
    """Return the error for a body over the limit."""
    return BodyTooLargeError(
        f"The body is longer than {limit} bytes. Send less, or ask the operator to raise "
        "limits.body_bytes in the policy."
    )

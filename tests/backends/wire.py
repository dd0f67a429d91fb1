"""What the tests of transports share: requests, limits, and reading to the end.

In: a scripted backend. Out: requests to it; an answer's whole body, or the error it ended in.
Never: a transport's own type.
"""

import asyncio

import pytest

from router.backends.transport import Limits, Transport, UpstreamRequest
from router.errors import UpstreamError
from router.types import ByteStream
from tests.stand_ins import ScriptedBackend

BODY = b'{"model":"m"}'


def request_to(
    backend: ScriptedBackend, *headers: tuple[bytes, bytes], body: bytes = BODY, path: str = "/x"
) -> UpstreamRequest:
    """Return a request to the stand-in."""
    return UpstreamRequest("POST", backend.base_url + path, headers, body)


def limits(connect: float = 2.0, idle: float = 5.0, total: float = 10.0) -> Limits:
    """Return limits that count from now."""
    return Limits(connect, idle, asyncio.get_running_loop().time() + total)


async def read_all(stream: ByteStream) -> bytes:
    """Read to the end and close."""
    parts = []
    try:
        while chunk := await stream.read():
            parts.append(chunk)
    finally:
        await stream.close()
    return b"".join(parts)


async def failure(transport: Transport, request: UpstreamRequest, limit: Limits) -> UpstreamError:
    """Return the error that opening and reading ends in."""
    with pytest.raises(UpstreamError) as caught:
        await read_all(await transport.open(request, limit))
    return caught.value

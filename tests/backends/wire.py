"""What the tests of transports share: requests, limits, and reading to the end.

In: a scripted backend. Out: requests to it; an answer's whole body, or the error it ended in.
Never: a transport's own type.
"""

import asyncio
import contextlib
from typing import Self

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


class MuteServer:
    """A server that takes one connection and says nothing; it may not even read."""

    def __init__(self, *, reads: bool = True) -> None:
        self.port = 0
        self.reached = asyncio.Event()
        """Set once the peer has said something."""
        self.gone = asyncio.Event()
        """Set once the peer has left; only a server that reads sees that."""
        self._reads = reads
        self._server: asyncio.Server | None = None
        self._served: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        if self._served is not None:
            self._served.cancel()
            await asyncio.gather(self._served, return_exceptions=True)
        await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served = asyncio.create_task(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self._reads:
                await asyncio.Event().wait()
            with contextlib.suppress(ConnectionError):
                while await reader.read(4096):
                    self.reached.set()
            self.gone.set()
        finally:
            writer.transport.abort()

"""Stand-ins for what real parts will not do on demand.

In: scripts. Out: a backend on loopback that follows them to the byte, and notes what it received.
Never: a patch of the project's code.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

Headers: TypeAlias = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Received:
    """One request as the backend saw it."""

    line: bytes
    headers: Headers
    body: bytes
    peer_port: int = 0

    def values(self, name: str) -> list[bytes]:
        """Return every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower().encode()]

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


@dataclass
class Connection:
    """One TCP connection to the backend, in a script's hands."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the peer has closed."""

    async def write(self, data: bytes) -> None:
        """Send bytes and wait until the kernel has taken them."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection by RST."""
        self.writer.transport.abort()

    async def wait_until_gone(self) -> None:
        """Wait until the peer closes."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass
        self.gone.set()


Script: TypeAlias = Callable[[Connection, Received], Awaitable[bool]]
"""Answers one request; returns whether the connection goes on."""


class ScriptedBackend:
    """A backend that answers each request with the next script, the last one for ever."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self.received: list[Received] = []
        self.connections: list[Connection] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Condition()

    async def wait_for_requests(self, count: int) -> None:
        """Wait until so many requests have come in."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)

    @property
    def base_url(self) -> str:
        """The base URL for a policy."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop_listening(self) -> None:
        """Refuse connections from now on."""
        assert self._server is not None
        self._server.close()

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self.connections:
            connection.writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self.connections.append(connection)
        task = asyncio.create_task(self._converse(connection))
        self._tasks.add(task)

    async def _converse(self, connection: Connection) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve(connection)
        finally:
            connection.gone.set()
            connection.writer.close()

    async def _serve(self, connection: Connection) -> None:
        while True:
            received = await _read_request(connection)
            if received is None:
                return
            async with self._arrived:
                self.received.append(received)
                self._arrived.notify_all()
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            if not await script(connection, received):
                return


async def _read_request(connection: Connection) -> Received | None:
    reader = connection.reader
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, *lines = head[:-4].split(b"\r\n")
    headers = [(name, value.strip(b" ")) for name, _, value in (x.partition(b":") for x in lines)]
    length = next((int(v) for k, v in headers if k.lower() == b"content-length"), 0)
    peer = connection.writer.get_extra_info("peername")
    return Received(line, headers, await reader.readexactly(length), peer[1])


def answers(
    body: bytes | Mapping[str, Any],
    status: str = "200 OK",
    headers: Sequence[tuple[str, str]] = (("Content-Type", "application/json"),),
) -> Script:
    """Return a script that gives a whole answer with its length."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def script(connection: Connection, _received: Received) -> bool:
        lines = [f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in headers)]
        head = "\r\n".join([*lines, f"Content-Length: {len(raw)}", "", ""])
        await connection.write(head.encode() + raw)
        return True

    return script


def streams(
    chunks: Sequence[bytes],
    pause: float = 0.0,
    headers: Sequence[tuple[str, str]] = (("Content-Type", "text/event-stream"),),
    then: Callable[[Connection], Awaitable[bool]] | None = None,
) -> Script:
    """Return a script that streams chunks, then ends properly or as `then` does."""

    async def script(connection: Connection, _received: Received) -> bool:
        lines = ["HTTP/1.1 200 OK", *(f"{k}: {v}" for k, v in headers)]
        head = "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""])
        await connection.write(head.encode())
        for chunk in chunks:
            await connection.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await asyncio.sleep(pause)
        if then is not None:
            return await then(connection)
        await connection.write(b"0\r\n\r\n")
        return True

    return script


def sends(raw: bytes) -> Script:
    """Return a script that sends bytes as they are and closes."""

    async def script(connection: Connection, _received: Received) -> bool:
        await connection.write(raw)
        return False

    return script


async def resets(connection: Connection, _received: Received | None = None) -> bool:
    """Reset the connection."""
    connection.reset()
    return False


async def closes(_connection: Connection, _received: Received | None = None) -> bool:
    """Close without a word."""
    return False


async def hangs(connection: Connection, _received: Received | None = None) -> bool:
    """Say nothing until the peer goes away."""
    await connection.wait_until_gone()
    return False


def chat_answer(text: str = "Hello.", **usage: int) -> dict[str, Any]:
    """Return a chat completion."""
    answer: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "stand-in",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
    }
    return answer | ({"usage": usage} if usage else {})


def delta(text: str) -> bytes:
    """Return one event of a streamed chat completion."""
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "stand-in",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"

"""A backend that costs next to nothing: one fixed chat completion for every request.

In: a port. Out: HTTP answers from a bare asyncio protocol. Never: a parsed body.

Run: `python -m tests.benchmarks.upstream PORT`.
"""

import asyncio
import sys
from typing import cast

import uvloop

_BODY = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"' + b"All is well. " * 20 + b'"},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":60,'
    b'"total_tokens":260}}'
)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_BODY),
    _BODY,
)


class FixedAnswer(asyncio.Protocol):
    """Answers once the announced length has come in; one request at a time per connection."""

    def __init__(self) -> None:
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Collect; answer when the request is whole."""
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._received.lower().find(b"content-length:", 0, head)
        length = int(self._received[at + 15 : self._received.find(b"\r", at)]) if at >= 0 else 0
        if len(self._received) >= head + 4 + length:
            self._received.clear()
            self._transport.write(_ANSWER)


async def main(port: int) -> None:
    """Serve until ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(FixedAnswer, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

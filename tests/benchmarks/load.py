"""Load: requests over kept connections, as many as asked for, then it stops.

In: an address, bodies, a number of connections and of requests. Out: seconds each request took.
Never: more requests than that, or another address than loopback.
"""

import asyncio
import time
from collections.abc import Sequence


def request(body: bytes) -> bytes:
    """Return a chat completion request as the openai package's client writes it, in brief."""
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        b"Content-Type: application/json\r\nUser-Agent: bench\r\n"
        b"Authorization: Bearer sk-bench\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )


async def run(port: int, bodies: Sequence[bytes], connections: int, total: int) -> list[float]:
    """Send `total` requests over `connections` connections; return each one's seconds."""
    requests = [request(body) for body in bodies]
    each = total // connections
    taken: list[float] = []
    await asyncio.gather(*(_client(port, requests, n, each, taken) for n in range(connections)))
    return taken


async def _client(
    port: int, requests: Sequence[bytes], number: int, count: int, taken: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for turn in range(count):
        started = time.perf_counter()
        writer.write(requests[(number * 31 + turn) % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"not a 200: {head[:200]!r}")
        at = head.lower().index(b"content-length:")
        await reader.readexactly(int(head[at + 15 : head.index(b"\r", at)]))
        taken.append(time.perf_counter() - started)
    writer.close()

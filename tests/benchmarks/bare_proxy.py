"""The bare transport: a proxy that reads nothing, decides nothing and counts nothing.

In: a port and the upstream's. Out: an ASGI application over the same transport and server settings
as the router's. Never: anything else; it is what the router's own work is measured against.

Run: `python -m tests.benchmarks.bare_proxy PORT UPSTREAM_PORT`.
"""

import asyncio
import sys
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

from router.backends.transport import Limits, UpstreamRequest
from router.backends.transport_aiohttp import AiohttpTransport
from router.server import server_config
from router.settings import Settings


class BareProxy:
    """Forwards each body as it is."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._transport: AiohttpTransport | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward one request."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        message = await receive()
        chunks = [message["body"]]
        while message["more_body"]:
            message = await receive()
            chunks.append(message["body"])
        assert self._transport is not None
        request = UpstreamRequest(
            "POST",
            self._upstream + scope["path"],
            ((b"content-type", b"application/json"),),
            b"".join(chunks),
        )
        limits = Limits(2, 300, asyncio.get_running_loop().time() + 1800)
        stream = await self._transport.open(request, limits)
        await send(
            {"type": "http.response.start", "status": stream.status, "headers": stream.headers}
        )
        while chunk := await stream.read():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        await stream.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._transport = AiohttpTransport()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._transport.close()
        await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    settings = Settings(policy=Path(), port=int(sys.argv[1]))
    application = BareProxy(f"http://127.0.0.1:{sys.argv[2]}")
    uvicorn.Server(server_config(settings, application)).run()

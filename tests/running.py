"""The router itself, in this event loop, on a real socket.

In: a policy as a mapping. Out: the running application's address. Never: anything but what
`task-router serve` would run.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import yaml

from router.app import build
from router.categories import CATEGORIES
from router.server import bind, server_config
from router.settings import Settings
from tests.stand_ins import ScriptedBackend


@dataclass(frozen=True)
class RunningRouter:
    """The router, in this event loop."""

    url: str
    port: int


@contextlib.asynccontextmanager
async def running_router(
    folder: Path,
    policy: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[RunningRouter]:
    """Run the real application under the real server on a free port of loopback."""
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump(dict(policy)), encoding="utf-8")
    http = settings.pop("http", "auto")
    running = Settings(policy=file, **settings)
    application = build(running, environ or {}, None)
    bound = bind("127.0.0.1", 0)
    config = server_config(running, application)
    config.http = http
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([bound]))
    while not server.started:
        await asyncio.sleep(0.005)
        if task.done():
            task.result()
    port = bound.getsockname()[1]
    try:
        yield RunningRouter(f"http://127.0.0.1:{port}", port)
    finally:
        server.should_exit = True
        await task


def policy_for(
    *backends: ScriptedBackend, transport: str = "aiohttp", **more: Any
) -> dict[str, Any]:
    """Return a policy that sends everything to these backends, `b1` first.

    Without the encoder, which takes a third of a second to load; tests/classification has it.
    """
    names = [f"b{number}" for number in range(1, len(backends) + 1)]
    return {
        "version": 1,
        "backends": {
            name: {
                "base_url": backend.base_url,
                "model": f"model-of-{name}",
                "auth": "none",
                "transport": transport,
            }
            for name, backend in zip(names, backends, strict=True)
        },
        "routes": dict.fromkeys(CATEGORIES, names),
        "default": "b1",
        "classification": {"encoder": False},
    } | more

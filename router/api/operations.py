"""The operator's endpoints: why a request goes where it goes, the policy, the backends.

In: requests that admission let through. Out: JSON. Never: a secret, or anything sent to a backend.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from router.api.body import read_whole
from router.assay.explain import explain
from router.pipeline import Serving


def operations_router(serving: Callable[[], Serving]) -> APIRouter:
    """Return the endpoints under `/router`.

    Args:
        serving: Gives what answers requests now.
    """
    router = APIRouter(prefix="/router")

    @router.post("/explain")
    async def explain_request(request: Request) -> JSONResponse:
        """Classify and decide a request body, and say why; nothing is sent."""
        now = serving()
        raw = await read_whole(request.scope, request.receive, now.policy.body_bytes)
        lines, health = request.headers.raw, now.registry.health()
        # Weighing words takes the encoder tenths of a second.
        return JSONResponse(
            await asyncio.to_thread(explain, now.policy, now.classifier, raw, lines, health)
        )

    @router.get("/policy")
    async def active_policy() -> dict[str, Any]:
        """Show the policy in force, without secrets."""
        return serving().policy.redacted()

    @router.get("/backends")
    async def backends() -> dict[str, Any]:
        """Show each backend and whether this worker can use it."""
        now = serving()
        health = now.registry.health()
        return {
            "pid": os.getpid(),
            "backends": [
                {
                    "name": name,
                    "model": now.registry[name].spec.model,
                    "family": now.registry[name].spec.family,
                    "usable": name not in health,
                    "reason": health.get(name),
                }
                for name in now.registry.names()
            ],
        }

    return router

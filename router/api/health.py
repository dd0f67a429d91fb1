"""Health and metrics, open to whoever can reach the address.

In: what serves now, and the metrics. Out: plain answers. Never: a question to a backend.
"""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from router.pipeline import Serving
from router.telemetry.metrics import CONTENT_TYPE, Metrics

_READ: Final = ["GET", "HEAD"]
"""Load balancers probe with HEAD."""


def health_router(serving: Callable[[], Serving], metrics: Metrics) -> APIRouter:
    """Return `/healthz`, `/readyz` and `/metrics`."""
    router = APIRouter()

    @router.api_route("/healthz", methods=_READ)
    async def alive() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "ok"}

    @router.api_route("/readyz", methods=_READ)
    async def ready() -> JSONResponse:
        """Say whether at least one route has a usable backend."""
        now = serving()
        down = now.registry.health()
        named = {name for route in now.policy.routes.values() for name in route}
        usable = sorted((named | {now.policy.default}) - set(down))
        if usable:
            return JSONResponse({"status": "ready", "backends": usable})
        return JSONResponse({"status": "no usable backend", "reasons": dict(down)}, 503)

    @router.get("/metrics")
    async def exposition() -> Response:
        """Give the metrics, summed over all workers."""
        return Response(metrics.exposition(), headers={"content-type": CONTENT_TYPE})

    return router

"""`GET /v1/models` and `GET /v1/models/{id}`.

In: the policy in force. Out: the names that a client may ask for, in the shape of OpenAI's API.
Never: a question to a backend.
"""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter

from router.errors import UnknownModelError
from router.policy import Policy, listed_models

_READ: Final = ["GET", "HEAD"]
_OWNER: Final = "task-router"


def models_router(policy: Callable[[], Policy], created: int) -> APIRouter:
    """Return the two endpoints.

    Args:
        policy: Gives the policy in force.
        created: What `created` says of every model: when this process began, in whole seconds.
    """
    router = APIRouter()

    def model(name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": created, "owned_by": _OWNER}

    @router.api_route("/v1/models", methods=_READ)
    async def models() -> dict[str, Any]:
        """List `auto`, `auto:<category>`, aliases and backends."""
        return {"object": "list", "data": [model(name) for name in listed_models(policy())]}

    @router.api_route("/v1/models/{name:path}", methods=_READ)
    async def one_model(name: str) -> dict[str, Any]:
        """Describe one of them; other names follow `unknown_models`."""
        known = listed_models(policy())
        if name not in known and policy().unknown_models == "reject":
            raise UnknownModelError(
                f"There is no such model here. There are: {', '.join(known)}.", param="model"
            )
        return model(name)

    return router

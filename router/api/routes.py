"""The table of paths.

In: the endpoints. Out: one application that answers on all of them, and for paths and methods that
do not exist, in the shape of OpenAI's API. Never: FastAPI's `{"detail": …}`.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias, cast

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from router.api.error_response import ID, UNEXPECTED, error_response
from router.errors import (
    InternalError,
    MethodNotAllowedError,
    NotFoundError,
    RequestError,
    RouterError,
)

Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[None]]

CHAT_PATH: Final = "/v1/chat/completions"
_API_PATHS: Final = ("/chat/completions", "/completions", "/models", "/responses", "/embeddings")
_NOT_FOUND: Final = 404


class Routes:
    """The application: chat completions at once, everything else through FastAPI.

    FastAPI's and Starlette's eight layers cost a request as much as classifying it does; the one
    path that every request takes has no use for them.
    """

    def __init__(self, chat: ASGIApp, rest: ASGIApp) -> None:
        self._chat = chat
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to whom it concerns."""
        if scope["type"] == "http" and scope["path"] == CHAT_PATH and scope["method"] == "POST":
            await self._chat(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


def application(chat: ASGIApp, routers: Sequence[APIRouter], lifespan: Lifespan) -> ASGIApp:
    """Return the application.

    Args:
        chat: The endpoint of chat completions.
        routers: All other endpoints.
        lifespan: Opens what needs an event loop, and closes it.
    """
    app = FastAPI(
        title="task-router",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    # So that FastAPI knows the path: another method on it is a 405, not a 404.
    app.router.routes.append(Route(CHAT_PATH, endpoint=chat, methods=["POST"]))
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RouterError, _router_error)
    app.add_exception_handler(Exception, _unexpected)
    return Routes(chat, app)


async def _http_exception(request: Request, error: Exception) -> Response:
    """Answer for a path or a method that does not exist."""
    missing = isinstance(error, HTTPException) and error.status_code == _NOT_FOUND
    ours = _no_such_path(request.url.path) if missing else _no_such_method(request)
    response = error_response(ours, request.scope[ID])
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


async def _router_error(request: Request, error: Exception) -> Response:
    """Answer for an error of our tree."""
    return error_response(cast("RouterError", error), request.scope[ID])


async def _unexpected(request: Request, _error: Exception) -> Response:
    """Answer for anything else; Starlette raises it again, and the outermost guard reports it."""
    return error_response(InternalError(UNEXPECTED), request.scope[ID])


def _no_such_path(path: str) -> RequestError:
    """Return the error for a path; a wrong base URL is named as such."""
    if path.startswith("/v1/v1/"):
        hint = "The base URL has /v1 twice: it should end in a single /v1."
    elif path.startswith(_API_PATHS):
        hint = "The base URL lacks /v1: it should end in /v1."
    else:
        hint = f"This version serves {CHAT_PATH} and /v1/models."
    return NotFoundError(f"There is nothing at this path. {hint}")


def _no_such_method(request: Request) -> RequestError:
    """Return the error for a method that the path does not take."""
    return MethodNotAllowedError(f"This path does not take {request.method[:20]}.")

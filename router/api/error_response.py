"""Errors as HTTP answers, and the guard that turns what nobody expected into one.

In: an error of our tree, or anything that an inner application let out. Out: an answer in the
shape of OpenAI's API, with the request's identifier. Never: an exception's own text, a traceback,
or a second start of an answer.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.errors import InternalError, RouterError

OnFailure: TypeAlias = Callable[[Exception, str], None]
"""Told an unexpected error and the request's identifier."""

ID: Final = "router.request_id"
"""Where the scope has the request's identifier."""

UNEXPECTED: Final = (
    "The router failed on this request; its log has the details under the request id. The request "
    "may be sent again."
)


def error_response(error: RouterError, request_id: str) -> Response:
    """Return the HTTP answer that an error makes."""
    response = Response(
        orjson.dumps(error.body()), status_code=error.status, media_type="application/json"
    )
    for name, value in error.headers:
        response.headers.append(name.decode("latin-1"), value.decode("latin-1"))
    response.headers.setdefault("x-router-request-id", request_id)
    response.headers.setdefault("x-request-id", request_id)
    return response


class ErrorBoundary:
    """The outermost application: names the request, and answers for whatever goes wrong inside."""

    def __init__(self, inner: ASGIApp, new_id: Callable[[], str], on_failure: OnFailure) -> None:
        self._inner = inner
        self._new_id = new_id
        self._on_failure = on_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and answer for errors; once an answer has begun it is left unfinished."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        scope[ID] = request_id = self._new_id()
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._inner(scope, receive, watched)
        except RouterError as error:
            failure = error
        except Exception as error:
            self._on_failure(error, request_id)
            failure = InternalError(UNEXPECTED)
        else:
            return
        if not started:
            await error_response(failure, request_id)(scope, receive, send)

"""`POST /v1/chat/completions`.

In: a request of OpenAI's chat API. Out: the backend's answer, byte for byte, with the decision in
`x-router-*` headers. Never: a parsed and printed body, a buffered chunk, or an upstream that goes
on after its client has left.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.types import Receive, Scope, Send

from router.api.admission import CLIENT
from router.api.body import ClientLeftError, read_whole
from router.api.departure import Departure
from router.api.error_response import ID
from router.errors import RouterError
from router.pipeline import Pipeline
from router.relay import Relay
from router.types import Call

_PREFIX: Final = "/v1"
_MOMENT: Final = 1.0
"""Seconds beyond the deadline, which the transport watches too: its error can be told in-band."""


class ChatEndpoint:
    """The endpoint as a pure ASGI application."""

    def __init__(
        self,
        pipeline: Pipeline,
        body_limit: Callable[[], int],
        refused: Callable[[Scope, int], None],
        clock: Callable[[], float],
    ) -> None:
        """Build it.

        Args:
            pipeline: Answers what was read.
            body_limit: Gives the most bytes that a body may have.
            refused: Told the scope and the status where a body cannot be read.
            clock: Gives monotonic seconds.
        """
        self._pipeline = pipeline
        self._body_limit = body_limit
        self._refused = refused
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            body = await read_whole(scope, receive, self._body_limit())
        except ClientLeftError:
            return
        except RouterError as error:
            self._refused(scope, error.status)
            raise
        call = Call(
            path=scope["path"].removeprefix(_PREFIX),
            body=body,
            headers=tuple(scope["headers"]),
            query=scope["query_string"],
            client=scope[CLIENT],
            request_id=scope[ID],
            started=self._clock(),
        )
        relay: Relay | None = None
        try:
            async with Departure(receive):
                relay = await self._pipeline.answer(call)
                await _send(relay, send)
        finally:
            if relay is not None:
                await relay.close()


async def _send(relay: Relay, send: Send) -> None:
    """Send the answer as it comes; leave one that is not whole unfinished.

    A client that does not read holds a backend; it may do so until the request's deadline.
    """
    try:
        async with asyncio.timeout_at(relay.deadline + _MOMENT):
            await _send_whole(relay, send)
    except TimeoutError:
        return


async def _send_whole(relay: Relay, send: Send) -> None:
    """Send headers, chunks and, after the last one, the end."""
    await send(
        {"type": "http.response.start", "status": relay.status, "headers": list(relay.headers)}
    )
    while chunk := await relay.read():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    if relay.whole:
        await send({"type": "http.response.body", "body": b"", "more_body": False})

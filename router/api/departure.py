"""Noticing that a client has left, and stopping the work for it.

In: ASGI's receive, after the body has been read. Out: the cancellation of the task that serves
the request. Never: a cancellation after the answer was sent, or one that outlives the block.

One small task per request is the price: neither uvicorn nor starlette tells an application that
waits for its upstream, and `send` stays silent when nobody listens.
"""

import asyncio
from types import TracebackType
from typing import Self

from starlette.types import Receive


class Departure:
    """A block of work that ends when its client leaves; `left` then says so."""

    def __init__(self, receive: Receive) -> None:
        self.left = False
        self._receive = receive
        self._served: asyncio.Task[object] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._served = asyncio.current_task()
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Stop watching; swallow the cancellation if it was ours."""
        if self._watcher is not None:
            self._watcher.cancel()
        if not self.left or self._served is None:
            return False
        return self._served.uncancel() == 0 and kind is asyncio.CancelledError

    async def _watch(self) -> None:
        """Wait for the disconnect and cancel the work."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._served is not None:
            self.left = True
            self._served.cancel()

"""Failover: the candidates of a decision, one after the other, under one deadline.

In: an outgoing request and its candidates, best first. Out: an answer at the first byte of its
body. Never: a try after the first byte, a try past the deadline, a retry that is not recorded, or
tenacity's machinery on the way of a request whose first try succeeds.

A reset before the headers, soon after the request went out, is tried once more at the same backend:
a server that closes a kept connection at the moment of its reuse looks just like that (RFC 9112,
section 9.3.1). A reset that comes later is the backend's own trouble.

An HTTP answer that called for another candidate is kept until one does better; where none even
answers, it goes back, with its hints on when to try again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_none

from router.backends.dialects import DIALECTS
from router.backends.dialects.contract import Outgoing
from router.backends.registry import Backend, Registry
from router.backends.transport import Limits
from router.closed_sets import AttemptOutcome
from router.errors import (
    ConnectFailedError,
    DeadlineError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
    UpstreamTimeoutError,
)
from router.types import Attempt, ByteStream, Candidate

InFlight: TypeAlias = Callable[[str, int], None]
"""Told `(backend, +1)` when a try begins and `(backend, -1)` when its answer is closed."""

_STALE_SECONDS: Final = 1.0
"""How soon a reset comes when the connection was closed before the request arrived."""

_TRY_NEXT: Final = frozenset({408, 409, 425, 429})
_FIRST_SERVER_ERROR: Final = 500
_FIRST_CLIENT_ERROR: Final = 400
_RATE_LIMITED: Final = 429


class Opened:
    """An answer at its first byte, counted as in flight until it is closed, once."""

    def __init__(
        self, candidate: Candidate, stream: ByteStream, first: bytes, in_flight: InFlight
    ) -> None:
        self.backend = candidate.backend
        self.model = candidate.model
        self.stream = stream
        self.first = first
        """The first bytes of the body; empty where there is no body."""
        self._in_flight: InFlight | None = in_flight

    async def close(self) -> None:
        """Close the stream; whatever comes of that, it is in flight no longer."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is None:
            return
        try:
            await self.stream.close()
        finally:
            in_flight(self.backend, -1)


@dataclass(frozen=True, slots=True)
class _Try:
    candidate: Candidate
    again: bool = False


class _AnsweredBadlyError(UpstreamError):
    """A status for which the next candidate is tried."""


class _StaleConnectionError(UpstreamResetError):
    """A reset that may be that of a connection which was closed before."""


class Failover:
    """Walks the candidates of a decision."""

    def __init__(self, in_flight: InFlight) -> None:
        self._in_flight = in_flight

    async def open(
        self,
        registry: Registry,
        outgoing: Outgoing,
        candidates: Sequence[Candidate],
        journal: list[Attempt],
        deadline: float,
    ) -> Opened:
        """Return the first good answer, else the last answer that came, whatever it is.

        Args:
            registry: The live backends.
            outgoing: The request.
            candidates: At least one, best first.
            journal: Receives one `Attempt` for each try, also when this raises.
            deadline: When the last byte must be there, in the event loop's time.

        Raises:
            router.errors.UpstreamError: No candidate answered; its message names the last one.
        """
        walk = _Walk(registry, outgoing, deque(map(_Try, candidates)), journal, deadline)
        try:
            return await self._next(walk)
        except UpstreamError as error:
            if not (error.try_next and walk.plan):
                raise
        try:
            return await self._after_a_failure(walk)
        except UpstreamError:
            kept, walk.spare = walk.spare, None
            if kept is None:
                raise
            return kept
        finally:
            if walk.spare is not None:
                await walk.spare.close()

    async def _after_a_failure(self, walk: "_Walk") -> Opened:
        """Try what is left of the plan."""

        def exhausted(_state: RetryCallState) -> bool:
            return not walk.plan

        retrying = AsyncRetrying(
            stop=exhausted,
            wait=wait_none(),
            retry=retry_if_exception(lambda e: isinstance(e, UpstreamError) and e.try_next),
            reraise=True,
        )
        return await retrying(self._next, walk)

    async def _next(self, walk: "_Walk") -> Opened:
        """Try the next entry of the plan and record what it came to."""
        entry = walk.plan.popleft()
        backend = walk.registry[entry.candidate.backend]
        clock = asyncio.get_running_loop().time
        started = clock()
        outcome: AttemptOutcome = "abandoned"
        status = None
        opened = None
        self._in_flight(backend.spec.name, 1)
        try:
            opened = await self._try(walk, backend, entry.candidate)
            status = opened.stream.status
            outcome = _outcome(status)
        except UpstreamError as error:
            outcome = error.outcome
            if isinstance(error, _StaleConnectionError) and not entry.again:
                walk.plan.appendleft(_Try(entry.candidate, again=True))
            raise _told(error, backend.spec.name, walk.deadline) from error
        finally:
            walk.journal.append(Attempt(backend.spec.name, outcome, clock() - started, status))
            if opened is None:
                self._in_flight(backend.spec.name, -1)
        if walk.plan and _calls_for_another(opened.stream.status):
            await walk.set_aside(opened)
            raise _AnsweredBadlyError(f"Backend '{backend.spec.name}' answered {status}.")
        return opened

    async def _try(self, walk: "_Walk", backend: Backend, candidate: Candidate) -> Opened:
        """Send the request to one backend and wait for the first byte of its answer."""
        spec = backend.spec
        request = DIALECTS[spec.dialect](walk.outgoing, spec, candidate.model, backend.key)
        clock = asyncio.get_running_loop().time
        started = clock()
        limits = Limits(spec.timeouts.connect, spec.timeouts.idle, walk.deadline)
        stream: ByteStream | None = None
        first: bytes | None = None
        try:
            async with asyncio.timeout_at(min(started + spec.timeouts.first_token, walk.deadline)):
                stream = await backend.transport.open(request, limits)
                first = await stream.read()
        except TimeoutError as error:
            raise UpstreamTimeoutError("it took too long") from error
        except UpstreamResetError as error:
            if stream is None and clock() - started < _STALE_SECONDS:
                raise _StaleConnectionError(error.message) from error
            raise
        finally:
            if stream is not None and first is None:
                await stream.close()
        return Opened(candidate, stream, first, self._in_flight)


@dataclass(slots=True)
class _Walk:
    """One request's way along the candidates: what is left of the plan, and what came so far."""

    registry: Registry
    outgoing: Outgoing
    plan: deque[_Try]
    journal: list[Attempt]
    deadline: float
    spare: Opened | None = None
    """The last answer that called for another candidate."""

    async def set_aside(self, opened: Opened) -> None:
        """Keep an answer in case nothing better comes."""
        former, self.spare = self.spare, opened
        if former is not None:
            await former.close()


def _calls_for_another(status: int) -> bool:
    """Whether another backend may do better than one that answered with this status."""
    return status >= _FIRST_SERVER_ERROR or status in _TRY_NEXT


def _outcome(status: int) -> AttemptOutcome:
    """Return what a try that was answered came to."""
    if status < _FIRST_CLIENT_ERROR:
        return "answered"
    if status == _RATE_LIMITED:
        return "rate_limited"
    return "server_error" if status >= _FIRST_SERVER_ERROR else "client_error"


def _told(error: UpstreamError, backend: str, deadline: float) -> UpstreamError:
    """Return the error with a message for the client: which backend, what happened, what to do."""
    if isinstance(error, UpstreamTimeoutError) and _passed(deadline):
        return DeadlineError(
            f"No backend answered within the deadline of the request; the last tried was "
            f"'{backend}'. Try again, or raise timeouts.total of the first candidate."
        )
    if isinstance(error, ConnectFailedError):
        done, remedy = (
            "could not be reached",
            "Check that its server runs and its base_url is right.",
        )
    elif isinstance(error, UpstreamTimeoutError):
        done, remedy = "did not answer in time", "Try again, or raise its timeouts in the policy."
    elif isinstance(error, UpstreamProtocolError):
        done, remedy = "gave no usable answer", "Check that its base_url is that of an HTTP API."
    else:
        done, remedy = "broke off before it answered", "Try again; its server's log tells why."
    return type(error)(f"Backend '{backend}' {done}: {error.message}. {remedy}")


def _passed(deadline: float) -> bool:
    """Whether the deadline is behind us, give or take the timer's resolution."""
    return asyncio.get_running_loop().time() >= deadline - 0.05

"""The hot path: one request from its bytes to an answer under way.

In: a `Call`. Out: a `Relay` at the first byte of the backend's answer, with the decision in its
headers; one `Exchange` for the observer, whatever happens. Never: text in the exchange, a second
exchange for one call, or a request that fails because its classification did.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from router.backends.dialects.contract import Outgoing
from router.backends.failover import Failover, InFlight, Opened
from router.backends.registry import Registry
from router.classification.classifier import Classifier
from router.classification.second_look import SecondLook
from router.closed_sets import Outcome, Reason
from router.course import CLIENT_CLOSED, Course, outcome_of_answer, outcome_of_error
from router.errors import InternalError, RouterError
from router.policy import Policy, Wish, decide, read_wish
from router.relay import Relay, headers_for_client
from router.request import read_body, read_needs, read_prompt
from router.types import (
    Ask,
    Call,
    ChatRequest,
    Decision,
    Exchange,
    Needs,
    RawHeaders,
    Tally,
)


@dataclass(frozen=True, slots=True)
class Serving:
    """What answers requests now; replaced whole when the policy changes."""

    policy: Policy
    registry: Registry
    classifier: Classifier


@dataclass(frozen=True, slots=True)
class Observers:
    """Who is told what happens."""

    exchange: Callable[[Exchange], None]
    in_flight: InFlight
    classifier_failed: Callable[[Exception, str], None]
    """Told the error and the request's id."""


class Pipeline:
    """Answers calls."""

    def __init__(
        self,
        serving: Callable[[], Serving],
        failover: Failover,
        second_look: SecondLook,
        observers: Observers,
        clock: Callable[[], float],
    ) -> None:
        self._serving = serving
        self._failover = failover
        self._second_look = second_look
        self._observers = observers
        self._clock = clock

    async def answer(self, call: Call) -> Relay:
        """Read, classify, decide, and open the answer.

        Raises:
            router.errors.RouterError: With the decision's headers, as far as there was one.
        """
        serving = self._serving()
        course = Course(call, serving.policy.generation)
        ended: tuple[Outcome, int] | None = ("internal_error", InternalError.status)
        try:
            request = read_body(call.body)
            course.streamed = request.stream
            course.decision = await self._decide(serving, request, course)
            deadline = self._deadline(serving, course.decision)
            course.overhead = self._clock() - call.started
            opened = await self._failover.open(
                serving.registry,
                Outgoing(call, request),
                course.decision.candidates,
                course.attempts,
                deadline,
            )
            ended = None
        except RouterError as error:
            ended = outcome_of_error(error), error.status
            error.headers = course.headers()
            error.message = f"{error.message} {course.story()}".rstrip()
            raise
        except asyncio.CancelledError:
            ended = "client_gone", CLIENT_CLOSED
            raise
        finally:
            if ended is not None:
                self._close(course, *ended)
        return self._relay(course, opened, deadline)

    async def _decide(self, serving: Serving, request: ChatRequest, course: Course) -> Decision:
        """Return where the request goes."""
        headers = course.call.headers
        wish = read_wish(
            serving.policy,
            request,
            _header(headers, b"x-router-category"),
            _header(headers, b"x-router-backend"),
        )
        unclassified = None
        if wish.pin is None:
            unclassified = await self._classify(serving.classifier, request, wish, course)
        ask = Ask(
            classification=course.classification,
            needs=Needs() if request.unreadable else read_needs(request),
            unclassified=unclassified,
            pin=wish.pin,
            pin_reason=wish.pin_reason,
        )
        return decide(serving.policy, ask, serving.registry.health())

    async def _classify(
        self, classifier: Classifier, request: ChatRequest, wish: Wish, course: Course
    ) -> Reason | None:
        """Classify; return why there is no classification, if there is none.

        This is the guard around the classifier: whatever it does, the request goes on.
        """
        if request.unreadable and wish.declared is None:
            return "unreadable"
        started = self._clock()
        try:
            prompt = read_prompt(request)
            course.classification = first = classifier.first_look(prompt, wish.declared)
            if classifier.in_doubt(first):
                course.classification = await self._second_look.of(classifier, prompt, first)
        except Exception as error:
            self._observers.classifier_failed(error, course.call.request_id)
        course.classified_in = self._clock() - started
        return None if course.classification else "classifier_failed"

    @staticmethod
    def _deadline(serving: Serving, decision: Decision) -> float:
        """Return when the request must be over: the first candidate's total, from now."""
        first = serving.registry[decision.candidates[0].backend].spec
        return asyncio.get_running_loop().time() + first.timeouts.total

    def _relay(self, course: Course, opened: Opened, deadline: float) -> Relay:
        """Return the answer with its headers and the observer at its end."""
        stream = opened.stream
        course.first_byte = self._clock() - course.call.started
        course.answered_by, course.model = opened.backend, opened.model

        def finish(tally: Tally) -> None:
            outcome = outcome_of_answer(tally, stream.status)
            self._close(course, outcome, stream.status, tally)

        headers = headers_for_client(
            stream.status, stream.headers, course.headers(), course.call.request_id
        )
        return Relay(opened, headers, deadline, finish)

    def _close(
        self, course: Course, outcome: Outcome, status: int, tally: Tally | None = None
    ) -> None:
        """Tell the observer what became of the request."""
        seconds = self._clock() - course.call.started
        self._observers.exchange(course.exchange(outcome, status, seconds, tally))


def _header(headers: RawHeaders, name: bytes) -> str | None:
    """Return the first value of a header."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1").strip()
    return None

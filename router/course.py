"""The course of one request: what is known of it so far.

In: what each step of the pipeline found out. Out: the decision headers for the client, and the
one `Exchange` for the observer. Never: text of the request or the answer.
"""

from dataclasses import dataclass, field
from typing import Final

from router.closed_sets import SKIP_REASONS, Outcome
from router.errors import RequestError, RouterError, UpstreamError
from router.types import (
    Attempt,
    Call,
    Classification,
    Decision,
    Exchange,
    RawHeaders,
    Tally,
)

CLIENT_CLOSED: Final = 499
"""nginx's status for a client that left; nobody receives it."""

_FIRST_CLIENT_ERROR: Final = 400
_FIRST_SERVER_ERROR: Final = 500
_LONGEST_NAME: Final = 200


@dataclass(slots=True)
class Course:
    """One request under way. The pipeline fills it in; it is not shared."""

    call: Call
    generation: str
    """Of the policy that the request began with."""
    overhead: float = 0.0
    """Seconds from the last byte of the request to the first try."""
    streamed: bool = False
    classification: Classification | None = None
    classified_in: float | None = None
    """Seconds."""
    decision: Decision | None = None
    attempts: list[Attempt] = field(default_factory=list)
    answered_by: str | None = None
    """The backend whose answer goes back."""
    model: str | None = None
    """The model name that was sent to it."""
    first_byte: float | None = None
    """Seconds from the last byte of the request to the first of the answer's body."""

    @property
    def backend(self) -> str | None:
        """The backend that answered, else the last one tried."""
        if self.answered_by is not None or not self.attempts:
            return self.answered_by
        return self.attempts[-1].backend

    def headers(self) -> RawHeaders:
        """Return the router's own header lines, printable ASCII only."""
        lines = [
            (b"x-router-request-id", self.call.request_id),
            (b"x-router-policy", self.generation),
            (b"x-router-overhead-ms", f"{self.overhead * 1000:.2f}"),
            (b"x-router-attempts", str(len(self.attempts))),
        ]
        if self.classification is not None:
            lines += [
                (b"x-router-category", self.classification.category),
                (b"x-router-confidence", f"{self.classification.confidence:.3f}"),
                (b"x-router-stage", self.classification.stage),
            ]
        if self.decision is not None:
            lines.append((b"x-router-reason", self.decision.reason))
        if self.backend is not None:
            lines.append((b"x-router-backend", self.backend))
        if self.model is not None:
            lines.append((b"x-router-model", self.model))
        return tuple((name, _printable(value)) for name, value in lines)

    def story(self) -> str:
        """Return what was tried and passed over, for a message; empty where one try was all."""
        skipped = self.decision.skipped if self.decision is not None else ()
        tried = [f"{each.backend} ({each.outcome})" for each in self.attempts]
        passed = [f"{each.backend} ({SKIP_REASONS[each.reason]})" for each in skipped]
        parts = [f"Tried: {', '.join(tried)}."] if len(tried) > 1 or passed else []
        return " ".join([*parts, f"Passed over: {'; '.join(passed)}."] if passed else parts)

    def exchange(
        self, outcome: Outcome, status: int, seconds: float, tally: Tally | None = None
    ) -> Exchange:
        """Return the record of the request, which is over after `seconds`."""
        return Exchange(
            endpoint=self.call.path,
            client=self.call.client,
            request_id=self.call.request_id,
            outcome=outcome,
            status=status,
            streamed=self.streamed,
            duration_seconds=seconds,
            overhead_seconds=self.overhead,
            classification=self.classification,
            classification_seconds=self.classified_in,
            decision=self.decision,
            backend=self.backend,
            attempts=tuple(self.attempts),
            first_byte_seconds=self.first_byte,
            usage=tally.usage if tally else None,
            usage_expected=outcome == "ok",
        )


def outcome_of_error(error: RouterError) -> Outcome:
    """Return what the client got from a request that ended in an error of ours."""
    if isinstance(error, RequestError):
        return "refused"
    return "unreachable" if isinstance(error, UpstreamError) else "internal_error"


def outcome_of_answer(tally: Tally, status: int) -> Outcome:
    """Return what the client got from a request that a backend answered."""
    if tally.ending != "whole":
        return "broken" if tally.ending == "broken" else "client_gone"
    if status >= _FIRST_SERVER_ERROR:
        return "backend_failed"
    return "backend_rejected" if status >= _FIRST_CLIENT_ERROR else "ok"


def _printable(text: str) -> bytes:
    """Return text as a header's value: what is not printable ASCII becomes `?`."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(c if c.isascii() and c.isprintable() else "?" for c in text)
    return text[:_LONGEST_NAME].encode()

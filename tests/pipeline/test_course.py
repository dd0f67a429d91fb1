"""The course of a request: its headers and its outcome.

In: courses filled in by hand. Out: verdicts on the header lines and outcomes. Never: a pipeline.
"""

import pytest

from router.closed_sets import Ending, Outcome
from router.course import Course, outcome_of_answer, outcome_of_error
from router.errors import InternalError, NeedUnmetError, NoBackendError, RouterError
from router.types import Attempt, Call, Decision, Skip, Tally


def course() -> Course:
    """Return a course with nothing found out yet."""
    return Course(Call("/chat/completions", b"{}", request_id="id-1"), "0123abcd")


def test_names_in_headers_are_printable_ascii_of_bounded_length() -> None:
    """A model may be called anything; a header line may not."""
    filled = course()
    filled.answered_by = "b1"
    filled.model = "模型\r\nX-Evil: 1" + "x" * 500
    value = dict(filled.headers())[b"x-router-model"]
    assert value.startswith(b"????X-Evil: 1x")
    assert len(value) == 200


def test_the_backend_is_the_one_that_answered_else_the_last_tried() -> None:
    """An answer that was kept may be that of an earlier one."""
    tried = course()
    assert b"x-router-backend" not in dict(tried.headers())
    tried.attempts += [Attempt("b1", "rate_limited", 0.1, 429), Attempt("b2", "reset", 0.1)]
    assert dict(tried.headers())[b"x-router-backend"] == b"b2"
    tried.answered_by = "b1"
    assert dict(tried.headers())[b"x-router-backend"] == b"b1"
    assert tried.exchange("ok", 429, 1.0).backend == "b1"


@pytest.mark.parametrize(
    ("ending", "status", "outcome"),
    [
        ("whole", 200, "ok"),
        ("whole", 307, "ok"),
        ("whole", 404, "backend_rejected"),
        ("whole", 503, "backend_failed"),
        ("broken", 200, "broken"),
        ("left", 200, "client_gone"),
        ("left", 503, "client_gone"),
    ],
)
def test_an_answer_has_the_outcome_that_the_client_saw(
    ending: Ending, status: int, outcome: Outcome
) -> None:
    """How it ended counts before what it was."""
    assert outcome_of_answer(Tally(ending, None), status) == outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NeedUnmetError("no"), "refused"),
        (NoBackendError("none"), "unreachable"),
        (InternalError("oh"), "internal_error"),
    ],
)
def test_an_error_has_the_outcome_of_whose_fault_it_was(
    error: RouterError, outcome: Outcome
) -> None:
    """The client's, the backends', ours."""
    assert outcome_of_error(error) == outcome


def test_the_story_tells_who_was_tried_and_who_was_not() -> None:
    """An error that names only the last backend would send people the wrong way."""
    told = course()
    told.attempts.append(Attempt("b1", "connect_failed", 0.1))
    assert told.story() == ""
    told.decision = Decision("code-edit", (), "route", "0123abcd", (Skip("b2", "no_key"),))
    assert told.story() == (
        "Tried: b1 (connect_failed). Passed over: "
        "b2 (the environment variable with its key is not set)."
    )

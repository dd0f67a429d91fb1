"""Log lines: what is written, and what never is.

In: exchanges, errors and records of the standard library's logging. Out: verdicts on the lines.
Never: the real stderr.
"""

import io
import json
import logging
from typing import Any

import pytest

from router.closed_sets import OUTCOMES, Outcome
from router.telemetry.log import Log
from router.types import Attempt, Exchange


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return what was logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def exchange(outcome: Outcome) -> Exchange:
    """Return an exchange that ended so."""
    return Exchange(
        endpoint="/chat/completions",
        client="alice",
        request_id="id-1",
        outcome=outcome,
        status=502,
        streamed=False,
        duration_seconds=1.23456,
        overhead_seconds=0.001,
        attempts=(Attempt("b1", "reset", 0.1),),
        backend="b1",
    )


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_only_failures_of_ours_or_a_backends_are_written_down(outcome: Outcome) -> None:
    """What went well, or was the client's doing, is left to the metrics."""
    stream = io.StringIO()
    Log(stream).exchange(exchange(outcome))
    written = [line["outcome"] for line in lines(stream)]
    worth_it = {"backend_failed", "unreachable", "broken", "internal_error"}
    assert written == ([outcome] if outcome in worth_it else [])


def test_a_failure_names_its_place_but_not_its_words() -> None:
    """An exception may quote what was being read; its text stays out."""
    stream = io.StringIO()
    log = Log(stream)
    try:
        int("the prompt's secret")
    except ValueError as error:
        log.failure("classifier failed", error, request_id="id-1")
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert any("test_log.py" in place for place in line["at"])
    assert "secret" not in stream.getvalue()


def test_the_servers_warnings_take_the_same_form() -> None:
    """Uvicorn's remark on answers that are left unfinished on purpose is dropped."""
    stream = io.StringIO()
    Log(stream).take_over()
    server = logging.getLogger("uvicorn.error")
    try:
        server.info("Started")
        server.error("ASGI callable returned without completing response.")
        server.warning("Something else")
        try:
            int("the prompt's secret")
        except ValueError:
            server.exception("Exception in ASGI application\n")
    finally:
        server.handlers.clear()
        logging.getLogger("asyncio").handlers.clear()
    assert [line["event"] for line in lines(stream)] == [
        "Something else",
        "Exception in ASGI application",
    ]
    assert "secret" not in stream.getvalue()


def test_quiet_leaves_warnings() -> None:
    """Events of a good life are dropped, warnings are not."""
    stream = io.StringIO()
    log = Log(stream, quiet=True)
    log.event("policy loaded")
    log.warning("backend unusable", backend="b1")
    assert [line["event"] for line in lines(stream)] == ["backend unusable"]

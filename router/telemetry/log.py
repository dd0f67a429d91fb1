"""Log lines: one JSON object each, on stderr.

In: exchanges that did not end well, and what happens in the life of the process. Out: lines.
Never: text of a request or an answer, a key, or a header's value.
"""

import logging
import sys
from typing import Final, TextIO

import structlog
from structlog.typing import FilteringBoundLogger

from router.types import Exchange

_ABANDONED: Final = "ASGI callable returned without completing response."
"""How uvicorn comments on an answer that is left unfinished on purpose, so that no client takes a
broken one for whole."""


class Log:
    """The process's log."""

    def __init__(self, stream: TextIO = sys.stderr, *, quiet: bool = False) -> None:
        level = logging.WARNING if quiet else logging.INFO
        self._logger: FilteringBoundLogger = structlog.wrap_logger(
            structlog.PrintLogger(stream),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
        )

    def exchange(self, exchange: Exchange) -> None:
        """Write down an exchange in which something failed on our side or a backend's."""
        if exchange.outcome in ("ok", "refused", "backend_rejected", "client_gone"):
            return
        self._logger.warning(
            "request failed",
            request_id=exchange.request_id,
            outcome=exchange.outcome,
            status=exchange.status,
            category=exchange.classification and exchange.classification.category,
            backend=exchange.backend,
            attempts=[f"{a.backend} {a.outcome}" for a in exchange.attempts],
            seconds=round(exchange.duration_seconds, 3),
        )

    def event(self, event: str, **facts: str | float | None) -> None:
        """Write down something that is as it should be."""
        self._logger.info(event, **facts)

    def warning(self, event: str, **facts: str | float | None) -> None:
        """Write down something that an operator should see to."""
        self._logger.warning(event, **facts)

    def failure(self, event: str, error: BaseException, **facts: str | float | None) -> None:
        """Write down an error of our own, with where it came from.

        The traceback names files and lines; the error's own text is left out, since it may quote
        what was being read.
        """
        self._logger.error(event, error=type(error).__name__, at=_places(error), **facts)

    def take_over(self) -> None:
        """Let the server's own warnings come out in the same form."""
        handler = _Forward(self)
        for name in ("uvicorn.error", "asyncio"):
            logger = logging.getLogger(name)
            logger.handlers = [handler]
            logger.setLevel(logging.WARNING)
            logger.propagate = False


class _Forward(logging.Handler):
    """Hands records of the standard library's logging on."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, without what an exception says of itself."""
        message = record.getMessage().strip()
        if message == _ABANDONED:
            return
        if record.exc_info is not None and record.exc_info[1] is not None:
            self._log.failure(message, record.exc_info[1], logger=record.name)
        else:
            self._log.warning(message, logger=record.name)


def _places(error: BaseException) -> list[str]:
    """Return `file:line function` for each frame, the innermost last."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places

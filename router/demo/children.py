"""Processes that this one starts, watches and ends.

In: a command and where to keep what it prints. Out: a running process, its output so far, and an
error with its last lines when it ends by itself. Never: a process left behind, or one that was not
started here.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

LAST_LINES: Final = 12
"""How much of a dead child's output its error repeats."""
_PAUSE_SECONDS: Final = 0.05


class ChildFailedError(Exception):
    """A child ended by itself or never got ready; the message holds its last lines."""


class Child:
    """A process in a session of its own, so that Ctrl-C reaches only the one who ends it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str],
        grace_seconds: float = 10.0,
    ) -> None:
        self._name = name
        self._log = log
        self._grace_seconds = grace_seconds
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def output(self) -> str:
        """Return what the child has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def check(self) -> None:
        """Make sure that the child is alive.

        Raises:
            ChildFailedError: It is not.
        """
        status = self._process.poll()
        if status is not None:
            raise ChildFailedError(self._complaint(f"ended by itself (status {status})"))

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready` holds.

        Raises:
            ChildFailedError: The child ended first, or `seconds` passed.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise ChildFailedError(self._complaint(f"is not ready after {seconds:.0f} s"))
            time.sleep(_PAUSE_SECONDS)

    def close(self) -> None:
        """End the child: ask, and insist when it does not listen."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(self._grace_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _complaint(self, what: str) -> str:
        lines = self.output().splitlines()[-LAST_LINES:]
        return "\n".join([f"{self._name} {what}", *(f"  | {line}" for line in lines)])

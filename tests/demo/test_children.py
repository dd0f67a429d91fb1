"""Processes that are started, watched and ended."""

import os
import sys
from pathlib import Path

import pytest

from router.demo.children import LAST_LINES, Child, ChildFailedError

HANG_SECONDS = 60.0


def python(program: str, log: Path, grace_seconds: float = 10.0) -> Child:
    """Start a small Python program."""
    return Child("the thing", (sys.executable, "-c", program), log, os.environ, grace_seconds)


def alive(pid: int) -> bool:
    """Whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_is_ready_once_its_output_says_so(tmp_path: Path) -> None:
    """Waiting ends with the condition, and the child lives on until it is closed."""
    with python("print('here', flush=True); input()", tmp_path / "log") as child:
        child.wait_until(lambda: "here" in child.output(), HANG_SECONDS)
        child.check()
        pid = child.pid

    assert not alive(pid)


def test_a_child_that_ends_by_itself_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    """The error names the child, its exit status and the end of what it printed."""
    program = "import sys\nfor i in range(99): print('line', i)\nsys.exit(3)"
    with (
        python(program, tmp_path / "log") as child,
        pytest.raises(ChildFailedError) as raised,
    ):
        child.wait_until(lambda: False, HANG_SECONDS)

    first, *rest = str(raised.value).splitlines()
    assert first == "the thing ended by itself (status 3)"
    assert rest == [f"  | line {number}" for number in range(99 - LAST_LINES, 99)]


def test_a_child_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    """After the time allowed the wait fails, and closing ends the child."""
    with (
        python("input()", tmp_path / "log") as child,
        pytest.raises(ChildFailedError, match="is not ready after 0 s"),
    ):
        child.wait_until(lambda: False, 0.0)

    assert not alive(child.pid)


def test_a_child_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    """Neither a closed stdin nor SIGTERM moves it; SIGKILL does."""
    program = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True)\ntime.sleep(1000)"
    )
    child = python(program, tmp_path / "log", grace_seconds=0.1)
    child.wait_until(lambda: "deaf" in child.output(), HANG_SECONDS)

    child.close()

    assert not alive(child.pid)


def test_a_child_does_not_get_the_terminals_interrupt(tmp_path: Path) -> None:
    """It leads a session of its own, so Ctrl-C reaches only its starter."""
    with python("input()", tmp_path / "log") as child:
        assert os.getsid(child.pid) == child.pid

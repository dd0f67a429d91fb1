"""`task-router demo`, whole: the real model, the real router, the real client."""

import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from router.categories import CATEGORIES
from router.demo.tour import TOUR
from tests.demo.real import START_SECONDS, free_port

DEMO = (sys.executable, "-m", "router", "demo")


@pytest.fixture(scope="module")
def finished(
    weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A demo that took its tour and stopped, and the file of its rows."""
    assert weights.is_file()
    file = tmp_path_factory.mktemp("once") / "rows.json"
    done = subprocess.run(
        (*DEMO, "--once", "--json", str(file)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    return done, file


Finished = tuple[subprocess.CompletedProcess[str], Path]


def test_the_tour_ends_well(finished: Finished) -> None:
    """Exit status 0, the table on stdout, progress on stderr, no colour off a terminal."""
    done, _ = finished

    assert done.returncode == 0, done.stderr
    assert "one small model under three names" in done.stdout
    assert "loading SmolLM2-135M-Instruct" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_four_prompts_show_four_categories_on_several_backends_with_real_answers(
    finished: Finished,
) -> None:
    """Each prompt of the tour is classified as it was meant, and answered."""
    rows = json.loads(finished[1].read_bytes())

    assert [row["prompt"] for row in rows] == [messages[-1]["content"] for messages in TOUR]
    assert [row["category"] for row in rows] == list(CATEGORIES)
    assert len({row["backend"] for row in rows}) >= 2
    for row in rows:
        assert set(row) == {
            "prompt",
            "category",
            "confidence",
            "backend",
            "model",
            "text",
            "first_token_seconds",
        }
        assert row["text"].strip()
        assert 0 < row["confidence"] <= 1
        assert row["first_token_seconds"] > 0
        assert "SmolLM2-135M-Instruct" in row["model"]


def test_a_taken_port_is_one_line_that_names_the_option(weights: Path) -> None:
    """The demo does not start at all, and says what to type."""
    assert weights.is_file()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = subprocess.run(
            (*DEMO, "--port", str(port)),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"port {port} is in use; name another: task-router demo --port {port + 1}"
    ]


@contextlib.contextmanager
def demo_process(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a demo that goes on serving, with its output in a file; end it whatever happens."""
    with (
        log.open("wb") as sink,
        subprocess.Popen(
            (*DEMO, "--port", str(free_port())),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for something that takes a few seconds; the limit catches a hang."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started, oldest first."""
    proc = Path("/proc")
    if not proc.is_dir():
        pytest.skip("this system has no /proc to read the demo's children from")
    found = []
    for stat in proc.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # "pid (name) state parent ..."; the name may hold anything.
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if int(parent) == pid:
                found.append(int(stat.parent.name))
    return sorted(found)


def alive(pid: int) -> bool:
    """Whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_signal_ends_the_demo_and_both_its_children(weights: Path, tmp_path: Path) -> None:
    """SIGTERM is as good as Ctrl-C: exit status 0, a word, nothing left behind."""
    assert weights.is_file()
    log = tmp_path / "log"
    with demo_process(log) as process:
        wait_until(lambda: b"until Ctrl-C" in log.read_bytes())
        children = children_of(process.pid)
        assert len(children) == 2

        process.terminate()
        status = process.wait(START_SECONDS)

    assert status == 0
    assert log.read_text().splitlines()[-1] == "stopped"
    assert not any(alive(child) for child in children)


def test_the_death_of_a_child_ends_the_demo_with_its_name(weights: Path, tmp_path: Path) -> None:
    """Exit status 1, and a message that says who died."""
    assert weights.is_file()
    log = tmp_path / "log"
    with demo_process(log) as process:
        wait_until(lambda: b"until Ctrl-C" in log.read_bytes())
        victim, other = sorted(children_of(process.pid))

        os.kill(victim, signal.SIGKILL)
        status = process.wait(START_SECONDS)

    assert status == 1
    assert "the model server ended by itself (status -9)" in log.read_text()
    assert not alive(other)


def test_on_a_terminal_the_reader_can_type_a_prompt(weights: Path) -> None:
    """The prompt is routed and answered; Ctrl-C at the next one ends the demo, exit status 0."""
    assert weights.is_file()
    ours, theirs = pty.openpty()
    with (
        os.fdopen(ours, "r+b", buffering=0) as terminal,
        subprocess.Popen(
            (*DEMO, "--port", str(free_port())), stdin=theirs, stdout=theirs, stderr=theirs
        ) as process,
    ):
        os.close(theirs)
        try:
            read_until(terminal.fileno(), b"> ")
            os.write(terminal.fileno(), b"Write a shell command that counts files.\n")
            answer = read_until(terminal.fileno(), b"\n> ")
            process.send_signal(signal.SIGINT)
            status = process.wait(START_SECONDS)
        finally:
            process.kill()

    assert "code-generation" in answer
    assert "→ coder" in answer
    assert status == 0


def read_until(terminal: int, end: bytes) -> str:
    """Read from a terminal until it shows `end` after the invitation."""
    seen = b""
    while not seen.replace(b"\r", b"").endswith(end):
        seen += os.read(terminal, 4096)
    return seen.decode()

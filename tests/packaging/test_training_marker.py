"""The tests that need torch: left out by default, never skipped in silence when asked for."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.training_encoder.asked import asked_for

CHECKOUT = Path(__file__).parents[2]
SECONDS = 120

WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import pytest
sys.exit(pytest.main(["-p", "no:cacheprovider", "tests/training_encoder", *sys.argv[1:]]))
"""


@pytest.mark.parametrize(
    ("marks", "asked"),
    [
        ("train", True),
        ("", True),
        ("ops or train", True),
        ("not ops and train", True),
        ("ops", False),
        ("not train", False),
        ("not ops and not benchmark and not train", False),
    ],
)
def test_an_expression_of_marks_asks_for_them_or_not(marks: str, asked: bool) -> None:
    """Naming another mark alone does not ask for these."""
    assert asked_for(marks) is asked


def collect(*words: str) -> subprocess.CompletedProcess[str]:
    """Collect the tests of training where torch cannot be imported."""
    return subprocess.run(
        (sys.executable, "-c", WITHOUT_TORCH, *words),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_asked_for_without_torch_they_fail_and_say_what_to_do() -> None:
    """A CI job that lost its torch turns red."""
    done = collect("-m", "train")

    assert done.returncode not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    assert "torch: run `make test-train`" in done.stdout + done.stderr


def test_by_default_they_are_not_read() -> None:
    """So `make test` needs no torch."""
    assert collect().returncode == pytest.ExitCode.NO_TESTS_COLLECTED

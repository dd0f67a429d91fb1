"""The house as it stands keeps the rules of the house."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.rules import RULES, check
from tests.architecture.sources import Source, read_package

PACKAGE = Path(__file__).parent.parent / "router"


@pytest.fixture(scope="module")
def sources() -> tuple[Source, ...]:
    """Every source file of the package."""
    return read_package(PACKAGE)


@pytest.mark.parametrize("rule", RULES)
def test_the_package_keeps_the_rule(rule: str, sources: tuple[Source, ...]) -> None:
    """No file of the package breaks it."""
    violations = check(rule, sources)

    assert not violations, "\n".join(map(str, violations))


def test_the_checker_reads_the_whole_package(sources: tuple[Source, ...]) -> None:
    """A checker that reads nothing would find nothing."""
    assert {"types.py", "errors.py", "cli/__init__.py"} <= {source.path for source in sources}


NEVER_SERVED = {"openai", "grpc", "xllamacpp", "opentelemetry.sdk", "router.demo"}
"""What a serving process has no use for, and would pay for in memory and start-up time."""

LOAD_SERVE = """
import sys
import router.app, router.server, router.cli
router.cli.command_line(["serve"])
print(*sys.modules, sep="\\n")
"""


def test_serve_loads_no_client_no_engine_and_no_other_verb() -> None:
    """What `task-router serve` imports, read in a process that has imported nothing else."""
    loaded = set(
        subprocess.run(
            (sys.executable, "-c", LOAD_SERVE), capture_output=True, text=True, check=True
        ).stdout.split()
    )

    assert {"router.cli.serve", "router.app", "uvicorn", "aiohttp"} <= loaded
    assert not NEVER_SERVED & loaded
    assert {name for name in loaded if name.startswith("router.cli.")} == {"router.cli.serve"}

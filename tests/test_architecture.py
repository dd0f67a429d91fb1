"""The house as it stands keeps the rules of the house."""

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

"""CONTRIBUTING.md says what each direct dependency is for; the list is whole and current."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.house import FENCES, UNFENCED

CHECKOUT = Path(__file__).parents[2]
CONTRIBUTING = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")

SECTIONS = ("### At run time", "### Extra `demo`", "### Extra `train`", "### Extra `dev`")
MODULES = {"prometheus-client": "prometheus_client", "pyyaml": "yaml"}
"""Distribution → module, where the names differ."""


def project() -> dict[str, Any]:
    """Return the project's table of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return table


def names(requirements: list[str]) -> list[str]:
    """Return the distributions that requirements name."""
    return [re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requirements]


def required(section: str) -> list[str]:
    """Return the distributions that a section of CONTRIBUTING.md is about."""
    extra = re.search(r"`(\w+)`", section)
    if extra is None:
        return names(project()["dependencies"])
    return names(project()["optional-dependencies"][extra[1]])


def explained(section: str) -> dict[str, str]:
    """Return distribution → reason, as a section's table has them."""
    text = CONTRIBUTING.split(section)[1].split("\n#")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", text, re.MULTILINE))


@pytest.mark.parametrize("section", SECTIONS)
def test_each_direct_dependency_has_its_line_and_no_other_has(section: str) -> None:
    """The table names the same distributions as pyproject.toml, in the same order."""
    assert list(explained(section)) == required(section)
    assert all(explained(section).values())


def test_every_extra_has_its_section() -> None:
    """A new extra cannot be forgotten."""
    assert {f"### Extra `{extra}`" for extra in project()["optional-dependencies"]} < set(SECTIONS)


def test_each_runtime_dependency_has_a_fence_or_is_meant_to_have_none() -> None:
    """The architecture's table knows every library that the project may import."""
    for name in [*required(SECTIONS[0]), *required(SECTIONS[1])]:
        assert MODULES.get(name, name) in {*FENCES, *UNFENCED}


def test_the_constraints_pin_every_direct_dependency() -> None:
    """Each has an exact version there."""
    files = ("constraints.txt", "constraints-train.txt")
    lines = [line for file in files for line in (CHECKOUT / file).read_text().splitlines()]
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}

    for section in SECTIONS:
        assert {name.lower() for name in required(section)} <= pinned


def test_no_version_is_pinned_twice() -> None:
    """What training adds is what the router and its tests do not need."""
    router, training = (
        {line.split("==")[0].lower() for line in (CHECKOUT / file).read_text().splitlines()}
        for file in ("constraints.txt", "constraints-train.txt")
    )

    assert not {name for name in router & training if name and not name.startswith("#")}


def test_the_make_targets_that_are_named_exist() -> None:
    """Each `make TARGET` in the text is a target of the Makefile."""
    makefile = (CHECKOUT / "Makefile").read_text()

    for target in set(re.findall(r"`make ([a-z-]+)", CONTRIBUTING)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target

"""The policies that come with the project, their schema and their reference."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from router.assay.check import check
from router.classification.classifier import load_classifier
from router.closed_sets import REASONS
from router.errors import ConfigurationError
from router.policy import load_policy, resolve_policy_path, shipped_names, shipped_policy
from router.policy.json_schema import schema_text
from router.policy.schema import PolicyFile
from tests.policy.writing import FAMILIES

FOLDER: Final = Path(__file__).parents[2] / "policies"
PLACEHOLDERS: Final = {
    "backends": "<name>",
    "routes": "<category>",
    "aliases": "<name>",
    "tests": "[]",
}
"""What stands for the reader's own names and indices in the table of keys."""
ENVIRONMENT: Final = {"OPENAI_API_KEY": "made-up"}


def test_the_shipped_policies_are_found_by_name() -> None:
    """`shipped:NAME` is one of them; anything else is a path."""
    assert shipped_names() == ("default", "demo", "local")
    assert resolve_policy_path("shipped:demo") == shipped_policy("demo") == FOLDER / "demo.yaml"
    assert resolve_policy_path("my/policy.yaml") == Path("my/policy.yaml")
    for name in ("nope", "../policies/demo", "demo.yaml", ""):
        with pytest.raises(ConfigurationError, match="there are: default, demo, local"):
            resolve_policy_path(f"shipped:{name}")


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_is_right_and_its_tests_pass(name: str) -> None:
    """No mistake, no warning, and a test for each category that it routes."""
    found = check(shipped_policy(name), ENVIRONMENT, FAMILIES, load_classifier)
    assert found.mistakes == ()
    assert found.warnings == ()
    assert found.tests >= 4


def test_the_demo_has_one_model_under_three_names() -> None:
    """At the port that the demo chose, without a key, with settings that differ."""
    policy = load_policy(shipped_policy("demo"), {"DEMO_MODEL_PORT": "4321"}, FAMILIES)
    assert {spec.base_url for spec in policy.backends.values()} == {"http://127.0.0.1:4321/v1"}
    assert {spec.auth for spec in policy.backends.values()} == {"none"}
    assert list(policy.backends) == ["generalist", "chat", "coder"]
    assert len({str(spec.request_defaults) for spec in policy.backends.values()}) == 3


def test_the_json_schema_is_current() -> None:
    """Otherwise: python -m router.policy.json_schema > policies/policy.schema.json."""
    assert (FOLDER / "policy.schema.json").read_text() == schema_text()


def rows_of(heading: str) -> dict[str, list[str]]:
    """Return the table of the reference whose first column has this heading, by first cell."""
    text = (FOLDER / "README.md").read_text()
    table = text.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0]
    lines = [line.strip("|").split(" | ") for line in table.splitlines()[2:]]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells] for cells in lines}


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that an annotation is made of, if any."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (model_in(argument) for argument in get_args(annotation))
    return next((model for model in inner if model is not None), None)


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each key of the schema and its default, as the reference writes them."""
    for name, field in model.model_fields.items():
        path = prefix + name
        default = field.default
        inner = model_in(field.annotation)
        if default is PydanticUndefined:
            yield path, "required"
        elif isinstance(default, BaseModel):
            yield path, "`{}`"
        elif default is None:
            yield path, "none"
        else:
            yield path, f"`{default:g}`" if isinstance(default, float) else f"`{shown(default)}`"
        if path in PLACEHOLDERS:
            joint = "" if PLACEHOLDERS[path] == "[]" else "."
            path += joint + PLACEHOLDERS[path]
            if inner is None:
                yield path, "none"
        if inner is not None:
            yield from keys_of(inner, path + ".")


def shown(default: object) -> str:
    """Return a default as YAML writes it."""
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_reference_has_every_key_with_its_default_and_an_example() -> None:
    """No key of the schema is missing from the table, and none is left over."""
    rows = rows_of("key")
    assert {key: cells[2] for key, cells in rows.items()} == dict(keys_of(PolicyFile))
    for key, cells in rows.items():
        assert len(cells) == 5
        assert re.match(r"`.+`$|see below", cells[4]), f"{key} has no example"


def test_the_reference_has_every_reason_with_its_meaning() -> None:
    """The closed list of `x-router-reason`."""
    assert {reason: cells[1] for reason, cells in rows_of("reason").items()} == dict(REASONS)


def test_the_smallest_policy_of_the_reference_is_right(tmp_path: Path) -> None:
    """What a newcomer copies first works."""
    text = (FOLDER / "README.md").read_text()
    smallest = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    path = tmp_path / "smallest.yaml"
    path.write_text(smallest)
    found = check(path, {}, FAMILIES, load_classifier)
    assert (found.mistakes, found.warnings) == ((), ())

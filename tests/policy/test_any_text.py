"""The loader on files that nobody would write: a policy or a `ConfigurationError`, nothing else."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.policy.schema import BackendEntry, PolicyFile
from tests.policy.writing import SMALL, mistakes_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the files that hypothesis thinks up."""
    return tmp_path_factory.mktemp("policies")


KEYS: Final = st.sampled_from(
    [*PolicyFile.model_fields, *BackendEntry.model_fields, "a", "b", "auto", "code-edit", "expect"]
)
VALUES: Final = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["a", "b", "auto", "auto:x", "code-edit", "http://h", "${X}", "none"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def check_outcome(folder: Path, text: str | bytes) -> None:
    """Load a policy; an exception of another kind than `ConfigurationError` comes out."""
    for mistake in mistakes_in(folder, text):
        assert mistake.line >= 1
        assert "\n" not in mistake.path + mistake.message


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(list(PolicyFile.model_fields)), VALUES))
def test_any_structure_is_a_policy_or_a_configuration_error(
    folder: Path, document: dict[str, Any]
) -> None:
    """Known keys with values of any shape: the checks survive what they check."""
    check_outcome(folder, json.dumps(document))


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, len(SMALL)), st.integers(0, 40), st.text("-:[]{}&*<a1 \n\t#!|>'\"", max_size=6)
)
def test_any_mutation_of_a_policy_is_a_policy_or_a_configuration_error(
    folder: Path, start: int, length: int, inserted: str
) -> None:
    """Text cut out and put in anywhere."""
    check_outcome(folder, SMALL[:start] + inserted + SMALL[start + length :])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_policy_or_a_configuration_error(folder: Path, content: bytes) -> None:
    """Files that are no text at all."""
    check_outcome(folder, content)

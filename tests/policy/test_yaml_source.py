"""YAML with line marks."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import ConfigurationError, Mistake
from router.yaml_source import (
    MAX_BYTES,
    Document,
    UnreadableFileError,
    load,
    read_bytes,
    show_trail,
)

BILLION_LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


def test_values_are_plain_and_each_has_its_line() -> None:
    """Keys and items carry the line they stand on; a way that leads on has that of its parent."""
    document = load("a:\n  b: [1,\n      two]\n\nc: off\n", "f.yaml")
    assert document.data == {"a": {"b": [1, "two"]}, "c": False}
    assert [document.line(trail) for trail in ((), ("a",), ("a", "b"), ("a", "b", 1), ("c",))] == [
        1,
        1,
        2,
        3,
        5,
    ]
    assert document.line(("a", "b", "missing", 3)) == 2


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: yes\nb: off", {"a": True, "b": False}),
        ("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}", {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}}),
        ("x: &x {a: 1}\ny: {b: 3, <<: [*x, {a: 9}]}", {"x": {"a": 1}, "y": {"a": 1, "b": 3}}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_yaml_is_read_as_people_write_it(text: str, data: object) -> None:
    """Booleans of YAML 1.1, anchors, merge keys, a byte-order mark; a date stays text."""
    document = load(text.encode(), "f.yaml")
    assert document.data == data
    assert document.mistakes == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\na: 2", 2, "stands here twice; the first is on line 1"),
        ("b:\n  on: 1", 2, 'the key on is not text in YAML; write it as "on"'),
        ("a: 1\n3: b", 2, "the key 3 is not text"),
        ("? [a]\n: 1", 1, "a key must be text"),
        ("a:\n - !!python/object:os.system x", 2, "is not allowed"),
        ("a: !!int x", 1, "is not a value that YAML can read"),
        (f"a: {'9' * 5000}", 1, "is not a value that YAML can read"),
        ("a: {<<: 3}", 1, "`<<` takes a mapping"),
    ],
)
def test_what_can_be_read_around_is_noted(text: str, line: int, message: str) -> None:
    """These mistakes leave the rest of the document to be checked in the same run."""
    (mistake,) = load(text, "f.yaml").mistakes
    assert mistake.line == line
    assert message in mistake.message


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"a:\n\t- b", 2, "a tab cannot indent"),
        (b"a: 1\nb: \xff", 2, "not UTF-8"),
        (b"a: 1\nb: \x00", 2, "U+0000"),
        (b"a: [1\nb: 2", 2, "not YAML"),
        (b"a: *b", 1, "undefined alias"),
        (b"a: 1\n---\nb: 2", 2, "another document"),
        (b"a: " + b"[" * 100_000, 1, "nested deeper"),
        (b"a: &a [*a]", 1, "inside the value that it repeats"),
        (b"a: &a {b: {<<: *a}}", 1, "inside the value that it repeats"),
        (BILLION_LAUGHS.encode(), 1, "more than 50000 values"),
    ],
)
def test_what_cannot_be_read_is_one_mistake_with_its_line(
    content: bytes, line: int, message: str
) -> None:
    """No traceback and no endless expansion, whatever the file holds."""
    with pytest.raises(ConfigurationError) as caught:
        load(content, "f.yaml")
    (mistake,) = caught.value.mistakes
    assert message in mistake.message
    assert mistake.line == line


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    """A missing file, a directory, a path that no system takes, a file that is too long."""
    for path in (tmp_path / "missing", tmp_path, Path("a\0b")):
        with pytest.raises(UnreadableFileError, match="cannot be read"):
            read_bytes(path)
    huge = tmp_path / "huge"
    huge.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigurationError, match="longer than"):
        read_bytes(huge)


def test_a_trail_is_shown_on_one_line() -> None:
    """Odd keys are quoted, so that a message stays one line of printable text."""
    assert show_trail(("routes", "code-edit", 0, "x")) == "routes.code-edit[0].x"
    assert show_trail(("a b", "c\nd")) == r"'a b'.'c\nd'"
    assert show_trail(()) == "(file)"
    assert load("a: 1", "f").mistake(("a",), "x") == Mistake(1, "a", "x")


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=200), st.text("-:[]{}&*<a1 \n#!|>'\"")))
def test_any_text_is_a_document_or_a_configuration_error(content: str | bytes) -> None:
    """Nothing but `ConfigurationError` comes out of reading."""
    found = None
    with contextlib.suppress(ConfigurationError):
        found = load(content, "f.yaml")
    assert found is None or isinstance(found, Document)

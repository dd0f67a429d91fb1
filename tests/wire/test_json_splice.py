"""Splicing members of raw JSON.

In: JSON objects, made by hand and by hypothesis. Out: verdicts on `router.json_splice`. Never: a
comparison by parsing alone; what must not change is compared as bytes.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InvalidBodyError
from router.json_splice import insert_members, replace_member, top_level_values

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(
    st.text(max_size=6) | st.sampled_from(["model", "stream", "messages"]), VALUES, max_size=6
)


@given(OBJECTS, st.booleans(), st.sampled_from([None, 2]))
def test_only_the_named_member_changes(
    document: dict[str, Any], ascii_only: bool, indent: int | None
) -> None:
    """Whatever else an object holds, in any spelling, stays as it is."""
    document = {"before": 1, **document, "model": "auto"}
    raw = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode(
        "utf-8", "surrogatepass"
    )
    spliced = replace_member(raw, "model", "new", seen=True)
    assert json.loads(spliced.decode("utf-8", "surrogatepass")) == {**document, "model": "new"}
    (span,) = top_level_values(spliced, "model")
    assert spliced[: span[0]] + b'"auto"' + spliced[span[1] :] == raw


@given(
    OBJECTS,
    st.dictionaries(
        st.sampled_from(["temperature", "top_p"]), st.none() | st.booleans() | st.floats(0, 2)
    ),
)
def test_inserted_members_come_first_and_the_rest_stays(
    document: dict[str, Any], added: dict[str, Any]
) -> None:
    """Insertion leaves the client's bytes whole behind what it adds."""
    document = {key: value for key, value in document.items() if key not in added}
    raw = json.dumps(document).encode()
    extended = insert_members(raw, added)
    assert extended.endswith(raw[1:])
    assert json.loads(extended) == {**added, **document}


@given(st.binary(max_size=200))
def test_no_bytes_make_the_scanner_fail(junk: bytes) -> None:
    """Bytes that are no JSON give spans within bounds or none, never an error."""
    for raw in (junk, b"{" + junk, b'{"model":' + junk, b'{"model"' + junk):
        for start, end in top_level_values(raw, "model"):
            assert 0 <= start <= end <= len(raw)
        for seen in (False, True):
            replace_member(raw, "model", "x", seen=seen)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"model":"auto"}', b'{"model":"x"}'),
        (b' \t{ "model" : "auto" , "n":1}', b' \t{ "model" : "x" , "n":1}'),
        (b'\xef\xbb\xbf{"model":"auto"}', b'\xef\xbb\xbf{"model":"x"}'),
        (b'{"m\\u006fdel":"auto"}', b'{"m\\u006fdel":"x"}'),
        (
            b'{"\\u006D\\u006f\\u0064\\u0065\\u006C":1}',
            b'{"\\u006D\\u006f\\u0064\\u0065\\u006C":"x"}',
        ),
        (b'{"model":"a","model":"b"}', b'{"model":"x","model":"x"}'),
        (b'{"model":"a","m\\u006fdel":"b"}', b'{"model":"x","m\\u006fdel":"x"}'),
        (b'{"model":"a\\"}b\\\\","n":1}', b'{"model":"x","n":1}'),
        (b'{"t":[{"model":"in"}],"model":"a"}', b'{"t":[{"model":"in"}],"model":"x"}'),
        (b'{"x":"model","model":"a"}', b'{"x":"model","model":"x"}'),
        (
            b'{"c":"say \\"model\\": \\"y\\"","model":"a"}',
            b'{"c":"say \\"model\\": \\"y\\"","model":"x"}',
        ),
        (b'{"model":12345678901234567890123,"t":1e400}', b'{"model":"x","t":1e400}'),
        (b'{"model":null}', b'{"model":"x"}'),
        (b'{"model":{"a":["}"]},"b":-0}', b'{"model":"x","b":-0}'),
        (b'{"model":[]\n}', b'{"model":"x"\n}'),
    ],
)
def test_every_spelling_of_the_member_is_found(raw: bytes, expected: bytes) -> None:
    """Escapes, duplicates, white space, odd values and look-alikes are told apart."""
    for seen in (False, True):
        assert replace_member(raw, "model", "x", seen=seen) == expected


def test_a_value_that_needs_escapes_is_escaped() -> None:
    """A model name cannot break out of its string."""
    spliced = replace_member(b'{"model":"auto"}', "model", 'a"},"b":1\r\n', seen=True)
    assert json.loads(spliced) == {"model": 'a"},"b":1\r\n'}


def test_a_value_that_is_there_already_is_left_as_it_is() -> None:
    """But not where a second member of the name says something else."""
    raw = b'{ "model" : "x" }'
    assert replace_member(raw, "model", "x", seen=True) is raw
    twins = b'{"model":"other","model":"x"}'
    assert replace_member(twins, "model", "x", seen=True) == b'{"model":"x","model":"x"}'


def test_a_name_deeper_down_is_not_taken_for_the_member() -> None:
    """Where no parser has seen the member, a lone look-alike stays."""
    raw = b'{"tools":[{"model":"inner"}]}'
    assert replace_member(raw, "model", "x", seen=False) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b'{"x":[' + b'"",' * 300_000 + b'0],"model":"a","model":"b"}',
        b'{"x":' + b"[" * 600_000,
        b"{" + b'"model":1,' * 200 + b'"model":2}',
    ],
    ids=["strings", "nesting", "twins"],
)
def test_what_would_keep_everybody_waiting_is_refused(raw: bytes) -> None:
    """The scanner's work is bounded, whatever a client sends."""
    with pytest.raises(InvalidBodyError):
        replace_member(raw, "model", "x", seen=False)


def test_nesting_of_any_depth_is_scanned() -> None:
    """A body that no parser reads still gets its model exchanged."""
    deep = b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b',"model":"auto"}'
    assert replace_member(deep, "model", "y", seen=False).endswith(b'"model":"y"}')
    assert top_level_values(deep, "model") == [(len(deep) - 7, len(deep) - 1)]


def test_insertion_into_an_empty_object_adds_no_comma() -> None:
    """`{ }` becomes an object with one member."""
    assert json.loads(insert_members(b" { } ", {"a": 1})) == {"a": 1}


def test_what_is_no_object_has_no_members() -> None:
    """Arrays, scalars and nothing are left alone."""
    for raw in (b"", b"[1]", b'"model"', b"null", b"  "):
        assert top_level_values(raw, "model") == []
        assert insert_members(raw, {"a": 1}) == raw

"""Reading bodies: what parsers disagree on, and what nobody can read."""

import json
from contextlib import suppress

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import InvalidBodyError
from router.request import read_body

_DEEP = 100_000

_ODD_BUT_READ = {
    "lone surrogate": rb'{"model":"m","stream":true,"x":"\ud800"}',
    "number beyond double": b'{"model":"m","stream":true,"x":1e400}',
    "not a number": b'{"model":"m","stream":true,"x":NaN}',
    "byte order mark": b'\xef\xbb\xbf{"model":"m","stream":true}',
    "invalid UTF-8": b'{"model":"m","stream":true,"x":"\xff\xfe"}',
    "integer of 5,000 digits": b'{"model":"m","stream":true,"x":' + b"9" * 5_000 + b"}",
    "white space around": b' \r\n\t{"model":"m","stream":true}\n',
    "two models": b'{"model":"first","stream":true,"model":"m"}',
    "escaped key": rb'{"\u006dodel":"m","stream":true}',
}


@pytest.mark.parametrize("raw", _ODD_BUT_READ.values(), ids=_ODD_BUT_READ.keys())
def test_odd_bodies_that_backends_accept_are_read(raw: bytes) -> None:
    """Model and stream are found, and the bytes are kept."""
    request = read_body(raw)
    assert (request.model, request.stream, request.unreadable) == ("m", True, False)
    assert request.raw == raw


_REFUSED = {
    "empty": b"",
    "blank": b" \n",
    "truncated": b'{"model": "m", "mess',
    "array": b"[1,2,3]",
    "string": b'"hi"',
    "number": b"12",
    "null": b"null",
    "not a number": b"NaN",
    "words": b"hello",
    "form": b"model=m&stream=true",
    "UTF-16 with a mark": '{"model":"m"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"model":"m"}'.encode("utf-16-le"),
    "UTF-32": '{"model":"m"}'.encode("utf-32"),
    "deep array": b"[" * _DEEP,
    "bytes": bytes(range(256)),
}


@pytest.mark.parametrize("raw", _REFUSED.values(), ids=_REFUSED.keys())
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    """The error says that the body is at fault."""
    with pytest.raises(InvalidBodyError, match="request body"):
        read_body(raw)


@pytest.mark.parametrize(
    ("raw", "model", "stream"),
    [
        (b'{"model":"m","x":' + b"[" * _DEEP + b"]" * _DEEP + b',"stream":true}', "m", True),
        (b'{"x":' + b'{"a":' * _DEEP + b"1" + b"}" * _DEEP + b',"model":"m"}', "m", False),
        (b'{"model":["m"],"x":' + b"[" * _DEEP, None, False),
        (rb'{"\u006dodel":"m","x":' + b"[" * _DEEP + b"]" * _DEEP + b"}", "m", False),
        (b'{"model":"a","model":"m","x":' + b"[" * _DEEP + b"]" * _DEEP + b"}", "m", False),
        (b'{"model":' + b"[" * _DEEP, None, False),
    ],
    ids=["after", "before", "model is a list", "escaped", "twice", "model is deep"],
)
def test_what_nests_too_deeply_keeps_model_and_stream(
    raw: bytes,
    model: str | None,
    stream: bool,
) -> None:
    """The rest is not read, and says so."""
    request = read_body(raw)
    assert request.unreadable
    assert (request.model, request.stream) == (model, stream)
    assert request.body == {}
    assert request.raw == raw


@pytest.mark.parametrize("model", [None, 7, ["m"], {"m": 1}, True])
def test_a_model_that_is_no_string_is_none(model: object) -> None:
    """Neither is a stream that is not exactly true."""
    request = read_body(json.dumps({"model": model, "stream": "true"}).encode())
    assert request.model is None
    assert request.stream is False


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """Nothing but the one error leaves the reader."""
    with suppress(InvalidBodyError):
        assert read_body(raw).raw == raw


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), _JSON, max_size=5))
def test_any_object_is_read_as_the_standard_parser_reads_it(body: dict[str, object]) -> None:
    """What was read is what was sent."""
    raw = json.dumps(body).encode()
    assert read_body(raw).body == json.loads(raw)


def test_a_lone_surrogate_is_read_although_orjson_refuses_it() -> None:
    """The reason for the second parser holds."""
    raw = _ODD_BUT_READ["lone surrogate"]
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(raw)
    assert read_body(raw).body["x"] == "\ud800"

"""From raw bytes to a parsed body.

In: the bytes of a request body. Out: a `ChatRequest` that keeps them. Never: a change to the bytes,
or any exception but `InvalidBodyError`.

orjson reads first. What it refuses although clients send it and backends accept it (lone
surrogates, a BOM, invalid UTF-8, `1e400`, `NaN`) goes to the standard library's parser. What nests
deeper than both take is marked unreadable: it can be forwarded, not classified.
"""

import codecs
import json
import re
from typing import Any, Final

import orjson

from router.errors import InvalidBodyError
from router.json_splice import top_level_values
from router.types import ChatRequest

_OBJECT_FOLLOWS: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\{")
_FOREIGN_BOMS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_LONGEST_SCALAR: Final = 65_536
"""Bytes of a `model` or `stream` value that are worth parsing in an unreadable body."""
_LONGEST_INTEGER: Final = 4_000
"""Digits; Python refuses to convert more than 4,300 (`sys.set_int_max_str_digits`)."""


def read_body(raw: bytes) -> ChatRequest:
    """Parse a request body.

    Args:
        raw: The body as it came, decompressed.

    Returns:
        The request. Where the JSON nests too deeply, `body` is empty, `unreadable` is true, and
        `model` and `stream` are found by scanning the bytes.

    Raises:
        InvalidBodyError: The body is empty, not JSON, not in UTF-8, or not an object.
    """
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            parsed = _parse_leniently(raw)
        except RecursionError:
            return _unreadable(raw)
    if not isinstance(parsed, dict):
        raise InvalidBodyError("The request body must be a JSON object with a member 'messages'.")
    model = parsed.get("model")
    return ChatRequest(
        raw=raw,
        body=parsed,
        model=model if isinstance(model, str) else None,
        stream=parsed.get("stream") is True,
    )


def _parse_leniently(raw: bytes) -> Any:
    """Parse what orjson refused; raises RecursionError where the nesting is too deep."""
    if not raw.strip():
        raise InvalidBodyError("The request body is empty; send a JSON object.")
    if raw.startswith(_FOREIGN_BOMS):
        raise InvalidBodyError("The request body must be JSON in UTF-8, not UTF-16 or UTF-32.")
    text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
    try:
        return json.loads(text, parse_int=_integer)
    except ValueError as mistake:
        raise InvalidBodyError(f"The request body is not valid JSON: {mistake}.") from mistake


def _integer(digits: str) -> int | float:
    """Read an integer of any length; one that Python will not convert is as good as infinite."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _unreadable(raw: bytes) -> ChatRequest:
    """Find the two members that forwarding needs, without parsing the rest."""
    if _OBJECT_FOLLOWS.match(raw) is None:
        raise InvalidBodyError("The request body must be a JSON object with a member 'messages'.")
    model = _last_scalar(raw, "model")
    return ChatRequest(
        raw=raw,
        body={},
        model=model if isinstance(model, str) else None,
        stream=_last_scalar(raw, "stream") is True,
        unreadable=True,
    )


def _last_scalar(raw: bytes, key: str) -> Any:
    """Return the last value of a top-level member, as parsers do; None where it is no scalar."""
    spans = top_level_values(raw, key)
    if not spans:
        return None
    value = raw[slice(*spans[-1])].strip()
    if len(value) > _LONGEST_SCALAR or value[:1] in (b"{", b"["):
        return None
    try:
        return json.loads(value.decode("utf-8", errors="replace"))
    except ValueError:
        return None

"""Finding and replacing top-level members in raw JSON without parsing and printing it.

In: the bytes of a JSON object. Out: spans of values, or new bytes in which nothing but the named
member differs. Never: recursion, a change to any other byte, or a verdict on whether the JSON is
valid (its reader gives that).

Grammar: RFC 8259, sections 2 (structural characters, white space) and 7 (strings).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from router.errors import InvalidBodyError

_OPENING: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*\{")
_STRUCTURAL: Final = re.compile(rb'["{}\[\]]')
_COLON: Final = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
_SCALAR: Final = re.compile(rb"[^,\]}\s]*")
_EMPTY_REST: Final = re.compile(rb"[ \t\r\n]*\}")
_UNICODE_ESCAPE: Final = re.compile(rb"\\u([0-9a-fA-F]{4})")

_ESCAPED_ASCII: Final = re.compile(rb"\\u00[2-7]")

_MOST_STRUCTURE: Final = 500_000
"""Quotes and opening brackets of a body that is scanned: under half a second of one core. A body
denser than that would keep everybody waiting."""
_MOST_TWINS: Final = 100
"""Members of one name."""

_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_OPENERS: Final = frozenset(b"{[")


def top_level_values(raw: bytes, key: str) -> list[tuple[int, int]]:
    """Find the values of every top-level member called `key`, escaped spellings included.

    Args:
        raw: A JSON object, well-formed or not.
        key: An ASCII member name.

    Returns:
        `(start, end)` byte offsets in order; empty where the member is missing or `raw` is no
        object. What follows a syntax error may be missed, never misread as a string's inside.

    Raises:
        InvalidBodyError: There is more structure, or there are more members of this name, than
            is worth scanning.
    """
    opening = _OPENING.match(raw)
    if opening is None:
        return []
    if sum(map(raw.count, (b'"', b"{", b"["))) > _MOST_STRUCTURE:
        raise InvalidBodyError(
            f"The body has more than {_MOST_STRUCTURE} strings, objects and arrays and cannot be "
            f"read for its '{key}' in time. Send fewer."
        )
    spans = []
    at = opening.end()
    while (found := _STRUCTURAL.search(raw, at)) is not None:
        start = found.start()
        if raw[start] in _OPENERS:
            at = _container_end(raw, start)
            continue
        if raw[start] != _QUOTE:
            break
        at = _string_end(raw, start)
        colon = _COLON.match(raw, at)
        if colon is None:
            continue
        written = raw[start + 1 : at - 1]
        at = _value_end(raw, colon.end())
        if _spells(written, key):
            spans.append((colon.end(), at))
        if len(spans) > _MOST_TWINS:
            raise InvalidBodyError(f"The body names '{key}' more than {_MOST_TWINS} times.")
    return spans


def replace_member(raw: bytes, key: str, value: str, *, seen: bool) -> bytes:
    """Return `raw` with the value of every top-level `key` replaced by the string `value`.

    Args:
        raw: A JSON object.
        key: An ASCII member name.
        value: The new value; written as a JSON string.
        seen: A parser has found the member at the top level; most bodies then need no scan.

    Returns:
        New bytes; `raw` itself where there is no such member, or where the only one has this
        value already.

    Raises:
        InvalidBodyError: See `top_level_values`.
    """
    only = _only_value(raw, key) if seen else None
    spans = [only] if only is not None else top_level_values(raw, key)
    written = orjson.dumps(value)
    if not spans or (len(spans) == 1 and raw[slice(*spans[0])] == written):
        return raw
    return _spliced(raw, spans, written)


def insert_members(raw: bytes, members: Mapping[str, Any]) -> bytes:
    """Return `raw` with `members` put in front of its first member.

    Args:
        raw: A JSON object.
        members: Names and values to add; the caller has seen that `raw` has none of them.
    """
    opening = _OPENING.match(raw)
    if opening is None or not members:
        return raw
    start = opening.end()
    added = orjson.dumps(dict(members))[1:-1]
    comma = b"" if _EMPTY_REST.match(raw, start) else b","
    return raw[:start] + added + comma + raw[start:]


def _only_value(raw: bytes, key: str) -> tuple[int, int] | None:
    """Return the value's span where one look is enough, at the speed of a substring search.

    `"key"` standing once, in a body that spells no ASCII character by its number, is the member
    that the parser saw: inside a string its quotes would be escaped, and no other spelling exists.
    """
    quoted = b'"%b"' % key.encode()
    start = raw.find(quoted)
    if start < 0 or raw.find(quoted, start + 1) >= 0 or _ESCAPED_ASCII.search(raw) is not None:
        return None
    colon = _COLON.match(raw, start + len(quoted))
    if colon is None:
        return None
    return colon.end(), _value_end(raw, colon.end())


def _spliced(raw: bytes, spans: Sequence[tuple[int, int]], value: bytes) -> bytes:
    """Return `raw` with each span replaced by `value`."""
    parts = []
    at = 0
    for start, end in spans:
        parts += [raw[at:start], value]
        at = end
    parts.append(raw[at:])
    return b"".join(parts)


def _string_end(raw: bytes, start: int) -> int:
    """Return the offset behind the quote that closes the string opened at `start`."""
    at = start + 1
    while (quote := raw.find(b'"', at)) >= 0:
        before = quote - 1
        while raw[before] == _BACKSLASH:
            before -= 1
        if (quote - before) % 2:
            return quote + 1
        at = quote + 1
    return len(raw)


def _container_end(raw: bytes, start: int) -> int:
    """Return the offset behind the bracket that closes the container opened at `start`."""
    depth = 0
    at = start
    while (found := _STRUCTURAL.search(raw, at)) is not None:
        at = found.end()
        character = raw[found.start()]
        if character == _QUOTE:
            at = _string_end(raw, found.start())
            continue
        depth += 1 if character in _OPENERS else -1
        if depth == 0:
            return at
    return len(raw)


def _value_end(raw: bytes, start: int) -> int:
    """Return the offset behind the value that begins at `start`."""
    first = raw[start : start + 1]
    if first == b'"':
        return _string_end(raw, start)
    if first in (b"{", b"["):
        return _container_end(raw, start)
    scalar = _SCALAR.match(raw, start)
    return scalar.end() if scalar is not None else start


def _spells(written: bytes, key: str) -> bool:
    """Whether the inside of a JSON string spells `key`, Unicode escapes included."""
    if b"\\" not in written:
        return written == key.encode()
    plain = _UNICODE_ESCAPE.sub(lambda m: chr(int(m[1], 16)).encode("utf-8", "replace"), written)
    return plain == key.encode()

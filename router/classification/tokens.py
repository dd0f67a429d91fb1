"""Where tokens begin and end in a text.

In: the code points of a text. Out: the bounds of its tokens. Never: a copy of the text.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_SPACE, _WORD, _SINGLE = 0, 1, 2
_FIRST_CONTROL, _FIRST_WIDE = 0x20, 0x3000
_HANGUL: Final = slice(0xAC00, 0xD7A4)
_MARKS: Final = (
    range(0x0300, 0x0370),  # accents written apart
    range(0x0591, 0x05C8),  # Hebrew points
    range(0x064B, 0x0670),  # Arabic vowels
    range(0x0900, 0x0E00),  # vowel signs of the scripts of India
)


def _kinds() -> NDArray[np.uint8]:
    """Return for every code point: space, part of a word, or a token of its own."""
    kinds = np.full(0x110000, _SINGLE, dtype=np.uint8)
    for point in range(_FIRST_WIDE):
        character = chr(point)
        if point < _FIRST_CONTROL or character.isspace():
            kinds[point] = _SPACE
        elif character.isalnum() or character == "_":
            kinds[point] = _WORD
    for marks in _MARKS:
        kinds[marks.start : marks.stop] = _WORD
    kinds[_FIRST_WIDE] = _SPACE
    kinds[_HANGUL] = _WORD
    return kinds


_KINDS: Final = _kinds()


def token_bounds(
    characters: NDArray[np.uint32],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the tokens of a text.

    Args:
        characters: Its code points.

    Returns:
        Where tokens begin, and where each ends (exclusive), as offsets in characters.
    """
    kinds = _KINDS.take(characters)
    token = kinds != _SPACE
    single = kinds == _SINGLE
    changes = np.ones(len(kinds) + 1, dtype=np.bool_)
    np.not_equal(kinds[1:], kinds[:-1], out=changes[1:-1])
    starts = np.flatnonzero(token & (single | changes[:-1]))
    ends = np.flatnonzero(token & (single | changes[1:])) + 1
    return starts, ends

"""Pieces of text: the encoder's vocabulary, and how a text is cut into it.

In: a text. Out: numbers of pieces; the vector of each. Never: more work than a few hundred
characters are worth, or an exception on any text.

Cutting is the most probable segmentation under a unigram model (Kudo, ACL 2018, section 3.1), found
word by word (Viterbi, 1967); a word that is a piece itself stays whole. Vectors are kept as 4-bit
numbers in blocks of 32 with a 16-bit scale each.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from router.classification.encoder.blocks import unpacked

WIDTH: Final = 384
"""Numbers in a piece's vector."""
BEGIN, PAD, END, UNKNOWN = 0, 1, 2, 3
"""Numbers of the pieces that stand for no text."""

_WORD_MARK: Final = "\u2581"
_LONGEST_PIECE: Final = 16
_LONGEST_WORD: Final = 48
"""Characters of a word that are cut as one; longer runs (scripts without spaces) are cut apart."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """A vocabulary with its vectors."""

    numbers: dict[str, int]
    """Text of a piece → its number."""
    scores: list[float]
    """Log probability of each piece."""
    unknown: float
    """Log probability of a character that is in no piece."""
    scales: NDArray[np.float16]
    """Shape (pieces, 12)."""
    nibbles: NDArray[np.uint8]
    """Shape (pieces, 12, 16): of a block, byte j holds numbers j (low) and j + 16 (high)."""

    def cut(self, text: str) -> list[int]:
        """Cut a text into pieces, letters in lower case.

        Args:
            text: Of any kind; work grows with its length, so callers bound it.
        """
        found: list[int] = []
        # Some characters become eighteen; what callers bound stays bounded.
        plain = unicodedata.normalize("NFKC", text).lower()[: len(text)]
        for word in plain.split():
            for at in range(0, len(word), _LONGEST_WORD):
                part = word[at : at + _LONGEST_WORD]
                marked = part if at else _WORD_MARK + part
                number = self.numbers.get(marked)
                if number is None:
                    found += self._cut_word(marked)
                else:
                    found.append(number)
        return found

    def _cut_word(self, word: str) -> list[int]:
        """Return the most probable pieces of a word; characters in no piece are `UNKNOWN`."""
        length = len(word)
        best = [0.0] + [-np.inf] * length
        come_from = [(0, UNKNOWN)] * (length + 1)
        for start in range(length):
            reached = best[start]
            if reached + self.unknown > best[start + 1]:
                best[start + 1], come_from[start + 1] = reached + self.unknown, (start, UNKNOWN)
            for end in range(start + 1, min(length, start + _LONGEST_PIECE) + 1):
                number = self.numbers.get(word[start:end])
                if number is not None and reached + self.scores[number] > best[end]:
                    best[end] = reached + self.scores[number]
                    come_from[end] = start, number
        numbers = []
        at = length
        while at:
            at, number = come_from[at]
            numbers.append(number)
        return numbers[::-1]

    def vectors(self, numbers: list[int]) -> NDArray[np.float32]:
        """Return the vectors of pieces, shape (pieces, `WIDTH`)."""
        return unpacked(self.scales[numbers], self.nibbles[numbers])

"""Measurements of a prompt: which rows of the weight table speak for it, and how loudly.

In: a `Prompt`. Out: hashed features, with what they stand for. Never: a verdict, a weight, or a
loop over characters in Python.

A token is a run of letters and digits, a single character of a script written without spaces, or
a single punctuation mark. Every n-gram of tokens or characters is a span of the ask, and the hash
of a span follows from prefix sums: with P odd, `S[i] = Σ_{j<i} c_j·P^j`, the hash of `[a, b)` is
`(S[b] - S[a])·P^(-a)`, all modulo 2^64 (a rolling hash after Karp and Rabin, 1987). So a prompt
costs a few dozen array operations, whatever the number of its features.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from router.classification.facts import FACTS, facts_of
from router.classification.tokens import token_bounds
from router.types import Prompt

Hashes: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.int64]

FEATURE_VERSION: Final = 1
"""Raised whenever the same prompt would hit other rows: weights of another version are refused."""
ROW_BITS: Final = 19
"""The weight table has 2^19 rows."""

_MULTIPLIER: Final = 0x9E3779B97F4A7C15
_MIXER: Final = np.uint64(0xFF51AFD7ED558CCD)
_HALF: Final = np.uint64(32)
_SHIFT: Final = np.uint64(64 - ROW_BITS)
_ONE: Final = np.uint64(1)

_ASK_CHARACTERS: Final = 2_000
_LONGEST: Final = 3 * _ASK_CHARACTERS
"""Lower case can lengthen a text, at most threefold."""
_CHARACTER_GRAM: Final = 4
_EDGE_TOKENS: Final = 4
"""First and last tokens of the ask that count once more: commands stand at the edges."""
_FACT_SCALE: Final = 2.6

GROUPS: Final = ("word", "pair", "first", "first pair", "last", "last pair", "characters")
"""The kinds of span; each has a salt of its own."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The features of one prompt."""

    rows: Places
    """Rows of the weight table, one for each feature, repeats included."""
    values: NDArray[np.float32]
    """What each feature counts."""
    text: str
    """The ask, in lower case."""
    starts: Places
    """Where the spans begin in `text`; the features after the last span are `facts`."""
    ends: Places
    counts: tuple[int, ...]
    """How many spans there are of each of `GROUPS`, in order."""
    facts: tuple[int, ...]
    """Places in `facts.FACTS`."""


def _powers(base: int) -> Hashes:
    """Return base^0, base^1, … modulo 2^64."""
    powers = np.full(_LONGEST + 1, np.uint64(base), dtype=np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers, dtype=np.uint64)


_POWERS: Final = _powers(_MULTIPLIER)
_INVERSES: Final = _powers(pow(_MULTIPLIER, -1, 1 << 64))


def _salt(name: str) -> int:
    """Return the FNV-1a hash of a name (Fowler, Noll and Vo)."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) % (1 << 64)
    return value


_SALTS: Final = np.array([_salt(group) for group in GROUPS], dtype=np.uint64)
_FACT_SALTS: Final = np.array([_salt(fact) for fact in FACTS], dtype=np.uint64)
_ROOTS: Final = np.arange(1, _LONGEST + 1, dtype=np.float32) ** np.float32(-0.5)


def measure(prompt: Prompt) -> Measured:
    """Measure a prompt.

    Only the ask's words are measured, those of the previous ask where the latest one just says to
    go on. Code, history and answers count as facts alone: their words name subjects, not tasks,
    and weights on them did worse on sources that were not trained on.

    Args:
        prompt: What `router.request.read_prompt` found.

    Returns:
        Its features. Each group of n features counts as one vector of length 1 (each feature
        1/√n), so that long prompts do not shout.
    """
    ask = prompt.previous_ask if prompt.carried else prompt.ask
    text = ask[:_ASK_CHARACTERS].lower()
    characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    length = len(characters)
    sums = np.zeros(length + 1, dtype=np.uint64)
    np.cumsum((characters + _ONE) * _POWERS[:length], out=sums[1:])
    starts, ends, counts = _spans(length, *token_bounds(characters))
    facts = facts_of(prompt)
    spans = len(starts)
    hashes = np.empty(spans + len(facts), dtype=np.uint64)
    hashes[:spans] = (sums.take(ends) - sums.take(starts)) * _INVERSES.take(starts)
    hashes[:spans] ^= np.repeat(_SALTS, counts)
    hashes[spans:] = _FACT_SALTS.take(facts)
    hashes *= _MIXER
    hashes ^= hashes >> _HALF
    hashes *= _MIXER
    values = np.empty(len(hashes), dtype=np.float32)
    values[:spans] = np.repeat(_ROOTS.take(np.array(counts) - 1, mode="clip"), counts)
    values[spans:] = _FACT_SCALE * len(facts) ** -0.5
    return Measured(
        rows=(hashes >> _SHIFT).view(np.int64),
        values=values,
        text=text,
        starts=starts,
        ends=ends,
        counts=tuple(counts),
        facts=facts,
    )


def _spans(length: int, starts: Places, ends: Places) -> tuple[Places, Places, list[int]]:
    """Choose the spans that count.

    Args:
        length: Of the text, in characters.
        starts: Where its tokens begin.
        ends: Where they end.

    Returns:
        Where the spans of all groups begin and end, in the order of `GROUPS`, and how many there
        are of each.
    """
    tokens = len(starts)
    pairs = max(tokens - 1, 0)
    head, head_pairs = min(_EDGE_TOKENS, tokens), min(_EDGE_TOKENS, pairs)
    tail = max(0, tokens - _EDGE_TOKENS)
    grams = np.arange(max(0, length + 1 - _CHARACTER_GRAM))
    begin = (
        starts,
        starts[:pairs],
        starts[:head],
        starts[:head_pairs],
        starts[tail:],
        starts[tail:pairs],
        grams,
    )
    finish = (
        ends,
        ends[1:],
        ends[:head],
        ends[1 : head_pairs + 1],
        ends[tail:],
        ends[tail + 1 :],
        grams + _CHARACTER_GRAM,
    )
    return np.concatenate(begin), np.concatenate(finish), [len(group) for group in begin]

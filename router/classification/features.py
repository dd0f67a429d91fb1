"""Measurements of a prompt: which rows of the weight table speak for it, and how loudly.

In: a `Prompt`. Out: hashed features, with what they stand for. Never: a verdict, a weight, or a
loop over characters in Python.

A token is a run of letters and digits, a single character of a script written without spaces, or
a single punctuation mark. Every n-gram of tokens or characters is a span of one text that holds all
fields, and the hash of a span follows from prefix sums: with P odd, `S[i] = Σ_{j<i} c_j·P^j`, the
hash of `[a, b)` is `(S[b] - S[a])·P^(-a)`, all modulo 2^64 (a rolling hash after Karp and Rabin,
1987). So a prompt costs a few dozen array operations, whatever the number of its features.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from router.classification.facts import context_of, facts_of
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
_CODE_CHARACTERS: Final = 700
_PREVIOUS_CHARACTERS: Final = 300
_ANSWER_CHARACTERS: Final = 240
_LONGEST: Final = 8 * (_ASK_CHARACTERS + _CODE_CHARACTERS)
"""Characters of all fields together; lower case can lengthen a text, at most threefold."""
_CHARACTER_GRAMS: Final = (3, 4, 5)
_EDGE_TOKENS: Final = 4
"""First and last tokens of the ask that count once more: commands stand at the edges."""
_FACT_SCALE: Final = 2.6


@dataclass(frozen=True, slots=True)
class Measured:
    """The features of one prompt."""

    rows: Places
    """Rows of the weight table, one for each feature, repeats included."""
    values: NDArray[np.float32]
    """What each feature counts."""
    text: str
    """All fields, in lower case."""
    starts: Places
    """Where the spans begin in `text`; the features after the last span are `facts`."""
    ends: Places
    groups: tuple[tuple[str, int], ...]
    """Names of the kinds of span, and how many there are of each, in order."""
    facts: tuple[str, ...]


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


class _Salts(dict[str, int]):
    """The salts of names met so far: the names of groups and facts, a small closed set."""

    def __missing__(self, name: str) -> int:
        salt = self[name] = _salt(name)
        return salt


_SALTS: Final = _Salts()


def measure(prompt: Prompt) -> Measured:
    """Measure a prompt.

    Args:
        prompt: What `router.request.read_prompt` found.

    Returns:
        Its features. Each group of n features counts as one vector of length 1 (each feature
        1/√n), so that long prompts do not shout.
    """
    ask = prompt.previous_ask if prompt.carried else prompt.ask
    fields = (
        ask[:_ASK_CHARACTERS].lower(),
        prompt.code[:_CODE_CHARACTERS].lower(),
        prompt.previous_ask[:_PREVIOUS_CHARACTERS].lower(),
        prompt.previous_answer[-_ANSWER_CHARACTERS:].lower(),
    )
    text = "\n".join(fields)
    characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    length = len(characters)
    sums = np.zeros(length + 1, dtype=np.uint64)
    np.cumsum((characters + _ONE) * _POWERS[:length], out=sums[1:])
    starts, ends = token_bounds(characters)
    groups = _groups(fields, starts, ends, context_of(prompt))
    facts = facts_of(prompt)
    counts = [len(group[1]) for group in groups] + [len(facts)]
    all_starts = np.concatenate([group[1] for group in groups])
    all_ends = np.concatenate([group[2] for group in groups])
    hashes = np.empty(sum(counts), dtype=np.uint64)
    spans = len(all_starts)
    hashes[:spans] = (sums[all_ends] - sums[all_starts]) * _INVERSES[all_starts]
    hashes[spans:] = [_SALTS[fact] for fact in facts]
    salts = np.array([_SALTS[group[0]] for group in groups] + [0], dtype=np.uint64)
    hashes ^= np.repeat(salts, counts)
    hashes *= _MIXER
    hashes ^= hashes >> _HALF
    hashes *= _MIXER
    scales = [group[3] / max(1, n) ** 0.5 for group, n in zip(groups, counts, strict=False)]
    scales.append(_FACT_SCALE / max(1, len(facts)) ** 0.5)
    return Measured(
        rows=(hashes >> _SHIFT).astype(np.int64),
        values=np.repeat(np.array(scales, dtype=np.float32), counts),
        text=text,
        starts=all_starts,
        ends=all_ends,
        groups=tuple((group[0], len(group[1])) for group in groups),
        facts=facts,
    )


_Group: TypeAlias = tuple[str, Places, Places, float]
"""The name of a kind of span, where its spans begin and end, and what the kind counts."""


def _groups(
    fields: tuple[str, ...],
    starts: Places,
    ends: Places,
    context: int,
) -> tuple[_Group, ...]:
    """Choose the spans that count.

    Args:
        fields: Ask, code, previous ask and previous answer, in lower case.
        starts: Where the tokens of the joined fields begin.
        ends: Where they end.
        context: The structural situation; the ask's words count once for all and once within it.

    Returns:
        The groups. Empty ones stay, with no spans.
    """
    ask_end = len(fields[0])
    code_end = ask_end + 1 + len(fields[1])
    previous_end = code_end + 1 + len(fields[2])
    ask, code, previous = (
        int(at) for at in np.searchsorted(starts, (ask_end, code_end, previous_end))
    )
    last = max(ask - 1, 0)
    head, tail = min(_EDGE_TOKENS, ask), max(0, ask - _EDGE_TOKENS)
    pairs = starts[:last], ends[1 : last + 1]
    lengths = [max(0, ask_end + 1 - size) for size in _CHARACTER_GRAMS]
    grams = [np.arange(count) for count in lengths]
    gram_ends = [gram + size for gram, size in zip(grams, _CHARACTER_GRAMS, strict=True)]
    code_last, previous_last = max(ask, code - 1), max(code, previous - 1)
    return (
        ("word", starts[:ask], ends[:ask], 1.0),
        ("pair", *pairs, 1.0),
        ("triple", starts[: max(ask - 2, 0)], ends[2 : max(ask, 2)], 1.0),
        (f"word in {context}", starts[:ask], ends[:ask], 1.0),
        (f"pair in {context}", *pairs, 1.0),
        ("first", starts[:head], ends[:head], 1.0),
        ("first pair", starts[: min(head, last)], ends[1 : min(head, last) + 1], 1.0),
        ("last", starts[tail:ask], ends[tail:ask], 1.0),
        ("last pair", starts[tail:last], ends[tail + 1 : last + 1], 1.0),
        ("characters", np.concatenate(grams), np.concatenate(gram_ends), 1.0),
        ("code", starts[ask:code], ends[ask:code], 1.0),
        ("code pair", starts[ask:code_last], ends[ask + 1 : code_last + 1], 1.0),
        ("previous", starts[code:previous], ends[code:previous], 1.0),
        ("previous pair", starts[code:previous_last], ends[code + 1 : previous_last + 1], 1.0),
        ("answer", starts[previous:], ends[previous:], 1.0),
    )

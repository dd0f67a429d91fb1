"""Changes to the words of an ask, letter by letter, that leave its code alone.

In: a text, and a seed. Out: the text with its plain words changed. Never: a change to what may be
code: where it is not certain that a line or a word is prose, it stays as it is.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final, TypeVar

from router.request.code_spotting import split

_T = TypeVar("_T")

_FEWEST_LETTERS: Final = 40
"""Letters in words long enough for typos: in a terse ask one slip can change the meaning."""
_SHORTEST_MISTYPED: Final = 4
"""Letters of a word: a shorter one easily becomes another word."""
_TYPO_EVERY: Final = 25
_LONGEST_MARK: Final = 8
"""A piece of code this long marks a line that holds it as code."""
_FENCE_MARK: Final = "```"

_NEIGHBOURS: Final = MappingProxyType(
    dict(
        zip(
            "abcdefghijklmnopqrstuvwxyz",
            (
                *("sqz", "vn", "xv", "sf", "wr", "dg", "fh", "gj", "uo", "hk", "jl", "k", "n"),
                *("bm", "ip", "o", "wa", "et", "ad", "ry", "yi", "cb", "qe", "zc", "tu", "x"),
            ),
            strict=True,
        )
    )
)
"""Letters beside each letter on a QWERTY keyboard."""
_WORD: Final = re.compile(r"(?<![^\s(\"'])[^\W\d_]+(?=[.,;:!?)\"']*(?:\s|\Z))")
"""A word of letters alone, with nothing but punctuation between it and white space."""
_CODE_SIGNS: Final = re.compile(r"[{}\[\]\\=<>;|_`]|\w\(|^(?:\t| {2})|^\s*[#$@/*]")


def drawn(options: Sequence[_T], seed: str) -> _T:
    """Return the option that a seed stands for."""
    return options[_number(seed) % len(options)]


def prose_words(text: str, change: Callable[[str], str]) -> str:
    """Change the plain words of a text, one by one.

    Lines inside fences, lines that reading takes for code or that hold some, and indented lines
    stay, and so do words with digits, dots, brackets or capitals inside: they may be names.
    """
    code = [piece.strip() for piece in split(text).code.split("\n") if piece.strip()]
    marks = {piece for piece in code if len(piece) >= _LONGEST_MARK}
    fenced = False
    lines = []
    for line in text.split("\n"):
        fence = _FENCE_MARK in line
        fenced ^= fence and line.count(_FENCE_MARK) == 1
        stays = fence or fenced or line.strip() in code or _CODE_SIGNS.search(line) is not None
        if stays or any(mark in line for mark in marks):
            lines.append(line)
        else:
            lines.append(_WORD.sub(lambda word: _plain(word.group(), change), line))
    return "\n".join(lines)


def mistyped(text: str, seed: str) -> str | None:
    """Hit a neighbouring key for about one in 25 letters of longer words; None for a terse text."""
    seen: list[int] = []

    def slip(word: str) -> str:
        """Mistype a word, and count its letters."""
        if len(word) < _SHORTEST_MISTYPED:
            return word
        start = len(seen)
        seen.extend(range(start, start + len(word)))
        return "".join(_slipped(letter, f"{seed}:{start + at}") for at, letter in enumerate(word))

    changed = prose_words(text, slip)
    return changed if len(seen) >= _FEWEST_LETTERS else None


def _plain(word: str, change: Callable[[str], str]) -> str:
    """Change a word unless it has capitals inside."""
    return change(word) if word[1:] == word[1:].lower() or word.isupper() else word


def _slipped(letter: str, seed: str) -> str:
    """Return a letter, or, for one in 25 seeds, its neighbour on the keyboard."""
    beside = _NEIGHBOURS.get(letter)
    return letter if beside is None or _number(seed) % _TYPO_EVERY else drawn(beside, seed + "!")


def _number(seed: str) -> int:
    """Return a number for a seed; numbers of seeds that are much alike are spread evenly."""
    return int.from_bytes(hashlib.blake2b(seed.encode(errors="replace"), digest_size=8).digest())

"""How alike the rows of a corpus are.

In: texts. Out: the share of them that repeat another's words. Never: a judgement of labels.

Two rows share a skeleton where five words in a row are the same in both, numbers read as one sign
and case ignored; five numbers are none. Where a script has no spaces between words, nine characters
stand for five words: a Chinese word has 1.7 characters on average. Templates filled by a script
show at once; rows written one by one rarely meet.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

_GRAM: Final = 5
_CHARACTERS: Final = 9
_CHARACTER: Final = re.compile(r"[\u3040-\u9fff]")
_TOKEN: Final = re.compile(r"[\u3040-\u9fff]|\d+|\w+")


def share_of_repeats(texts: Sequence[str]) -> float:
    """Return the share of texts that share a run of five tokens with another one, 0 to 1.

    Args:
        texts: What users say, without code; at least one.
    """
    grams = [_grams_of(text) for text in texts]
    rows = Counter(gram for found in grams for gram in found)
    return sum(any(rows[gram] > 1 for gram in found) for found in grams) / len(texts)


def _grams_of(text: str) -> frozenset[tuple[str, ...]]:
    """Return the skeletons of a text, each once."""
    tokens = list(_signs(_TOKEN.findall(text.lower())))
    grams = set()
    for at in range(len(tokens) - _GRAM + 1):
        gram = tuple(tokens[at : at + _GRAM])
        if all(_CHARACTER.fullmatch(token) for token in gram):
            gram = tuple(tokens[at : at + _CHARACTERS])
            if len(gram) < _CHARACTERS:
                continue
        if set(gram) != {"0"}:
            grams.add(gram)
    return frozenset(grams)


def _signs(tokens: Iterable[str]) -> Iterable[str]:
    """Read every number as one sign."""
    return ("0" if token.isdigit() else token for token in tokens)

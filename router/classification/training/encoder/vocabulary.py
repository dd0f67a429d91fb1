"""Which pieces the shipped vocabulary keeps.

In: the whole vocabulary, and texts. Out: `Pieces` of the wanted size. Never: a text in the result
beyond the pieces themselves.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from router.classification.encoder.layout import lay_out
from router.classification.encoder.pieces import UNKNOWN, Pieces
from router.classification.training.encoder.start import Start
from router.types import Prompt

KEPT: Final = 42_000
_SEEN: Final = 2
"""Pieces that this many prompts hold are kept before any other."""
_UNKNOWN_PENALTY: Final = 10.0


def whole_vocabulary(start: Start) -> Pieces:
    """Return every piece."""
    scores = start.scores.tolist()
    scales, nibbles = start.vectors()
    return Pieces(
        numbers={text: number for number, text in enumerate(start.texts)},
        scores=scores,
        unknown=min(scores) - _UNKNOWN_PENALTY,
        scales=scales,
        nibbles=nibbles,
    )


def chosen_vocabulary(start: Start, prompts: Iterable[Prompt], kept: int = KEPT) -> Pieces:
    """Keep the pieces that prompts hold, then the most probable ones.

    Single characters that are kept anywhere as part of a piece are not added: what no piece covers
    is read as unknown, as in the whole vocabulary.
    """
    whole = whole_vocabulary(start)
    seen = Counter(number for prompt in prompts for number in set(lay_out(prompt, whole)))
    specials = list(range(UNKNOWN + 1))
    often = [number for number, count in seen.most_common() if count >= _SEEN and number > UNKNOWN]
    by_score = np.argsort(-start.scores, kind="stable").tolist()
    ordered = dict.fromkeys([*specials, *often, *(n for n in by_score if n > UNKNOWN)])
    usable = [n for n in ordered if "\n" not in start.texts[n]][:kept]
    usable.sort()
    return Pieces(
        numbers={start.texts[old]: new for new, old in enumerate(usable)},
        scores=start.scores[usable].tolist(),
        unknown=whole.unknown,
        scales=whole.scales[usable],
        nibbles=whole.nibbles[usable],
    )

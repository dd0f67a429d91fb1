"""The stage of trained weights.

In: a prompt. Out: four calibrated probabilities, always. Never: an answer that differs for the
same prompt.

The weights know three kinds: not code, code to be written, code to be changed. Not code is
`multi-turn-chat` where the request has an assistant message and `general-instruct` where it has
none, by definition and not by weight.
"""

from collections import defaultdict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from router.classification.facts import FACTS
from router.classification.features import GROUPS, Measured, measure
from router.classification.stages.stage import Weighed, categories_of, verdict_of
from router.classification.weights import Weights
from router.types import Classification, Prompt

_MOST_WEIGHED: Final = 5
"""Features named for the category found, and as many against it."""
_WORTH_NAMING: Final = 0.05
"""The least share of the strongest weight that is named."""
_LONGEST_WORD: Final = 16
"""Letters on each side."""


class LinearStage:
    """Adds up what each word and fact weighs."""

    name = "linear"

    def __init__(self, weights: Weights) -> None:
        self._pairs = weights.table.view(np.int32).reshape(-1)
        self._unit = weights.unit / weights.temperature

    def logits(self, prompt: Prompt) -> NDArray[np.float64]:
        """Return the calibrated logits of the three kinds, shape (3,)."""
        measured = measure(prompt)
        pairs = self._pairs.take(measured.rows).view(np.int16).reshape(-1, 2)
        logits = np.zeros(3)
        logits[1:] = measured.values @ pairs * self._unit
        return logits

    def classify(self, prompt: Prompt, declared: str | None) -> Classification:
        """Return the category of largest probability."""
        del declared
        return verdict_of(self.logits(prompt).tolist(), prompt, self.name)

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Return the words and facts that weighed most for and against the category found."""
        measured = measure(prompt)
        pairs = self._pairs.take(measured.rows).view(np.int16).reshape(-1, 2)
        weights = np.zeros((len(measured.rows), 3))
        weights[:, 1:] = pairs * measured.values[:, None] * self._unit
        categories = categories_of(prompt)
        found = int(weights.sum(axis=0).argmax())
        weights -= weights.mean(axis=1, keepdims=True)
        sums = _by_word(measured, weights)
        ranked = sorted(sums.items(), key=lambda item: (-item[1][found], item[0]))
        chosen = ranked[:_MOST_WEIGHED] + ranked[max(_MOST_WEIGHED, len(ranked) - _MOST_WEIGHED) :]
        chosen.sort(key=lambda item: -abs(item[1][found]))
        least = abs(chosen[0][1][found]) * _WORTH_NAMING
        return tuple(
            Weighed(
                feature,
                categories[found] if three[found] > 0 else categories[int(three.argmax())],
                round(float(three[found]), 4),
            )
            for feature, three in chosen
            if abs(three[found]) > least
        )


def _by_word(measured: Measured, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Add up weights by the words they belong to; grams of characters belong to their word."""
    sums: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(3))
    text = measured.text
    at = 0
    for group, count in zip(GROUPS, measured.counts, strict=True):
        for feature in range(at, at + count):
            start, end = int(measured.starts[feature]), int(measured.ends[feature])
            if group == "characters":
                start, end = _word_around(text, (start + end) // 2)
            words = text[start:end].strip()
            if words:
                sums[words] += weights[feature]
        at += count
    for fact in measured.facts:
        sums[FACTS[fact]] += weights[at]
        at += 1
    return sums


def _word_around(text: str, at: int) -> tuple[int, int]:
    """Return the bounds of the run of letters around a place; scripts without spaces stop early."""
    start = end = at
    while start > max(0, at - _LONGEST_WORD) and text[start - 1].isalnum():
        start -= 1
    while end < min(len(text), at + _LONGEST_WORD) and text[end].isalnum():
        end += 1
    return start, end

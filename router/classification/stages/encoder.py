"""The stage of the encoder: reads whole sentences where weights of words leave doubt.

In: a prompt. Out: four calibrated probabilities, always. Never: on an event loop's thread; one
prompt takes milliseconds.

Its log probabilities are blended with those of the words' weights: on hands left out of training
the two together were right more often than either.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from router.classification.encoder.layout import lay_out
from router.classification.encoder.network import Network
from router.classification.encoder.pieces import Pieces
from router.classification.facts import FACTS, facts_of
from router.classification.stages.stage import Weighed, categories_of, verdict_of
from router.types import Classification, Prompt

Logits: TypeAlias = NDArray[np.float64]
"""Shape (3,): not code, code generation, code edit."""

_LONGEST_SHOWN: Final = 32
_MOST_TRIED: Final = 12
"""Words that an explanation tries to do without: the first ones and the last ones."""
_MOST_WEIGHED: Final = 10


class EncoderStage:
    """Blends the encoder's verdict with that of the words."""

    name = "encoder"

    def __init__(self, pieces: Pieces, network: Network, words: Callable[[Prompt], Logits]) -> None:
        self._pieces = pieces
        self._network = network
        self._words = words

    def logits(self, prompt: Prompt) -> Logits:
        """Return the blended logits."""
        facts = np.zeros(len(FACTS), dtype=np.float32)
        facts[list(facts_of(prompt))] = 1
        vectors = self._pieces.vectors(lay_out(prompt, self._pieces))
        blend = self._network.blend
        mixed = blend.share * _log_shares(self._network.logits(vectors, facts))
        mixed += (1 - blend.share) * _log_shares(self._words(prompt))
        scaled: Logits = mixed / blend.temperature
        return scaled

    def classify(self, prompt: Prompt, declared: str | None) -> Classification:
        """Return the category of largest probability."""
        del declared
        return verdict_of(self.logits(prompt).tolist(), prompt, self.name)

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Return the words without which the verdict would change most.

        Each of up to 12 words is left out in turn, and the change of the logit of the category
        found, against the mean of all three, is what the word weighs (occlusion: Zeiler and Fergus,
        ECCV 2014, section 4.2).
        """
        whole = self.logits(prompt)
        found = int(whole.argmax())
        words = prompt.ask.split()
        half = _MOST_TRIED // 2
        places = sorted({*range(len(words))[:half], *range(len(words))[-half:]})
        weighed = []
        for place in places:
            rest = " ".join(words[:place] + words[place + 1 :])
            change = whole - self.logits(replace(prompt, ask=rest))
            change -= change.mean()
            category = categories_of(prompt)[found if change[found] > 0 else int(change.argmax())]
            weighed.append(Weighed(_shown(words[place]), category, round(float(change[found]), 4)))
        weighed.sort(key=lambda each: -abs(each.weight))
        return tuple(weighed[:_MOST_WEIGHED])


def _shown(word: str) -> str:
    """Return a word as an explanation shows it: short, and text in any encoding."""
    return word.lower()[:_LONGEST_SHOWN].encode(errors="replace").decode()


def _log_shares(logits: Logits) -> Logits:
    """Return log probabilities."""
    shifted = logits - logits.max()
    shares: Logits = shifted - np.log(np.exp(shifted).sum())
    return shares

"""Variations of a prompt that do not change its category.

In: a prompt and a source of chance. Out: the prompt or a variation. Never: a change of what is
asked.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from router.types import Prompt

_UNSPOTTED: Final = 0.06
"""The share of prompts whose code is left among the words, as where spotting misses it."""
_FORGOTTEN: Final = 0.1
"""The share of conversations whose previous ask and answer are hidden."""
_TYPOS: Final = 0.06
_SHORTEST_TYPO: Final = 12


def varied(prompt: Prompt, chance: np.random.Generator) -> Prompt:
    """Return a prompt with, now and then, a typing error, unspotted code or a lost history."""
    drawn = chance.random(3)
    if prompt.code and drawn[0] < _UNSPOTTED:
        pieces = (prompt.code, prompt.ask) if prompt.code_first else (prompt.ask, prompt.code)
        prompt = replace(prompt, ask="\n".join(pieces), code="", code_first=False)
    if prompt.previous_ask and not prompt.carried and drawn[1] < _FORGOTTEN:
        prompt = replace(prompt, previous_ask="", previous_answer="")
    if drawn[2] < _TYPOS and len(prompt.ask) >= _SHORTEST_TYPO:
        prompt = replace(prompt, ask=_mistyped(prompt.ask, chance))
    return prompt


def _mistyped(text: str, chance: np.random.Generator) -> str:
    """Swap two neighbouring characters, or lose one, some once in thirty characters."""
    characters = list(text)
    for at in chance.integers(0, len(text) - 1, size=1 + len(text) // 30).tolist():
        if chance.random() < 1 / 2:
            characters[at], characters[at + 1] = characters[at + 1], characters[at]
        else:
            characters[at] = ""
    return "".join(characters)

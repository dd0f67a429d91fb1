"""What a stage of classification is, and how probabilities are made.

In: a prompt. Out: a `Classification`, or nothing where the stage is not sure. Never: a stage that
knows of another.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from router.categories import (
    CATEGORIES,
    CODE_EDIT,
    CODE_GENERATION,
    GENERAL_INSTRUCT,
    MULTI_TURN_CHAT,
)
from router.types import Classification, Prompt


@dataclass(frozen=True, slots=True)
class Weighed:
    """A word or fact that weighed for or against the category found."""

    feature: str
    """The words as they stand in the ask (in lower case), or the fact."""
    category: str
    """The category that it speaks for."""
    weight: float
    """What it adds to the logit of the category found; below 0 it spoke against."""


class Stage(Protocol):
    """One way to classify."""

    @property
    def name(self) -> str:
        """The stage's name, a value of the metric label `stage`."""
        ...

    def classify(self, prompt: Prompt, declared: str | None) -> Classification | None:
        """Classify a prompt, or return None where this stage is not sure."""
        ...

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Return what weighed most in this stage's verdict on a prompt, strongest first."""
        ...


def certain(category: str) -> Mapping[str, float]:
    """Return the probabilities of a category that is beyond doubt."""
    return MappingProxyType({name: float(name == category) for name in CATEGORIES})


def categories_of(prompt: Prompt) -> tuple[str, str, str]:
    """Return the categories of the three kinds: not code, code to be written, to be changed.

    Not code is `multi-turn-chat` where the request has an assistant message and `general-instruct`
    where it has none, by definition and not by weight.
    """
    neither = MULTI_TURN_CHAT if prompt.has_assistant else GENERAL_INSTRUCT
    return neither, CODE_GENERATION, CODE_EDIT


def verdict_of(logits: Sequence[float], prompt: Prompt, stage: str) -> Classification:
    """Turn calibrated logits of the three kinds into a classification.

    Args:
        logits: Not code, code generation, code edit.
        prompt: What they were computed from.
        stage: The name of the stage that did.
    """
    top = max(logits)
    odds = [math.exp(logit - top) for logit in logits]
    total = sum(odds)
    probabilities = dict.fromkeys(CATEGORIES, 0.0)
    for category, part in zip(categories_of(prompt), odds, strict=True):
        probabilities[category] = part / total
    category = max(probabilities, key=probabilities.__getitem__)
    return Classification(category, probabilities[category], stage, MappingProxyType(probabilities))

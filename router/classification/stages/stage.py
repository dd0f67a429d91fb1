"""What a stage of classification is, and how probabilities are made.

In: a prompt. Out: a `Classification`, or nothing where the stage is not sure. Never: a stage that
knows of another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from router.categories import CATEGORIES
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

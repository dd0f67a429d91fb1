"""Classification: stages in order, the first sure one wins.

In: a prompt and what the client declared. Out: a `Classification`, or an explanation of it.
Never: I/O after loading, or state between prompts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from router.categories import CATEGORIES
from router.classification.stages.declared import DeclaredStage
from router.classification.stages.linear import LinearStage
from router.classification.stages.stage import Stage, Weighed
from router.classification.stages.structure import StructureStage
from router.classification.weights import SHIPPED, load_weights
from router.types import Classification, Prompt


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a prompt was classified as it was."""

    stage: str
    category: str
    confidence: float
    probabilities: Mapping[str, float]
    weighed: tuple[Weighed, ...]
    """The words and facts that weighed most, strongest first; empty where none were weighed."""
    fact: str = ""


class Classifier:
    """Asks its stages in turn."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = tuple(stages)

    def classify(self, prompt: Prompt, declared: str | None = None) -> Classification:
        """Classify a prompt.

        Args:
            prompt: What reading found.
            declared: The category that the client declared, if any; one that is not in the table
                is as good as none.

        Returns:
            The first sure stage's verdict; where no stage is sure, the first category of the
            table with equal probabilities and the stage `none`.
        """
        return self._verdict(prompt, declared)[0]

    def explain(self, prompt: Prompt, declared: str | None = None) -> Explanation:
        """Classify a prompt and say why; dearer than `classify`."""
        verdict, stage = self._verdict(prompt, declared)
        return Explanation(
            stage=verdict.stage,
            category=verdict.category,
            confidence=verdict.confidence,
            probabilities=verdict.probabilities,
            weighed=stage.weigh(prompt) if stage else (),
            fact=verdict.fact,
        )

    def _verdict(self, prompt: Prompt, declared: str | None) -> tuple[Classification, Stage | None]:
        """Return the first sure stage's verdict, and the stage."""
        for stage in self._stages:
            verdict = stage.classify(prompt, declared)
            if verdict is not None:
                return verdict, stage
        share = 1 / len(CATEGORIES)
        shares = MappingProxyType(dict.fromkeys(CATEGORIES, share))
        return Classification(next(iter(CATEGORIES)), share, "none", shares), None


def load_classifier(weights: Path | None = None) -> Classifier:
    """Build the classifier.

    Args:
        weights: A weights file; None for the shipped one.

    Raises:
        ConfigurationError: The file is missing, damaged, or of another version.
    """
    linear = LinearStage(load_weights(weights or SHIPPED))
    return Classifier((DeclaredStage(), StructureStage(), linear))

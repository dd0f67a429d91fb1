"""Classification: stages in order, the first sure one wins.

In: a prompt and what the client declared. Out: a `Classification`, or an explanation of it.
Never: I/O after loading, or state between prompts.

The stages of the first look take microseconds. What they leave in doubt may get a second look, by
a stage that takes milliseconds; `classify` does both, and who must not wait asks for each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from router.categories import CATEGORIES
from router.classification.encoder.network import GRAPH, Network
from router.classification.encoder.network import SHIPPED as SHIPPED_NETWORK
from router.classification.encoder.pieces_file import SHIPPED as SHIPPED_PIECES
from router.classification.encoder.pieces_file import load_pieces
from router.classification.stages.declared import DeclaredStage
from router.classification.stages.encoder import EncoderStage
from router.classification.stages.linear import LinearStage
from router.classification.stages.stage import Stage, Weighed
from router.classification.stages.structure import StructureStage
from router.classification.weights import SHIPPED, load_weights
from router.types import Classification, Prompt

MODEL_FILES: Final = (SHIPPED, SHIPPED_PIECES, SHIPPED_NETWORK, GRAPH)
"""All that the shipped classifier has learnt."""
DOUBT: Final = 0.9
"""Prompts of which the first look is less sure get the second; see the model card."""


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


@dataclass(frozen=True, slots=True)
class Second:
    """The stage of the second look."""

    stage: Stage
    below: float
    """It looks at prompts on which the first look was less sure than this, 0 to 1."""


class Classifier:
    """Asks its stages in turn."""

    def __init__(self, stages: Sequence[Stage], second: Second | None = None) -> None:
        self._stages = tuple(stages)
        self._second = second

    def classify(self, prompt: Prompt, declared: str | None = None) -> Classification:
        """Classify a prompt, with a second look where there is doubt.

        Args:
            prompt: What reading found.
            declared: The category that the client declared, if any; one that is not in the table
                is as good as none.

        Returns:
            The first sure stage's verdict; where no stage is sure, the first category of the
            table with equal probabilities and the stage `none`.
        """
        return self._verdict(prompt, declared)[0]

    def first_look(self, prompt: Prompt, declared: str | None = None) -> Classification:
        """Classify a prompt in microseconds; arguments and result as of `classify`."""
        return self._first(prompt, declared)[0]

    def in_doubt(self, verdict: Classification) -> bool:
        """Tell whether a first look's verdict asks for a second look, and there is one."""
        return self._second is not None and verdict.confidence < self._second.below

    def second_look(self, prompt: Prompt) -> Classification:
        """Classify a prompt in milliseconds.

        Raises:
            LookupError: There is no second stage; `in_doubt` says so before.
        """
        if self._second is None:
            raise LookupError("this classifier has no second stage")
        verdict = self._second.stage.classify(prompt, None)
        return verdict or self._none()

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
        """Return the verdict of both looks, and the stage that gave it."""
        verdict, stage = self._first(prompt, declared)
        if self._second is not None and self.in_doubt(verdict):
            return self.second_look(prompt), self._second.stage
        return verdict, stage

    def _first(self, prompt: Prompt, declared: str | None) -> tuple[Classification, Stage | None]:
        """Return the first sure stage's verdict, and the stage."""
        for stage in self._stages:
            verdict = stage.classify(prompt, declared)
            if verdict is not None:
                return verdict, stage
        return self._none(), None

    @staticmethod
    def _none() -> Classification:
        """Return the verdict where no stage is sure."""
        share = 1 / len(CATEGORIES)
        shares = MappingProxyType(dict.fromkeys(CATEGORIES, share))
        return Classification(next(iter(CATEGORIES)), share, "none", shares)


def load_classifier(weights: Path | None = None, *, encoder: bool = True) -> Classifier:
    """Build the classifier.

    Args:
        weights: A weights file; None for the shipped one.
        encoder: Load the second stage too.

    Raises:
        ConfigurationError: A file is missing, damaged, or of another version.
    """
    linear = LinearStage(load_weights(weights or SHIPPED))
    second = _second(linear) if encoder else None
    return Classifier((DeclaredStage(), StructureStage(), linear), second)


def _second(linear: LinearStage) -> Second:
    """Load the encoder."""
    network = Network(SHIPPED_NETWORK)
    return Second(EncoderStage(load_pieces(SHIPPED_PIECES), network, linear.logits), DOUBT)

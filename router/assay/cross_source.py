"""How well training does on sources that it has not seen.

In: labelled rows. Out: figures of weights that were trained on the other groups of sources. Never:
a row tested by weights that learnt from its source, or from a variant of it.

Eight fixed groups (`classification/training/groups.py`) are left out in turn. The figure is that of
the words' weights, the first look, alone: the encoder takes too long to train eight times over.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from router.assay.evaluate import Figures, Prediction, Share, figures_of
from router.assay.rows import Row
from router.assay.training_run import examples_of, usable
from router.classification.stages.stage import verdict_of
from router.classification.training.calibration import fit_temperature
from router.classification.training.example import Example
from router.classification.training.groups import FOLD_COUNT, fold_of, is_own
from router.classification.training.trainer import Recipe, cross_fitted

LEAST_ROWS: Final = 30
"""Sources with fewer rows are counted in the pooled figures only."""


@dataclass(frozen=True, slots=True)
class CrossSource:
    """Figures on sources left out."""

    pooled: Figures
    """Over all tested rows."""
    own: Figures
    """Over the project's own rows alone."""
    sources: dict[str, Share]
    """By source, those with 30 rows or more."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return asdict(self)


def cross_source(
    rows: Sequence[Row], recipe: Recipe, tested: Collection[int] = range(FOLD_COUNT)
) -> CrossSource:
    """Train on all groups but one, test on that one, in turn.

    Args:
        rows: The project's own, and public ones.
        recipe: How to train.
        tested: The groups that are left out in turn; fewer take less time.
    """
    kept = [row for row in rows if usable(row)]
    examples = examples_of(kept)
    logits = cross_fitted(examples, recipe, tested)
    at = [i for i, row in enumerate(kept) if fold_of(row.source) in tested]
    kinds = np.array([examples[i].kind for i in at])
    temperature = fit_temperature(logits[at], kinds)
    predictions = [_prediction(kept[i], examples[i], logits[i] / temperature) for i in at]
    tested_rows = [kept[i] for i in at]
    own = [i for i, row in enumerate(tested_rows) if is_own(row.source)]
    return CrossSource(
        pooled=figures_of(tested_rows, predictions),
        own=figures_of([tested_rows[i] for i in own], [predictions[i] for i in own]),
        sources=_by_source(tested_rows, predictions),
    )


def _prediction(row: Row, example: Example, logits: NDArray[np.float64]) -> Prediction:
    """Return what weights that have not seen the row's group say of it."""
    verdict = verdict_of(logits.tolist(), example.prompt, "linear")
    return Prediction(row.id, verdict.category, verdict.probabilities, verdict.stage, 0.0)


def _by_source(rows: Sequence[Row], predictions: Sequence[Prediction]) -> dict[str, Share]:
    """Return the accuracy by source, for sources with enough rows."""
    right: dict[str, list[bool]] = defaultdict(list)
    for row, prediction in zip(rows, predictions, strict=True):
        right[row.source].append(row.label == prediction.predicted)
    return {
        source: Share(len(found), sum(found) / len(found))
        for source, found in sorted(right.items())
        if len(found) >= LEAST_ROWS
    }

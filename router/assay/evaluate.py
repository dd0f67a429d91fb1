"""How well a classifier does on labelled rows.

In: rows and a classifier. Out: a prediction for each row, and figures. Never: more of a row than
its `request` shown to the classifier, files, or a stop because one row failed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from router.assay.rows import Row
from router.categories import CATEGORIES
from router.classification.classifier import Classifier
from router.errors import RouterError
from router.request import read_body, read_prompt

LABELS: Final = tuple(CATEGORIES)
BINS: Final = 15
"""Equal-width bins of the largest probability (Guo et al., ICML 2017, equation 3)."""
COVERAGES: Final = tuple(round(1 - step / 100, 2) for step in range(51))
"""Shares of rows that are answered, the surest first: 1.0, 0.99 … 0.5."""
_FAILURES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RouterError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a broken stage raises; the machine's own failures (memory, signals) pass."""
FAILED: Final = "failed"
"""The stage of a row on which the classifier failed."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the classifier said of one row."""

    id: str
    predicted: str
    """The category of largest probability, whether or not a policy would abstain."""
    probabilities: Mapping[str, float]
    stage: str
    microseconds: float
    """Reading and classifying the parsed request; parsing its JSON is left out."""

    def as_json(self) -> dict[str, Any]:
        """Return a row of the predictions file."""
        return {
            "id": self.id,
            "predicted": self.predicted,
            "probabilities": dict(self.probabilities),
            "stage": self.stage,
        }


@dataclass(frozen=True, slots=True)
class Share:
    """Rows, and the share of them that were right."""

    rows: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Score:
    """How well one category was found."""

    precision: float
    recall: float
    f1: float
    rows: int


@dataclass(frozen=True, slots=True)
class Covered:
    """Accuracy if only the surest rows are answered."""

    coverage: float
    threshold: float
    """The least confidence that is answered."""
    accuracy: float


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a classifier did."""

    rows: int
    accuracy: float
    macro_f1: float
    """The unweighted mean of F1 over all categories that occur, truly or predicted."""
    calibration_error: float
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows are true categories, columns predicted ones."""
    coverage: tuple[Covered, ...]
    categories: Mapping[str, Score]
    slices: Mapping[str, Share]
    languages: Mapping[str, Share]
    microseconds: Mapping[str, float]
    """Quantiles p50 and p99 of `Prediction.microseconds`."""

    def as_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON values."""
        return asdict(self)


def predict(
    classifier: Classifier,
    rows: Sequence[Row],
    clock: Callable[[], float],
) -> tuple[list[Prediction], list[str]]:
    """Classify rows.

    Args:
        classifier: What is measured.
        rows: Labelled rows.
        clock: Monotonic seconds.

    Returns:
        A prediction for each row in order, and a message for each row on which the classifier
        failed; such a row counts as equally likely all of the categories.
    """
    predictions = []
    failures = []
    for row in rows:
        try:
            predictions.append(_predict_one(classifier, row, clock))
        except _FAILURES as failure:
            failures.append(f"row {row.id}: {type(failure).__name__}: {failure}")
            shares = dict.fromkeys(LABELS, 1 / len(LABELS))
            predictions.append(Prediction(row.id, LABELS[0], shares, FAILED, 0.0))
    return predictions, failures


def _predict_one(classifier: Classifier, row: Row, clock: Callable[[], float]) -> Prediction:
    """Classify one row, timed."""
    request = read_body(row.request)
    started = clock()
    verdict = classifier.classify(read_prompt(request))
    seconds = clock() - started
    probabilities = {label: verdict.probabilities.get(label, 0.0) for label in LABELS}
    predicted = max(probabilities, key=probabilities.__getitem__)
    return Prediction(row.id, predicted, probabilities, verdict.stage, seconds * 1e6)


def figures_of(rows: Sequence[Row], predictions: Sequence[Prediction]) -> Figures:
    """Compute all figures.

    Args:
        rows: At least one.
        predictions: One for each row, in order.
    """
    index = {label: at for at, label in enumerate(LABELS)}
    true = np.array([index[row.label] for row in rows])
    predicted = np.array([index[p.predicted] for p in predictions])
    confidence = np.array([max(p.probabilities.values()) for p in predictions])
    right = true == predicted
    confusion = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    np.add.at(confusion, (true, predicted), 1)
    scores = _scores(confusion)
    seen = confusion.sum(axis=0) + confusion.sum(axis=1) > 0
    times = np.array([p.microseconds for p in predictions])
    return Figures(
        rows=len(rows),
        accuracy=float(right.mean()),
        macro_f1=float(np.mean([scores[label].f1 for label in LABELS if seen[index[label]]])),
        calibration_error=calibration_error(confidence, right),
        labels=LABELS,
        confusion=tuple(tuple(line) for line in confusion.tolist()),
        coverage=_coverage(confidence, right),
        categories=scores,
        slices=_shares([row.slices for row in rows], right),
        languages=_shares([(row.lang,) if row.lang else () for row in rows], right),
        microseconds={
            "p50": round(float(np.quantile(times, 0.5)), 1),
            "p99": round(float(np.quantile(times, 0.99)), 1),
        },
    )


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error: the mean gap of confidence and accuracy over bins.

    Args:
        confidence: The largest probability of each row, 0 to 1.
        right: Whether that row's category was right.
    """
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    sure = np.bincount(bins, weights=confidence, minlength=BINS)
    correct = np.bincount(bins, weights=right, minlength=BINS)
    return float(np.abs(sure - correct).sum() / len(confidence))


def _scores(confusion: NDArray[np.int64]) -> dict[str, Score]:
    """Return precision, recall and F1 by category; 0 where a figure has nothing to count."""
    scores = {}
    for at, label in enumerate(LABELS):
        hits, said, there = (
            int(confusion[at, at]),
            int(confusion[:, at].sum()),
            int(confusion[at].sum()),
        )
        scores[label] = Score(
            precision=hits / said if said else 0.0,
            recall=hits / there if there else 0.0,
            f1=2 * hits / (said + there) if said + there else 0.0,
            rows=there,
        )
    return scores


def _coverage(
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
) -> tuple[Covered, ...]:
    """Return the accuracy of the surest rows for each share of rows."""
    order = np.argsort(-confidence, kind="stable")
    hits = np.cumsum(right[order])
    table = []
    for coverage in COVERAGES:
        kept = max(1, round(coverage * len(order)))
        threshold = float(confidence[order[kept - 1]])
        table.append(Covered(coverage, threshold, float(hits[kept - 1] / kept)))
    return tuple(table)


def _shares(tags: Sequence[Sequence[str]], right: NDArray[np.bool_]) -> dict[str, Share]:
    """Return the accuracy of the rows with each tag, tags in alphabetical order."""
    hits: dict[str, list[bool]] = {}
    for names, hit in zip(tags, right.tolist(), strict=True):
        for name in names:
            hits.setdefault(name, []).append(hit)
    return {
        name: Share(len(found), sum(found) / len(found)) for name, found in sorted(hits.items())
    }

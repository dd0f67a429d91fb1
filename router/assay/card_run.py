"""Measuring the shipped classifier for its model card.

In: rows, a classifier, a clock. Out: figures as plain JSON values. Never: a row's text, but for
those of the project's own rows that are shown as failures.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from router.assay.cross_source import cross_source
from router.assay.evaluate import Figures, Prediction, figures_of, predict
from router.assay.latency import first_look_latency, second_look_latency
from router.assay.model_card import checksums
from router.assay.robustness import pairs_of, robustness
from router.assay.rows import Row
from router.assay.training_run import examples_of, usable
from router.classification.classifier import MODEL_FILES, Classifier, load_classifier
from router.classification.training.groups import LEFT_OUT
from router.classification.training.overlap import share_of_repeats
from router.classification.training.trainer import DEFAULT_RECIPE, train
from router.classification.weights import Weights, save_weights
from router.request import read_body, read_prompt

_BARS: Final = (0.9, 0.5)
"""Least confidences whose answers are counted; the second has the range up to 0.7."""
_UPPER: Final = 0.7
_SHOWN: Final = 12
_LONGEST_SHOWN: Final = 160


@dataclass(frozen=True, slots=True)
class Measured:
    """What a classifier said of rows."""

    rows: Sequence[Row]
    predictions: Sequence[Prediction]
    figures: Figures

    def right(self) -> list[bool]:
        """Whether each row's category was found."""
        return [
            row.label == prediction.predicted
            for row, prediction in zip(self.rows, self.predictions, strict=True)
        ]

    def confidence(self) -> list[float]:
        """The probability of the category found, for each row."""
        return [max(prediction.probabilities.values()) for prediction in self.predictions]

    def as_json(self) -> dict[str, Any]:
        """Return the figures that a card shows."""
        figures = self.figures
        looked = sum(prediction.stage == "encoder" for prediction in self.predictions)
        covered = {f"{each.coverage:.0%}": each.accuracy for each in figures.coverage}
        return {
            "rows": figures.rows,
            "accuracy": figures.accuracy,
            "macro_f1": figures.macro_f1,
            "calibration_error": figures.calibration_error,
            "categories": {name: asdict(score) for name, score in figures.categories.items()},
            "slices": {name: asdict(share) for name, share in figures.slices.items()},
            "languages": {name: asdict(share) for name, share in figures.languages.items()},
            "coverage": {share: covered[share] for share in ("90%", "70%", "50%")},
            "second_looks": looked / figures.rows,
            "sure": self._answered(_BARS[0], 1.0),
            "unsure": self._answered(_BARS[1], _UPPER),
        }

    def _answered(self, low: float, high: float) -> dict[str, float]:
        """Count the answers of some confidence, and the share of them that was right."""
        hits = [
            hit
            for hit, sure in zip(self.right(), self.confidence(), strict=True)
            if low <= sure <= high
        ]
        return {"rows": len(hits), "accuracy": sum(hits) / max(1, len(hits))}

    def failures(self) -> list[dict[str, Any]]:
        """Return the surest wrong answers, their asks shortened."""
        wrong = [
            (sure, row, prediction)
            for hit, sure, row, prediction in zip(
                self.right(), self.confidence(), self.rows, self.predictions, strict=True
            )
            if not hit
        ]
        wrong.sort(key=lambda each: (-each[0], each[1].id))
        return [
            {
                "ask": " ".join(read_prompt(read_body(row.request)).ask.split())[:_LONGEST_SHOWN],
                "true": row.label,
                "found": prediction.predicted,
                "confidence": round(sure, 2),
            }
            for sure, row, prediction in wrong[:_SHOWN]
        ]


def measure_rows(
    classifier: Classifier, rows: Sequence[Row], clock: Callable[[], float]
) -> Measured:
    """Classify rows and compute their figures."""
    predictions, _failures = predict(classifier, rows, clock)
    return Measured(rows, predictions, figures_of(rows, predictions))


def contents(rows: Sequence[Row]) -> dict[str, Any]:
    """Count rows by hand, language, label and slice."""
    return {
        "total": len(rows),
        "hands": dict(sorted(Counter(row.source for row in rows).items())),
        "languages": dict(Counter(row.lang for row in rows).most_common()),
        "labels": dict(sorted(Counter(row.label for row in rows).items())),
        "slices": dict(sorted(Counter(tag for row in rows for tag in row.slices).items())),
        "licenses": dict(sorted(Counter(row.license for row in rows).items())),
    }


@dataclass(frozen=True, slots=True)
class CardRows:
    """What the card is measured on."""

    own: Sequence[Row]
    public: Sequence[Row]
    unseen: Sequence[Row]
    """Development rows: of mostly the public sources, other rows."""


def figures_for_card(
    rows: CardRows, clock: Callable[[], float], told: Callable[[str], None]
) -> tuple[dict[str, Any], Measured]:
    """Measure everything.

    Returns:
        The figures, and what was measured on hands that neither stage has learnt from.
    """
    told("the shipped classifier on the development rows")
    shipped, first = load_classifier(), load_classifier(encoder=False)
    figures: dict[str, Any] = {
        "checksums": checksums(MODEL_FILES),
        "corpus": contents(rows.own),
        "repeats": share_of_repeats([e.prompt.ask for e in examples_of(rows.own)]),
        "left_out": " and ".join(f"`{source}`" for source in sorted(LEFT_OUT)),
        "dev": measure_rows(shipped, rows.unseen, clock).as_json(),
        "dev_first": measure_rows(first, rows.unseen, clock).as_json(),
    }
    strangers = [row for row in rows.unseen if not usable(row)]
    figures["strangers"] = measure_rows(shipped, strangers, clock).as_json()
    figures["strangers_first"] = measure_rows(first, strangers, clock).as_json()
    told("robustness")
    steady, _failures = robustness(shipped, pairs_of(rows.unseen), clock)
    figures["robustness"] = {
        "total": asdict(steady.total),
        "transformations": {
            name: {"pairs": each.pairs, "flips": each.flips, "share": each.share}
            for name, each in steady.transformations.items()
        },
    }
    told("time")
    figures["latency"] = {
        name: asdict(each) for name, each in first_look_latency(first, rows.own, clock).items()
    }
    figures["latency"]["second look"] = asdict(second_look_latency(shipped, rows.own, clock))
    told("hands that were not trained on")
    fresh, fresh_first = _fresh(rows, clock)
    figures["fresh"], figures["fresh_first"] = fresh.as_json(), fresh_first.as_json()
    figures["failures"] = {str(at): one for at, one in enumerate(fresh.failures(), start=1)}
    told("from the corpus alone")
    alone = _classifier(_weights(rows.own), encoder=False)
    figures["corpus_alone"] = measure_rows(alone, rows.unseen, clock).as_json()
    told("eight groups of sources left out in turn")
    crossed = cross_source([*rows.public, *rows.own], DEFAULT_RECIPE)
    figures["cross_source"] = {
        "pooled": _brief(crossed.pooled),
        "own": _brief(crossed.own),
        "sources": {name: asdict(share) for name, share in crossed.sources.items()},
    }
    return figures, fresh


def _brief(figures: Figures) -> dict[str, Any]:
    """Return the figures that a table needs."""
    return {
        "rows": figures.rows,
        "accuracy": figures.accuracy,
        "macro_f1": figures.macro_f1,
        "calibration_error": figures.calibration_error,
        "slices": {name: asdict(share) for name, share in figures.slices.items()},
        "languages": {name: asdict(share) for name, share in figures.languages.items()},
    }


def _fresh(rows: CardRows, clock: Callable[[], float]) -> tuple[Measured, Measured]:
    """Measure both looks, and the first alone, on hands that they have not learnt from."""
    learnt = [row for row in (*rows.public, *rows.own) if row.source not in LEFT_OUT]
    tested = [row for row in rows.own if row.source in LEFT_OUT]
    weights = _weights(learnt)
    return (
        measure_rows(_classifier(weights, encoder=True), tested, clock),
        measure_rows(_classifier(weights, encoder=False), tested, clock),
    )


def _weights(rows: Sequence[Row]) -> Weights:
    """Train the words' weights."""
    return train(examples_of(rows), DEFAULT_RECIPE).weights


def _classifier(weights: Weights, *, encoder: bool) -> Classifier:
    """Return a classifier with these weights, and the shipped encoder or none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.bin"
        save_weights(weights, path)
        return load_classifier(path, encoder=encoder)

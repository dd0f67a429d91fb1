"""Figures on labelled rows, against figures worked out by hand."""

import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from router.assay.evaluate import BINS, LABELS, Prediction, calibration_error, figures_of, predict
from router.assay.rows import Row, read_rows
from router.categories import CODE_EDIT, CODE_GENERATION, GENERAL_INSTRUCT, MULTI_TURN_CHAT
from router.classification.classifier import Classifier, load_classifier
from router.classification.stages.stage import Weighed
from router.errors import ConfigurationError
from router.types import Classification, Prompt


def row(label: str, *slices: str, lang: str = "en", at: int = 0) -> Row:
    """Return a labelled row."""
    return Row(f"r{at}", label, b'{"messages": []}', lang=lang, slices=slices)


def said(category: str, confidence: float) -> Prediction:
    """Return a prediction; what is not said of the others is shared evenly."""
    rest = (1 - confidence) / 3
    shares = {label: confidence if label == category else rest for label in LABELS}
    return Prediction("r", category, shares, "linear", 100.0)


_ROWS = [
    row(GENERAL_INSTRUCT, "typos"),
    row(GENERAL_INSTRUCT, lang="zh"),
    row(CODE_GENERATION, "typos", "long"),
    row(CODE_EDIT, lang="zh"),
]
_SAID = [
    said(GENERAL_INSTRUCT, 0.9),
    said(CODE_GENERATION, 0.6),
    said(CODE_GENERATION, 0.8),
    said(CODE_EDIT, 0.7),
]


def test_figures_are_those_worked_out_by_hand() -> None:
    """Three of four right; the one error is a question taken for code."""
    figures = figures_of(_ROWS, _SAID)
    assert figures.rows == 4
    assert figures.accuracy == 0.75
    assert figures.confusion == ((1, 0, 1, 0), (0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
    general, generation = (
        figures.categories[GENERAL_INSTRUCT],
        figures.categories[CODE_GENERATION],
    )
    assert (general.precision, general.recall, general.rows) == (1.0, 0.5, 2)
    assert (generation.precision, generation.recall, generation.rows) == (0.5, 1.0, 1)
    assert figures.categories[MULTI_TURN_CHAT].f1 == 0.0
    assert figures.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert figures.calibration_error == pytest.approx((0.1 + 0.6 + 0.2 + 0.3) / 4)
    assert (figures.slices["typos"].rows, figures.slices["typos"].accuracy) == (2, 1.0)
    assert figures.languages["zh"].accuracy == 0.5
    assert figures.microseconds == {"p50": 100.0, "p99": 100.0}


def test_coverage_keeps_the_surest_rows() -> None:
    """Half of them, and half plus one, are without the one error."""
    coverage = {line.coverage: line for line in figures_of(_ROWS, _SAID).coverage}
    assert list(coverage)[:2] == [1.0, 0.99]
    assert list(coverage)[-1] == 0.5
    assert (coverage[1.0].threshold, coverage[1.0].accuracy) == (0.6, 0.75)
    assert (coverage[0.75].threshold, coverage[0.75].accuracy) == (0.7, 1.0)
    assert (coverage[0.5].threshold, coverage[0.5].accuracy) == (0.8, 1.0)


def test_calibration_error_is_the_gap_within_bins() -> None:
    """Two rows of one bin are averaged before the gap is taken."""
    confidence = np.array([0.95, 0.97, 1.0, 1 / BINS])
    right = np.array([True, False, True, False])
    assert calibration_error(confidence, right) == pytest.approx((2.92 - 2 + 1 / BINS) / 4)


class Moody:
    """A stage that fails on every second prompt."""

    name = "moody"

    def __init__(self) -> None:
        self._calls = itertools.count()

    def classify(self, prompt: Prompt, declared: str | None) -> Classification | None:
        """Fail, or answer."""
        if next(self._calls) % 2:
            raise ValueError(f"no idea: {prompt.ask}, {declared}")
        shares = dict.fromkeys(LABELS, 0.1) | {CODE_EDIT: 0.7}
        return Classification(CODE_EDIT, 0.7, self.name, shares)

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Weigh nothing."""
        del prompt
        return ()


def test_a_row_on_which_the_classifier_fails_stops_nothing() -> None:
    """It is told, and counts as a guess."""
    rows = [row(CODE_EDIT, at=at) for at in range(4)]
    predictions, failures = predict(Classifier([Moody()]), rows, itertools.count().__next__)
    assert [one.stage for one in predictions] == ["moody", "failed", "moody", "failed"]
    assert [one.id for one in predictions] == ["r0", "r1", "r2", "r3"]
    assert len(failures) == 2
    assert "r1" in failures[0]
    assert "no idea" in failures[0]
    assert predictions[0].microseconds == 1e6
    assert predictions[1].probabilities == dict.fromkeys(LABELS, 0.25)


def test_only_the_request_reaches_the_classifier(tmp_path: Path) -> None:
    """Label, slice and id may say what they like."""
    request = {"messages": [{"role": "user", "content": "What is rain?"}]}
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": label, "label": label, "slice": ["agent"], "request": request}) + "\n"
            for label in LABELS
        ),
    )
    predictions, _ = predict(load_classifier(), read_rows(path), itertools.count().__next__)
    assert len({tuple(one.probabilities.items()) for one in predictions}) == 1


def test_rows_are_read_plain_and_gzipped(tmp_path: Path) -> None:
    """Blank lines are passed over; a missing id is the line's number."""
    text = b'\n{"label": "code-edit", "request": {"messages": []}}\n\n'
    (tmp_path / "a.jsonl").write_bytes(text)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text))
    plain, packed = read_rows(tmp_path / "a.jsonl"), read_rows(tmp_path / "a.jsonl.gz")
    assert plain == packed
    assert plain[0].id == "2"


def test_bad_rows_are_all_named_with_file_and_line(tmp_path: Path) -> None:
    """One message each."""
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"label": "code-edit", "request": {}}\nnope\n[]\n{"label": "poetry"}\n'
        '{"label": "code-edit", "request": "hi"}\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        read_rows(path)
    messages = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in messages] == [f"{path}:{at}" for at in (2, 3, 4, 5)]
    assert "poetry" in messages[2]


@pytest.mark.parametrize("content", [None, b"", b"not gzip"], ids=["missing", "empty", "damaged"])
def test_files_without_rows_are_refused(tmp_path: Path, content: bytes | None) -> None:
    """With a reason."""
    path = tmp_path / ("rows.jsonl.gz" if content else "rows.jsonl")
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"rows|read"):
        read_rows(path)


def test_odd_requests_in_rows_reach_the_classifier_as_they_are(tmp_path: Path) -> None:
    """Lone surrogates, numbers beyond double and duplicate members are no bad rows."""
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"label": "code-edit", "request": {"messages": [{"role": "user",'
        ' "content": "\\ud800 fix"}], "seed": 1e400, "n": 12345678901234567890123}}\n',
    )
    predictions, failures = predict(load_classifier(), read_rows(path), itertools.count().__next__)
    assert failures == []
    assert predictions[0].stage == "encoder"

"""What the model card is measured with: every figure that the template names, from small files."""

import itertools
import json
from pathlib import Path

import pytest

from router.assay.card_run import CardRows, contents, figures_for_card, measure_rows
from router.assay.latency import SIZES, first_look_latency
from router.assay.model_card import render
from router.assay.rows import Row
from router.assay.training_run import own_rows
from router.categories import CATEGORIES
from router.classification.classifier import load_classifier
from router.classification.training.groups import LEFT_OUT
from router.cli.card import SECOND_READING, TEMPLATE


def few(rows: list[Row], each: int) -> list[Row]:
    """Return some rows of each label."""
    return [
        row for label in CATEGORIES for row in [one for one in rows if one.label == label][:each]
    ]


@pytest.fixture(scope="module")
def own() -> list[Row]:
    """Return a few rows of three hands, one of them left out of training."""
    rows = own_rows()
    hands = ("own-developers", "own-agents", min(LEFT_OUT))
    return [row for hand in hands for row in few([one for one in rows if one.source == hand], 10)]


def test_all_that_the_template_names_is_measured(own: list[Row]) -> None:
    """And the second reading fills the rest."""
    unseen = [*few(own_rows(), 1), Row("x", "code-edit", own[0].request, license="CC-BY-SA-4.0")]
    rows = CardRows(own=own, public=few(own_rows()[:900], 5), unseen=unseen)
    said: list[str] = []
    figures, fresh = figures_for_card(rows, itertools.count(0.0, 0.001).__next__, said.append)
    assert {row.source for row in fresh.rows} == {min(LEFT_OUT)}
    assert len(said) == 6
    figures["blind"] = json.loads(SECOND_READING.read_text())
    text = render(TEMPLATE.read_text(), json.loads(json.dumps(figures)))
    assert "{{" not in text
    assert f"`{min(LEFT_OUT)}`" in text


def test_failures_are_the_surest_wrong_answers(own: list[Row]) -> None:
    """Shortened, with what was found instead."""
    wrong = [Row(row.id, "code-edit", row.request) for row in own if row.label != "code-edit"]
    measured = measure_rows(
        load_classifier(encoder=False), wrong, itertools.count(0.0, 0.001).__next__
    )
    failures = measured.failures()
    confidences = [one["confidence"] for one in failures]
    assert confidences == sorted(confidences, reverse=True)
    assert all(one["true"] == "code-edit" != one["found"] for one in failures)
    assert all(len(one["ask"]) <= 160 for one in failures)


def test_contents_are_counted(own: list[Row]) -> None:
    """By hand, language, label, slice and licence."""
    counted = contents(own)
    assert counted["total"] == len(own) == sum(counted["hands"].values())
    assert set(counted["labels"]) == set(CATEGORIES)


def test_bodies_of_every_size_are_timed(own: list[Row]) -> None:
    """With the clock that was given, in microseconds."""
    found = first_look_latency(
        load_classifier(encoder=False), own, itertools.count(0.0, 0.5).__next__
    )
    assert set(found) == set(SIZES)
    assert all(one.p50 == one.p99 == 500_000 for one in found.values())


def test_the_template_lies_beside_its_figures() -> None:
    """So that the card can be written anew from the repository alone."""
    assert TEMPLATE.is_file()
    assert Path(SECOND_READING).is_file()

"""The model card: filled in from figures, and never older than the weights."""

import json

import pytest

from router.assay.calibration_chart import calibration_svg
from router.assay.model_card import checksums, render
from router.classification.classifier import MODEL_FILES
from router.cli.card import CARD, CHART, FIGURES, card_text
from router.errors import ConfigurationError


def test_the_card_is_that_of_the_shipped_weights() -> None:
    """Whoever trains anew measures anew."""
    figures = json.loads(FIGURES.read_text())
    assert figures["checksums"] == checksums(MODEL_FILES), "run 'task-router card --data DIR'"
    assert CARD.read_text() == card_text()
    assert CHART.read_text().startswith("<svg")


def test_figures_stand_where_the_template_names_them() -> None:
    """Numbers with so many decimals, counts with commas, tables line by line."""
    figures = {
        "rows": 12_345,
        "share": 0.98765,
        "name": "own-terse",
        "tags": {"few": {"rows": 3, "accuracy": 1.0}, "many": {"rows": 3_000, "accuracy": 0.5}},
        "counts": {"a": 1},
    }
    template = "{{rows}} {{share|2}} {{name}}\n{{table tags}}\n{{table counts}}\n"
    assert render(template, figures) == (
        "12,345 0.99 own-terse\n| `many` | 3,000 | 0.500 |\n| `a` | 1 |\n"
    )


def test_a_figure_that_is_missing_is_named_with_its_line() -> None:
    """A card with holes is not written."""
    with pytest.raises(ConfigurationError, match=r":2: c: no figure a\.c"):
        render("x\n{{a.c}}", {"a": {"b": 1}})


def test_the_chart_has_a_bar_for_each_confidence_that_occurs() -> None:
    """As high as the share of right answers."""
    chart = calibration_svg([0.95, 0.95, 0.35], [True, False, True], "two bars")
    assert chart.count("<title>") == 2
    assert "2 rows, 0.500 right" in chart
    assert "1 rows, 1.000 right" in chart

"""The verb `card`: measure the shipped classifier and write its model card.

In: a folder with `dev` and `train` rows. Out: `figures.json`, `calibration.svg` and `MODEL_CARD.md`
beside the weights; progress on stderr. Never: a figure that was not measured in this run.
"""

import json
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from router.assay.calibration_chart import calibration_svg
from router.assay.card_run import CardRows, figures_for_card
from router.assay.model_card import render
from router.assay.rows import found_rows, read_rows
from router.assay.training_run import own_rows
from router.errors import ConfigurationError

FOLDER: Final = Path(__file__).parents[1] / "classification"
TEMPLATE: Final = FOLDER / "training" / "model_card.md.template"
FIGURES: Final = FOLDER / "training" / "figures.json"
SECOND_READING: Final = FOLDER / "training" / "second_reading.json"
"""How many rows were labelled a second time, blindly, and how many of them alike."""
CHART: Final = FOLDER / "calibration.svg"
CARD: Final = FOLDER / "MODEL_CARD.md"
_UNUSABLE = 2


def run(
    data: Annotated[Path, typer.Option(help="A folder with train and dev rows.")],
    words_only: Annotated[
        bool, typer.Option(help="Write the card anew from figures.json; measure nothing.")
    ] = False,
) -> None:
    """Measure the shipped classifier (some ten minutes) and write its model card."""
    try:
        if not words_only:
            rows = CardRows(
                own=own_rows(),
                public=read_rows(found_rows(data)),
                unseen=read_rows(found_rows(data, "dev")),
            )
            figures, fresh = figures_for_card(rows, time.perf_counter, _say)
            FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
            title = f"{len(fresh.rows)} rows of hands not trained on"
            CHART.write_text(calibration_svg(fresh.confidence(), fresh.right(), title))
        CARD.write_text(card_text())
    except ConfigurationError as mistake:
        typer.echo(mistake, err=True)
        raise typer.Exit(_UNUSABLE) from mistake


def card_text() -> str:
    """Return the card that template, figures and the count of the second reading make.

    Raises:
        ConfigurationError: The template names a figure that is not there.
    """
    figures = json.loads(FIGURES.read_text())
    figures["blind"] = json.loads(SECOND_READING.read_text())
    return render(TEMPLATE.read_text(), figures)


def _say(line: str) -> None:
    typer.echo(line, err=True)

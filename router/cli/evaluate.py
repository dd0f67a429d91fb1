"""The verb `evaluate`: figures of the classifier on labelled rows.

In: a file of rows. Out: a table, or one JSON object, on stdout; predictions in a file where asked.
Never: anything else on stdout, or a stop because the classifier failed on a row.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, NoReturn

import orjson
import typer

from router.assay.cross_source import cross_source
from router.assay.evaluate import Prediction, figures_of, predict
from router.assay.robustness import pairs_of, robustness
from router.assay.rows import Row, read_rows
from router.assay.training_run import own_rows
from router.classification.classifier import Classifier, load_classifier
from router.classification.training.trainer import DEFAULT_RECIPE
from router.cli.evaluate_tables import print_cross_source, print_figures, print_robustness
from router.errors import ConfigurationError

_UNUSABLE = 2


def run(
    data: Annotated[Path, typer.Option(help="Labelled rows: .jsonl or .jsonl.gz.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    predictions: Annotated[
        Path | None,
        typer.Option(help="Write a JSON line for each row: id, predicted, probabilities, stage."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="A weights file of 'task-router train'; the shipped one without it."),
    ] = None,
    steady: Annotated[
        bool,
        typer.Option(
            "--robustness",
            help="Count instead how often a category changes when a row is only worded otherwise.",
        ),
    ] = False,
    cross: Annotated[
        bool,
        typer.Option(
            "--cross-source",
            help="Train anew on seven of eight groups of these rows and the project's own, test on"
            " the eighth, in turn. The words' weights alone; takes minutes.",
        ),
    ] = False,
    encoder: Annotated[
        bool, typer.Option(help="Let the encoder look at rows that are in doubt.")
    ] = True,
) -> None:
    """Classify labelled rows and print how well it went."""
    if cross:
        _measure_cross_source(data, as_json=as_json)
        return
    if steady and predictions is not None:
        _refuse("--predictions: with --robustness no row has one prediction; leave one of them out")
    try:
        rows = read_rows(data)
        classifier = load_classifier(weights, encoder=encoder)
    except ConfigurationError as mistake:
        _refuse(str(mistake))
    if steady:
        _measure_robustness(classifier, rows, as_json=as_json)
        return
    predicted, failures = predict(classifier, rows, time.perf_counter)
    _tell(failures)
    if predictions is not None:
        _write(predictions, predicted)
    figures = figures_of(rows, predicted)
    if as_json:
        typer.echo(orjson.dumps(figures.as_json()))
    else:
        print_figures(figures)


def _measure_cross_source(data: Path, *, as_json: bool) -> None:
    """Print how well training does on sources left out."""
    try:
        rows = [*read_rows(data), *own_rows()]
    except ConfigurationError as mistake:
        _refuse(str(mistake))
    measured = cross_source(rows, DEFAULT_RECIPE)
    if as_json:
        typer.echo(orjson.dumps(measured.as_json()))
    else:
        print_cross_source(measured)


def _measure_robustness(classifier: Classifier, rows: list[Row], *, as_json: bool) -> None:
    """Print how steady the classifier is."""
    measured, failures = robustness(classifier, pairs_of(rows), time.perf_counter)
    _tell(failures)
    if as_json:
        typer.echo(orjson.dumps(measured.as_json()))
    else:
        print_robustness(measured)


def _tell(failures: Iterable[str]) -> None:
    """Say on stderr where the classifier failed."""
    for failure in failures:
        typer.echo(failure, err=True)


def _write(path: Path, predictions: list[Prediction]) -> None:
    """Write the predictions, one JSON object a line."""
    try:
        path.write_bytes(b"".join(orjson.dumps(p.as_json()) + b"\n" for p in predictions))
    except OSError as failure:
        _refuse(f"{path}: cannot be written: {failure.strerror}")


def _refuse(message: str) -> NoReturn:
    """Say what is wrong, and stop."""
    typer.echo(message, err=True)
    raise typer.Exit(_UNUSABLE)

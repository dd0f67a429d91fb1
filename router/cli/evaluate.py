"""The verb `evaluate`: figures of the classifier on labelled rows.

In: a file of rows. Out: a table, or one JSON object, on stdout; predictions in a file where asked.
Never: anything else on stdout, or a stop because the classifier failed on a row.
"""

import time
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from router.assay.evaluate import Figures, Prediction, figures_of, predict
from router.assay.rows import read_rows
from router.classification.classifier import load_classifier
from router.errors import ConfigurationError

_UNUSABLE = 2
_WIDE = 400
"""Columns off a terminal: nothing is wrapped or cut."""


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
) -> None:
    """Classify labelled rows and print how well it went."""
    try:
        rows = read_rows(data)
        classifier = load_classifier(weights)
    except ConfigurationError as mistake:
        typer.echo(mistake, err=True)
        raise typer.Exit(_UNUSABLE) from mistake
    predicted, failures = predict(classifier, rows, time.perf_counter)
    for failure in failures:
        typer.echo(failure, err=True)
    if predictions is not None:
        _write(predictions, predicted)
    figures = figures_of(rows, predicted)
    if as_json:
        typer.echo(orjson.dumps(figures.as_json()))
    else:
        _print(figures)


def _write(path: Path, predictions: list[Prediction]) -> None:
    """Write the predictions, one JSON object a line."""
    try:
        path.write_bytes(b"".join(orjson.dumps(p.as_json()) + b"\n" for p in predictions))
    except OSError as failure:
        typer.echo(f"{path}: cannot be written: {failure.strerror}", err=True)
        raise typer.Exit(_UNUSABLE) from failure


def _print(figures: Figures) -> None:
    """Print the figures as tables."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(
        f"{figures.rows} rows · accuracy {figures.accuracy:.4f} · macro-F1 {figures.macro_f1:.4f}"
        f" · calibration error {figures.calibration_error:.4f}"
        f" · {figures.microseconds['p50']:.0f} µs (p99 {figures.microseconds['p99']:.0f} µs)",
    )
    found = Table(title="rows: true category, columns: predicted")
    found.add_column("category")
    for heading in (*figures.labels, "precision", "recall", "F1", "rows"):
        found.add_column(heading, justify="right")
    for label, line in zip(figures.labels, figures.confusion, strict=True):
        score = figures.categories[label]
        shares = (f"{share:.3f}" for share in (score.precision, score.recall, score.f1))
        found.add_row(label, *map(str, line), *shares, str(score.rows))
    console.print(found)
    covered = Table(title="answering only the surest")
    for heading in ("coverage", "least confidence", "accuracy"):
        covered.add_column(heading, justify="right")
    for row in figures.coverage[::10]:
        covered.add_row(f"{row.coverage:.2f}", f"{row.threshold:.3f}", f"{row.accuracy:.4f}")
    console.print(covered)
    for title, shares_by_tag in (("slice", figures.slices), ("language", figures.languages)):
        if shares_by_tag:
            tags = Table(title=f"accuracy by {title}")
            tags.add_column(title)
            tags.add_column("accuracy", justify="right")
            tags.add_column("rows", justify="right")
            for tag, share in shares_by_tag.items():
                tags.add_row(tag, f"{share.accuracy:.4f}", str(share.rows))
            console.print(tags)

"""Tables of figures for people.

In: figures of the rooms below. Out: tables on stdout. Never: colour or a wrapped line off a
terminal, or a figure worked out here.
"""

from typing import Final

from rich.console import Console
from rich.table import Table

from router.assay.cross_source import CrossSource
from router.assay.evaluate import Figures
from router.assay.robustness import Robustness, Steadiness

_WIDE: Final = 400
"""Columns off a terminal: nothing is wrapped or cut."""
_COVERAGE_STEP: Final = 10


def print_figures(figures: Figures) -> None:
    """Print how well a classifier does."""
    console = _console()
    console.print(
        f"{figures.rows} rows · accuracy {figures.accuracy:.4f} · macro-F1 {figures.macro_f1:.4f}"
        f" · calibration error {figures.calibration_error:.4f}"
        f" · {figures.microseconds['p50']:.0f} µs (p99 {figures.microseconds['p99']:.0f} µs)",
    )
    found = _table(
        "rows: true category, columns: predicted",
        "category",
        *(*figures.labels, "precision", "recall", "F1", "rows"),
    )
    for label, line in zip(figures.labels, figures.confusion, strict=True):
        score = figures.categories[label]
        shares = (f"{share:.3f}" for share in (score.precision, score.recall, score.f1))
        found.add_row(label, *map(str, line), *shares, str(score.rows))
    console.print(found)
    covered = _table("answering only the surest", "coverage", "least confidence", "accuracy")
    for row in figures.coverage[::_COVERAGE_STEP]:
        covered.add_row(f"{row.coverage:.2f}", f"{row.threshold:.3f}", f"{row.accuracy:.4f}")
    console.print(covered)
    for title, shares_by_tag in (("slice", figures.slices), ("language", figures.languages)):
        if shares_by_tag:
            tags = _table(f"accuracy by {title}", title, "accuracy", "rows")
            for tag, share in shares_by_tag.items():
                tags.add_row(tag, f"{share.accuracy:.4f}", str(share.rows))
            console.print(tags)


def print_robustness(steady: Robustness) -> None:
    """Print how often a classifier changes its mind."""
    total = steady.total
    console = _console()
    console.print(
        f"{total.pairs} pairs · flips {total.flips} ({total.share:.2%})"
        f" · of them right before and wrong after {total.spoilt}",
    )
    table = _table(
        "the same row before and after", "transformation", "pairs", "flips", "spoilt", "share"
    )
    for name, one in steady.transformations.items():
        table.add_row(name, *_cells(one))
    console.print(table)


def print_cross_source(crossed: CrossSource) -> None:
    """Print how well training does on sources left out."""
    console = _console()
    for name, figures in (("all sources", crossed.pooled), ("the project's own", crossed.own)):
        console.print(
            f"{name}: {figures.rows} rows · macro-F1 {figures.macro_f1:.4f}"
            f" · accuracy {figures.accuracy:.4f}"
            f" · calibration error {figures.calibration_error:.4f}"
        )
    table = _table("accuracy of sources left out", "source", "accuracy", "rows")
    for source, share in crossed.sources.items():
        table.add_row(source, f"{share.accuracy:.4f}", str(share.rows))
    console.print(table)


def _cells(one: Steadiness) -> tuple[str, str, str, str]:
    """Return a line of the table of flips."""
    return str(one.pairs), str(one.flips), str(one.spoilt), f"{one.share:.4f}"


def _console() -> Console:
    """Return stdout, wide where it is no terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    return console


def _table(title: str, first: str, *others: str) -> Table:
    """Return an empty table whose columns but the first hold figures."""
    table = Table(title=title)
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right")
    return table

"""The verb `sources`: the public data sets, and a local copy of one made into labelled rows.

In: the name of a source and the path of a file that is already here. Out: the table of sources on
stdout, or rows in a file; what was left out, and why, on stderr. Never: a download.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from router.classification.training.sources import CONVERTERS, SOURCES, Conversion, Source, convert
from router.errors import ConfigurationError

_UNUSABLE = 2


class Action(StrEnum):
    """What to do."""

    LIST = "list"
    CONVERT = "convert"


def run(
    action: Annotated[
        Action,
        typer.Argument(
            help="list: a line for each source, with tabs between its name, licence, whether that"
            " is share-alike (left out of the default weights), repository, files, labels and the"
            " rule for them. convert NAME PATH --out FILE: rows for train and evaluate."
        ),
    ],
    name: Annotated[str, typer.Argument(help="A source of the list.")] = "",
    path: Annotated[
        Path | None,
        typer.Argument(help="One of its files, named as upstream; .gz is unpacked on the way."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the rows: JSON lines.")] = None,
) -> None:
    """List the public sources, or convert a local copy of one into rows for train and evaluate."""
    if action is Action.LIST:
        if name or out:
            raise typer.BadParameter("list takes neither NAME, PATH nor --out")
        for source in SOURCES.values():
            typer.echo(_line(source))
        return
    if not name or path is None or out is None:
        raise typer.BadParameter("convert needs NAME, PATH and --out FILE")
    try:
        conversion = convert(name, path)
    except ConfigurationError as mistake:
        typer.echo(mistake, err=True)
        raise typer.Exit(_UNUSABLE) from mistake
    _write(conversion, out)
    _report(conversion, SOURCES[name], out)


def _line(source: Source) -> str:
    """Return a source as one line of the list."""
    return "\t".join(
        (
            source.name,
            source.license,
            "share-alike" if source.share_alike else "",
            source.repository,
            " ".join(source.files) if source.name in CONVERTERS else "not converted",
            " ".join(source.labels),
            source.rule,
        )
    )


def _write(conversion: Conversion, out: Path) -> None:
    """Write the rows, one JSON object a line."""
    lines = (orjson.dumps(row.as_json()) + b"\n" for row in conversion.rows)
    try:
        with out.open("wb") as file:
            file.writelines(lines)
    except OSError as failure:
        typer.echo(f"{out}: cannot be written: {failure.strerror}", err=True)
        raise typer.Exit(_UNUSABLE) from failure


def _report(conversion: Conversion, source: Source, out: Path) -> None:
    """Say what came of it."""
    typer.echo(f"{out}: {len(conversion.rows)} rows of {conversion.records} records", err=True)
    for reason, count in sorted(conversion.left_out.items()):
        typer.echo(f"left out: {count}: {reason}", err=True)
    if source.share_alike:
        typer.echo(
            f"{source.license} asks that adaptations carry it too: train leaves these rows out"
            " unless it is told --share-alike",
            err=True,
        )

"""Labelled rows: from a file to requests with labels.

In: JSON lines, plain or gzipped. Out: rows. Never: a row skipped without a word; what cannot be
used is an error with the file and the line.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from router.categories import CATEGORIES
from router.errors import ConfigurationError, Mistake

_ENDINGS: Final = (".jsonl.gz", ".jsonl")


@dataclass(frozen=True, slots=True)
class Row:
    """A request whose category is known."""

    id: str
    label: str
    request: bytes
    """The request's body, as JSON; all of the row that a classifier may see."""
    lang: str = ""
    slices: tuple[str, ...] = ()
    source: str = ""
    license: str = ""


def read_rows(path: Path) -> list[Row]:
    """Read every row of a `.jsonl` or `.jsonl.gz` file; blank lines are passed over.

    Raises:
        ConfigurationError: The file cannot be read, has no rows, or some lines are no rows; it
            names each of those.
    """
    rows: list[Row] = []
    mistakes: list[Mistake] = []
    try:
        for number, line in enumerate(_lines(path), start=1):
            read = _row(line, number) if line.strip() else None
            if isinstance(read, Mistake):
                mistakes.append(read)
            elif read is not None:
                rows.append(read)
    except (OSError, EOFError, zlib.error) as failure:
        mistakes.append(Mistake(0, "file", f"cannot be read: {failure}"))
    if not rows and not mistakes:
        mistakes.append(Mistake(0, "file", "has no rows"))
    if mistakes:
        raise ConfigurationError(str(path), tuple(mistakes))
    return rows


def found_rows(folder: Path, name: str = "train") -> Path:
    """Return the file of rows in a folder; the plain name if none is there, for the message."""
    packed, plain = (folder / f"{name}{ending}" for ending in _ENDINGS)
    return packed if packed.is_file() else plain


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file."""
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as packed:
            yield from packed
    else:
        with path.open("rb") as plain:
            yield from plain


def _row(line: bytes, number: int) -> Row | Mistake:
    """Read one row, or say what is wrong with it."""
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError) as failure:
        return Mistake(number, "row", f"not valid JSON: {failure}")
    if not isinstance(row, dict):
        return Mistake(number, "row", "must be a JSON object with 'label' and 'request'")
    label, request = row.get("label"), row.get("request")
    if not isinstance(label, str) or label not in CATEGORIES:
        return Mistake(number, "label", f"{label!r} is none of {', '.join(CATEGORIES)}")
    if not isinstance(request, dict):
        return Mistake(number, "request", "must be a JSON object in the shape of the chat API")
    try:
        raw = json.dumps(request).encode()
    except RecursionError as failure:
        return Mistake(number, "request", f"nests too deeply: {failure}")
    tags = row.get("slice")
    return Row(
        id=str(row.get("id", number)),
        label=label,
        request=raw,
        lang=str(row.get("lang", "")),
        slices=tuple(map(str, tags)) if isinstance(tags, list) else (),
        source=str(row.get("source", "")),
        license=str(row.get("license", "")),
    )

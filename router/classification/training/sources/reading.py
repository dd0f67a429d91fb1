"""From a local file to its records.

In: the path of a file that is here, plain or gzipped. Out: records with their places. Never: the
network, more than the bounds below in memory, or another error than `MalformedFileError`.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, zip_longest
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias, cast

from router.classification.training.sources.records import MalformedError, fields_of, kind_of

DOCUMENT_BYTES: Final = 256 << 20
"""The longest file that is read as a whole, unpacked."""
LINE_BYTES: Final = 16 << 20
"""The longest line of a file that is read by lines; whole conversation trees are lines."""

_TOO_LONG: Final = "is longer than {} MiB; split it"
_BLANK: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it was read, or what is wrong with it."""

    line: int
    value: Any
    where: str = ""
    mistake: MalformedError | None = None


class MalformedFileError(Exception):
    """The file as a whole cannot be read any further."""

    def __init__(self, line: int, field: str, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.field = field
        self.message = message


Reader: TypeAlias = Callable[[Path], Iterator[Found]]


def json_lines(path: Path) -> Iterator[Found]:
    """Yield the JSON value of each line; blank ones are passed over."""
    for number, line in enumerate(_lines(path), start=1):
        if line.strip(_BLANK):
            yield _parsed(line, number)


def json_elements(path: Path) -> Iterator[Found]:
    """Yield the elements of a JSON document that is a list."""
    document = _document(path)
    if not isinstance(document, list):
        raise MalformedFileError(1, "document", f"must be a list, not {kind_of(document)}")
    for at, value in enumerate(document):
        yield Found(1, value, f"[{at}]")


def passages(path: Path) -> Iterator[Found]:
    """Yield the paragraphs of a document in the format of SQuAD, or of CMRC 2018's own.

    Both come out as SQuAD's paragraphs: `context` and `qas`, each with `question` and `answers`.
    """
    document = _document(path)
    if isinstance(document, list):
        for at, value in enumerate(document):
            yield _squad_paragraph(value, f"[{at}]")
        return
    try:
        articles = list(fields_of(document).objects("data"))
        for article in articles:
            for at, value in enumerate(article.values("paragraphs")):
                yield Found(1, value, f"{article.where}paragraphs[{at}]")
    except MalformedError as mistake:
        raise MalformedFileError(1, mistake.field, mistake.message) from mistake


def tab_separated(path: Path) -> Iterator[Found]:
    """Yield `question` and `answer` of each line: two columns, no header."""
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip(_BLANK):
            continue
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) == 1 + 1:
            yield Found(number, dict(zip(("question", "answer"), columns, strict=True)))
        else:
            mistake = MalformedError("columns", f"must be two, with a tab between; {len(columns)}")
            yield Found(number, None, mistake=mistake)


def parallel_lines(path: Path) -> Iterator[Found]:
    """Yield `description` and `command`, line by line, of `NAME.nl` and the `NAME.cm` beside it."""
    commands = path.with_suffix(".cm")
    if path.suffix != ".nl":
        raise MalformedFileError(0, "file", "must be the .nl file, with its .cm file beside it")
    pairs = zip_longest(_lines(path), _lines(commands))
    for number, (wish, command) in enumerate(pairs, start=1):
        if wish is None or command is None:
            shorter = path if wish is None else commands
            message = f"{shorter.name} ends before this line: the two files must be parallel"
            raise MalformedFileError(number, "lines", message)
        yield Found(number, {"description": wish.strip(_BLANK), "command": command.strip(_BLANK)})


_CELL: Final = re.compile(r'(?:"([^"]*+(?:""[^"]*+)*+)"|(?!")([^,\r\n]*+))(,|\r\n|\n|\r)')
"""A cell of RFC 4180 (section 2) and what ends it. The standard library's reader refuses cells of
more than 128 KiB unless the whole process is told otherwise, and prompts can be longer."""


def comma_separated(path: Path) -> Iterator[Found]:
    """Yield each row of a table as an object, by the names in its first row."""
    text = _whole(path) + "\n"
    heading: list[str] = []
    cells: list[str] = []
    at, line, first_line = 0, 1, 1
    while at < len(text):
        cell = _CELL.match(text, at)
        if cell is None:
            raise MalformedFileError(line, "quotes", "a quoted cell does not end where it should")
        cells.append(cell[2] if cell[1] is None else cell[1].replace('""', '"'))
        line += cell[0].count("\n")
        at = cell.end()
        if cell[3] == ",":
            continue
        if not heading:
            heading = cells
        elif cells != [""]:
            yield _named(heading, cells, first_line)
        cells, first_line = [], line


def _named(heading: list[str], cells: list[str], line: int) -> Found:
    """Return a row of a table by the names of its columns."""
    if len(cells) == len(heading):
        return Found(line, dict(zip(heading, cells, strict=True)))
    message = f"has {len(cells)} cells, the heading has {len(heading)}"
    return Found(line, None, mistake=MalformedError("cells", message))


def _squad_paragraph(value: Any, where: str) -> Found:
    """Return a paragraph of CMRC 2018's own format as SQuAD has it."""
    try:
        fields = fields_of(value)
        questions = [
            {"question": asked.text("query_text"), "answers": _answers(asked.values("answers"))}
            for asked in fields.objects("qas")
        ]
        return Found(1, {"context": fields.text("context_text"), "qas": questions}, where)
    except MalformedError as mistake:
        return Found(1, None, where, mistake)


def _answers(answers: list[Any]) -> list[dict[str, Any]]:
    return [{"text": answer} for answer in answers]


def _document(path: Path) -> Any:
    """Return a file's JSON value."""
    found = _parsed(_whole(path), 1)
    if found.mistake is not None:
        raise MalformedFileError(found.line, found.mistake.field, found.mistake.message)
    return found.value


def _parsed(text: str, line: int) -> Found:
    """Parse JSON, or say where it ends to be JSON."""
    try:
        return Found(line, json.loads(text))
    except json.JSONDecodeError as failure:
        place = line + failure.lineno - 1
        mistake = MalformedError("record", f"not valid JSON: {failure.msg}")
        return Found(place, None, mistake=mistake)
    except (ValueError, RecursionError) as failure:
        return Found(line, None, mistake=MalformedError("record", f"not usable JSON: {failure}"))


def _whole(path: Path) -> str:
    """Return a file's text, within bounds."""
    try:
        with _opened(path) as file:
            raw = file.read(DOCUMENT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as failure:
        raise _unreadable(path, failure) from failure
    if len(raw) > DOCUMENT_BYTES:
        raise MalformedFileError(0, "file", _TOO_LONG.format(DOCUMENT_BYTES >> 20))
    return _decoded(raw, 1)


def _lines(path: Path) -> Iterator[str]:
    """Yield a file's lines, each within bounds."""
    try:
        with _opened(path) as file:
            yield from map(_decoded_line, _bounded_lines(file), count(1))
    except (OSError, EOFError, zlib.error) as failure:
        raise _unreadable(path, failure) from failure


def _bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long no more than shows it."""
    while raw := file.readline(LINE_BYTES + 1):
        yield raw


def _decoded_line(raw: bytes, number: int) -> str:
    """Return the text of a line."""
    if len(raw) > LINE_BYTES:
        raise MalformedFileError(number, "line", _TOO_LONG.format(LINE_BYTES >> 20))
    return _decoded(raw, number)


def _opened(path: Path) -> BinaryIO:
    """Open a file, unpacking it on the way where its name says that it is packed."""
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _unreadable(path: Path, failure: Exception) -> MalformedFileError:
    reason = getattr(failure, "strerror", None) or failure
    return MalformedFileError(0, "file", f"{path.name} cannot be read: {reason}")


def _decoded(raw: bytes, line: int) -> str:
    """Decode UTF-8, with or without a byte order mark."""
    try:
        return raw.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as failure:
        place = line + raw.count(b"\n", 0, failure.start)
        raise MalformedFileError(place, "text", f"not UTF-8: {failure.reason}") from failure

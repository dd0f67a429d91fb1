"""From a local copy of a public source to labelled rows.

In: the name of a source and the path of one of its files. Out: rows, and a count of what was left
out by reason. Never: the network, a file that is written, half a result for a malformed file, or
another error than `ConfigurationError`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from router.classification.training.example import check_label
from router.classification.training.sources import code_work, other_work, reading
from router.classification.training.sources.reading import Found, MalformedFileError, Reader
from router.classification.training.sources.records import (
    Draft,
    LeftOut,
    MalformedError,
    Record,
    Turn,
)
from router.classification.training.sources.table import SOURCES, Source
from router.errors import ConfigurationError, Mistake
from router.near_miss import near_miss, shown

MAX_RECORDS: Final = 200_000
MAX_CHARACTERS: Final = 20_000
"""The most text of one row; the longest labelled row there was before has 18,000."""
MAX_MISTAKES: Final = 20
"""After so many the rest of a file is not read: it is another format, not a slip."""

BLANK: Final = "a message without text"
TOO_LONG: Final = f"more than {MAX_CHARACTERS:,} characters"
NOT_UNICODE: Final = "half a surrogate pair: not valid Unicode"
TWICE: Final = "the same conversation again"

Shape: TypeAlias = Callable[[Record], Iterator[Draft | LeftOut]]
"""What a format's records become."""

CONVERTERS: Final[Mapping[str, tuple[Reader, Shape]]] = MappingProxyType(
    {
        "mbpp": (reading.json_lines, code_work.mbpp),
        "humanevalpack": (reading.json_lines, code_work.humanevalpack),
        "conala": (reading.json_elements, code_work.conala),
        "mconala": (reading.json_elements, code_work.conala),
        "nl2bash": (reading.parallel_lines, code_work.nl2bash),
        "spider": (reading.json_elements, code_work.spider),
        "commitpackft": (reading.json_lines, code_work.commitpackft),
        "DebugBench": (reading.json_elements, code_work.debugbench),
        "ifeval": (reading.json_lines, other_work.ifeval),
        "gsm8k": (reading.json_lines, other_work.word_problem),
        "mgsm": (reading.tab_separated, other_work.word_problem),
        "xquad": (reading.passages, other_work.reading),
        "cmrc2018": (reading.passages, other_work.reading),
        "oasst1-en": (reading.json_lines, other_work.tree),
        "prompts.chat": (reading.comma_separated, other_work.role_prompt),
        "KdConv": (reading.json_elements, other_work.dialogue),
    }
)
"""Source → how its files are read, and what their records become."""


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A request with its category, and where it came from."""

    id: str
    source: str
    license: str
    label: str
    lang: str
    slices: tuple[str, ...]
    turns: tuple[Turn, ...]
    """Role and text of each message."""

    def as_json(self) -> dict[str, Any]:
        """Return the row as one line of a file of rows has it."""
        messages = [{"role": role, "content": text} for role, text in self.turns]
        return {
            "id": self.id,
            "source": self.source,
            "license": self.license,
            "label": self.label,
            "lang": self.lang,
            "slice": list(self.slices),
            "request": {"messages": messages},
        }


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a file gave."""

    rows: tuple[LabelledRow, ...]
    records: int
    left_out: Mapping[str, int]
    """Reason → how many rows there are not because of it."""


@dataclass(slots=True)
class _Tally:
    """What a conversion has gathered so far."""

    source: Source
    rows: list[LabelledRow] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    mistakes: list[Mistake] = field(default_factory=list)
    seen: set[tuple[Turn, ...]] = field(default_factory=set)

    def take(self, made: Draft | LeftOut, record: Record) -> None:
        """Take in a draft, or the reason why there is none."""
        if isinstance(made, LeftOut):
            self.left_out[made.reason] += 1
            return
        reason = _unusable(made)
        if not reason and made.turns in self.seen:
            reason = TWICE
        if reason:
            self.left_out[reason] += 1
            return
        self.seen.add(made.turns)
        lang = made.lang or record.lang
        row = LabelledRow(
            id=f"{self.source.name}-{record.stem}-{len(self.rows):06}",
            source=self.source.name,
            license=self.source.license,
            label=check_label(made.label),
            lang=lang,
            slices=_slices(made, lang),
            turns=made.turns,
        )
        self.rows.append(row)


def convert(name: str, path: Path) -> Conversion:
    """Convert a file of a source.

    Args:
        name: A source of the table that has a converter.
        path: One of its files, named as upstream where the name tells the language; `.gz` is
            unpacked on the way.

    Raises:
        ConfigurationError: There is no such converter, the file cannot be read, or some of it is
            not what its format says; each mistake has its line and its field.
    """
    source, (read, shape) = _converter(name)
    lang = _language(source, path)
    tally, records = _Tally(source), 0
    try:
        for index, found in enumerate(_bounded(read(path))):
            record = Record(found.value, found.line, index, lang, _stem(path), found.where)
            _shape_one(shape, record, found, tally)
            records += 1
            if len(tally.mistakes) >= MAX_MISTAKES:
                break
    except MalformedFileError as failure:
        tally.mistakes.append(Mistake(failure.line, failure.field, failure.message))
    if not records and not tally.mistakes:
        tally.mistakes.append(Mistake(0, "file", "has no records"))
    if tally.mistakes:
        raise ConfigurationError(str(path), tuple(tally.mistakes))
    return Conversion(tuple(tally.rows), records, MappingProxyType(dict(tally.left_out)))


def _bounded(records: Iterator[Found]) -> Iterator[Found]:
    """Yield records while there are not too many."""
    yield from islice(records, MAX_RECORDS)
    if (beyond := next(records, None)) is not None:
        message = f"has more than {MAX_RECORDS:,} records; split it"
        raise MalformedFileError(beyond.line, "file", message)


def _shape_one(shape: Shape, record: Record, found: Found, tally: _Tally) -> None:
    """Make what can be made of one record."""
    try:
        if found.mistake is not None:
            raise found.mistake
        for made in shape(record):
            tally.take(made, record)
    except MalformedError as mistake:
        dot = "." if found.where else ""
        place = f"{found.where}{dot}{mistake.field}"
        tally.mistakes.append(Mistake(found.line, place, mistake.message))


def _converter(name: str) -> tuple[Source, tuple[Reader, Shape]]:
    """Return a source of the table and what converts it."""
    if name in CONVERTERS:
        return SOURCES[name], CONVERTERS[name]
    if name in SOURCES:
        message = f"has no converter; its repository is {SOURCES[name].repository}"
    else:
        message = "is no source" + near_miss(name, CONVERTERS)
    raise ConfigurationError("sources", (Mistake(0, shown(name), message),))


def _language(source: Source, path: Path) -> str:
    """Return the language of a file's rows; empty where each record tells its own."""
    patterns = [Path(pattern).name for pattern in source.files if "{lang}" in pattern]
    if not patterns:
        return source.lang
    for pattern in patterns:
        before, _, after = pattern.partition("{lang}")
        name = path.name.removesuffix(".gz")
        code = name.removeprefix(before).removesuffix(after)
        if name == f"{before}{code}{after}" and code.isascii() and code.isalpha():
            return code.lower()
    message = f"must be called {' or '.join(patterns)}: the name tells the language of the rows"
    raise ConfigurationError(str(path), (Mistake(0, "file", message),))


def _unusable(made: Draft) -> str:
    """Return why a draft makes no row; empty where it does."""
    if not all(text.strip() for _, text in made.turns):
        return BLANK
    if sum(len(text) for _, text in made.turns) > MAX_CHARACTERS:
        return TOO_LONG
    if any("\ud800" <= character <= "\udfff" for _, text in made.turns for character in text):
        return NOT_UNICODE
    return ""


def _slices(made: Draft, lang: str) -> tuple[str, ...]:
    """Return the tags of a row, in alphabetical order."""
    multi_turn = any(role == "assistant" for role, _ in made.turns)
    tags = {"multi-turn" if multi_turn else "single-turn", *made.tags}
    if lang:
        tags.add(f"lang-{lang if lang in {'en', 'zh'} else 'other'}")
    return tuple(sorted(tags))


def _stem(path: Path) -> str:
    """Return a file's name without its suffixes."""
    return path.name.partition(".")[0]

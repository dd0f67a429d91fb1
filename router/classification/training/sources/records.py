"""One record of a public data set: its fields, and what can be made of it.

In: a value as its file has it. Out: fields of the type that they should have; drafts of rows.
Never: a field that is guessed because it is missing or of another type.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Turn: TypeAlias = tuple[str, str]
"""A message: role (`user` or `assistant`) and text."""


class MalformedError(Exception):
    """A record is not what its format says."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        """Where in the record, e.g. `qas[2].question`."""
        self.message = message


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of a record, read by name."""

    content: Mapping[str, Any]
    where: str = ""
    """The way to it inside the record, with a dot at its end; empty at the top."""

    def text(self, name: str) -> str:
        """Return a field that must be a string.

        Raises:
            MalformedError: It is missing or something else.
        """
        if name not in self.content:
            raise MalformedError(self.where + name, "is missing")
        value = self.content[name]
        if not isinstance(value, str):
            raise MalformedError(self.where + name, f"must be a string, not {kind_of(value)}")
        return value

    def optional_text(self, name: str) -> str:
        """Return a field that may be missing or null, which read as the empty string.

        Raises:
            MalformedError: It is something else than a string.
        """
        return "" if self.content.get(name) is None else self.text(name)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a field that is true, false, null or missing; the latter two as `default`.

        Raises:
            MalformedError: It is something else.
        """
        value = self.content.get(name)
        if value is not None and not isinstance(value, bool):
            raise MalformedError(self.where + name, f"must be true or false, not {kind_of(value)}")
        return default if value is None else value

    def values(self, name: str) -> list[Any]:
        """Return a field that must be a list.

        Raises:
            MalformedError: It is missing or something else.
        """
        if name not in self.content:
            raise MalformedError(self.where + name, "is missing")
        value = self.content[name]
        if not isinstance(value, list):
            raise MalformedError(self.where + name, f"must be a list, not {kind_of(value)}")
        return value

    def objects(self, name: str) -> Iterator["Fields"]:
        """Yield the elements of a field that must be a list of objects.

        Raises:
            MalformedError: It is missing or something else.
        """
        for at, value in enumerate(self.values(name)):
            yield fields_of(value, f"{self.where}{name}[{at}].")


def fields_of(value: Any, where: str = "") -> Fields:
    """Return an object's fields.

    Raises:
        MalformedError: The value is no object.
    """
    if not isinstance(value, dict):
        raise MalformedError(
            where.rstrip(".") or "record", f"must be an object, not {kind_of(value)}"
        )
    return Fields(value, where)


def kind_of(value: Any) -> str:
    """Return what a JSON value is, in words."""
    kinds = {bool: "a boolean", str: "a string", list: "a list", dict: "an object"}
    return "null" if value is None else kinds.get(type(value), "a number")


@dataclass(frozen=True, slots=True)
class Record:
    """What one line, element or table row of a file holds."""

    value: Any
    line: int
    """1-based; of an element of one JSON document, the document's first line is all there is."""
    index: int
    """0-based, among the records of the file; phrases and variants take turns by it."""
    lang: str = ""
    """The natural language, where the source or the file's name tells."""
    stem: str = ""
    """The file's name without its suffixes."""
    where: str = ""
    """The way to the record inside its document, e.g. `[17]`; empty where the line says it all."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A row to be."""

    label: str
    turns: tuple[Turn, ...]
    """From first to last; the last is the user's."""
    tags: tuple[str, ...] = ()
    """Slice tags beside those that follow from the turns."""
    lang: str = ""
    """The language of the last ask, where it is not the record's."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of a record that gives no row, with the reason: one of a closed set of phrases."""

    reason: str


NAMES_CODE: Final = "names code or software: only a reader could label it"
DELETED: Final = "deleted or rejected upstream"

_CODE_WORDS: Final = re.compile(
    r"```|[;{}]\s*$|\b(?:def|class|import|return|void)\s+\w+|\w\(\)|</\w+>"
    r"|\b(?:app|apps|code|codes|coding|coder|código|codigo|codice|program|programs|program\w*er|programming|"
    r"programa|programar|programm\w*|script|scripts|function|functions|python|java|javascript|"
    r"typescript|rust|golang|php|ruby|swift|kotlin|html|css|sql|json|yaml|xml|latex|regex|bash|"
    r"linux|docker|git|api|algorithm\w*|algoritm\w*|debug\w*|bug|bugs|compil\w+|software|website|"
    r"database|excel|spreadsheet|formula|unit\s?test\w*|solidity|developer|kod|logiciel|fonction|"
    r"función|funktion)\b"
    r"|c\+\+|c#|代码|代碼|编程|編程|程序|程式|脚本|函数|算法|コード|プログラ|スクリプト|関数|"
    r"코드|프로그램|스크립트|함수|\b(?:код)|програм|скрипт|функци|алгоритм",
    re.IGNORECASE | re.MULTILINE,
)


def names_code(text: str) -> bool:
    """Tell whether a text shows or names code.

    It only decides what is *left out*: whether such a text asks for code, for a change to code or
    for neither, words cannot tell, so that no label is ever derived from this.
    """
    return _CODE_WORDS.search(text) is not None

"""Whether a line looks like code.

In: one line. Out: yes or no. Never: certainty; a block needs two such lines (`code_spotting.py`).

Most lines are settled by their last character or their first word; only a line with an equals sign
or a closing parenthesis meets a regular expression. It runs once for each line of an ask.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

_ENDS: Final = frozenset(";{}")
_SENTENCE_ENDS: Final = frozenset(".?!,\u3002\uff1f\uff01\uff0c")
_LONGEST_IMPORT: Final = 8
_BODY: Final = re.compile(r"[({:<=\[]")
_ASSIGNMENT: Final = re.compile(
    r"[\w.\[\]\"'>$@:*-]+(?:[ ,]+[\w.\[\]*]+)?[ \t]*(?:[-+*/|&^%.]?=(?!=)|:=|<-)[ \t]*\S",
)
_CALL: Final = re.compile(r"[\w.$:>-]*[\w>]\(")
_MARKUP: Final = re.compile(r"</?[a-zA-Z!][^<>]*>")
_COMMAND: Final = re.compile(r"\$ \S|>>> |\.\.\. |@@ |\+\+\+ |--- [ab]/|-- \S|//|/\*|\*/|;;|@\w+")
_DIRECTIVE: Final = re.compile(r"# ?(?:include|define|ifdef|ifndef|endif|pragma)\b|#!/|#\[")
_SYMBOLS: Final = frozenset("#<>$@+-/*;.")
_CLOSERS: Final = ")]}"
_TRACE: Final = re.compile(r'File ".*", line \d|at [\w.$<>]+\(|Traceback \(most')


def _statement(line: str, last: str) -> bool:
    """`public void run() {`, `const x = 1`: a sentence does not end so."""
    return last in "=(,<>)" or " = " in line


def _declaration(line: str, last: str) -> bool:
    """`def area(r)`, `class Shape:`."""
    return last not in _SENTENCE_ENDS and _BODY.search(line) is not None


def _import(line: str, last: str) -> bool:
    """`from a import b`: short, and no sentence."""
    return last not in _SENTENCE_ENDS and line.count(" ") < _LONGEST_IMPORT


def _block(line: str, last: str) -> bool:
    """`if x:`, `while (true)`."""
    return last == ":" or (last == ")" and "(" in line)


def _flow(_line: str, last: str) -> bool:
    """`return x`: no sentence."""
    return last not in _SENTENCE_ENDS


def _alone(line: str, _last: str) -> bool:
    """`end`: the only word."""
    return " " not in line


def _query(_line: str, _last: str) -> bool:
    """`SELECT name`: in capitals, the first word is enough."""
    return True


_Rule: TypeAlias = Callable[[str, str], bool]
_FIRST_WORDS: Final[tuple[tuple[_Rule, str], ...]] = (
    (
        _declaration,
        (
            "def class fn func function sub proc interface struct trait impl module defmodule defp"
            " enum object record"
        ),
    ),
    (_import, "import from using package namespace use require include"),
    (
        _block,
        (
            "if for while switch foreach elif else except with try finally do unless until catch"
            " match case async loop"
        ),
    ),
    (
        _statement,
        (
            "public private protected static const let var val final export void int float double"
            " char bool boolean string long unsigned auto typedef template extern await local my"
            " our override virtual inline"
        ),
    ),
    (_flow, "return yield raise throw print echo puts printf"),
    (_alone, "end fi done esac begin then pass break continue else: try:"),
    (
        _query,
        (
            "SELECT INSERT CREATE UPDATE DELETE FROM WHERE GROUP ORDER JOIN INNER LEFT ALTER HAVING"
            " VALUES PRIMARY FOREIGN"
        ),
    ),
)
_RULES: Final[Mapping[str, _Rule]] = MappingProxyType(
    {word: rule for rule, words in _FIRST_WORDS for word in words.split()},
)
"""First word of a line → what else the line must have."""


def is_code_line(line: str) -> bool:
    """Tell whether a line has the marks of code.

    Args:
        line: One line, without its line feed.
    """
    bare = line.strip()
    if not bare:
        return False
    last = bare[-1]
    if last in _ENDS:
        return True
    if bare[0] in _SYMBOLS:
        return _is_symbolic(bare)
    rule = _RULES.get(bare.split(None, 1)[0])
    if rule is not None and rule(bare, last):
        return True
    return last not in _SENTENCE_ENDS and _is_expression(bare, last)


def _is_symbolic(bare: str) -> bool:
    """Judge a line that begins with a sign."""
    first = bare[0]
    if first == "#":
        return _DIRECTIVE.match(bare) is not None
    if first == "<":
        return _MARKUP.match(bare) is not None
    return _COMMAND.match(bare) is not None


def _is_expression(bare: str, last: str) -> bool:
    """Judge a line that begins with no word of a programming language."""
    if "=" in bare or "<-" in bare:
        return _ASSIGNMENT.match(bare) is not None
    if last in _CLOSERS:
        return not bare.strip(")]},") or _CALL.match(bare) is not None
    return _TRACE.match(bare) is not None

r"""Code on the same line as words.

In: one line, or a short text. Out: its words and the code among them. Never: a single name or an
empty call taken for code: who asks what `map()` is has pasted nothing.

Code is taken to begin where one of a few unmistakable shapes begins: a declaration, a loop, a
method called with arguments, a query, a formula, a regular expression, markup. It ends with the
line, or where a tail of plain words begins after its last sign. Maths (`f(x)=x+1`), clock times,
links, faces and JSON have none of the shapes.
"""

import re
from typing import Final, NamedTuple

_SHAPES: Final = (
    r"(?:def|fn|func|function|sub|proc)\s+\w+\s*(?:<[\w, ]+>)?\(",
    r"(?:class|struct|interface|trait|enum)\s+[A-Z]\w*\s*(?:\([\w., ]*\)\s*:|:|\{)",
    r"from\s+[\w.]+\s+import\s+[\w*]",
    r"import\s+(?:[\w{][^'\"\n]{0,80}\s+from\s+)?['\"]",
    r"(?:for|foreach)\s*\((?:int|let|var|auto|const|size_t|\$?\w+\s*(?:=|in\b|:))",
    r"for\s+\w+(?:\s*,\s*\w+)?\s+in\s+(?:[\w.]+\(|\$|\[)",
    r"for\s+\w\w?\s+in\s+\w+\s*:",
    r"(?:if|while)\s*\(\s*!?[\w.$\[\]]+(?:\(\w*\))?\s*(?:[=!<>]?=|[<>]|&&|\|\||\)\s*\{)",
    r"(?:if|while|elif)\s+(?:not\s+)?[\w.\[\]]+\s*(?:==|!=|<=|>=|<|>)\s*[\w.'\"-]+\s*:",
    r"(?:if|while)\s+\[\[?\s",
    r"(?:const|int|float|double|char|String|bool|let\s+mut)\s+\w+(?:\s*:\s*\w+)?\s*=\s*\S",
    r"(?:let|var|val|auto)\s+\w+(?:\s*:\s*\w+)?\s*=\s*(?:[\[{\"'(]|\w+[.(;]|new\s|await\s)",
    (
        r"[a-z_]\w*(?:\.\w+|\[[^\]\n]*\])*\s*(?:[-+*/|]?=|:=)\s*"
        r"(?:\[|\{\s*['\"}]|lambda\b|new\s|None\b|null\b|[fr]?\"|'|await\s|[\w.]+\.\w+\()"
    ),
    (
        r"[a-z_]\w*(?:\.\w+|\[[^\]\n]*\])*\s*(?:[-+*/|]?=|:=)\s*[\w.\"'()\[\]-]+"
        r"(?:\s*[-+*/%]\s*[\w.()]+)*;(?=\s|\Z)"
    ),
    r"\w+\[[\w\s:+'\"-]+\]\s*[-+*/]?=(?!=)",
    r"[A-Za-z_]\w*(?:\.\w+)*(?:\.|->|::)[a-z_]\w+\((?!\))",
    (
        r"(?:print|printf|range|len|puts|echo|sorted|require|useEffect|useState|setTimeout|malloc"
        r"|strcpy|scanf|fetch|isinstance|enumerate|System\.out\.\w+)\((?!s?\))"
    ),
    r"[a-z]+(?:_[a-z0-9]+)+\((?!\))",
    r"\([\w\s,:{}]*\)\s*=>",
    r"\w+\s*=>\s*[\w.]+[.(\[]",
    r"lambda\s+\w+(?:\s*,\s*\w+)*\s*:",
    r"[\w)\]]+\s*(?:===|!==|&&)\s*[\w!('\"]",
    r"\[[^\[\]\n]{1,60}\sfor\s\w+\sin\s",
    r"(?:SELECT|INSERT\s+INTO|DELETE\s+FROM|CREATE\s+(?:TABLE|INDEX|VIEW)|ALTER\s+TABLE)\s+[\w*(]",
    r"(?i:select\s+(?:\*|distinct\s|count\(|[\w.]+\s*,\s*[\w.]+)\s*[^\n]{0,200}?\bfrom\s)",
    r"(?i:select\s+[\w.]+\s+from\s+\w+\s+(?:where|group\s+by|order\s+by|join|limit)\b)",
    r"(?i:update\s+\w+\s+set\s+\w+\s*=|delete\s+from\s+\w+\s+where\s|insert\s+into\s+\w+)",
    (
        r"(?:grep|awk|sed|curl|docker|kubectl|chmod|find|tar|rsync|ffmpeg|xargs|ssh|rm|ls|cat|git|jq"
        r"|sort|wget|scp|openssl|ps|du|systemctl|pip|npm|python3?)\s+(?:[^\s,;?]+\s+){0,4}?"
        r"(?:--?[a-zA-Z][\w-]*[=\s]+[^\s\w]|'[^'\n]*[{}$/\\|*]"
        r"|\|\s*(?:grep|awk|sed|sort|wc|xargs|head|tail|cut|uniq|jq|tr|tee)\b)"
    ),
    r"=\s?\$?[A-Z]{1,3}\$?\d+\s?[-+*/&<>=]",
    r"=[A-Za-z\u00c0-\u00ff.]{2,12}\([^()\n]*(?:[A-Za-z]\$?\d|[;:!]|\()",
    r"\^?(?:\[[^\]\s]+\]|\\[dwsSDW])(?:[+*]|\{\d)",
    (
        r"</?(?:div|p|a|ul|ol|li|table|tr|td|span|button|input|form|img|h[1-6]|html|head|body|script"
        r"|style|svg|select|option|label|link|meta|section|nav)(?:\s[^<>\n]*)?/?>"
    ),
    r"[.#]?[A-Za-z][\w-]*\s*\{\s*[a-z-]+\s*:\s*[^{}\n]+\}",
    r"[\w)]\s*\{[^{}\n]*;\s*\}",
    r"#include\s*[<\"]",
)
"""In order: declarations, imports, loops and conditions; assignments; calls with arguments; lambdas
and operators; queries; commands; formulas, regular expressions, markup and style."""
_START: Final = re.compile("(?<![\\w@/])(?:" + "|".join(_SHAPES) + ")")
_LONGEST_LINE: Final = 600
_HINTS: Final = (
    "(",
    "=",
    "{",
    "<",
    "[",
    "\\",
    "`",
    "SELECT ",
    "select ",
    "insert ",
    "delete ",
    "-",
)
"""A line without any of these has none of the shapes."""
_TICKED: Final = re.compile(r"`([^`\n]{4,400})`")
_TICKED_CODE: Final = re.compile(r"[=;{|\\\[<]|\((?!\))|\s-{1,2}\w|\w\s*[-+*/%]\s*\w.*[-+*/%]|\*")
_LAST_SIGN: Final = re.compile(r"[(){}\[\];=+*<>|&\"`\\%$](?=[^(){}\[\];=+*<>|&\"`\\%$]*\Z)")
_OPERATORS: Final = frozenset("=+*<|&(\\%[")
_OPERAND: Final = re.compile(r"\s*\S+")
_REMARK: Final = re.compile(r"\s+(?:<-+|<=+|//|#|--|\u2014|\u2013|\u2190)\s+[^(){};=\n]*\Z")
_GAP: Final = re.compile(r"(?:\s{2,}|\t)[^(){};=\n]*\Z")
_SENTENCE: Final = re.compile(
    r"[\s.,:!?]*(?!(?:return|in|from|where|as|if|else|for|and|or|not|do|then|end|is|set|values)\b)"
    r"(?:[^\W\d]{2,}\W+(?:\W*[^\W\d])|[^\W\d]{3,}\s*[?!]+|[\u3040-\u9fff]{2})",
    re.IGNORECASE,
)
"""How a tail of plain words begins: two words, one that asks, or a script without spaces."""


class Inline(NamedTuple):
    """A line taken apart."""

    prose: str
    code: str
    code_first: bool
    """The line begins with code."""


def may_hold_inline(text: str) -> bool:
    """Tell whether a closer look is worth it."""
    return any(hint in text for hint in _HINTS)


def holds_inline(line: str) -> bool:
    """Tell whether a line has code among its words."""
    if "`" in line and any(_TICKED_CODE.search(span) for span in _TICKED.findall(line)):
        return True
    return may_hold_inline(line) and _start_of(line) is not None


def split_line(line: str) -> Inline | None:
    """Take a line apart into words and code; None where it has no code.

    Args:
        line: One line, without its line feed.
    """
    if "`" in line:
        ticked = _without_ticked(line)
        if ticked is not None:
            return ticked
    start = _start_of(line)
    if start is None:
        return None
    end = _end_of(line, start)
    lead = line[:start].strip()
    prose = f"{line[:start]} {line[end:]}".strip()
    return Inline(prose, line[start:end].strip(), code_first=not lead)


def _start_of(line: str) -> int | None:
    """Return where the first unmistakable shape begins."""
    if len(line) > _LONGEST_LINE:
        return None
    found = _START.search(line)
    return None if found is None else found.start()


def _end_of(line: str, start: int) -> int:
    """Return where code ends: with the line, or before a remark or a tail of plain words."""
    for mark in (_REMARK, _GAP):
        aside = mark.search(line, start + 1)
        if aside is not None:
            return aside.start()
    sign = _LAST_SIGN.search(line, start)
    if sign is None:
        return len(line)
    end = sign.end()
    if sign.group() in _OPERATORS:
        operand = _OPERAND.match(line, end)
        end = operand.end() if operand is not None else end
    return end if _SENTENCE.match(line, end) is not None else len(line)


def _without_ticked(line: str) -> Inline | None:
    """Take out what stands between backticks and looks like code; None where nothing does."""
    prose, code = [], []
    at = 0
    for span in _TICKED.finditer(line):
        if _TICKED_CODE.search(span.group(1)) is not None:
            prose.append(line[at : span.start()])
            code.append(span.group(1))
            at = span.end()
    if not code:
        return None
    first = not prose[0].strip()
    prose.append(line[at:])
    return Inline(" ".join(prose).strip(), "\n".join(code), code_first=first)

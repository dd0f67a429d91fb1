"""Telling prose from code, fenced or not.

In: the text of an ask or of an answer. Out: its prose and its code. Never: an exception, or a
verdict on what the code is for.

Fences are those of CommonMark, section 4.5. Code without fences is found line by line: two or
more lines with the marks of code make a block, which indented and blank lines continue.
"""

import re
from typing import Final, NamedTuple

_FENCE: Final = re.compile(
    r"(?:^|\n)[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)(?:\n[ \t]*\1[`~]*[ \t]*(?=\n|\Z)|\Z)",
    re.DOTALL,
)
_INLINE_FENCE: Final = re.compile(r"```(.+?)```", re.DOTALL)
_CODE_TAG: Final = re.compile(r"<(code|pre)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)

_CODE_LINE: Final = re.compile(
    r"""[ \t]*(?:
    (?:def|class|fn|func|function|sub|proc|interface|struct|trait|impl|module|defmodule)
        \ +[\w.:<>*&]+\ *(?:[({:<=\[].*)?$
    |(?:import|from|using|package|namespace|use|require|open)\ +[\w.:{"'<*@/]+[\w.:}"'>*/]*
        (?:\ +(?:import|as|from)\b.*|;|\ *)$
    |\#\ *(?:include|define|ifdef|ifndef|pragma)\b|\#!/|\#\[
    |(?:if|for|while|switch|foreach|elif|catch|else\ if)\ *\(.*\)\ *\{?$
    |(?:if|for|while|elif|else|try|except|with|finally|do|async\ def)\b[^.?!]{0,120}:$
    |(?:public|private|protected|static|const|let|var|val|final|export|void|int|float|double|char
        |bool|boolean|string|long|unsigned|auto|typedef|template|extern|async|await|local|my|our)\b
        .{0,200}(?:[=;{(),<>]$|\ =\ .+|\(.*\))
    |(?:return|yield|raise|throw|print|echo|puts|printf)\b[ (].{0,200}$(?<![.?!])
    |(?:end|fi|done|esac|begin|then|pass|break|continue);?$
    |[\w.\[\]"'>$@:-]+\ *(?:[-+*/|&^%.]?=|:=|<-)\ *[^=\s].*$(?<![.?!])
    |[\w.$:>-]+\([^()]*(?:\([^()]*\)[^()]*)*\)\ *[;{:]?$
    |.{0,300}[;{}]$
    |[)}\]]+[;,.)]*
    |</?[a-zA-Z][^<>]*>
    |(?://|/\*|\*/|--\ |;;|>>>\ |\.\.\.\ |\$\ |@@\ |\+\+\+\ |---\ [ab]/|[+-]\ {2,}\S|@\w+\b)
    |(?:SELECT|INSERT\ INTO|CREATE\ (?:TABLE|INDEX|VIEW)|UPDATE|DELETE\ FROM|FROM|WHERE|GROUP\ BY
        |ORDER\ BY|(?:INNER|LEFT|RIGHT)?\ ?JOIN)\b.*
    |Traceback\ \(most|File\ ".*",\ line\ \d|\ *at\ [\w.$<>]+\(
    )""",
    re.VERBOSE,
)
_MARKS: Final = re.compile(r"[;{}():=>\]]\s*\n|\n[ \t]{2,}\S|\n(?:import|from|#include|def|class) ")
_MOST_LINES: Final = 160
_FEWEST_CODE_LINES: Final = 2


class Split(NamedTuple):
    """A text taken apart."""

    prose: str
    code: str
    code_first: bool
    """The text begins with code."""


def split(text: str) -> Split:
    """Take a text apart into prose and code.

    Args:
        text: A bounded text.

    Returns:
        The prose, the code, and whether code stands first.
    """
    if "```" in text or "~~~" in text:
        pieces = _cut_out(text, _FENCE, 2)
        if pieces is None:
            pieces = _cut_out(text, _INLINE_FENCE, 1)
        if pieces is not None:
            return pieces
    if "<" in text and ("<code>" in text or "<pre>" in text):
        pieces = _cut_out(text, _CODE_TAG, 2)
        if pieces is not None and "\n" in pieces.code.strip():
            return pieces
    if "\n" not in text or _MARKS.search(text) is None:
        return Split(text, "", code_first=False)
    return _split_lines(text)


def holds_code(text: str) -> bool:
    """Tell whether a text has a fence or at least two lines of code."""
    if "```" in text:
        return True
    if "\n" not in text or _MARKS.search(text) is None:
        return False
    return bool(_split_lines(text).code)


def _cut_out(text: str, pattern: re.Pattern[str], group: int) -> Split | None:
    """Separate what a pattern marks as code; None where it marks nothing."""
    prose, code = [], []
    at = 0
    first = -1
    for block in pattern.finditer(text):
        if first < 0:
            first = block.start()
        prose.append(text[at : block.start()])
        code.append(block.group(group))
        at = block.end()
    if first < 0:
        return None
    prose.append(text[at:])
    return Split("\n".join(prose), "\n".join(code), code_first=not text[:first].strip())


def _split_lines(text: str) -> Split:
    """Separate runs of lines that look like code."""
    lines = text.split("\n", _MOST_LINES)
    prose: list[str] = []
    code: list[str] = []
    run: list[str] = []
    marked = 0
    code_first = False
    for line in lines:
        bare = line.rstrip()
        is_code = _CODE_LINE.match(bare) is not None
        if is_code or (run and (not bare or bare[0] in " \t")):
            run.append(line)
            marked += is_code
            continue
        code_first |= _settle(run, marked, prose, code)
        run, marked = [], 0
        prose.append(line)
    code_first |= _settle(run, marked, prose, code)
    return Split("\n".join(prose), "\n".join(code), code_first=code_first)


def _settle(run: list[str], marked: int, prose: list[str], code: list[str]) -> bool:
    """Give a finished run to code or to prose; tell whether it is code that stands first."""
    if marked >= _FEWEST_CODE_LINES:
        first = not code and not any(line.strip() for line in prose)
        code.extend(run)
        return first
    prose.extend(run)
    return False

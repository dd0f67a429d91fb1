"""Telling prose from code, fenced or not.

In: the text of an ask or of an answer. Out: its prose and its code. Never: an exception, or a
verdict on what the code is for.

Fences are those of CommonMark, section 4.5. Code without fences is found line by line: two or
more lines with the marks of code make a block, which indented and blank lines continue. Where
there is neither, code on the same line as words is looked for (`inline_code.py`).
"""

import re
from typing import Final, NamedTuple

from router.request.code_lines import is_code_line
from router.request.inline_code import holds_inline, may_hold_inline, split_line

_FENCE: Final = re.compile(
    r"(?:^|\n)[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)(?:\n[ \t]*\1[`~]*[ \t]*(?=\n|\Z)|\Z)",
    re.DOTALL,
)
_INLINE_FENCE: Final = re.compile(r"```(.+?)```", re.DOTALL)
_CODE_TAG: Final = re.compile(r"<(code|pre)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_SIGNS: Final = (";", "{", "=", "(", "<", "SELECT")
"""A text without any of these holds no code worth a look at its lines."""
_MOST_LINES: Final = 120
_FEWEST_CODE_LINES: Final = 2
_INLINE_WINDOW: Final = 800
"""Characters of a text that are searched for code among words: people put it near the start."""


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
    pieces = _split_lines(text) if _may_hold_lines(text) else None
    if pieces is not None and pieces.code:
        return pieces
    return _split_inline(text)


def holds_code(text: str) -> bool:
    """Tell whether a text has a fence, a block of code lines, or code among its words.

    Cheaper than `split`, for messages whose code only counts as being there.
    """
    if "```" in text:
        return True
    if _holds_block(text):
        return True
    return any(map(holds_inline, _lines_to_search(text)))


def _holds_block(text: str) -> bool:
    """Tell whether lines of code stand together."""
    if not _may_hold_lines(text):
        return False
    in_a_row = 0
    for line in text.split("\n", _MOST_LINES):
        if is_code_line(line):
            in_a_row += 1
            if in_a_row == _FEWEST_CODE_LINES:
                return True
        elif line and line[0] not in " \t\r":
            in_a_row = 0
    return False


def _may_hold_lines(text: str) -> bool:
    """Tell whether a closer look for lines of code is worth it."""
    return "\n" in text and any(sign in text for sign in _SIGNS)


def _lines_to_search(text: str) -> list[str]:
    """Return the lines that are searched for code among words: none of a long text without any."""
    if not may_hold_inline(text):
        return []
    return [line for line in text[:_INLINE_WINDOW].split("\n") if may_hold_inline(line)]


def _split_inline(text: str) -> Split:
    """Separate code that stands on a line with words."""
    searched = set(_lines_to_search(text))
    prose: list[str] = []
    code: list[str] = []
    code_first = False
    for line in text.split("\n") if searched else ():
        pieces = split_line(line) if line in searched else None
        if pieces is None:
            prose.append(line)
            continue
        code_first |= pieces.code_first and not code and not any(map(str.strip, prose))
        prose.append(pieces.prose)
        code.append(pieces.code)
    if not code:
        return Split(text, "", code_first=False)
    return Split("\n".join(prose), "\n".join(code), code_first=code_first)


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
    prose: list[str] = []
    code: list[str] = []
    run: list[str] = []
    marked = 0
    code_first = False
    for line in text.split("\n", _MOST_LINES):
        if is_code_line(line):
            run.append(line)
            marked += 1
        elif run and (not line or line[0] in " \t\r"):
            run.append(line)
        else:
            if run:
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

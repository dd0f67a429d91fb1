"""What the demo prints: the tour's table, and how to point one's own client at the router.

In: rows of the tour, an address. Out: text on a console: fitted to a terminal; elsewhere plain,
one line a row. Never: a request.
"""

from collections.abc import Iterable
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from router.demo.tour import Row
from router.demo.weights import MODEL

PLAIN_WIDTH: Final = 240
"""Columns off a terminal: wide enough that nothing wraps."""
_TEXTS: Final = ("prompt", "answer begins")
_CHARACTERS: Final = (48, 72)
"""How much of a prompt and of an answer is shown; half of it on a narrow terminal."""
_NARROW: Final = 110


def console(*, stderr: bool = False) -> Console:
    """Return a console: the terminal's width there; elsewhere wide, and without colour."""
    plain = Console(stderr=stderr, highlight=False)
    if plain.is_terminal:
        return plain
    return Console(stderr=stderr, highlight=False, width=PLAIN_WIDTH, no_color=True)


def print_rows(out: Console, rows: Iterable[Row]) -> None:
    """Print what became of each prompt, and a word on who answered."""
    table = Table(box=box.SIMPLE_HEAD if out.is_terminal else None, pad_edge=False)
    for name in ("prompt", "category", "sure", "backend", "first token", "answer begins"):
        # A narrow terminal breaks the texts over lines; where a prompt went stays whole.
        table.add_column(name, no_wrap=not (out.is_terminal and name in _TEXTS))
    prompt, answer = _CHARACTERS if out.width >= _NARROW else (n // 2 for n in _CHARACTERS)
    for row in rows:
        table.add_row(
            Text(_one_line(row.prompt, prompt)),
            Text(row.category, style="bold"),
            f"{row.confidence:.2f}",
            Text(row.backend, style="bold"),
            f"{row.first_token_seconds * 1000:.0f} ms",
            Text(_one_line(row.text, answer), style="italic"),
        )
    out.print(table)
    out.print(
        f"The backends here are one small model under three names ({MODEL}, on this machine);"
        " its answers are real, and often wrong.",
        markup=False,
    )


def print_directions(out: Console, origin: str, *, serving: bool) -> None:
    """Say how to point one's own client at the router at `origin`, e.g. `http://127.0.0.1:8900`."""
    if serving:
        lead = "Point your own client at it; it serves until Ctrl-C:"
    else:
        lead = "`task-router demo` keeps it running; then point your own client at it:"
    json = "content-type: application/json"
    body = (
        '{"model":"auto","stream":true,"messages":[{"role":"user","content":"What is a haiku?"}]}'
    )
    lines = (
        "",
        lead,
        f'  openai   OpenAI(base_url="{origin}/v1", api_key="none"), model="auto"',
        f"  curl     curl -N {origin}/v1/chat/completions -H '{json}' -d '{body}'",
        f"  metrics  curl {origin}/metrics",
    )
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def _one_line(text: str, characters: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= characters else line[: characters - 1].rstrip() + "…"

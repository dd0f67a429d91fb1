"""What somebody may have meant, and how their words are shown.

In: a name that leads nowhere, the names that there are. Out: the end of a sentence. Never: a long
or unprintable text of somebody else's in a message.
"""

import difflib
from collections.abc import Iterable
from typing import Final

_MAX_SHOWN: Final = 60
_MAX_LISTED: Final = 20


def near_miss(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean `x`?" where a known name is near, else "; there are: …"."""
    names = list(known)
    short = name[:_MAX_SHOWN].strip().lower()
    near = [n for n in names if short and n.lower().startswith(short)]
    near += difflib.get_close_matches(short, names, n=1)
    if near:
        return f"; did you mean `{near[0]}`?"
    more = ", …" if len(names) > _MAX_LISTED else ""
    listed = ", ".join(names[:_MAX_LISTED]) + more
    return f"; there are: {listed}" if listed else ""


def shown(text: str) -> str:
    """Return somebody else's text in quotes, shortened, with only printable characters."""
    short = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
    return "'" + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short) + "'"

"""The project's own labelled rows, in the format of `evaluate --data`.

In: nothing. Out: the paths of the files, in alphabetical order. Never: rows taken from elsewhere.

They were written for what public data leaves out: code that is only to be explained, wishes of
people who do not program, terse asks, follow-ups that leave the code, many languages. Each
file is one hand, written row by row to a brief of its own.
"""

from pathlib import Path
from typing import Final

CORPUS_FILES: Final = tuple(sorted(Path(__file__).parent.glob("*.jsonl")))

"""Public data sets: which there are, what they allow, and how a local copy becomes labelled rows.

In: the name of a source, the path of a copy that is already here. Out: rows in the format that
`evaluate --data` and `train --data` read, and a count of what was left out and why. Never: the
network, a row whose label would be a guess, or a record that disappears without being counted.

One file per trade: `licenses` says what a licence asks, `table` lists the sources, `reading` turns
files into records, `records` reads the fields of one, `code_work` and `other_work` know the
formats, `conversion` joins them.
"""

from router.classification.training.sources.conversion import (
    CONVERTERS,
    Conversion,
    LabelledRow,
    convert,
)
from router.classification.training.sources.licenses import is_share_alike
from router.classification.training.sources.table import SOURCES, Source

__all__ = [
    "CONVERTERS",
    "SOURCES",
    "Conversion",
    "LabelledRow",
    "Source",
    "convert",
    "is_share_alike",
]

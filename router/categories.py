"""The table of task categories.

In: nothing. Out: the categories, their meanings, and the label set that metrics may use for them.
Never: a decision, or a name that is not in the table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

GENERAL_INSTRUCT: Final = "general-instruct"
MULTI_TURN_CHAT: Final = "multi-turn-chat"
CODE_GENERATION: Final = "code-generation"
CODE_EDIT: Final = "code-edit"

CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        GENERAL_INSTRUCT: "one task, not code work: summarise, translate, explain, write",
        MULTI_TURN_CHAT: "the next turn of a conversation, not code work",
        CODE_GENERATION: "code that does not exist yet: a program, query, command, tests, infill",
        CODE_EDIT: "a change to code in the prompt, the conversation or the repository",
    },
)
"""Category → what the latest user request is. The order is that of every table of four."""

UNCLASSIFIED: Final = "none"
"""The label of requests that were not classified: refused, or addressed to a backend."""

CATEGORY_LABELS: Final = (*CATEGORIES, UNCLASSIFIED)
"""The closed set of values of the metric label `category`."""

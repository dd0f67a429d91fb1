"""Structural facts of a prompt.

In: a `Prompt`. Out: a handful of facts out of a closed table. Never: a look at single words, or at
the tools a request offers: they say nothing of what is asked.
"""

from typing import Final

from router.types import Prompt

_MOST_BITS: Final = 11
_SIZES: Final = ("no", *(f"{1 << bits} or more" for bits in range(_MOST_BITS)))
_CONTEXTS: Final = (
    "single turn, no code in the ask",
    "single turn, code in the ask",
    "conversation without code, no code in the ask",
    "conversation without code, code in the ask",
    "conversation with code, no code in the ask",
    "conversation with code, code in the ask",
)
_ORDERS: Final = ("no code", "code", "code first")
_PROSE: Final = ("without words", "with words")
_QUESTIONS: Final = ("no question", "a question")
_QUESTION_MARKS: Final = frozenset("?\uff1f\u061f")
"""ASCII, full-width and Arabic."""

_ASK_SIZES: Final = tuple(f"ask of {size} characters" for size in _SIZES)
_KINDS: Final = (
    _ASK_SIZES,
    tuple(f"code of {size} characters" for size in _SIZES),
    _CONTEXTS,
    tuple(f"{order} in the ask, {prose}" for order in _ORDERS for prose in _PROSE),
    ("the last answer has no code", "the last answer has code"),
    tuple(f"{question}, {context}" for question in _QUESTIONS for context in _CONTEXTS),
    tuple(f"{size}, {context}" for size in _ASK_SIZES for context in _CONTEXTS),
)
"""The kinds of fact; a prompt has one of each."""
FACTS: Final = tuple(fact for kind in _KINDS for fact in kind)
"""Every fact there is, in words."""
_OFFSETS: Final = tuple(sum(map(len, _KINDS[:at])) for at in range(len(_KINDS)))
"""Where each kind begins in `FACTS`."""


def facts_of(prompt: Prompt) -> tuple[int, ...]:
    """Return the facts of a prompt.

    Args:
        prompt: What reading found.

    Returns:
        Places in `FACTS`, the same number for every prompt.
    """
    context = 2 * (prompt.has_assistant + (prompt.has_assistant and prompt.history_has_code))
    context += bool(prompt.code)
    size = min(len(prompt.ask).bit_length(), _MOST_BITS)
    code_size = min(len(prompt.code).bit_length(), _MOST_BITS)
    order = bool(prompt.code) + (bool(prompt.code) and prompt.code_first)
    question = prompt.ask.rstrip()[-1:] in _QUESTION_MARKS
    ask_sizes, code_sizes, contexts, orders, answers, questions, sizes_in_context = _OFFSETS
    return (
        ask_sizes + size,
        code_sizes + code_size,
        contexts + context,
        orders + 2 * order + bool(prompt.ask),
        answers + prompt.answer_has_code,
        questions + len(_CONTEXTS) * question + context,
        sizes_in_context + len(_CONTEXTS) * size + context,
    )

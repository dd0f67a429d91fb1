"""Structural facts of a prompt, in words.

In: a `Prompt`. Out: a handful of facts. Never: a look at single words, or at the tools a request
offers: they say nothing of what is asked.
"""

from typing import Final

from router.types import Prompt

_LONGEST_BITS: Final = 11


def _context_of(prompt: Prompt) -> int:
    """Return which of six situations the ask stands in, 0 to 5.

    Single turn, conversation, or conversation with code; each without or with code in the ask.
    """
    conversation = prompt.has_assistant + (prompt.has_assistant and prompt.history_has_code)
    return 2 * conversation + bool(prompt.code)


def facts_of(prompt: Prompt) -> tuple[str, ...]:
    """Return the facts that count as features.

    Args:
        prompt: What reading found.

    Returns:
        Facts in words; the same number for every prompt.
    """
    context = _CONTEXTS[_context_of(prompt)]
    ask_size = _size(len(prompt.ask))
    question = "a question" if prompt.ask.rstrip()[-1:] in _QUESTION_MARKS else "no question"
    code = "no code" if not prompt.code else "code first" if prompt.code_first else "code"
    prose = "with words" if prompt.ask else "without words"
    return (
        f"ask of {ask_size} characters",
        f"code of {_size(len(prompt.code))} characters",
        context,
        f"{code} in the ask, {prose}",
        "the last answer has code" if prompt.answer_has_code else "the last answer has no code",
        f"{question}, {context}",
        f"ask of {ask_size} characters, {context}",
    )


_QUESTION_MARKS: Final = frozenset("?\uff1f\u061f")
"""ASCII, full-width and Arabic."""
_CONTEXTS: Final = (
    "single turn, no code in the ask",
    "single turn, code in the ask",
    "conversation without code, no code in the ask",
    "conversation without code, code in the ask",
    "conversation with code, no code in the ask",
    "conversation with code, code in the ask",
)


def _size(length: int) -> str:
    """Return a length in powers of two, in words."""
    bits = min(length.bit_length(), _LONGEST_BITS)
    return "no" if bits == 0 else f"{1 << (bits - 1)} or more"

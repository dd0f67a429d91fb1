"""What the encoder reads of a prompt, in which order.

In: a `Prompt` and a vocabulary. Out: numbers of pieces. Never: more than `MOST_PIECES` of them.

    <s> situation </s> previous ask </s> end of the last answer </s> ask </s> code </s>

where code stands before the ask if the client's ask begins with it.
"""

from typing import Final

from router.classification.encoder.pieces import BEGIN, END, Pieces
from router.types import Prompt

_ASK: Final = (64, 32)
"""Pieces kept of the ask: head and tail."""
_ASK_CHARACTERS: Final = (480, 240)
_CODE: Final = 24
_CODE_CHARACTERS: Final = 160
_PREVIOUS: Final = 24
_PREVIOUS_CHARACTERS: Final = 160
_ANSWER: Final = 24
_ANSWER_CHARACTERS: Final = 160
_MARKS: Final = 6
_SITUATION: Final = 8
MOST_PIECES: Final = _MARKS + _SITUATION + sum(_ASK) + _CODE + _PREVIOUS + _ANSWER


def lay_out(prompt: Prompt, pieces: Pieces) -> list[int]:
    """Return the pieces that the encoder reads, in order."""
    head, tail = _ASK
    text = prompt.ask
    first, last = _ASK_CHARACTERS
    if len(text) > first + last:
        text = f"{text[:first]} {text[-last:]}"
    ask = pieces.cut(text)
    if len(ask) > head + tail:
        ask = ask[:head] + ask[-tail:]
    code = pieces.cut(prompt.code[:_CODE_CHARACTERS])[:_CODE]
    latest = [*code, END, *ask] if prompt.code_first else [*ask, END, *code]
    previous = pieces.cut(prompt.previous_ask[:_PREVIOUS_CHARACTERS])[:_PREVIOUS]
    answer = pieces.cut(prompt.previous_answer[-_ANSWER_CHARACTERS:])[-_ANSWER:]
    situation = pieces.cut(_situation(prompt))[:_SITUATION]
    return [BEGIN, *situation, END, *previous, END, *answer, END, *latest, END]


def _situation(prompt: Prompt) -> str:
    """Say in words what the conversation holds."""
    words = ["chat" if prompt.has_assistant else "single"]
    if prompt.history_has_code:
        words.append("code")
    if prompt.answer_has_code:
        words.append("answer")
    return " ".join(words)

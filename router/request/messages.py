"""The texts inside messages of any shape.

In: what a client put into `messages`, whatever it is. Out: roles and bounded texts. Never: an
exception, or a copy of a long text: of each, only the first and last kilobytes are kept.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

TEXT_PARTS: Final = frozenset({"text", "input_text", "output_text"})
"""Part types that hold text: chat completions' own, and those of the Responses API."""
MOST_PARTS: Final = 24
"""Of a list of parts the first and last dozen are read."""
HEAD: Final = 4_096
TAIL: Final = 4_096
"""Characters kept of each part: agents put the ask at the start or at the end, never in between."""
CUT: Final = "\n[…]\n"
"""Stands where the middle of a long text was left out."""


def messages_of(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the messages that are objects; an empty list where there are none."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return []
    return [message for message in messages if isinstance(message, dict)]


def role_of(message: Mapping[str, Any]) -> str:
    """Return the role; an empty string where it is missing or no string."""
    role = message.get("role")
    return role if isinstance(role, str) else ""


def bounded(text: str, head: int = HEAD, tail: int = TAIL) -> str:
    """Return a text, or its first `head` and last `tail` characters with a mark between them."""
    if len(text) <= head + tail + len(CUT):
        return text
    return text[:head] + CUT + text[-tail:]


def texts_of(message: Mapping[str, Any]) -> list[str]:
    """Return the bounded texts of a message: one for a string, one for each part with text."""
    content = message.get("content")
    if isinstance(content, str):
        return [bounded(content)]
    if not isinstance(content, list):
        return []
    parts = content
    if len(parts) > MOST_PARTS:
        parts = parts[: MOST_PARTS // 2] + parts[-MOST_PARTS // 2 :]
    return [bounded(text) for text in _part_texts(parts)]


def _part_texts(parts: list[Any]) -> Iterator[str]:
    """Yield the text of each part that holds some; unknown kinds of part are passed over."""
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            kind, text = part.get("type", "text"), part.get("text")
            if isinstance(text, str) and isinstance(kind, str) and kind in TEXT_PARTS:
                yield text

"""Transformations of a request that leave its category as it is.

In: a parsed chat request, and a seed. Out: a new request, or None where a transformation does not
apply or would be silly. Never: a change to the request that came in, or to what is asked.

They measure robustness, so training must not know them: `training/augmentation.py` swaps and loses
letters, leaves code among the words and hides the history, and nothing of that is done here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from router.assay import rewording, surroundings
from router.assay.rewording import drawn
from router.assay.surroundings import Frame
from router.request.code_lines import is_code_line
from router.request.code_spotting import split
from router.request.messages import role_of
from router.request.wrappers import real_ask

Request: TypeAlias = Mapping[str, Any]
Transformation: TypeAlias = Callable[[Request, str], dict[str, Any] | None]
"""Takes a request and a seed; one seed always gives the same result."""

_SHORTEST_FRAMED: Final = 12
"""Characters of an ask worth a frame: thanks around "yes" make another message of it."""
_FEWEST_CASED: Final = 8
"""Letters that have to change their case."""
_FEWEST_INDENTED: Final = 2
_FENCE_MARK: Final = "```"
_FENCED: Final = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)\n[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
_INDENT: Final = re.compile(r"^(?: {4})+", re.MULTILINE)
_SYSTEM_ROLES: Final = frozenset({"system", "developer"})


def _reworded(
    change: Callable[[str, str], str | None], request: Request, seed: str
) -> dict[str, Any] | None:
    """Return the request with the text of its last user message changed.

    None where there is no such text, where a program already wrote around it, or where nothing
    changes.
    """
    messages = request.get("messages")
    if not isinstance(messages, list):
        return None
    for at in range(len(messages) - 1, -1, -1):
        message = messages[at]
        if isinstance(message, dict) and role_of(message) == "user":
            content = _content_changed(message.get("content"), lambda text: change(text, seed))
            if content is None:
                return None
            changed = {**message, "content": content}
            return {**request, "messages": [*messages[:at], changed, *messages[at + 1 :]]}
    return None


def _content_changed(content: Any, change: Callable[[str], str | None]) -> Any:
    """Return content with its text, or the last of its text parts, changed; None where not."""
    if isinstance(content, str):
        text = content.strip()
        changed = change(content) if text and real_ask(content) == text else None
        return None if changed == content else changed
    if not isinstance(content, list):
        return None
    for at in range(len(content) - 1, -1, -1):
        part = content[at]
        if isinstance(part, dict) and isinstance(part.get("text"), str) and part["text"].strip():
            inside = _content_changed(part["text"], change)
            if inside is None:
                return None
            return [*content[:at], {**part, "text": inside}, *content[at + 1 :]]
    return None


def _upper(text: str, _seed: str) -> str | None:
    """Write the words of the ask in capitals; code and names stay."""
    changed = rewording.prose_words(text, str.upper)
    return changed if _cased(text, changed) >= _FEWEST_CASED else None


def _lower(text: str, _seed: str) -> str | None:
    """Write all in lower case, code too: it is still the code that is spoken of."""
    changed = text.lower()
    return changed if _cased(text, changed) else None


def _cased(before: str, after: str) -> int:
    """Count the characters that differ; a letter that grows when capitalised counts for more."""
    changed = sum(one != other for one, other in zip(before, after, strict=False))
    return changed + abs(len(before) - len(after))


def _without_fences(text: str, _seed: str) -> str | None:
    """Take the fences off code; None where one does not close or stands inside a line."""
    bare = _FENCED.sub(lambda block: block.group(1), text)
    return None if _FENCE_MARK in bare else bare


def _spaced(text: str, _seed: str) -> str | None:
    """Double each line break, as pasting from some programs does; None for a single line."""
    lines = text.strip("\n")
    return lines.replace("\n", "\n\n") if "\n" in lines else None


def _wrapped(blocks: Sequence[Frame], text: str, seed: str) -> str:
    """Put a program's words before or after what the user wrote."""
    before, after = drawn(blocks, seed)
    return f"{before}{text}{after}"


def _framed(frames: Sequence[Frame], text: str, seed: str) -> str | None:
    """Put the user's own words before and after an ask; thanks around bare code would be odd."""
    long_enough = len(text.strip()) >= _SHORTEST_FRAMED
    return _wrapped(frames, text, seed) if long_enough and not _is_bare_code(text) else None


def _ended(endings: Sequence[str], text: str, seed: str) -> str | None:
    """Put words after an ask."""
    return _framed([("", ending) for ending in endings], text, seed)


def _is_bare_code(text: str) -> bool:
    """Tell whether a text begins and ends with code."""
    lines = text.strip().split("\n")
    return all(is_code_line(line) or _FENCE_MARK in line for line in (lines[0], lines[-1]))


def _reindented(unit: str, text: str, _seed: str) -> str | None:
    """Indent code by another unit than four spaces."""
    if not split(text).code:
        return None
    changed, lines = _INDENT.subn(lambda indent: unit * (len(indent.group()) // 4), text)
    return changed if lines >= _FEWEST_INDENTED else None


def _with_system(prompts: Sequence[str], request: Request, seed: str) -> dict[str, Any] | None:
    """Put a system prompt in front of a conversation that has none."""
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        return None
    if any(isinstance(one, dict) and role_of(one) in _SYSTEM_ROLES for one in messages):
        return None
    system = {"role": "system", "content": drawn(prompts, seed)}
    return {**request, "messages": [system, *messages]}


def _with_tools(
    tools: Sequence[Mapping[str, Any]], request: Request, _seed: str
) -> dict[str, Any] | None:
    """Offer tools in a request that offers none."""
    if "tools" in request or "functions" in request:
        return None
    return {**request, "tools": [dict(tool) for tool in tools]}


def _as_parts(request: Request, _seed: str) -> dict[str, Any] | None:
    """Send each text as a list of one part."""
    messages = request.get("messages")
    if not isinstance(messages, list):
        return None
    changed = [_message_as_parts(message) for message in messages]
    return {**request, "messages": changed} if changed != messages else None


def _message_as_parts(message: Any) -> Any:
    """Turn a message's text into one part; other messages stay."""
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        return message
    return {**message, "content": [{"type": "text", "text": message["content"]}]}


def _text(change: Callable[[str, str], str | None]) -> Transformation:
    """Return a transformation of the text of the latest ask."""
    return partial(_reworded, change)


TRANSFORMATIONS: Final[Mapping[str, Transformation]] = MappingProxyType(
    {
        "upper-case": _text(_upper),
        "lower-case": _text(_lower),
        "neighbour-typos": _text(rewording.mistyped),
        "fences-removed": _text(_without_fences),
        "blank-lines": _text(_spaced),
        "indent-two": _text(partial(_reindented, "  ")),
        "indent-tabs": _text(partial(_reindented, "\t")),
        "polite-frame": _text(partial(_framed, surroundings.POLITE_FRAMES)),
        "foreign-frame": _text(partial(_framed, surroundings.FOREIGN_FRAMES)),
        "signature": _text(partial(_ended, surroundings.SIGNATURES)),
        "orders-code": _text(partial(_ended, surroundings.CODING_ORDERS)),
        "orders-chat": _text(partial(_ended, surroundings.CHAT_ORDERS)),
        "editor-block": _text(partial(_wrapped, surroundings.EDITOR_BLOCKS)),
        "reminder-block": _text(partial(_wrapped, surroundings.REMINDER_BLOCKS)),
        "environment-block": _text(partial(_wrapped, surroundings.ENVIRONMENT_BLOCKS)),
        "system-neutral": partial(_with_system, surroundings.NEUTRAL_SYSTEMS),
        "system-coding": partial(_with_system, surroundings.CODING_SYSTEMS),
        "system-writing": partial(_with_system, surroundings.WRITING_SYSTEMS),
        "editor-tools": partial(_with_tools, surroundings.EDITOR_TOOLS),
        "shop-tools": partial(_with_tools, surroundings.SHOP_TOOLS),
        "content-parts": _as_parts,
    }
)
"""Name → transformation."""

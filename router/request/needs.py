"""What a request needs of a backend.

In: a `ChatRequest`. Out: the capabilities it uses and an estimate of its tokens. Never: an
exception on any shape of JSON, or a refusal.
"""

from collections.abc import Mapping
from typing import Any, Final

from router.closed_sets import Capability
from router.request.messages import messages_of
from router.types import ChatRequest, Needs

_PART_NEEDS: Final[Mapping[str, Capability]] = {
    "image_url": "vision",
    "input_image": "vision",
    "image": "vision",
    "input_audio": "audio",
    "audio": "audio",
}
_PLAIN: Final = 1 / 4
"""Tokens for each ASCII character: English prose and code, in the vocabularies of today."""
_ALPHABETIC: Final = 1 / 3.5
"""For each character of two UTF-8 bytes: Cyrillic, Greek, Arabic, Hebrew, accented Latin."""
_WIDE: Final = 0.9
"""For each character of three or more: Chinese, Japanese, Korean and most scripts of Asia."""
_ESCAPE_BYTES: Final = 6
"""The length of a character written as backslash, u and four digits."""
_IMAGE_TOKENS: Final = 800
"""A picture has some 85 to 1,500 tokens by model and size; its base64 text says nothing."""
_SAMPLE: Final = 4_096


def read_needs(request: ChatRequest) -> Needs:
    """Find the capabilities a request uses, and estimate how many tokens its prompt has.

    The estimate counts the body's characters, JSON's own quoting included, so it errs a little
    high: a quarter token for ASCII, more for other scripts, by their share in both ends;
    images and audio count a fixed 800 each instead of their bytes. An error of a third is usual.

    Args:
        request: A parsed request of any shape; an unreadable one needs nothing known.
    """
    body = request.body
    needed: set[Capability] = set()
    if body.get("tools") or body.get("functions"):
        needed.add("tools")
    if _asks_for_schema(body.get("response_format")):
        needed.add("json_schema")
    if _asks_for_logprobs(body.get("logprobs")) or _asks_for_logprobs(body.get("top_logprobs")):
        needed.add("logprobs")
    several = body.get("n")
    if isinstance(several, int) and several > 1:
        needed.add("n")
    if isinstance(body.get("suffix"), str) and body["suffix"]:
        needed.add("infill")
    if "audio" in _modalities(body):
        needed.add("audio")
    media_bytes, media = _media(body, needed)
    return Needs(
        capabilities=frozenset(needed),
        tokens=_tokens(request.raw, media_bytes) + media * _IMAGE_TOKENS,
    )


def _asks_for_schema(wanted: Any) -> bool:
    """Tell whether `response_format` names a JSON schema."""
    return isinstance(wanted, dict) and wanted.get("type") == "json_schema"


def _asks_for_logprobs(wanted: Any) -> bool:
    """Tell whether a member asks for log probabilities; 0 is a number of them, false is not."""
    return wanted is not None and wanted is not False


def _modalities(body: Mapping[str, Any]) -> list[Any]:
    """Return the kinds of output the client asked for."""
    modalities = body.get("modalities")
    return modalities if isinstance(modalities, list) else []


def _media(body: Mapping[str, Any], needed: set[Capability]) -> tuple[int, int]:
    """Note what media parts need; return their bytes and their number."""
    size = count = 0
    for message in messages_of(body):
        content = message.get("content")
        if not isinstance(content, list):
            continue
        for part in content:
            kind = part.get("type") if isinstance(part, dict) else None
            need = _PART_NEEDS.get(kind) if isinstance(kind, str) else None
            if need is not None:
                needed.add(need)
                size += _longest_text(part)
                count += 1
    return size, count


def _longest_text(part: Mapping[str, Any]) -> int:
    """Return the length of the longest string one or two levels into a part: its data."""
    longest = 0
    for value in part.values():
        inner = value.values() if isinstance(value, dict) else (value,)
        longest = max(longest, *(len(text) for text in inner if isinstance(text, str)), 0)
    return longest


def _tokens(raw: bytes, media_bytes: int) -> int:
    """Estimate the tokens of a body from its bytes, less those of media."""
    length = max(0, len(raw) - media_bytes)
    sample = raw if len(raw) <= 2 * _SAMPLE else raw[:_SAMPLE] + raw[-_SAMPLE:]
    escaped = sample.count(b"\\u")
    if not escaped and sample.isascii():
        return int(length * _PLAIN)
    text = sample.decode("utf-8", errors="ignore")
    plain = len(text.encode("ascii", errors="ignore"))
    others, their_bytes = len(text) - plain, len(text.encode()) - plain
    wide = max(0, their_bytes - 2 * others)
    escaped_low = sample.count(b"\\u0")
    tokens = (
        (plain - _ESCAPE_BYTES * escaped) * _PLAIN
        + (others - wide + escaped_low) * _ALPHABETIC
        + (wide + escaped - escaped_low) * _WIDE
    )
    return int(length * max(0.0, tokens) / len(sample))

"""What requests need of a backend."""

import json
from typing import Any

import pytest

from router.request import read_body, read_needs
from router.types import Needs


def needs_of(**body: Any) -> Needs:
    """Read the needs of a body."""
    return read_needs(read_body(json.dumps(body).encode()))


def user(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a conversation of one user message with these parts."""
    return [{"role": "user", "content": list(parts)}]


_IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 90_000}}


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        ({}, set()),
        ({"tools": []}, set()),
        ({"tools": [{"type": "function"}]}, {"tools"}),
        ({"functions": [{"name": "f"}]}, {"tools"}),
        ({"messages": user(_IMAGE)}, {"vision"}),
        ({"messages": user({"type": "input_audio", "input_audio": {"data": "x"}})}, {"audio"}),
        ({"modalities": ["text", "audio"]}, {"audio"}),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, {"json_schema"}),
        ({"response_format": {"type": "json_object"}}, set()),
        ({"logprobs": True}, {"logprobs"}),
        ({"logprobs": False}, set()),
        ({"logprobs": 0}, {"logprobs"}),
        ({"top_logprobs": 3}, {"logprobs"}),
        ({"n": 1}, set()),
        ({"n": 3}, {"n"}),
        ({"n": "3"}, set()),
        ({"prompt": "def f(", "suffix": "\n    return x"}, {"infill"}),
        ({"prompt": "def f(", "suffix": ""}, set()),
    ],
)
def test_capabilities_are_those_that_the_request_uses(
    body: dict[str, Any],
    needed: set[str],
) -> None:
    """Each by the member that asks for it."""
    assert needs_of(**body).capabilities == needed


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The quick brown fox jumps over the lazy dog and runs home. " * 50, 650),
        ("for item in items:\n    total += item.price * item.count\n" * 50, 750),
        ("我想请你帮我写一封给房东的信并说明下个月搬家的事情。" * 50, 1_000),
        ("Привет, расскажи, пожалуйста, почему небо голубое и вода мокрая. " * 50, 900),
    ],
    ids=["English", "code", "Chinese", "Russian"],
)
def test_the_token_estimate_is_within_a_third_or_so(text: str, tokens: int) -> None:
    """Whether the client escapes what is not ASCII or not."""
    for ascii_only in (True, False):
        body = {"messages": [{"role": "user", "content": text}]}
        raw = json.dumps(body, ensure_ascii=ascii_only).encode()
        estimate = read_needs(read_body(raw)).tokens
        assert 0.6 * tokens < estimate < 1.6 * tokens


def test_an_image_counts_by_the_piece_and_not_by_its_bytes() -> None:
    """Base64 says nothing of tokens."""
    assert needs_of(messages=user(_IMAGE)).tokens < 2_000


def test_an_unreadable_body_needs_nothing_known() -> None:
    """Only its length is known."""
    needs = read_needs(read_body(b'{"x":' + b"[" * 5_000))
    assert needs.capabilities == frozenset()
    assert needs.tokens == (5_000 + 5) // 4

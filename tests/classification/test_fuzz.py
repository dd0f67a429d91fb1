"""Ten thousand bodies of every odd shape: reading and the first look never raise.

One failure is allowed, `InvalidBodyError` of `read_body`: what is no JSON object is refused there.
"""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from router.categories import CATEGORIES
from router.classification.classifier import Classifier, load_classifier
from router.errors import InvalidBodyError
from router.request import read_body, read_needs, read_prompt

_Chance = np.random.Generator
_SEED = 20_261_123

_SHAPES = 5_000
_TEXTS = 2_000
_DAMAGED = 2_000
_NOISE = 1_000

_CODE = "def f(x):\n    return x[::-1]\n\nfor i in range(3): print(f(i))"
_TEMPLATES: tuple[dict[str, Any], ...] = (
    {"model": "auto", "messages": [{"role": "user", "content": "Why is the sky blue?"}]},
    {
        "model": "auto",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": f"Fix this\n```python\n{_CODE}\n```"},
            {"role": "assistant", "content": "Done:\n```\nx = 1\n```"},
            {"role": "user", "content": "yes, go on"},
        ],
    },
    {
        "messages": [
            {"role": "user", "content": "Write a parser for dates"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
            {"role": "tool", "tool_call_id": "1", "content": "no such file"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x"}},
        "n": 2,
        "logprobs": True,
    },
    {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<task>\nWhat is in the picture?\n</task>"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {"type": "text", "text": "<environment_details>\ncwd: /srv\n"},
                ],
            },
        ],
        "modalities": ["text", "audio"],
    },
    {"model": "auto", "prompt": f"{_CODE}\ndef g(", "suffix": "):\n    pass"},
)

_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**63, 10**400, -1.5, 1e308, math.nan, math.inf),
    *("", " ", "\x00", "\ud800", "a\udfff", "user", "assistant", "tool", "text", "\u202e", "```"),
    *([], {}, [[]], [None], [[], {}], {"": None}, {"text": []}, {"type": {}}, {"type": "hologram"}),
    *([{"type": "text", "text": None}], [{"type": "text"}], [{"text": "hi"}], ["hi", 3, None]),
    *([{"role": "user", "content": "hi"}], {"role": [], "content": 1}, {"messages": []}, _CODE),
)
"""What stands where something else is expected."""

_PIECES: tuple[str, ...] = (
    *("```", "```python\n", "~~~", "`", "<task>", "</task>", "<system-reminder>", "</context>"),
    *("<code>", "</pre>", "<", ">", "\n", "\n\n", "\t", "    ", "\r\n", "[…]", "\x00", "\ud800"),
    *("def f(x):", "SELECT * FROM t;", "x = [", "lambda y: ", "{", "}", "((((", "\\d+", "$ ls -la"),
    *(
        "fix",
        "yes",
        "继续",
        "why does it crash",
        "schreibe ein Gedicht",
        "はい",
        "ok",
        "مرحبا",
        "e\u0301",
    ),
    *(
        "OBSERVATION:",
        "This session is being continued from a previous conversation",
        "# My request\n",
    ),
    *("[read_file for 'a'] Result:", "I switched to a new code base", "### Task:\nRespond to"),
    *("<environment_details>", "Goal:", "\U0001f600", "\u200b", "a" * 700, "=" * 300, "(" * 900),
)
"""What texts are put together from."""

_BYTES: tuple[bytes, ...] = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"\\",
        b"\\u",
        b"\\ud83d",
        b"\xff",
        b"\xc3",
        b"\x00",
    ),
    *(b"null", b"1e999", b"-", b"NaN", b"\xef\xbb\xbf", b'"messages":', b"[" * 3_000, b"9" * 5_000),
    *(b'{"a":' * 1_500, b'"role":"user"', b"//", b"'"),
)
"""What is put among bytes."""


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The classifier without its second look."""
    return load_classifier(encoder=False)


def survives(classifier: Classifier, raw: bytes) -> bool:
    """Read and classify a body; tell whether it was taken for a request.

    Anything but a refusal by `read_body` fails the test, and so does a verdict that is none.
    """
    try:
        request = read_body(raw)
    except InvalidBodyError:
        return False
    read_needs(request)
    verdict = classifier.first_look(read_prompt(request))
    assert set(verdict.probabilities) == set(CATEGORIES)
    assert math.isclose(sum(verdict.probabilities.values()), 1, abs_tol=1e-6)
    assert verdict.confidence == verdict.probabilities[verdict.category]
    return True


def one_of(options: tuple[Any, ...], chance: _Chance) -> Any:
    """Draw one of some options."""
    return options[int(chance.integers(len(options)))]


def misshapen(value: Any, chance: _Chance) -> Any:
    """Return a JSON value with something odd, lost, doubled or wrapped somewhere inside."""
    inside = isinstance(value, dict | list) and value and chance.random() < 0.93
    if inside and isinstance(value, dict):
        key = one_of(tuple(value), chance)
        changed = {**value, key: misshapen(value[key], chance)}
        if chance.random() < 0.1:
            del changed[key]
        return changed
    if inside:
        at = int(chance.integers(len(value)))
        copies = int(chance.choice([0, 1, 1, 1, 1, 1, 1, 2, 40]))
        return [*value[:at], *[misshapen(value[at], chance)] * copies, *value[at + 1 :]]
    return [one_of(_ODD, chance), [value], {"content": value}][int(chance.integers(3))]


def shapes(chance: _Chance) -> Iterator[bytes]:
    """Yield requests with a few odd values in them."""
    for _ in range(_SHAPES):
        body = one_of(_TEMPLATES, chance)
        for _ in range(int(chance.integers(1, 5))):
            body = misshapen(body, chance)
        yield json.dumps(body).encode()


def texts(chance: _Chance) -> Iterator[bytes]:
    """Yield requests of sound shape whose texts are put together from pieces."""
    roles = ("user", "user", "assistant", "system", "tool", "developer", "function", "")
    for _ in range(_TEXTS):
        messages = [
            {
                "role": one_of(roles, chance),
                "content": "".join(
                    one_of(_PIECES, chance) for _ in range(int(chance.integers(0, 14)))
                ),
            }
            for _ in range(int(chance.integers(1, 5)))
        ]
        yield json.dumps({"messages": messages}).encode()


def damaged(chance: _Chance) -> Iterator[bytes]:
    """Yield requests whose bytes were cut off, changed, or mixed with others."""
    for _ in range(_DAMAGED):
        body = one_of(_TEMPLATES, chance)
        raw = json.dumps(body, ensure_ascii=bool(chance.integers(2))).encode()
        for _ in range(int(chance.integers(1, 4))):
            at = int(chance.integers(len(raw) + 1))
            until = at + int(chance.integers(4))
            pieces = {
                "cut": (raw[:at],),
                "filled": (raw[:at], one_of(_BYTES, chance), raw[at:]),
                "replaced": (raw[:at], one_of(_BYTES, chance), raw[until:]),
                "noise": (raw[:at], chance.bytes(until - at), raw[until:]),
            }
            raw = b"".join(pieces[one_of(("cut", "filled", "replaced", "noise"), chance)])
        yield raw


def noise(chance: _Chance) -> Iterator[bytes]:
    """Yield bytes of chance, half of them in braces, half of those as a text."""
    for at in range(_NOISE):
        raw = chance.bytes(int(chance.integers(0, 200)))
        if at % 2:
            raw = b"{" + raw + b"}"
        if at % 4 == 3:
            inside = raw.translate(None, b'"\\\n\r\t' + bytes(range(32)))
            raw = b'{"messages":[{"role":"user","content":"' + inside + b'"}]}'
        yield raw


@pytest.mark.parametrize(
    ("bodies", "least_read"),
    [(shapes, 0.8), (texts, 1.0), (damaged, 0.1), (noise, 0.2)],
    ids=["shapes", "texts", "damaged", "noise"],
)
def test_ten_thousand_odd_bodies_are_survived(
    classifier: Classifier,
    bodies: Callable[[_Chance], Iterator[bytes]],
    least_read: float,
) -> None:
    """Of each kind a share is read as a request: a generator that makes none would test nothing."""
    read = [survives(classifier, raw) for raw in bodies(np.random.default_rng(_SEED))]
    assert sum(read) >= least_read * len(read)


def test_it_is_ten_thousand() -> None:
    """The sum of all kinds."""
    assert _SHAPES + _TEXTS + _DAMAGED + _NOISE == 10_000


@pytest.mark.parametrize("depth", [10, 200, 900, 5_000, 200_000])
@pytest.mark.parametrize("opening", [b"[", b'{"content":', b'{"messages":[{"content":'])
@pytest.mark.parametrize("closed", [True, False])
def test_deep_nesting_is_survived(
    classifier: Classifier, depth: int, opening: bytes, closed: bool
) -> None:
    """At any depth, in any place, closed or cut off."""
    closing = opening.translate(bytes.maketrans(b"[{", b"]}"), b'"contemsag:')[::-1]
    nested = opening * depth + (b"1" + closing * depth if closed else b"")
    survives(classifier, nested)
    survives(classifier, b'{"messages":[{"role":"user","content":' + nested + b"}]}")
    survives(classifier, b'{"tools":' + nested + b',"messages":[]}')

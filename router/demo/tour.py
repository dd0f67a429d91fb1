"""The tour: one prompt of each category through a running router.

In: an OpenAI client that points at the router. Out: a frozen row for each prompt, in order, as its
answer ends. Never: a retry, or anything that an ordinary client of the router could not do.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import openai
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

Conversation: TypeAlias = tuple[ChatCompletionMessageParam, ...]

MAX_TOKENS: Final = 56
"""Enough to see an answer; no more, since somebody waits for the tour."""

TOUR: Final[tuple[Conversation, ...]] = (
    ({"role": "user", "content": "Explain in two sentences why the sky is blue."},),
    (
        {"role": "user", "content": "I have one free day in Lisbon. What should I see?"},
        {"role": "assistant", "content": "Walk through Alfama and take tram 28 up to the castle."},
        {"role": "user", "content": "And if it rains all day?"},
    ),
    (
        {
            "role": "user",
            "content": "Write a Python function that returns the n-th Fibonacci number.",
        },
    ),
    (
        {
            "role": "user",
            "content": "Refactor this function to use a list comprehension:\n\n"
            "```python\n"
            "def squares(numbers):\n"
            "    result = []\n"
            "    for number in numbers:\n"
            "        result.append(number ** 2)\n"
            "    return result\n"
            "```",
        },
    ),
)
"""One conversation for each category, in the order of the table of categories."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request went, as the response's headers say."""

    category: str
    confidence: float
    backend: str
    model: str


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one prompt."""

    prompt: str
    category: str
    confidence: float
    backend: str
    model: str
    text: str
    first_token_seconds: float
    """From sending the request to the first piece of text."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer under way: where it comes from, and its text, piece by piece, read once."""

    route: Route
    pieces: Iterator[str]


def connect(base_url: str) -> openai.OpenAI:
    """Return a client for a router on this machine: no retries, no proxy from the environment."""
    return openai.OpenAI(
        base_url=base_url,
        api_key="none-needed",
        max_retries=0,
        http_client=openai.DefaultHttpxClient(trust_env=False),
    )


def send(client: openai.OpenAI, messages: Conversation, *, max_tokens: int = MAX_TOKENS) -> Reply:
    """Ask for the model `auto` and stream the answer.

    Raises:
        openai.APIError: The router refused, failed, or could not be reached.
    """
    response = client.chat.completions.with_raw_response.create(
        model="auto",
        messages=messages,
        max_tokens=max_tokens,
        temperature=0,
        stream=True,
    )
    return Reply(_route(response.headers), _pieces(response.parse()))


def take_tour(
    client: openai.OpenAI,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Row]:
    """Send each conversation of the tour and yield what became of it.

    Raises:
        openai.APIError: The router refused, failed, broke off, or could not be reached.
    """
    for messages in TOUR:
        started = clock()
        reply = send(client, messages)
        first, text = None, ""
        for piece in reply.pieces:
            first = clock() if first is None else first
            text += piece
        yield Row(
            prompt=str(messages[-1].get("content")),
            category=reply.route.category,
            confidence=reply.route.confidence,
            backend=reply.route.backend,
            model=reply.route.model,
            text=text,
            first_token_seconds=round((clock() if first is None else first) - started, 4),
        )


def _route(headers: Mapping[str, str]) -> Route:
    return Route(
        category=headers.get("x-router-category", ""),
        confidence=float(headers.get("x-router-confidence", "0")),
        backend=headers.get("x-router-backend", ""),
        model=headers.get("x-router-model", ""),
    )


def _pieces(stream: openai.Stream[ChatCompletionChunk]) -> Iterator[str]:
    with stream:
        yield from _texts(stream)


def _texts(chunks: Iterable[ChatCompletionChunk]) -> Iterator[str]:
    for chunk in chunks:
        for choice in chunk.choices:
            if choice.delta.content:
                yield choice.delta.content

"""The tour: one prompt of each category through a running router.

In: a client of the router. Out: a frozen row for each prompt, in order, as its answer ends. Never:
a request beyond the prompts that stand here.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from router.demo.client import Client, Conversation

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


def take_tour(client: Client, clock: Callable[[], float] = time.monotonic) -> Iterator[Row]:
    """Send each conversation of the tour and yield what became of it.

    Raises:
        router.demo.client.NoAnswerError: One got no answer, or half of one.
    """
    for messages in TOUR:
        started = clock()
        reply = client.send(messages, MAX_TOKENS)
        first, text = None, ""
        for piece in reply.pieces:
            if piece and first is None:
                first = clock()
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

"""The tour, against a scripted router."""

import asyncio
from collections.abc import Callable
from itertools import count

import pytest

from router.categories import CATEGORIES
from router.demo.client import Client, NoAnswerError
from router.demo.tour import MAX_TOKENS, TOUR, Row, take_tour
from tests.stand_ins import DONE, Script, ScriptedBackend, answers, closes, delta, streams

ROUTED = [
    ("Content-Type", "text/event-stream"),
    ("x-router-category", "code-edit"),
    ("x-router-confidence", "0.93"),
    ("x-router-backend", "coder"),
    ("x-router-model", "tiny"),
]


def ticking() -> Callable[[], float]:
    """Return a clock that moves one second each time it is read."""
    return count(start=100.0).__next__


async def toured(router: ScriptedBackend) -> tuple[Row, ...]:
    """Take the tour through a scripted router."""

    def take() -> tuple[Row, ...]:
        with Client(router.base_url) as client:
            return tuple(take_tour(client, ticking()))

    return await asyncio.to_thread(take)


async def test_each_row_has_what_the_headers_and_the_stream_said() -> None:
    """Category, confidence, backend and model come from the response's headers, text from it."""
    async with ScriptedBackend(
        streams([delta(""), delta("Hel"), delta("lo"), DONE], 0.0, ROUTED)
    ) as router:
        rows = await toured(router)

    assert len(rows) == len(TOUR)
    assert rows[3] == Row(
        prompt=str(TOUR[3][-1].get("content")),
        category="code-edit",
        confidence=0.93,
        backend="coder",
        model="tiny",
        text="Hello",
        first_token_seconds=1.0,
    )


async def test_the_tour_asks_for_auto_and_streams_bounded_answers() -> None:
    """Each request is an ordinary one: model auto, a stream, few tokens, no randomness."""
    async with ScriptedBackend(streams([delta("x"), DONE])) as router:
        await toured(router)

        bodies = [received.json() for received in router.received]

    assert len(bodies) == len(TOUR)
    for body, messages in zip(bodies, TOUR, strict=True):
        assert body["messages"] == list(messages)
        assert body["model"] == "auto"
        assert body["stream"] is True
        assert body["max_tokens"] == MAX_TOKENS
        assert body["temperature"] == 0


def test_there_is_a_prompt_for_each_category_and_one_has_a_history() -> None:
    """Four conversations, the second one with an assistant's turn, the last one with code."""
    assert len(TOUR) == len(CATEGORIES)
    assert [len(messages) > 1 for messages in TOUR] == [False, True, False, False]
    assert "def " in str(TOUR[3][-1].get("content"))


async def test_an_answer_without_text_still_gives_a_row() -> None:
    """A model may end at once; the time is then that of the whole answer."""
    async with ScriptedBackend(streams([DONE])) as router:
        rows = await toured(router)

    assert [row.text for row in rows] == [""] * len(TOUR)
    assert rows[0].first_token_seconds == 1.0


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (answers({"error": {"message": "no such thing"}}, "404 Not Found"), "no such thing"),
        (streams([delta("a"), b'data: {"error":{"message":"it broke"}}\n\n']), "it broke"),
        (closes, "Connection error"),
    ],
)
async def test_a_failure_says_what_the_router_said(script: Script, message: str) -> None:
    """Refusal, break and absence all end the tour with the reason, after a single try."""
    async with ScriptedBackend(script) as router:
        with pytest.raises(NoAnswerError, match=message):
            await toured(router)

        assert len(router.received) == 1

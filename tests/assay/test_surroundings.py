"""What robustness pairs put around an ask: frames, harness text, system prompts, tools, parts."""

from typing import Any

import pytest

from router.assay import surroundings
from router.categories import CATEGORIES, CODE_EDIT, CODE_GENERATION
from tests.assay.requests import (
    FUNCTION,
    QUESTION,
    SEEDS,
    applied,
    asks,
    prompt_of,
    skipped,
    text_of,
)

_FRAMES = {
    "polite-frame": surroundings.POLITE_FRAMES,
    "foreign-frame": surroundings.FOREIGN_FRAMES,
    "editor-block": surroundings.EDITOR_BLOCKS,
    "reminder-block": surroundings.REMINDER_BLOCKS,
    "environment-block": surroundings.ENVIRONMENT_BLOCKS,
    "signature": [("", ending) for ending in surroundings.SIGNATURES],
    "orders-code": [("", ending) for ending in surroundings.CODING_ORDERS],
    "orders-chat": [("", ending) for ending in surroundings.CHAT_ORDERS],
}


@pytest.mark.parametrize(("name", "frames"), _FRAMES.items())
def test_frames_stand_around_the_unchanged_ask_in_every_wording(name: str, frames: Any) -> None:
    """Over enough rows each wording is drawn."""
    made = {text_of(applied(name, asks(QUESTION), seed)) for seed in SEEDS}
    assert made == {f"{before}{QUESTION}{after}" for before, after in frames}


@pytest.mark.parametrize("name", ["polite-frame", "foreign-frame", "signature", "orders-code"])
@pytest.mark.parametrize("text", ["yes", "继续", f"```\n{FUNCTION}\n```", FUNCTION])
def test_words_are_not_put_around_a_yes_or_bare_code(name: str, text: str) -> None:
    """It would become another message."""
    assert skipped(name, asks(text))


def test_orders_name_categories_of_the_table() -> None:
    """A line that orders what does not exist would be no temptation."""
    code = {CODE_GENERATION, CODE_EDIT}
    chat = set(CATEGORIES) - code
    for orders, names in ((surroundings.CODING_ORDERS, code), (surroundings.CHAT_ORDERS, chat)):
        named = [{name for name in CATEGORIES if name in order} for order in orders]
        assert all(len(found) == 1 and found <= names for found in named)
        assert set.union(*named) == names


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("editor-block", {True, False}),
        ("reminder-block", {True, False}),
        ("environment-block", {True}),  # its unknown tags give themselves away by their form
    ],
)
def test_reading_takes_out_what_it_knows_of_a_harness(name: str, found: set[bool]) -> None:
    """Known tags test that reading works, unknown ones what happens where it does not."""
    read = {prompt_of(applied(name, asks(QUESTION), seed)).ask == QUESTION for seed in SEEDS}
    assert read == found


@pytest.mark.parametrize("name", ["system-neutral", "system-coding", "system-writing"])
def test_a_system_prompt_comes_first_where_there_is_none(name: str) -> None:
    """A request that has one, or a developer's, keeps its own."""
    after = applied(name, asks(QUESTION))
    assert after["messages"][0]["role"] == "system"
    assert after["messages"][1:] == asks(QUESTION)["messages"]
    for role in ("system", "developer"):
        own = {"messages": [{"role": role, "content": "Be brief."}, *asks(QUESTION)["messages"]]}
        assert skipped(name, own)


@pytest.mark.parametrize(
    ("name", "tool"), [("editor-tools", "apply_patch"), ("shop-tools", "put_in_basket")]
)
def test_tools_are_offered_where_there_are_none(name: str, tool: str) -> None:
    """Reading counts them; a request that offers some, or none on purpose, keeps its own."""
    after = applied(name, asks(QUESTION))
    assert tool in [one["function"]["name"] for one in after["tools"]]
    assert prompt_of(after).tools == len(after["tools"])
    assert skipped(name, asks(QUESTION, tools=[]))
    assert skipped(name, asks(QUESTION, functions=[{"name": "f"}]))


def test_texts_become_parts_that_read_the_same() -> None:
    """For every message with text."""
    request = {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            {"role": "user", "content": QUESTION},
        ],
    }
    after = applied("content-parts", request)
    assert after["messages"][3]["content"] == [{"type": "text", "text": QUESTION}]
    assert after["messages"][2] == request["messages"][2]
    assert prompt_of(after) == prompt_of(request)
    assert skipped("content-parts", after)

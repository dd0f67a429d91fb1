"""Transformations that leave a category as it is: what each changes, and what none of them may."""

import copy
import json
import re
from typing import Any

import pytest

from router.assay.transformations import TRANSFORMATIONS
from tests.assay.requests import ASK, FUNCTION, QUESTION, applied, asks, skipped, text_of


def test_there_are_at_least_twelve() -> None:
    """Each with a name fit for a table."""
    assert len(TRANSFORMATIONS) >= 12
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in TRANSFORMATIONS)


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_one_seed_always_gives_the_same_result(name: str) -> None:
    """So that figures of two days can be compared."""
    request = asks(f"{ASK}\n```python\n{FUNCTION}\n```")
    assert applied(name, request, "row-7") == applied(name, request, "row-7")


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_everything_but_the_latest_ask_stays(name: str) -> None:
    """Earlier turns, later tool messages and members of the request too; new ones may come."""
    earlier = [
        {"role": "user", "content": [{"type": "text", "text": "Good Morning To You\n\nAll"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "    Hello\n    ```\nx\n```"}]},
    ]
    later = [{"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}]
    asked = {"role": "user", "name": "K", "content": f"{ASK}\n```python\n{FUNCTION}\n```"}
    messages = [*earlier, asked, *later]
    request = {"model": "auto", "temperature": 0.5, "messages": messages}
    after = applied(name, request)
    added = len(after["messages"]) - len(messages)
    rest = after["messages"][added:]
    assert {key: after[key] for key in ("model", "temperature")} == {
        "model": "auto",
        "temperature": 0.5,
    }
    assert rest[:2] == earlier
    assert rest[3:] == later
    assert (rest[2]["role"], rest[2]["name"]) == ("user", "K")
    assert set(after) - set(request) <= {"tools"}
    assert added == int(name.startswith("system-"))


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_the_code_and_the_ask_are_still_there(name: str) -> None:
    """But for letter case, white space and a few slips of the finger."""
    request = asks(f"{ASK}\n```python\n{FUNCTION}\n```")
    after = json.dumps(applied(name, request)["messages"][-1]["content"])
    bare = re.sub(r"\\[nt]|\s", "", after).lower()
    assert re.sub(r"\s", "", FUNCTION) in bare
    if name != "neighbour-typos":
        assert re.sub(r"\s", "", ASK).lower() in bare


@pytest.mark.parametrize("name", TRANSFORMATIONS)
@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"messages": None},
        {"messages": []},
        {"messages": "hello"},
        {"messages": [None, 3]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": [{"role": "user", "content": [None, {"type": "text", "text": 4}]}]},
        {"messages": [{"role": "user", "content": " \n"}]},
        {"messages": [{"role": ["user"], "content": {"text": "hello"}}]},
        {"prompt": "def f(", "suffix": ")"},
    ],
)
def test_odd_requests_are_survived(name: str, request_: dict[str, Any]) -> None:
    """They are left out, or transformed where the transformation has nothing to do with text."""
    before = copy.deepcopy(request_)
    after = TRANSFORMATIONS[name](request_, "row-1")
    assert request_ == before
    assert after is None or after != before


_OF_TEXT = [name for name in TRANSFORMATIONS if not re.search("system-|-tools|-parts", name)]


@pytest.mark.parametrize("name", _OF_TEXT)
def test_what_a_program_already_wrote_around_is_left_out(name: str) -> None:
    """Capitals or thanks inside a harness's own text are what no harness sends."""
    wrapped = f"<task>\n{ASK}\n```python\n{FUNCTION}\n```\n</task>\n<env>\n\nLinux</env>"
    assert skipped(name, asks(wrapped))


@pytest.mark.parametrize("name", _OF_TEXT)
def test_the_last_text_part_is_the_one_that_changes(name: str) -> None:
    """Pictures and the parts before stay."""
    picture = {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}
    text = {"type": "text", "text": f"{ASK}\n```python\n{FUNCTION}\n```"}
    after = applied(name, asks([{"type": "text", "text": "One Thing"}, text, picture]))
    parts = after["messages"][0]["content"]
    assert parts[0] == {"type": "text", "text": "One Thing"}
    assert parts[1] != text
    assert parts[2] == picture


def test_capitals_spare_code_and_names() -> None:
    """Fenced code, unfenced code, calls, dotted names and names with capitals inside."""
    fenced = f"Rename total, then call np.mean in MyClass\n```\n{FUNCTION}\n```\nthanks a lot"
    assert text_of(applied("upper-case", asks(fenced))) == (
        f"RENAME TOTAL, THEN CALL np.mean IN MyClass\n```\n{FUNCTION}\n```\nTHANKS A LOT"
    )
    bare = f"why does this fail, my friend?\n{FUNCTION}"
    assert text_of(applied("upper-case", asks(bare))) == (
        f"WHY DOES THIS FAIL, MY FRIEND?\n{FUNCTION}"
    )
    short = "please explain this for me\nbegin\nx := 1;\nend"
    assert text_of(applied("upper-case", asks(short))) == (
        "PLEASE EXPLAIN THIS FOR ME\nbegin\nx := 1;\nend"
    )


@pytest.mark.parametrize(
    "text",
    [
        "for i in range(10) print(i) doesn't run??",
        "what does du -h / print for my disk",
        "这条河有多长?",
        "怎么用 python 画图?",
        "ALREADY IN CAPITALS, ALL OF IT",
    ],
)
def test_lines_with_code_and_scripts_without_capitals_get_none(text: str) -> None:
    """Nor does a text that would hardly change."""
    assert skipped("upper-case", asks(text))


def test_lower_case_is_for_all() -> None:
    """Code is the same code in lower case, for this purpose."""
    after = applied("lower-case", asks("What does Path(X) do in Python?"))
    assert text_of(after) == "what does path(x) do in python?"


def test_typos_hit_neighbouring_keys_now_and_then() -> None:
    """About one letter in 25, never in code, never a swap or a loss."""
    prose = "Could somebody describe whether gardens benefit from winter sunshine? " * 40
    after = text_of(applied("neighbour-typos", asks(f"{prose}\n```\n{FUNCTION}\n```")))
    assert after.endswith(f"\n```\n{FUNCTION}\n```")
    assert len(after.split("\n")[0]) == len(prose)
    slips = [(a, b) for a, b in zip(prose, after, strict=False) if a != b]
    letters = sum(character.isalpha() for character in prose)
    assert letters / 35 < len(slips) < letters / 18
    rows = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for right, wrong in slips:
        reach = [
            abs(row.index(right) - at)
            for row in rows
            for at in [row.find(wrong)]
            if right in row and at >= 0
        ]
        assert reach == [1] or (right, wrong) == ("a", "z")


def test_terse_asks_get_no_typos() -> None:
    """One slip would make another ask of "fix it"."""
    assert skipped("neighbour-typos", asks("fix the sort"))


def test_two_rows_get_different_typos() -> None:
    """The seed decides where."""
    request = asks(QUESTION * 5)
    assert applied("neighbour-typos", request, "a") != applied("neighbour-typos", request, "b")


def test_fences_go_and_code_stays() -> None:
    """All of them, the word after the fence too."""
    text = f"Compare\n```python\n{FUNCTION}\n```\nwith\n```\nx = 1\n\ny = 2\n```"
    after = text_of(applied("fences-removed", asks(text)))
    assert after == f"Compare\n{FUNCTION}\nwith\nx = 1\n\ny = 2"


@pytest.mark.parametrize(
    "text",
    [
        "no fence at all",
        "an open one\n```\nx = 1",
        "one of two\n```\nx = 1\n```\ninside ```x = 1``` a line",
    ],
)
def test_fences_that_are_no_blocks_are_left_alone(text: str) -> None:
    """What was code is not clear there."""
    assert skipped("fences-removed", asks(text))


def test_line_breaks_are_doubled() -> None:
    """A single line has none."""
    assert text_of(applied("blank-lines", asks("One\ntwo\n\nthree\n"))) == "One\n\ntwo\n\n\n\nthree"
    assert skipped("blank-lines", asks(QUESTION + "\n"))


@pytest.mark.parametrize(("name", "unit"), [("indent-two", "  "), ("indent-tabs", "\t")])
def test_code_is_indented_by_another_unit(name: str, unit: str) -> None:
    """Prose with indented lines is left out."""
    after = text_of(applied(name, asks(f"Explain this\n{FUNCTION}")))
    assert after == f"Explain this\n{FUNCTION}".replace("    ", unit)
    assert f"\n{unit}{unit}result += price\n" in after
    assert skipped(name, asks("My list\n    apples\n    pears"))

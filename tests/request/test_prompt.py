"""Finding the ask: who says what, in which shape, and where code begins."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.request import read_body, read_needs, read_prompt
from router.types import ChatRequest, Prompt

_LONG = 1_000_000


def prompt_of(*messages: Any, **body: Any) -> Prompt:
    """Read the prompt of a conversation."""
    return read_prompt(read_body(json.dumps({**body, "messages": list(messages)}).encode()))


def says(role: str, content: Any) -> dict[str, Any]:
    """Return a message."""
    return {"role": role, "content": content}


def test_a_string_is_the_ask() -> None:
    """The plainest request."""
    prompt = prompt_of(says("user", "Name three rivers"))
    assert (prompt.ask, prompt.code, prompt.has_assistant) == ("Name three rivers", "", False)


@pytest.mark.parametrize("kind", ["text", "input_text"])
def test_parts_are_joined_and_other_kinds_are_passed_over(kind: str) -> None:
    """Images, nulls and unknown parts say nothing."""
    parts = [
        {"type": kind, "text": "Name"},
        None,
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "hologram", "text": "no"},
        {"type": kind, "text": None},
        {"type": kind, "text": "three rivers"},
    ]
    assert prompt_of(says("user", parts)).ask == "Name\nthree rivers"


def test_the_latest_user_message_is_the_ask_also_after_tool_results() -> None:
    """What follows is counted as a tool loop."""
    prompt = prompt_of(
        says("system", "You are terse."),
        says("user", "Weather in Oslo?"),
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        says("tool", "def f(): pass"),
        says("function", "12 degrees"),
    )
    assert prompt.ask == "Weather in Oslo?"
    assert prompt.turns_after_ask == 3
    assert prompt.has_assistant
    assert prompt.system == "You are terse."


@pytest.mark.parametrize(
    "go_on", ["yes", "go on", "Continue.", "ok, do it", "继续", "да", "sí", "はい"]
)
def test_going_on_carries_the_last_substantive_ask(go_on: str) -> None:
    """Also over several such answers; its code comes along."""
    prompt = prompt_of(
        says("user", "Make this faster\n```\nfor x in y: z\n```"),
        says("assistant", "Shall I?"),
        says("user", "yes"),
        says("assistant", "Really?"),
        says("user", go_on),
    )
    assert prompt.carried
    assert prompt.ask == go_on
    assert prompt.previous_ask == "Make this faster"
    assert prompt.code == "for x in y: z"
    assert prompt.previous_answer == "Really?"


def test_a_first_message_that_only_says_yes_carries_nothing() -> None:
    """There is nothing to go on with."""
    prompt = prompt_of(says("user", "yes"))
    assert (prompt.ask, prompt.carried, prompt.asks) == ("yes", False, 1)


def test_what_came_before_is_known() -> None:
    """The previous ask, the end of the answer, and whether there was code."""
    prompt = prompt_of(
        says("user", "Sort a list in Go"),
        says("assistant", "Here:\n```go\nsort.Ints(a)\n```\nDone."),
        says("user", "and in reverse"),
    )
    assert prompt.previous_ask == "Sort a list in Go"
    assert prompt.previous_answer.endswith("Done.")
    assert prompt.history_has_code
    assert prompt.answer_has_code
    assert prompt.asks == 2


def test_code_in_a_tool_result_before_the_ask_is_history() -> None:
    """It was not the assistant's last word."""
    prompt = prompt_of(
        says("user", "look at main"),
        says("assistant", None),
        says("tool", "int main() {\n  return 0;\n}\n"),
        says("assistant", "I see."),
        says("user", "what do you think?"),
    )
    assert prompt.history_has_code
    assert not prompt.answer_has_code


def test_without_a_user_the_last_words_of_nobody_else_are_the_ask() -> None:
    """Some clients send a system message alone."""
    assert prompt_of(says("system", "Write a poem")).ask == "Write a poem"
    assert prompt_of(says("assistant", "hello")).ask == ""


def test_a_completion_has_its_prompt_for_an_ask() -> None:
    """A suffix makes it infill."""
    request = read_body(b'{"prompt": "a total of", "suffix": "return y"}')
    assert read_prompt(request).ask == "a total of"
    assert read_prompt(request).infill
    assert not read_prompt(read_body(b'{"prompt": "Once upon"}')).infill


@pytest.mark.parametrize(
    ("text", "ask", "code"),
    [
        ("Fix it:\n```python\nx = = 1\n```\nthanks", "Fix it:\n\nthanks", "x = = 1"),
        ("~~~\na\n~~~\nwhat is it", "what is it", "a"),
        ("Fix it:\n```js\nlet a\nlet b", "Fix it:", "let a\nlet b"),
        ("what is ```a b``` here", "what is \n here", "a b"),
        ("speed up\n\ndef f(x):\n    return x\n", "speed up", "def f(x):\n    return x"),
        ("why\nint x = 1;\nprintf(x);\ncrash", "why\ncrash", "int x = 1;\nprintf(x);"),
        ("tune\nSELECT a\nFROM b\nWHERE c = 1", "tune", "SELECT a\nFROM b\nWHERE c = 1"),
        ("<ul>\n<li>a</li>\n</ul>\nadd b", "add b", "<ul>\n<li>a</li>\n</ul>"),
        (
            "Dear all,\nI am away (until May).\nBest,\nJo",
            "Dear all,\nI am away (until May).\nBest,\nJo",
            "",
        ),
        (
            "Tasks:\n- buy milk\n- call Ann\nSort them",
            "Tasks:\n- buy milk\n- call Ann\nSort them",
            "",
        ),
    ],
    ids=["fence", "tildes", "open", "inline", "bare", "C", "SQL", "HTML", "letter", "list"],
)
def test_prose_and_code_are_told_apart(text: str, ask: str, code: str) -> None:
    """Fenced, unfenced, in several languages; letters and lists stay prose."""
    prompt = prompt_of(says("user", text))
    assert prompt.ask == ask
    assert prompt.code == code


def test_a_single_line_without_a_clear_shape_stays_with_the_words() -> None:
    """It takes two such lines to make a block."""
    assert prompt_of(says("user", "end\nis that fine")).code == ""


def test_code_before_the_words_is_noticed() -> None:
    """People paste first and ask later, with fences and without."""
    assert prompt_of(says("user", "x = 1;\ny = 2;\nwhy?")).code_first
    assert not prompt_of(says("user", "why?\nx = 1;\ny = 2;")).code_first
    assert prompt_of(says("user", "```\nx\n```\nwhy?")).code_first
    assert not prompt_of(says("user", "why?\n```\nx\n```")).code_first


def test_of_a_long_text_the_ends_are_read() -> None:
    """The middle of a million characters costs nothing and says nothing."""
    text = "Summarise this.\n" + "lorem " * (_LONG // 6) + "\nIn one line please"
    prompt = prompt_of(says("user", text))
    assert prompt.ask.startswith("Summarise this.")
    assert prompt.ask.endswith("In one line please")
    assert len(prompt.ask) < 4_000


def test_a_context_cut_in_two_is_left_out() -> None:
    """The ask around a huge attachment is found."""
    text = f"<file_content>{'x ' * _LONG}</file_content>\nwhat is in it?"
    assert prompt_of(says("user", text)).ask.split() == ["what", "is", "in", "it?"]


def test_the_end_of_a_context_whose_start_was_cut_away_is_left_out() -> None:
    """What stands before the cut is kept."""
    text = f"Compare. {'a ' * 9_000}<file_content>{'x ' * _LONG}</file_content>\nbriefly"
    words = prompt_of(says("user", text)).ask.split()
    assert words[0] == "Compare."
    assert words[-1] == "briefly"
    assert "x" not in words


_LEAF = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=40)
_JSON = st.recursive(
    _LEAF,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "image_url", "tool_calls", "x"]),
            inner | st.sampled_from(["user", "assistant", "text", "image_url"]),
            max_size=4,
        )
    ),
    max_leaves=16,
)
_MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "tool", "developer"]) | _JSON,
        "content": _JSON,
    },
)
_BODY = st.fixed_dictionaries(
    {"messages": st.lists(_MESSAGE | _JSON, max_size=6) | _JSON},
    optional=dict.fromkeys(
        ("prompt", "suffix", "tools", "n", "logprobs", "response_format", "modalities"),
        _JSON,
    ),
)


@settings(max_examples=400, deadline=None)
@given(_BODY)
def test_any_json_has_a_prompt_and_needs(body: dict[str, Any]) -> None:
    """Reading never raises, whatever stands where."""
    request = ChatRequest(raw=b"{}", body=body, model=None, stream=False)
    assert isinstance(read_prompt(request), Prompt)
    assert read_needs(request).tokens >= 0


@settings(deadline=None)
@given(st.text(alphabet="<>/abtask_ctx \n`~{};=#:", max_size=300))
def test_any_text_keeps_its_words_or_loses_whole_contexts(text: str) -> None:
    """Tags and fences in any order never break the reader."""
    prompt = prompt_of(says("user", text))
    assert len(prompt.ask) + len(prompt.code) <= len(text) + 20

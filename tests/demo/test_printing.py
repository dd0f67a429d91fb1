"""What the demo prints, on a terminal and off it."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from router.demo.client import Conversation, NoAnswerError, Reply, Route
from router.demo.invitation import invite
from router.demo.table import PLAIN_WIDTH, print_directions, print_rows
from router.demo.tour import Row

ROWS = (
    Row(
        "Explain the sky.",
        "general-instruct",
        0.987,
        "generalist",
        "m",
        "[b]Blue[/b]\nsky",
        0.301,
    ),
    Row("Refactor " + "x" * 300, "code-edit", 1.0, "coder", "m", "word " * 100, 0.0456),
)


def plain() -> Console:
    """Return a console that is no terminal."""
    return Console(file=io.StringIO(), highlight=False, width=PLAIN_WIDTH, no_color=True)


def terminal(width: int) -> Console:
    """Return a console that takes itself for a terminal of so many columns."""
    return Console(file=io.StringIO(), highlight=False, width=width, force_terminal=True)


def printed(console: Console) -> str:
    """Return what was printed so far."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_off_a_terminal_each_row_is_one_plain_line() -> None:
    """No colour, no frame, nothing wrapped, and the model's text is not taken for markup."""
    out = plain()

    print_rows(out, ROWS)

    lines = printed(out).splitlines()
    assert len(lines) == 1 + len(ROWS) + 1
    assert "\x1b" not in printed(out)
    assert lines[1].split()[:3] == ["Explain", "the", "sky."]
    for word in ("general-instruct", "0.99", "generalist", "301 ms", "[b]Blue[/b] sky"):
        assert word in lines[1]
    assert "46 ms" in lines[2]
    assert "…" in lines[2]


def test_the_table_says_that_one_model_answers_under_three_names() -> None:
    """Nobody shall take the backends for different models."""
    out = plain()

    print_rows(out, ROWS)

    assert "one small model under three names (SmolLM2-135M-Instruct" in printed(out)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_terminal_shows_where_each_prompt_went_whatever_its_width(width: int) -> None:
    """On 80 columns the prompt and the answer give way, category and backend do not."""
    out = terminal(width)

    print_rows(out, ROWS)

    for word in ("general-instruct", "generalist", "code-edit", "coder", "0.99", "301 ms"):
        assert word in printed(out)


@pytest.mark.parametrize("serving", [True, False])
def test_the_directions_can_be_copied_whole(serving: bool) -> None:
    """Base URL, model and the curl command stand unbroken even on a narrow terminal."""
    out = terminal(60)

    print_directions(out, "http://127.0.0.1:8900", serving=serving)

    text = printed(out)
    assert 'base_url="http://127.0.0.1:8900/v1"' in text
    assert "curl -N http://127.0.0.1:8900/v1/chat/completions -H" in text
    assert ("until Ctrl-C" in text) is serving


class Listener:
    """Answers prompts with a scripted reply and notes the conversations."""

    def __init__(self, *pieces: str) -> None:
        self.heard: list[Conversation] = []
        self._pieces = pieces

    def __call__(self, messages: Conversation) -> Reply:
        """Answer, or fail for a prompt that says so."""
        self.heard.append(messages)
        if "fail" in str(messages[-1].get("content")):
            raise NoAnswerError("the backend is away")
        return Reply(Route("code-edit", 0.5, "coder", "m"), iter(self._pieces))


def lines(*typed: str) -> Iterator[str]:
    """Yield lines, then the end of input."""
    yield from typed
    raise EOFError


def test_a_readers_prompt_is_sent_and_its_way_and_answer_are_shown() -> None:
    """The route comes first, then the streamed text."""
    out, listener = plain(), Listener("He", "llo ", "[bold]")

    invite(out, lines("  Fix it ").__next__, listener)

    assert listener.heard == [({"role": "user", "content": "Fix it"},)]
    assert "code-edit (0.50) → coder\nHello [bold]\n" in printed(out)


def test_a_line_with_a_plus_continues_the_conversation() -> None:
    """Without it each prompt stands alone."""
    listener = Listener("Done.")

    invite(plain(), lines("one", "+ two", "three").__next__, listener)

    assert [len(messages) for messages in listener.heard] == [1, 3, 1]
    assert listener.heard[1] == (
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "two"},
    )


def test_empty_lines_send_nothing_and_a_failure_ends_nothing() -> None:
    """The reader can go on after either."""
    out, listener = plain(), Listener("ok")

    invite(out, lines("", "   ", "+", "fail", "next").__next__, listener)

    assert len(listener.heard) == 2
    assert "no answer: the backend is away" in printed(out)
    assert printed(out).rstrip().endswith("ok")

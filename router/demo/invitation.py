"""The reader's own prompts, one line each.

In: lines, and a way to send a conversation. Out: where each went and its answer, as it streams.
Never: the end of the demo for a prompt that fails.
"""

from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.text import Text

from router.demo.client import Conversation, NoAnswerError, Reply

MAX_TOKENS: Final = 256
_CONTINUE: Final = "+"
_INVITATION: Final = (
    "Your turn: type a prompt. A line that begins with + continues the conversation; Ctrl-D ends."
)


def invite(
    out: Console,
    read_line: Callable[[], str],
    ask: Callable[[Conversation], Reply],
) -> None:
    """Read prompts and answer them until the lines end.

    Args:
        out: Where to print.
        read_line: Gives the next line; raises EOFError at the end.
        ask: Sends a conversation; raises `NoAnswerError` where that fails.
    """
    out.print()
    out.print(_INVITATION)
    so_far: Conversation = ()
    while True:
        try:
            line = read_line().strip()
        except EOFError:
            return
        prompt = line.removeprefix(_CONTINUE).strip()
        if not prompt:
            continue
        history = so_far if line.startswith(_CONTINUE) else ()
        messages: Conversation = (*history, {"role": "user", "content": prompt})
        try:
            answer = _answer(out, ask(messages))
        except NoAnswerError as error:
            out.print(Text(f"no answer: {error}", style="red"))
            continue
        so_far = (*messages, {"role": "assistant", "content": answer})


def _answer(out: Console, reply: Reply) -> str:
    route = reply.route
    out.print(Text(f"{route.category} ({route.confidence:.2f}) → {route.backend}", style="bold"))
    text = ""
    for piece in reply.pieces:
        out.print(Text(piece), end="", soft_wrap=True)
        text += piece
    out.print()
    return text

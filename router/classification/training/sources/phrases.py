"""What people say around code and answers, for rows put together from parts of a record.

In: nothing. Out: lists of phrases, written for this project. Never: a phrase whose label depends
on what it is put to.
"""

from typing import Final

FIX_ASKS: Final = (
    "This does not do what it should, please fix it.",
    "why is this wrong? give me a working version",
    "find the bug",
    "I get wrong results from this one. Can you repair it?",
    "pls fix",
    "Something in here is broken and I can't see it. Correct it without rewriting everything.",
    "debug this for me, only the corrected code",
)
TEST_ASKS: Final = (
    "Write unit tests for this.",
    "I need tests that cover the edge cases of this function",
    "add a test file for the code below, nothing else",
    "Give me a small program that calls this with three different inputs.",
)
EXPLAIN_ASKS: Final = (
    "What does this do? In words, please, I don't need any code.",
    "explain this to somebody who has never seen it",
    "How does its running time grow with the input?",
    "Which inputs would make this fail? Just tell me.",
    "Summarise the idea behind this in two sentences.",
)
CHANGE_FOLLOW_UPS: Final = (
    "now with type hints",
    "Make it handle empty input too.",
    "Can you do it without the loop?",
    "rename the variables so that one can read it",
    "that's too slow for large inputs, speed it up",
    "Add a docstring and raise an error on bad arguments.",
)
TALK_FOLLOW_UPS: Final = (
    "Thanks, that's what I was after!",
    "and why does that work?",
    "What would somebody have to know to understand this?",
    "great. is there a name for this idea?",
    "Could you explain the second line?",
    "ok, and is that a usual question in interviews?",
)
SHELL_FRAMES: Final = (
    "{}",
    "Which shell command does this: {}",
    "bash: {}",
    "one line for the terminal please. {}",
)
PYTHON_FRAMES: Final = ("{}", "Python: {}", "in python, {}", "{} (Python)")
SQL_FRAMES: Final = (
    "Write the SQL for the database `{db}`: {ask}",
    "{ask}\n\nAnswer with one query against `{db}`.",
    "sql query on {db}: {ask}",
)
STUB_ASKS: Final = (
    "Complete this function:\n\n{}",
    "{}\n\nfill in the body",
    "Continue:\n{}",
)


def turn_of(phrases: tuple[str, ...], index: int) -> str:
    """Return the phrase whose turn it is."""
    return phrases[index % len(phrases)]

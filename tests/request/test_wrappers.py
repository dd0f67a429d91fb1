"""The ask inside what agents, editors and front ends send in the user's name."""

import json
from typing import Any

import pytest

from router.request import read_body, read_prompt
from router.types import Prompt

ASK = "Rename the flag --fast to --quick"


def prompt_of(*contents: Any) -> Prompt:
    """Read a conversation of user messages with an assistant message between each two."""
    messages: list[dict[str, Any]] = []
    for content in contents:
        if messages:
            messages.append({"role": "assistant", "content": "Ok."})
        messages.append({"role": "user", "content": content})
    return read_prompt(read_body(json.dumps({"messages": messages}).encode()))


def parts(*texts: str) -> list[dict[str, str]]:
    """Return content in parts."""
    return [{"type": "text", "text": text} for text in texts]


def lines(*texts: str) -> str:
    """Return lines as one text."""
    return "\n".join(texts)


_REMINDER = "<system-reminder>\nThe todo list is empty. Do not mention it.\n</system-reminder>"
_ENVIRONMENT = lines("<environment_details>", "# Tabs", "src/a.py", "</environment_details>")
_CWD = lines("<environment_context>", "<cwd>/x</cwd>", "</environment_context>")
_RETRIEVAL = lines(
    "### Task:",
    "Respond to the user query using the provided context.",
    "### Guidelines:",
    "- Cite.",
    "<context>",
    "<source id='1'>text</source>",
    "</context>",
    "",
)
_ONE_MESSAGE: dict[str, Any] = {
    "a tag nobody knows, before": lines("<ws_state>", "open: a.py", "</ws_state>", ASK),
    "a tag nobody knows, after": lines(ASK, "<ws_state>", "open: a.py", "</ws_state>"),
    "mini-SWE-agent": lines(
        f"Please solve this issue: {ASK}", "", "You can execute bash commands and edit files", "x"
    ),
    "a signature": lines(ASK, "", "-- ", "sent by the night desk", "extension 12"),
    "Claude Code, reminder before": parts(_REMINDER, ASK),
    "Claude Code, reminder after": parts(ASK, _REMINDER),
    "Claude Code, reminder inside": lines(_REMINDER, ASK, _REMINDER),
    "Claude Code, interrupted": f"[Request interrupted by user]{ASK}",
    "Claude Code, opened file": lines("<ide_opened_file>b.py</ide_opened_file>", ASK),
    "Claude Code, shell": parts("<bash-stdout>total 0</bash-stdout>", ASK),
    "Codex, environment": parts(_CWD, ASK),
    "Codex, instructions": parts("<user_instructions>\nUse tabs.\n</user_instructions>", ASK),
    "Codex, AGENTS.md": parts("# AGENTS.md instructions for /x\n\nUse tabs."),
    "Codex, editor": lines(
        "# Context from my IDE setup:", "- a.py", "## My request for Codex:", ASK
    ),
    "Cline, task": parts(lines("<task>", ASK, "</task>"), _ENVIRONMENT),
    "Cline, progress": lines(
        "<task>", ASK, "</task>", "", "# task_progress RECOMMENDED", "Keep it."
    ),
    "Cline, feedback": parts(
        "[write_to_file for 'a.py'] Result:",
        lines("The user denied this operation.", "<feedback>", ASK, "</feedback>"),
        _ENVIRONMENT,
    ),
    "Roo, resumed": lines("[TASK RESUMPTION] Go on.", "<user_message>", ASK, "</user_message>"),
    "Continue, edit": lines(f'The user\'s request is: "{ASK}"', "", "Here is the rewritten code:"),
    "Cursor": lines(
        "<additional_data>",
        "<current_file>a.py</current_file>",
        "</additional_data>",
        "<user_query>",
        ASK,
        "</user_query>",
    ),
    "Copilot": lines(
        "<attachments>",
        "<attachment id='a'>x = 1</attachment>",
        "</attachments>",
        "<reminderInstructions>Be short.</reminderInstructions>",
        f"<userRequest>{ASK}</userRequest>",
    ),
    "aider, rules after": lines(ASK, "", "# *SEARCH/REPLACE block* Rules:", "", "Fence each."),
    "OpenHands": lines(
        "<uploaded_files>\n/w/x\n</uploaded_files>",
        "I've uploaded a repository.",
        f"<issue_description>{ASK}</issue_description>",
        "Implement it.",
    ),
    "SWE-agent": lines(
        "<uploaded_files>/r</uploaded_files>", f"<pr_description>{ASK}</pr_description>"
    ),
    "opencode, attached file": parts(
        ASK,
        'Called the Read tool with the following input: {"filePath":"a.py"}',
        "<file>\n00001| x = 1\n</file>\nend of file",
    ),
    "Codex, all in one": parts("# AGENTS.md instructions for /x\n\nUse tabs.", _CWD, ASK),
    "opencode": parts(
        'Called the Read tool with the following input: {"filePath":"a.py"}',
        "<file>\n00001| x = 1\n</file>",
    ),
    "Zed": lines("<context>", "It was attached.", "<files>x = 1</files>", "</context>", ASK),
    "Open WebUI, query tag": _RETRIEVAL + lines("<user_query>", ASK, "</user_query>"),
    "Open WebUI, query after": _RETRIEVAL + ASK,
    "Goose": lines("<info-msg>", "It is 12:00", "</info-msg>", ASK),
}
_NO_ASK = {"Codex, AGENTS.md", "opencode"}


@pytest.mark.parametrize("name", sorted(_ONE_MESSAGE.keys() - _NO_ASK))
def test_the_ask_is_found_inside_its_wrapping(name: str) -> None:
    """Nothing of the program's words is left."""
    assert prompt_of(_ONE_MESSAGE[name]).ask.strip('"') == ASK


_NOT_THE_USER: dict[str, Any] = {
    **{name: _ONE_MESSAGE[name] for name in _NO_ASK},
    "Claude Code, reminder": _REMINDER,
    "Claude Code, command output": "<local-command-stdout>done</local-command-stdout>",
    "Claude Code, caveat": "Caveat: The messages below were generated by the user while running",
    "Codex, environment": _CWD,
    "Cline, tool result": parts("[read_file for 'a.py'] Result:", "1 | import os", _ENVIRONMENT),
    "Cline, complaint": "[ERROR] You did not use a tool in your response! Please retry.",
    "aider, files": "I have *added these files to the chat* to read.\n\na.py\n```\nx\n```",
    "aider, map": "Here are summaries of some files present in my git repository.\n\na.py",
    "OpenHands, result": "EXECUTION RESULT of [execute_bash]:\nok",
    "OpenHands, nudge": "Please continue working on the task on whatever approach you like.",
    "SWE-agent, result": "OBSERVATION:\ntotal 0",
    "Gemini CLI": "This is the Gemini CLI. We are setting up the context for our chat.",
}


@pytest.mark.parametrize("name", sorted(_NOT_THE_USER))
def test_a_message_of_the_program_is_not_the_ask(name: str) -> None:
    """The ask before it stands; the program's message counts as no ask."""
    prompt = prompt_of(ASK, _NOT_THE_USER[name])
    assert prompt.ask == ASK
    assert prompt.asks == 1


def test_aiders_worked_examples_are_not_the_conversation() -> None:
    """What precedes its line about a new code base is no history of asks."""
    prompt = prompt_of(
        "Change f to g", "I switched to a new code base. Ignore the files above.", ASK
    )
    assert prompt.ask == ASK
    assert prompt.previous_ask == ""


def test_a_compacted_session_has_the_intent_of_its_summary_for_an_ask() -> None:
    """Unless the user said something since."""
    summary = (
        "This session is being continued from a previous conversation that ran out of context. "
        "The conversation is summarized below:\nAnalysis:\nLong.\n\nSummary:\n"
        f"1. Primary Request and Intent:\n   {ASK}\n\n2. Key Technical Concepts:\n   - flags\n"
    )
    assert prompt_of(summary).ask == ASK
    assert prompt_of(summary, "Now the docs").ask == "Now the docs"


def test_a_message_of_nothing_but_context_still_has_words() -> None:
    """Where no ask is left at all, the message as it came is read."""
    assert "empty" in prompt_of(_REMINDER).ask


@pytest.mark.parametrize(
    "text",
    [
        "What does <b>bold</b> do in HTML?",
        "Is a < b and c > d?",
        "Explain the <details> and <summary> tags",
        "What is the difference between <file> and <dir>?",
    ],
)
def test_tags_in_an_ordinary_question_stay(text: str) -> None:
    """Only whole, closed contexts are left out."""
    assert prompt_of(text).ask == text


@pytest.mark.parametrize(
    "text",
    [
        lines("<my_table>", "x", "</my_table>"),  # alone: it is what is asked about
        lines("wrap it in <my_row> as before", "</my_row> please"),  # inside a line
        lines("<my-card>", "hello", "</my-card>", "make it bold"),  # a component
        lines("<ws_state>", "no end in sight", "make it bold"),
        lines("fix", "--", "x = 1", *["y = 2"] * 80),  # a separator, not a signature
        lines("I have this in my file:", "--", "select a", "--", "please fix it"),
        lines("Here is the letter", "", "--", "Dear Sir", "--", "", "Now write a script"),
        lines("Explain this text.", "--", "The cat sat"),
        lines("what does it do", "-- ", "local x = 1;", "print x"),
    ],
)
def test_what_only_looks_like_a_program_s_words_is_kept(text: str) -> None:
    """Tags without an underscore, in a line, unclosed or alone; dashes before a long text."""
    prompt = prompt_of(text)
    kept = f"{prompt.ask} {prompt.code}"
    assert all(word in kept for word in text.split() if word.isalpha())

"""The real ask inside what agents, editors and chat front ends put around it.

In: the text of one user message or part. Out: what the user wrote, or an empty string where the
message holds nothing of the user's (a reminder, an environment dump, a tool result). Never: an
exception, or more than a few passes over the text.

Formats are those that the programs are seen to send: Claude Code, Codex, Cline and Roo, Continue,
Cursor, Copilot, aider, OpenHands, SWE-agent, opencode, Gemini CLI, Zed, Goose, Open WebUI.
"""

import re
from typing import Final

from router.request.tags import inner_ask, without_context

_NOT_THE_USER: Final = re.compile(
    r"\s*(?:"
    r"Caveat: The messages below were generated"  # Claude Code
    r"|\[ERROR\] You did not use a tool"
    r"|\[TASK RESUMPTION\]"
    r"|The user denied this operation"
    r"|OBSERVATION:"  # SWE-agent
    r"|EXECUTION RESULT of"  # OpenHands
    r"|ENVIRONMENT REMINDER:"
    r"|Please continue working on the task on whatever approach"
    r"|I have \*added these files to the chat"  # aider
    r"|Here are summaries of some files present in my git"
    r"|Here are some \*READ ONLY\* files"
    r"|I am not sharing any \*?(?:read-write|files)"
    r"|I switched to a new code base"
    r"|I (?:updated|committed) the (?:files|changes) (?:with|in)\b"
    r"|This is the (?:Gemini CLI|Qwen Code)\. We are setting up"
    r"|# AGENTS\.md instructions for"  # Codex
    r")",
)
"""How messages begin that a program wrote in the user's name."""

_RESULT: Final = re.compile(
    r"\s*(?:"
    r"\[[\w./-]+(?: for [^\]\n]*)?\] Result:"  # Cline, Roo
    r"|Called the \w+ tool with the following"  # opencode
    r")",
)
"""How a part begins that is a tool's result, or says that the next parts are."""

_INTERRUPTED: Final = re.compile(r"\s*\[Request interrupted by user[^\]\n]*\]")

_ASK_FOLLOWS: Final = (
    "## My request for Codex:",  # Codex in an editor
    "New instructions for task continuation:",  # Roo
    "The user's request is:",  # Continue
    "# User Request\n",
    "# User request\n",
    "# My request\n",
    "# Current request\n",
    "Please solve this issue:",  # mini-SWE-agent
)
"""Headings after which the ask stands."""

_HEADING_SIGNS: Final = (
    "# ",
    "solve this issue:",
    "request is:",
    "task continuation:",
    "REMINDER:",
    "rewritten code:",
)
"""A text without any of these has none of the headings above and below."""

_ASK_ENDED: Final = (
    "\n# *SEARCH/REPLACE block* Rules:",  # aider
    "\n# task_progress",  # Cline
    "\n# TODO LIST",
    "\n# Reminder: Instructions",
    "\nHere is the rewritten code:",  # Continue
    "\nENVIRONMENT REMINDER:",  # OpenHands
    "\nYou can execute bash commands and edit files",  # mini-SWE-agent
)
"""Headings with which a program's words begin after the ask."""

_COMPACTED: Final = re.compile(
    r"\s*(?:This session is being continued from a previous conversation"
    r"|<summary>|<conversation[-_]summary>)",
)
_INTENT: Final = re.compile(
    r"(?:Primary Request(?: and Intent)?|Task Overview|User's? (?:Request|Goal)|Goal)\W{1,12}",
)
_SECTION: Final = re.compile(r"\n\s{0,8}(?:\d{1,3}\.|#{1,6})\s")
_LONGEST_INTENT: Final = 1_200
_RETRIEVAL: Final = re.compile(
    r"\s*### Task:\s*Respond to the user query using the provided context"
)
"""Open WebUI's template around a question and the documents found for it."""

_SIGNED: Final = re.compile(
    r"(?<=\S)\s*\n-- \n(?!.*(?:--|[;{}]))(?=(?:[^\n]{1,80}\n?){1,4}\Z)", re.DOTALL
)
"""What begins a signature of a few lines at the end of a message (RFC 3676, section 4.3)."""

FRESH_START: Final = "I switched to a new code base"
"""aider's line between its worked examples and the real conversation."""


def heads_a_result(text: str) -> bool:
    """Tell whether a part is a tool's result, and the parts after it may be."""
    return _RESULT.match(text) is not None


def real_ask(text: str) -> str:
    """Return what the user wrote in a message, with a program's words taken out.

    Args:
        text: The bounded text of one user message, or of one part of it.

    Returns:
        The ask, stripped of white space at its ends; empty where nothing of the user's is left.
    """
    if _NOT_THE_USER.match(text) is not None or heads_a_result(text):
        return marked_ask(text)
    if _COMPACTED.match(text) is not None:
        return _intent_of(text)
    interrupted = _INTERRUPTED.match(text)
    if interrupted is not None:
        text = text[interrupted.end() :]
    if "<" in text:
        inside = inner_ask(text)
        if not inside and _RETRIEVAL.match(text) is not None:
            inside = text[text.rfind("</context>") + 1 :].removeprefix("/context>")
        text = without_context(inside or text)
    return _SIGNED.split(_between_headings(text), maxsplit=1)[0].strip()


def _intent_of(summary: str) -> str:
    """Return what a summary of the conversation so far says that the user wants."""
    intent = _INTENT.search(summary)
    if intent is None:
        return ""
    section = _SECTION.search(summary, intent.end())
    end = section.start() if section else len(summary)
    return summary[intent.end() : min(end, intent.end() + _LONGEST_INTENT)].strip()


def marked_ask(text: str) -> str:
    """Return the ask only where a tag or a heading marks it as the user's, else nothing."""
    inside = inner_ask(text)
    if inside:
        return _between_headings(without_context(inside)).strip()
    return ""


def _between_headings(text: str) -> str:
    """Cut what stands before a heading of the ask and what follows its end."""
    if not any(sign in text for sign in _HEADING_SIGNS):
        return text
    for heading in _ASK_FOLLOWS:
        at = text.find(heading)
        if at >= 0:
            text = text[at + len(heading) :]
            break
    for heading in _ASK_ENDED:
        at = text.find(heading)
        if at >= 0:
            text = text[:at]
    return text

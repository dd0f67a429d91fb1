"""Tags in messages: those whose inside is the ask, and those whose inside a program wrote.

In: a bounded text. Out: the text inside or without certain tags. Never: a parse of HTML or XML; a
tag that does not close is left alone unless the text was cut.
"""

import re
from typing import Final

from router.request.messages import CUT

_ASK_TAGS: Final = frozenset(
    {
        "task",  # Cline, Roo
        "user_message",  # Roo, resumed tasks
        "feedback",  # Cline, Roo: what the user says when refusing a step
        "user_query",  # Cursor, Open WebUI
        "userrequest",  # Copilot
        "user_request",  # Windsurf
        "issue_description",  # OpenHands
        "pr_description",  # SWE-agent
        "user-prompt",
        "user_prompt",
        "user_input",
    },
)
"""Tags whose inside is the ask."""

_CONTEXT_TAGS: Final = frozenset(
    [
        "context",
        "environment",
        "env",
        "rules",
        "attachments",
        "attachment",
        "file",
        "files",
        "folder_content",
        "file_content",
        "url_content",
        "document",
        "documents",
        "source",
        "sources",
        "problems",
        "diagnostics",
        "git_status",
        "gitstatus",
        "memory",
        "memories",
        "skill",
        "skills",
        "instructions",
        "permissions",
        "collaboration_mode",
        "turn_aborted",
        "todos",
        "uploaded_files",
        "local-command-stdout",
        "local-command-stderr",
        "command-message",
        "command-name",
        "command-args",
        "bash-input",
        "bash-stdout",
        "bash-stderr",
        "ide_opened_file",
        "ide_selection",
        "user-prompt-submit-hook",
        "new-diagnostics",
        "user_shell_command",
        "user_action",
        "project_layout",
        "current_file",
        "open_tabs",
        "search_results",
        "tool_result",
        "tool_results",
        "tool_output",
        "function_results",
        "explicit_instructions",
        "conversation-summary",
        "conversation_summary",
        "chat_history",
        "additional_data",
        "manually_attached_skills",
        "toolreferences",
        "info-msg",
        "editor_state",
        "cursor_position",
        "runtime_information",
        "repository_instructions",
    ],
)
"""Tags whose inside was put there by a program."""

_CONTEXT_SUFFIX: Final = re.compile(
    r"[\w-]*[a-z_-](?:context|details|reminder|info|information|metadata|instructions|attachments|"
    r"files|references|status)",
)
"""Compound tag names of the same kind: `environment_details`, `system-reminder`, `user_info`."""

_OPENING: Final = re.compile(r"<([A-Za-z][\w-]{2,40})(?:\s[^<>]{0,300})?>")
_CLOSING: Final = re.compile(r"</([A-Za-z][\w-]{2,40})>")

_MOST_TRIED: Final = 4
"""Empty tags that are passed over on the way back to the last one with an ask inside."""


def inner_ask(text: str) -> str:
    """Return the inside of the last tag that holds the ask, or an empty string."""
    openings = [tag for tag in _OPENING.finditer(text) if tag.group(1).lower() in _ASK_TAGS]
    for opening in openings[: -1 - _MOST_TRIED : -1]:
        end = text.find(f"</{opening.group(1)}>", opening.end())
        inside = text[opening.end() : end if end >= 0 else len(text)].strip()
        if inside:
            return inside
    return ""


def without_context(text: str) -> str:
    """Leave out tagged context.

    A tag that does not close is left alone, unless the text was cut: then it closes at the cut,
    and what precedes a lone closing tag after the cut goes too.
    """
    kept = []
    unclosed = set()
    at = 0
    cut = text.find(CUT)
    begin, finish = len(text) - len(text.lstrip()), len(text.rstrip())
    for opening in _OPENING.finditer(text):
        name = opening.group(1)
        if opening.start() < at or name in unclosed:
            continue
        known = _is_context(name.lower())
        if not known and not _wraps_lines(text, opening, begin, finish):
            continue
        closing = f"</{name}>"
        end = text.find(closing, opening.end())
        if end >= 0:
            end += len(closing)
        elif known and cut > opening.start():
            end = cut
        else:
            unclosed.add(name)
            continue
        kept.append(text[at : opening.start()])
        at = end
    kept.append(_after_orphan(text[at:]))
    return "".join(kept)


def _wraps_lines(text: str, opening: re.Match[str], begin: int, finish: int) -> bool:
    """Tell whether a tag of unknown name looks like a program's: around lines, first or last.

    Only names with an underscore: HTML, components and most XML have none, harnesses' tags do.

    Args:
        text: Where the tag stands.
        opening: The tag.
        begin: Where the text begins after white space.
        finish: Where it ends before white space.
    """
    name = opening.group(1)
    if "_" not in name or name.lower() in _ASK_TAGS or not text.startswith("\n", opening.end()):
        return False
    return (opening.start() == begin) != text.endswith(f"</{name}>", 0, finish)


def _after_orphan(text: str) -> str:
    """Leave out the end of a context whose beginning was cut away."""
    cut = text.find(CUT)
    if cut < 0:
        return text
    orphan = -1
    for closing in _CLOSING.finditer(text, cut):
        if _is_context(closing.group(1).lower()):
            orphan = closing.end()
    return text if orphan < 0 else text[:cut] + CUT + text[orphan:]


def _is_context(name: str) -> bool:
    """Tell whether a tag of this name holds a program's words."""
    return name in _CONTEXT_TAGS or _CONTEXT_SUFFIX.fullmatch(name) is not None

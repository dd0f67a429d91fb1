"""Who asks what: from a parsed body to the `Prompt` that classification reads.

In: a `ChatRequest`. Out: the latest real ask, its code, and what came before it. Never: an
exception on any shape of JSON, or more work for a long request than for a short one beyond looking
at each message's role.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from router.request.code_spotting import Split, holds_code, split
from router.request.messages import bounded, messages_of, role_of, texts_of
from router.request.wrappers import FRESH_START, heads_a_result, marked_ask, real_ask
from router.types import ChatRequest, Prompt

_RESULT_ROLES: Final = frozenset({"tool", "function"})
_SYSTEM_ROLES: Final = frozenset({"system", "developer"})
_READ: Final = (2_200, 1_400)
"""Characters of an ask that are taken apart into prose and code."""
_MOST_HISTORY: Final = 6
"""Messages before the ask that are searched for code."""
_PROSE: Final = (1_400, 1_000)
"""Characters kept of the ask's prose: head and tail."""
_CODE: Final = (800, 200)
_PREVIOUS: Final = (400, 200)
_HISTORY_WINDOW: Final = (800, 800)
_SYSTEM: Final = (400, 0)
_ANSWER_TAIL: Final = 400
_LONGEST_GO_ON: Final = 40
_WANTED_ASKS: Final = 2
_NOTHING: Final = Split("", "", code_first=False)

_GO_ON: Final = re.compile(
    r"""\W*(?:(?:ok(?:ay)?|yes|yeah|yep|sure|please|and|so|alright|right|great|good|perfect|cool|oui
    |si|sí|ja|да|sim|hai|好的?|嗯|是的?|可以|行|はい|네)\W+){0,2}
    (?:yes(?:\ please)?|y|yep|yeah|yup|sure|ok(?:ay)?|please|go\ on|go\ ahead|go|do\ it|do\ that
    |continue|proceed|carry\ on|keep\ going|next|resume|try\ again|again|retry|more|please\ do
    |go\ for\ it
    |oui|vas[- ]y|continue[rz]?|encore|sí|si|sigue|continúa|continua|dale|adelante|ja|weiter
    |mach\ weiter|да|давай|продолжай|продолжи|дальше|ещё|sim|continue\ por\ favor|prossiga|vai
    |hai|はい|続けて(?:ください)?|続き|もう一度|お願いします|次|네|계속(?:해(?:줘|주세요)?)?|다시
    |继续(?:吧|写|说|做|下去)?|請繼續|请继续|繼續|接着(?:写|说|来)?|好的?|是的?|可以|行|嗯|再来(?:一次|一个)?
    |再试(?:一次)?|下一步|evet|devam(?:\ et)?|tak|dalej|kontynuuj|نعم|استمر|अगला|हाँ|जारी\ रखें)
    (?:\ (?:please|then|now|with\ (?:it|that|this)|yourself|por\ favor|bitte|stp|svp))?\W*""",
    re.VERBOSE | re.IGNORECASE,
)
"""What a user says to have the last task go on, in the languages met most."""


def read_prompt(request: ChatRequest) -> Prompt:
    """Read what classification needs of a request.

    Args:
        request: A parsed request of any shape.

    Returns:
        The latest real ask and its surroundings. Where no user speaks, the ask is the last text
        that no assistant and no tool wrote.
    """
    body = request.body
    tools = body.get("tools") or body.get("functions")
    tool_count = len(tools) if isinstance(tools, list) else 0
    messages = messages_of(body)
    if not messages:
        return _completion(body, tool_count)
    roles = [role_of(message) for message in messages]
    asks, count = _asks(messages, roles)
    at, text = asks[0] if asks else _fallback(messages, roles)
    latest = split(bounded(text, *_READ))
    previous = split(bounded(asks[1][1], *_PREVIOUS)) if len(asks) > 1 else _NOTHING
    carried = len(asks) > 1 and _says_go_on(text)
    answer, history_has_code = _history(messages, roles, at)
    return Prompt(
        ask=bounded(latest.prose, *_PROSE).strip(),
        code=bounded(previous.code if carried else latest.code, *_CODE).strip("\n"),
        previous_ask=bounded(previous.prose, *_PREVIOUS).strip(),
        previous_answer=answer[-_ANSWER_TAIL:],
        system=_system(messages, roles),
        has_assistant="assistant" in roles,
        asks=count,
        turns_after_ask=sum(
            role == "assistant" or role in _RESULT_ROLES for role in roles[at + 1 :]
        ),
        history_has_code=history_has_code,
        answer_has_code=holds_code(answer),
        tools=tool_count,
        code_first=latest.code_first,
        carried=carried,
    )


def _completion(body: Mapping[str, Any], tools: int) -> Prompt:
    """Read a request without messages: a text completion, or nothing at all."""
    text, suffix = body.get("prompt"), body.get("suffix")
    pieces = split(bounded(text) if isinstance(text, str) else "")
    return Prompt(
        ask=bounded(pieces.prose, *_PROSE).strip(),
        code=bounded(pieces.code, *_CODE),
        tools=tools,
        infill=isinstance(suffix, str) and bool(suffix),
        code_first=pieces.code_first,
    )


def _asks(
    messages: Sequence[Mapping[str, Any]],
    roles: Sequence[str],
) -> tuple[list[tuple[int, str]], int]:
    """Find the latest real ask and the last substantive one before it.

    Returns:
        Places and texts, the latest first; and how many asks the conversation holds: older user
        messages are counted without being read.
    """
    asks: list[tuple[int, str]] = []
    for at in range(len(messages) - 1, -1, -1):
        if roles[at] != "user":
            continue
        texts = texts_of(messages[at])
        if texts and texts[0].startswith(FRESH_START):
            break
        text = _ask_of(texts)
        if not text or (asks and _says_go_on(text)):
            continue
        asks.append((at, text))
        if len(asks) == _WANTED_ASKS:
            return asks, _WANTED_ASKS + roles[:at].count("user")
    return asks, max(1, len(asks))


def _says_go_on(text: str) -> bool:
    """Tell whether an ask only says to go on with the last task."""
    return len(text) <= _LONGEST_GO_ON and _GO_ON.fullmatch(text) is not None


def _ask_of(texts: Sequence[str]) -> str:
    """Return the user's own words in one message, whose parts may come from several hands.

    What follows the heading of a tool's result is the tool's, unless it is marked as the user's.
    """
    own = []
    after_result = False
    for text in texts:
        after_result = after_result or heads_a_result(text)
        ask = marked_ask(text) if after_result else real_ask(text)
        if ask:
            own.append(ask)
    return "\n".join(own)


def _fallback(messages: Sequence[Mapping[str, Any]], roles: Sequence[str]) -> tuple[int, str]:
    """Return the last text that no assistant and no tool wrote: users' first, then any."""
    for wanted in (("user",), None):
        for at in range(len(messages) - 1, -1, -1):
            role = roles[at]
            fits = role in wanted if wanted else role != "assistant" and role not in _RESULT_ROLES
            text = "\n".join(texts_of(messages[at])).strip() if fits else ""
            if text:
                return at, bounded(text)
    return len(messages) - 1, ""


def _history(
    messages: Sequence[Mapping[str, Any]],
    roles: Sequence[str],
    before: int,
) -> tuple[str, bool]:
    """Return the assistant's last answer before the ask, and whether the history holds code."""
    answer = ""
    has_code = False
    for at in range(before - 1, max(-1, before - 1 - _MOST_HISTORY), -1):
        if roles[at] in _SYSTEM_ROLES:
            continue
        texts = texts_of(messages[at])
        if not texts:
            continue
        text = bounded("\n".join(texts), *_HISTORY_WINDOW)
        if not answer and roles[at] == "assistant":
            answer = text
        has_code = has_code or holds_code(text)
    return answer, has_code


def _system(messages: Sequence[Mapping[str, Any]], roles: Sequence[str]) -> str:
    """Return the head of the first system or developer message."""
    for message, role in zip(messages, roles, strict=True):
        if role in _SYSTEM_ROLES:
            return "\n".join(texts_of(message))[: _SYSTEM[0]]
        if role == "user":
            break
    return ""

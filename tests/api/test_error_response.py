"""The guard around everything.

In: inner applications that fail. Out: verdicts on what is sent and reported. Never: a server.
"""

import json
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from router.api.error_response import ErrorBoundary
from router.errors import ModelMissingError

SCOPE: dict[str, Any] = {"type": "http", "path": "/v1/x", "method": "GET", "headers": []}


async def nothing() -> Message:
    """Receive nothing."""
    return {"type": "http.disconnect"}


async def served(error: Exception, *, begun: bool) -> tuple[list[Message], list[Exception]]:
    """Run an application that fails; return what was sent and what was reported."""
    sent: list[Message] = []
    reported: list[Exception] = []

    async def inner(_scope: Scope, _receive: Receive, send: Send) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    async def send(message: Message) -> None:
        sent.append(message)

    scope = dict(SCOPE)
    boundary = ErrorBoundary(inner, lambda: "id-1", lambda failure, _id: reported.append(failure))
    await boundary(scope, nothing, send)
    return sent, reported


async def test_what_nobody_expected_becomes_a_500_without_its_words() -> None:
    """The operator is told; the client learns that it was not to blame."""
    error = ValueError("the prompt's secret")
    sent, reported = await served(error, begun=False)
    assert sent[0]["status"] == 500
    body = json.loads(sent[1]["body"])["error"]
    assert body["code"] == "internal_error"
    assert "secret" not in body["message"]
    assert (b"x-router-request-id", b"id-1") in sent[0]["headers"]
    assert reported == [error]


async def test_an_error_of_ours_keeps_its_status_and_is_not_reported() -> None:
    """It is an answer, not a failure."""
    sent, reported = await served(ModelMissingError("say which"), begun=False)
    assert sent[0]["status"] == 400
    assert json.loads(sent[1]["body"])["error"]["message"] == "say which"
    assert reported == []


async def test_an_answer_that_has_begun_is_left_unfinished() -> None:
    """No second start, no end that looks proper."""
    sent, reported = await served(ValueError("late"), begun=True)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert len(reported) == 1

"""Ordinary clients through the running demo: only the base URL differs from their usual use."""

import asyncio
import json
import shutil
import subprocess

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.demo.real import START_SECONDS

ASK: list[ChatCompletionMessageParam] = [
    {"role": "user", "content": "Write a Python function that reverses a string."}
]
TOKENS = 16


def test_the_openai_package_gets_an_answer(running_demo: str) -> None:
    """A whole answer, with the router's choice in its headers."""
    with openai.OpenAI(base_url=f"{running_demo}/v1", api_key="any") as client:
        raw = client.chat.completions.with_raw_response.create(
            model="auto", messages=ASK, max_tokens=TOKENS
        )

    assert raw.headers["x-router-category"] == "code-generation"
    assert raw.headers["x-router-backend"] == "coder"
    completion = raw.parse()
    assert completion.choices[0].message.content
    assert completion.usage
    assert completion.usage.completion_tokens <= TOKENS


def test_the_openai_package_streams(running_demo: str) -> None:
    """Chunks come one by one and end with a finish reason."""
    with (
        openai.OpenAI(base_url=f"{running_demo}/v1", api_key="any") as client,
        client.chat.completions.create(
            model="auto", messages=ASK, max_tokens=TOKENS, stream=True
        ) as stream,
    ):
        choices = [choice for chunk in stream for choice in chunk.choices]

    assert len([choice for choice in choices if choice.delta.content]) > 3
    assert choices[-1].finish_reason in {"stop", "length"}


async def test_the_openai_package_works_asynchronously(running_demo: str) -> None:
    """Two requests at once, one of them a stream."""
    async with openai.AsyncOpenAI(base_url=f"{running_demo}/v1", api_key="any") as client:

        async def streamed() -> str:
            stream = await client.chat.completions.create(
                model="auto", messages=ASK, max_tokens=TOKENS, stream=True
            )
            return "".join([c.delta.content or "" async for chunk in stream for c in chunk.choices])

        whole, text = await asyncio.gather(
            client.chat.completions.create(model="auto", messages=ASK, max_tokens=TOKENS),
            streamed(),
        )

    assert whole.choices[0].message.content
    assert text.strip()


def test_the_openai_package_lists_and_fetches_models(running_demo: str) -> None:
    """`auto` is among them, and can be fetched by name."""
    with openai.OpenAI(base_url=f"{running_demo}/v1", api_key="any") as client:
        names = {model.id for model in client.models.list()}
        auto = client.models.retrieve("auto")

    assert {"auto", "auto:code-edit", "generalist", "chat", "coder"} <= names
    assert auto.id == "auto"


def test_the_openai_package_understands_a_refusal(running_demo: str) -> None:
    """An unknown model is the package's own NotFoundError with OpenAI's code."""
    with (
        openai.OpenAI(base_url=f"{running_demo}/v1", api_key="any") as client,
        pytest.raises(openai.NotFoundError) as raised,
    ):
        client.chat.completions.create(model="no-such-model", messages=ASK)

    assert raised.value.code == "model_not_found"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_streams_events(running_demo: str) -> None:
    """`curl -N` shows server-sent events up to the last one."""
    body = json.dumps({"model": "auto", "stream": True, "max_tokens": TOKENS, "messages": ASK})
    done = subprocess.run(
        (
            *("curl", "-sS", "-N", "--noproxy", "*", f"{running_demo}/v1/chat/completions"),
            *("-H", "content-type: application/json", "-d", body),
        ),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    events = [line for line in done.stdout.splitlines() if line]
    assert all(event.startswith("data: ") for event in events)
    assert json.loads(events[0].removeprefix("data: "))["object"] == "chat.completion.chunk"
    assert events[-1] == "data: [DONE]"

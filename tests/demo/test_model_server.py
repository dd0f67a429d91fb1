"""The real embedded model."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from router.demo.client import Client
from tests.demo.real import START_SECONDS


def test_the_real_model_answers_a_chat_completion(model_server: str) -> None:
    """OpenAI's API, in OpenAI's shape, with a real answer and its usage."""
    answer = httpx.post(
        f"{model_server}/v1/chat/completions",
        json={
            "model": "any",
            "messages": [{"role": "user", "content": "Say hello."}],
            "max_tokens": 8,
        },
        timeout=START_SECONDS,
        trust_env=False,
    ).json()

    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["content"].strip()
    assert 0 < answer["usage"]["completion_tokens"] <= 8


def test_the_real_model_streams_to_the_demos_client(model_server: str) -> None:
    """Text comes in several pieces."""
    with Client(f"{model_server}/v1") as client:
        reply = client.send(({"role": "user", "content": "Count from one to five."},), 24)
        pieces = [piece for piece in reply.pieces if piece]

    assert len(pieces) > 3


def test_an_answer_ends_though_nobody_bounded_it(model_server: str) -> None:
    """A client that names no limit does not keep the machine busy until the context is full."""
    answer = httpx.post(
        f"{model_server}/v1/chat/completions",
        json={
            "messages": [{"role": "user", "content": "Count upwards for ever: 1 2 3 4 5 6 7"}],
            "temperature": 0,
            "logit_bias": {"2": -100},
        },
        timeout=START_SECONDS,
        trust_env=False,
    ).json()

    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 256


def test_the_model_server_listens_on_loopback_only(model_server: str) -> None:
    """No other machine reaches it."""
    assert urlsplit(model_server).hostname == "127.0.0.1"


def test_the_model_server_ends_with_its_starter(weights: Path) -> None:
    """When stdin closes, as it does when the starter dies, the process ends by itself."""
    command = (sys.executable, "-m", "router.demo.model_server", str(weights))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline().startswith(b"http://127.0.0.1:")

        process.stdin.close()

        try:
            assert process.wait(START_SECONDS) == 0
        finally:
            process.kill()

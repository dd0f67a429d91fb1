"""The demo's client: the official `openai` package, as any reader would use it.

In: a router's address, conversations. Out: where each went and its answer, piece by piece. Never: a
retry, or anything that an ordinary client of the router could not do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeAlias

import openai
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

Conversation: TypeAlias = tuple[ChatCompletionMessageParam, ...]

MODEL: Final = "auto"


class NoAnswerError(Exception):
    """The router refused, failed, broke off, or could not be reached; the message says which."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request went, as the response's headers say."""

    category: str
    confidence: float
    """The probability of the category, 0 to 1."""
    backend: str
    model: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer under way."""

    route: Route
    pieces: Iterator[str]
    """Its text as it comes, to be read once; raises `NoAnswerError` where it breaks off."""


class Client:
    """A client of one router on this machine: no retries, no proxy from the environment."""

    def __init__(self, base_url: str) -> None:
        self._openai = openai.OpenAI(
            base_url=base_url,
            api_key="none-needed",
            max_retries=0,
            http_client=openai.DefaultHttpxClient(trust_env=False),
        )

    def send(self, messages: Conversation, max_tokens: int) -> Reply:
        """Ask for the model `auto` and stream the answer.

        Raises:
            NoAnswerError: There is none.
        """
        try:
            response = self._openai.chat.completions.with_raw_response.create(
                model=MODEL,
                messages=messages,
                max_tokens=max_tokens,
                temperature=0,
                stream=True,
            )
        except openai.APIError as error:
            raise NoAnswerError(error.message) from error
        return Reply(_route(response.headers), _pieces(response.parse()))

    def close(self) -> None:
        """Close its connections."""
        self._openai.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _route(headers: Mapping[str, str]) -> Route:
    return Route(
        category=headers.get("x-router-category", ""),
        confidence=float(headers.get("x-router-confidence", "0")),
        backend=headers.get("x-router-backend", ""),
        model=headers.get("x-router-model", ""),
    )


def _pieces(stream: openai.Stream[ChatCompletionChunk]) -> Iterator[str]:
    with stream:
        try:
            for chunk in stream:
                yield "".join(choice.delta.content or "" for choice in chunk.choices)
        except openai.APIError as error:
            raise NoAnswerError(error.message) from error

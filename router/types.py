"""The frozen values that cross rooms, and the protocols between them.

In: nothing. Out: types. Never: behaviour beyond trivial
properties, I/O, or an import from another room.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias

from router.closed_sets import (
    AttemptOutcome,
    Capability,
    Ending,
    Outcome,
    Reason,
    SkipReason,
)

RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]
"""Header lines in order, duplicates kept; names as received (ASGI gives them in lower case)."""

Health: TypeAlias = Mapping[str, str]
"""Backends that cannot be used now → why (a key of `SKIP_REASONS`); one not named is usable."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request body: its bytes as they came, and what reading found on the surface."""

    raw: bytes
    body: Mapping[str, Any]
    """The parsed object; empty when `unreadable`. Never written to."""
    model: str | None
    """The model the client asked for; None where it is missing or is not a string."""
    stream: bool
    unreadable: bool = False
    """True where the JSON nests deeper than either parser takes."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What classification reads of a request. Every text is bounded; none of it is kept."""

    ask: str
    """The prose of the latest real ask of the user, with code and attachments taken out."""
    code: str = ""
    """The code that came with that ask, fenced or not."""
    previous_ask: str = ""
    previous_answer: str = ""
    """The tail of the assistant's last answer before the ask."""
    system: str = ""
    """The head of the system and developer messages."""
    has_assistant: bool = False
    """An assistant message stands anywhere in the request."""
    asks: int = 1
    """How many real asks the conversation holds, the latest included."""
    turns_after_ask: int = 0
    """Assistant and tool messages after the latest ask: a tool loop."""
    history_has_code: bool = False
    answer_has_code: bool = False
    """The assistant's last answer before the ask holds code."""
    tools: int = 0
    """How many tools the request offers."""
    infill: bool = False
    """The request is a completion with a suffix."""
    code_first: bool = False
    """The ask begins with code."""
    carried: bool = False
    """The latest ask only says to go on: `previous_ask` names the task, `code` is its code."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a backend must be able to do to serve a request."""

    capabilities: frozenset[Capability] = frozenset()
    """Of tools, vision, audio, json_schema, logprobs, n, infill: those the request uses."""
    tokens: int = 0
    """An estimate of the prompt's length in tokens; it may reorder candidates, never refuse."""


@dataclass(frozen=True, slots=True)
class Classification:
    """The category of a request, how sure, and which stage said so."""

    category: str
    confidence: float
    """The probability of `category`, 0 to 1."""
    stage: str
    probabilities: Mapping[str, float]
    """One for each category of the table; they add up to 1."""
    fact: str = ""
    """The structural fact or declaration that decided, in a word; empty for scored stages."""


@dataclass(frozen=True, slots=True)
class Ask:
    """All that a decision depends on besides the policy and the backends' health."""

    classification: Classification | None
    """None where the request was not classified; `unclassified` says why."""
    needs: Needs
    unclassified: Reason | None = None
    """`classifier_failed` or `unreadable`, where no classification exists for that reason."""
    pin: str | None = None
    """The backend that the client addressed."""
    pin_reason: Literal["pinned", "unknown_model"] = "pinned"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A backend to try."""

    backend: str
    model: str | None
    """The model name to send; None keeps the name that the client used."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A backend that was passed over, and why."""

    backend: str
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a request goes: candidates in order, and why."""

    category: str | None
    candidates: tuple[Candidate, ...]
    reason: Reason
    generation: str
    """The policy's generation: the first 8 hex digits of its SHA-256."""
    skipped: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """A backend's limits in seconds."""

    connect: float = 2.0
    first_token: float = 300.0
    """From the end of the request to the first byte of the answer's body."""
    idle: float = 300.0
    """Between two chunks of the answer."""
    total: float = 1800.0
    """The first candidate's is the deadline of the whole request, all tries, to the last byte."""


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A backend as the policy names it, with its family's facts filled in."""

    name: str
    base_url: str
    """Absolute, without a slash at the end, variables expanded."""
    model: str | None = None
    api_key_env: str | None = None
    forward_key: bool = False
    """Send the client's own key (`api_key: forward`)."""
    auth: Literal["bearer", "api-key", "x-api-key", "none"] = "bearer"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    dialect: str = "openai"
    family: str | None = None
    """The family's name in families.yaml; None where the model is unknown."""
    transport: Literal["aiohttp", "httpx"] = "aiohttp"
    http2: bool = False
    proxy_env: str | None = None
    ca_file: str | None = None
    context_window: int | None = None
    """Tokens; None where unknown."""
    capabilities: Mapping[Capability, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Known yes and known no; what is missing is unknown."""
    timeouts: Timeouts = Timeouts()
    request_defaults: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one backend."""

    backend: str
    outcome: AttemptOutcome
    seconds: float
    """From the start of the try to the first byte of the body, or to its failure."""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a backend says it used."""

    input: int
    output: int
    cached: int = 0
    """Of the input tokens, those read from a cache."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was seen of an answer while it was relayed."""

    ending: Ending
    usage: Usage | None


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request as the API hands it to the pipeline."""

    path: str
    """The path below the base URL, e.g. `/chat/completions`."""
    body: bytes
    headers: RawHeaders = ()
    query: bytes = b""
    client: str = "anonymous"
    """The configured name of the client, never its own words."""
    request_id: str = ""
    started: float = 0.0
    """When the last byte of the request was read, in the pipeline's monotonic seconds."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is observed of one request. It has no field for text: privacy by type."""

    endpoint: str
    client: str
    request_id: str
    outcome: Outcome
    status: int
    streamed: bool
    duration_seconds: float
    overhead_seconds: float
    """From the last byte of the request to the start of the first try."""
    classification: Classification | None = None
    classification_seconds: float | None = None
    decision: Decision | None = None
    backend: str | None = None
    """The backend that answered, or the last one tried."""
    attempts: tuple[Attempt, ...] = ()
    first_byte_seconds: float | None = None
    usage: Usage | None = None
    usage_expected: bool = False
    """A whole generation came back, so a missing `usage` is worth counting."""


class ByteStream(Protocol):
    """An answer under way. Whoever holds one closes it, in a shielded `finally`."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> RawHeaders:
        """Header lines, names in lower case."""
        ...

    async def read(self) -> bytes:
        """Return the next bytes of the body, as they came; empty at its end.

        Raises:
            router.errors.UpstreamError: The answer broke off.
        """
        ...

    async def close(self) -> None:
        """Give the connection back, or close it if the body was not read to its end."""
        ...

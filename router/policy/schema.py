"""The shape of a policy file, version 1: each key with its type, default and meaning.

In: plain values from YAML. Out: a checked `PolicyFile`, or pydantic's errors. Never: a check that
needs two places of the document, or the world outside it (see `references.py`).

`policies/policy.schema.json` and the table of keys in `policies/README.md` follow this file.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from router.categories import CATEGORIES
from router.closed_sets import REASONS, SKIP_REASONS

DAY: Final = 86_400
MAX_BODY_BYTES: Final = 1 << 30

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Seconds = Annotated[float, Field(gt=0, le=7 * DAY, allow_inf_nan=False)]
_CATEGORY_KEYS: Final[dict[str, JsonValue]] = {"propertyNames": {"enum": list(CATEGORIES)}}


class _Strict(BaseModel):
    """No unknown keys, no conversions: a number in quotes is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TimeoutsEntry(_Strict):
    """Limits of one backend, in seconds."""

    connect: Seconds = Field(default=2.0, description="until the connection stands")
    first_token: Seconds = Field(
        default=300.0, description="from the end of the request to the answer's first byte"
    )
    idle: Seconds = Field(default=300.0, description="between two chunks of the answer")
    total: Seconds = Field(
        default=1800.0,
        description="from start to last byte; the first candidate's holds for all tries together",
    )


class CapabilitiesEntry(_Strict):
    """What a backend's model can do: true, false, or null for unknown. Only a false skips it."""

    instruct: bool | None = Field(default=None, description="tuned to follow instructions")
    chat: bool | None = Field(default=None, description="tuned to converse")
    code: bool | None = Field(default=None, description="specialised in code")
    infill: bool | None = Field(default=None, description="fills in the middle")
    tools: bool | None = Field(default=None, description="calls tools")
    vision: bool | None = Field(default=None, description="reads images")
    audio: bool | None = Field(default=None, description="hears audio")
    json_schema: bool | None = Field(default=None, description="obeys a JSON schema")
    logprobs: bool | None = Field(default=None, description="returns log probabilities")
    n: bool | None = Field(default=None, description="returns several answers at once")


class BackendEntry(_Strict):
    """A model behind an OpenAI-compatible API."""

    base_url: Text = Field(
        description="http(s) URL up to and with the version, `${VAR}` and `${VAR:-else}` expanded"
    )
    model: Text | None = Field(
        default=None, description="what the backend calls it; without it, the client's own name"
    )
    api_key_env: Text | None = Field(
        default=None, description="the environment variable that holds the key"
    )
    api_key: Literal["forward"] | None = Field(
        default=None, description="`forward`: send the client's own key"
    )
    auth: Literal["bearer", "api-key", "x-api-key", "none"] = Field(
        default="bearer", description="how the key is sent"
    )
    headers: dict[str, str] = Field(default={}, description="added to each request")
    dialect: Literal["openai"] = Field(default="openai", description="the API it speaks")
    family: Text | None = Field(
        default=None, description="the model's family, where its name does not tell"
    )
    transport: Literal["aiohttp", "httpx"] = Field(
        default="aiohttp", description="the HTTP client; httpx for the three keys below"
    )
    http2: bool = Field(default=False, description="speak HTTP/2 (httpx only)")
    proxy_env: Text | None = Field(
        default=None, description="the variable that holds a proxy's URL (httpx only)"
    )
    ca_file: Text | None = Field(
        default=None,
        description="PEM file of certificate authorities, relative to the policy (httpx only)",
    )
    context_window: Annotated[int, Field(gt=0, le=10**9)] | None = Field(
        default=None, description="tokens; wins over the family's"
    )
    capabilities: CapabilitiesEntry = Field(
        default=CapabilitiesEntry(), description="facts; they win over the family's"
    )
    timeouts: TimeoutsEntry = Field(default=TimeoutsEntry(), description="limits in seconds")
    request_defaults: dict[str, Any] = Field(
        default={}, description="members of the body that the client did not send"
    )


class ClassificationEntry(_Strict):
    """How sure the classifier has to be, and which weights it uses."""

    min_confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        default=0.5, description="less sure than this goes to `default` first; 0 to 1"
    )
    weights: Text | None = Field(
        default=None, description="weights of your own, relative to the policy; null: the shipped"
    )
    encoder: bool = Field(
        default=True, description="give doubtful prompts a second look; off: only words are weighed"
    )


class LimitsEntry(_Strict):
    """Bounds on what clients send."""

    body_bytes: Annotated[int, Field(ge=1024, le=MAX_BODY_BYTES)] = Field(
        default=32 * 1024 * 1024, description="the longest request body; longer ones get a 413"
    )


class ExpectEntry(_Strict):
    """What a test expects; what is left out is not looked at."""

    category: Text | None = Field(default=None, description="the category of the decision")
    backend: Text | None = Field(default=None, description="the first candidate")
    backends: Annotated[list[Text], Field(min_length=1)] | None = Field(
        default=None, description="all candidates, in order"
    )
    reason: Text | None = Field(
        default=None,
        description="why it went there, a value of x-router-reason",
        json_schema_extra={"enum": [*REASONS, None]},
    )
    skipped: dict[str, str] | None = Field(
        default=None,
        description="backend and reason, for each that is passed over",
        json_schema_extra={"additionalProperties": {"enum": list(SKIP_REASONS)}},
    )
    error: Text | None = Field(default=None, description="the code of the error that refuses it")


class TestEntry(_Strict):
    """One request and what becomes of it; `task-router check` runs it."""

    ask: Text | None = Field(default=None, description="one user message, asked of `auto`")
    request: Any = Field(
        default=None, description="a whole request body: an object, or a JSON file's path"
    )
    health: dict[str, Literal["down", "no_key", "no_proxy"]] = Field(
        default={}, description="backends taken to be unusable"
    )
    expect: ExpectEntry = Field(description="what the decision has to be")


class PolicyFile(_Strict):
    """A policy of the task router."""

    version: Literal[1] = Field(description="the version of this format")
    backends: Annotated[dict[str, BackendEntry], Field(min_length=1)] = Field(
        description="name of your choice → a model"
    )
    routes: dict[str, Annotated[list[Text], Field(min_length=1)]] = Field(
        default={},
        description="category → backends, best first; the rest are fallbacks",
        json_schema_extra=_CATEGORY_KEYS,
    )
    default: Text = Field(
        description="the backend for abstention, classifier failure and categories without a route"
    )
    aliases: dict[str, Text] = Field(
        default={}, description="other model name → `auto`, `auto:<category>` or a backend"
    )
    unknown_models: Text = Field(
        default="reject", description="`reject`, `auto`, or a backend that takes them"
    )
    classification: ClassificationEntry = Field(
        default=ClassificationEntry(), description="how sure is sure enough"
    )
    limits: LimitsEntry = Field(default=LimitsEntry(), description="bounds on what clients send")
    tests: list[TestEntry] = Field(
        default=[], description="requests and where they have to go; run by `task-router check`"
    )

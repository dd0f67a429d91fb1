"""The closed sets: every word that a decision, an attempt or an outcome can be told in.

In: nothing. Out: literal types, and tables of what each word means. Never: a word that comes from a
client; these are the values of headers, of metric labels and of fields in reports.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Capability = Literal[
    "instruct",
    "chat",
    "code",
    "infill",
    "tools",
    "vision",
    "audio",
    "json_schema",
    "logprobs",
    "n",
]

Reason = Literal[
    "route",
    "declared",
    "pinned",
    "unknown_model",
    "low_confidence",
    "no_route",
    "classifier_failed",
    "unreadable",
]

REASONS: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        "route": "the policy's route for the category that the classifier found",
        "declared": "the policy's route for the category that the client declared",
        "pinned": "the client addressed this backend by name or by x-router-backend",
        "unknown_model": "the policy's unknown_models names this backend",
        "low_confidence": "default: the classifier was less sure than min_confidence",
        "no_route": "default: the policy has no route for the category",
        "classifier_failed": "default: the classifier failed",
        "unreadable": "default: the body nests deeper than any parser reads",
    },
)
"""Why a decision fell as it did: the values of `x-router-reason`."""

FALLBACKS: Final[frozenset[Reason]] = frozenset(
    {"low_confidence", "no_route", "classifier_failed", "unreadable"},
)
"""The reasons that mean: the policy's `default` was used instead of a route."""

LookOutcome = Literal["confirmed", "changed", "skipped", "late", "failed"]

LOOK_OUTCOMES: Final[Mapping[LookOutcome, str]] = MappingProxyType(
    {
        "confirmed": "the encoder found the same category as the words' weights",
        "changed": "the encoder found another category",
        "skipped": "the budget of time was spent, or too many waited: the first verdict stood",
        "late": "the deadline passed: the first verdict stood",
        "failed": "the encoder failed: the first verdict stood",
    },
)
"""What became of a prompt that the words' weights left in doubt."""

SkipReason = Literal[
    "no_key",
    "no_proxy",
    "down",
    "no_tools",
    "no_vision",
    "no_audio",
    "no_json_schema",
    "no_logprobs",
    "no_n",
    "no_infill",
    "not_instruct",
    "window",
]

SKIP_REASONS: Final[Mapping[SkipReason, str]] = MappingProxyType(
    {
        "no_key": "the environment variable with its key is not set",
        "no_proxy": "the environment variable with its proxy is not set",
        "down": "it is not reachable",
        "no_tools": "the request needs tools and the backend is known not to have them",
        "no_vision": "the request has images and the backend is known not to read them",
        "no_audio": "the request has audio and the backend is known not to hear it",
        "no_json_schema": "the request asks for a JSON schema and the backend is known not to obey",
        "no_logprobs": "the request asks for log probabilities and the backend has none",
        "no_n": "the request asks for several answers and the backend gives one",
        "no_infill": "the request asks for infill and the backend is known not to do it",
        "not_instruct": "the category needs an instruction-tuned model and this is a base model",
        "window": "the request is longer than its context window and another candidate's fits",
    },
)
"""Why a candidate was passed over: the values of the metric label `reason` and of `skipped`."""

AttemptOutcome = Literal[
    "answered",
    "client_error",
    "rate_limited",
    "server_error",
    "connect_failed",
    "reset",
    "timeout",
    "protocol_error",
    "abandoned",
]
"""What one try at one backend came to. `abandoned`: the client left first."""

Outcome = Literal[
    "ok",
    "refused",
    "backend_rejected",
    "backend_failed",
    "unreachable",
    "broken",
    "client_gone",
    "internal_error",
]

OUTCOMES: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        "ok": "a whole answer with a status below 400",
        "refused": "refused by the router itself (4xx): nothing was sent to a backend",
        "backend_rejected": "the backend's own 4xx, relayed",
        "backend_failed": "the last candidate's own 5xx, relayed",
        "unreachable": "no candidate gave an answer (502, 503 or 504)",
        "broken": "the answer broke off after its first byte",
        "client_gone": "the client left before the answer was whole",
        "internal_error": "the router failed (500)",
    },
)
"""What the client got: the values of the metric label `outcome` of `requests_total`."""

Ending = Literal["whole", "broken", "left"]
"""How an answer's body ended. `left`: closed before its end, because the client went away."""

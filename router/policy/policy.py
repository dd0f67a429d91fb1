"""A policy that has been checked: what the router does, as a frozen value.

In: the loader's findings. Out: `Policy`, and the document that operators see. Never: a secret. Keys
are not in a policy (their variables' names are), and header values are hidden.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from router.types import BackendSpec, Timeouts

HIDDEN: Final = "***"
"""What stands for a header's value where people can see it."""

AUTO: Final = "auto"
"""The model name that asks the router to classify."""
DECLARED_PREFIX: Final = "auto:"
"""`auto:<category>` declares a category."""
REJECT: Final = "reject"
"""The value of `unknown_models` that refuses them."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a policy's test expects; what is None is not looked at."""

    category: str | None = None
    backend: str | None = None
    """The first candidate."""
    backends: tuple[str, ...] | None = None
    """All candidates, in order."""
    reason: str | None = None
    skipped: Mapping[str, str] | None = None
    """Backend → reason, for each that is passed over."""
    error: str | None = None
    """The code of the error that refuses the request."""


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """One entry of a policy's `tests`."""

    line: int
    expect: Expectation
    body: bytes | None
    """The request; None where it is in `file`."""
    file: Path | None
    health: Mapping[str, str]
    """Backends that are taken to be unusable, and why."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that a policy file says, checked, with defaults and families' facts filled in."""

    generation: str
    """The first 8 hex digits of the file's SHA-256."""
    file: str
    backends: Mapping[str, BackendSpec]
    routes: Mapping[str, tuple[str, ...]]
    """Category → backends, best first."""
    default: str
    aliases: Mapping[str, str]
    """Another model name → `auto`, `auto:<category>` or a backend."""
    unknown_models: str
    """`reject`, `auto` or a backend's name."""
    min_confidence: float
    weights: Path | None
    """The classifier's weights; None for those that come with the package."""
    encoder: bool
    """Doubtful prompts get a second look by the encoder."""
    body_bytes: int
    """The longest request body that is read."""
    tests: tuple[PolicyTest, ...] = ()

    def redacted(self) -> dict[str, Any]:
        """Return what is in force as JSON-able values, header values hidden."""
        return {
            "file": self.file,
            "generation": self.generation,
            "version": 1,
            "backends": {name: _shown(spec) for name, spec in self.backends.items()},
            "routes": {category: list(names) for category, names in self.routes.items()},
            "default": self.default,
            "aliases": dict(self.aliases),
            "unknown_models": self.unknown_models,
            "classification": {
                "min_confidence": self.min_confidence,
                "weights": None if self.weights is None else str(self.weights),
                "encoder": self.encoder,
            },
            "limits": {"body_bytes": self.body_bytes},
        }


def _shown(spec: BackendSpec) -> dict[str, Any]:
    timeouts: Timeouts = spec.timeouts
    shown: dict[str, Any] = {
        "base_url": spec.base_url,
        "model": spec.model,
        "dialect": spec.dialect,
        "family": spec.family,
        "auth": spec.auth,
        "headers": dict.fromkeys(spec.headers, HIDDEN),
        "transport": spec.transport,
        "context_window": spec.context_window,
        "capabilities": dict(spec.capabilities),
        "timeouts": asdict(timeouts),
        "request_defaults": dict(spec.request_defaults),
    }
    if spec.api_key_env is not None:
        shown["api_key_env"] = spec.api_key_env
    if spec.forward_key:
        shown["api_key"] = "forward"
    if spec.transport == "httpx":
        shown |= {"http2": spec.http2, "proxy_env": spec.proxy_env, "ca_file": spec.ca_file}
    return shown

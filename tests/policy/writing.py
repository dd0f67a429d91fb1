"""Policies for tests: written to a file and loaded, or built as values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from router.closed_sets import Capability
from router.errors import ConfigurationError, Mistake
from router.families import load_families
from router.policy import Policy, load_policy
from router.types import BackendSpec

FAMILIES: Final = load_families()

SMALL: Final = """\
version: 1
backends:
  llama: {base_url: "http://127.0.0.1:11434/v1", model: "llama3.1:8b"}
  coder: {base_url: "http://127.0.0.1:8000/v1", model: "Qwen/Qwen2.5-Coder-7B-Instruct"}
routes:
  code-edit: [coder, llama]
default: llama
"""
"""A policy that is right."""


def write(folder: Path, text: str | bytes) -> Path:
    """Write a policy file and return its path."""
    path = folder / "policy.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def load_text(folder: Path, text: str | bytes, environ: Mapping[str, str] | None = None) -> Policy:
    """Write a policy file and load it."""
    return load_policy(write(folder, text), environ or {}, FAMILIES)


def mistakes_in(folder: Path, text: str | bytes) -> tuple[Mistake, ...]:
    """Return the mistakes of a policy file; none where it is right."""
    try:
        load_text(folder, text)
    except ConfigurationError as error:
        return error.mistakes
    return ()


def backend(
    name: str,
    capabilities: Mapping[Capability, bool] | None = None,
    window: int | None = None,
    model: str | None = None,
) -> BackendSpec:
    """Return a backend."""
    return BackendSpec(
        name=name,
        base_url="http://127.0.0.1:1/v1",
        model=model,
        capabilities=capabilities or {},
        context_window=window,
    )


def policy_of(
    *backends: BackendSpec,
    routes: Mapping[str, tuple[str, ...]] | None = None,
    default: str | None = None,
    aliases: Mapping[str, str] | None = None,
    unknown_models: str = "reject",
) -> Policy:
    """Return a policy of these backends; the first is the default unless said otherwise."""
    return Policy(
        generation="0123abcd",
        file="policy.yaml",
        backends={spec.name: spec for spec in backends},
        routes=routes or {},
        default=default or backends[0].name,
        aliases=aliases or {},
        unknown_models=unknown_models,
        min_confidence=0.5,
        weights=None,
        encoder=True,
        body_bytes=1 << 20,
    )

"""Checking a policy before it is live: its mistakes, its warnings, its own tests.

In: a file, the environment, the families, a way to load a classifier. Out: findings with lines.
Never: anything sent, or the value of a secret.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from router.assay.dry_run import DryRun, Said, dry_run
from router.classification.classifier import Classifier
from router.errors import ConfigurationError, Mistake
from router.families import Families
from router.policy import Expectation, Policy, PolicyTest, load_policy
from router.types import BackendSpec
from router.yaml_source import Document, UnreadableFileError, load, read_bytes


class LoadClassifier(Protocol):
    """Loads a classifier."""

    def __call__(self, weights: Path | None, *, encoder: bool) -> Classifier:
        """Load from a weights file (None: the shipped one), with or without a second look."""
        ...


_COMPARED: Final = ("category", "backend", "backends", "reason", "skipped", "error")


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a policy found."""

    mistakes: tuple[Mistake, ...]
    """Of shape, of reference, and tests that failed; empty where all is well."""
    warnings: tuple[Mistake, ...] = ()
    tests: int = 0
    """How many tests were run."""


def check(
    path: Path, environ: Mapping[str, str], families: Families, load_classifier: LoadClassifier
) -> Checked:
    """Check a policy file and run its tests.

    Raises:
        router.yaml_source.UnreadableFileError: There is no such file, or it cannot be read.
    """
    try:
        policy = load_policy(path, environ, families)
    except UnreadableFileError:
        raise
    except ConfigurationError as error:
        return Checked(error.mistakes)
    document = load(read_bytes(path), str(path))
    warnings = tuple(_warnings(policy, document, environ))
    try:
        classifier = load_classifier(policy.weights, encoder=policy.encoder)
    except ConfigurationError as error:
        told = "; ".join(mistake.message for mistake in error.mistakes)
        unusable = document.mistake(("classification", "weights"), told)
        return Checked((unusable,), warnings)
    failures = tuple(_failures(policy, document, classifier))
    return Checked(failures, warnings, len(policy.tests))


def _warnings(policy: Policy, document: Document, environ: Mapping[str, str]) -> Iterator[Mistake]:
    for name, spec in policy.backends.items():
        for key, message in _backend_warnings(spec, environ):
            yield document.mistake(("backends", name, key), message)


def _backend_warnings(spec: BackendSpec, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if spec.api_key_env is not None and not environ.get(spec.api_key_env):
        message = f"the variable {spec.api_key_env} is not set here; `serve` needs it set"
        yield "api_key_env", message
    if not urlsplit(spec.base_url).path:
        yield "base_url", "has no path; most servers of OpenAI's API answer under /v1"
    if spec.proxy_env is not None and not environ.get(spec.proxy_env):
        yield "proxy_env", f"the variable {spec.proxy_env} is not set here"
    if spec.model is not None and spec.family is None and not spec.capabilities:
        yield "model", "its family is unknown: say what it can do in `capabilities` or `family`"


def _failures(policy: Policy, document: Document, classifier: Classifier) -> Iterator[Mistake]:
    for index, test in enumerate(policy.tests):
        for key, message in _test_failures(policy, classifier, test):
            yield document.mistake(("tests", index, *key), message)


def _test_failures(
    policy: Policy, classifier: Classifier, test: PolicyTest
) -> Iterator[tuple[tuple[str, ...], str]]:
    body = test.body
    if test.file is not None:
        try:
            body = read_bytes(test.file, policy.body_bytes)
        except ConfigurationError as error:
            yield ("request",), f"{test.file}: {error.mistakes[0].message}"
            return
    run = dry_run(policy, classifier, body or b"", Said(), test.health)
    found = _found(run)
    for key in _COMPARED:
        expected, actual = getattr(test.expect, key), getattr(found, key)
        if expected is not None and expected != actual:
            yield ("expect", key), f"expected {_told(expected)}, got {_told(actual)}; {_why(run)}"


def _found(run: DryRun) -> Expectation:
    """Return what a test's request came to, in the terms of an expectation."""
    category = None if run.explanation is None else run.explanation.category
    if run.decision is None:
        return Expectation(
            category=category, error=None if run.refusal is None else run.refusal.code
        )
    backends = tuple(candidate.backend for candidate in run.decision.candidates)
    return Expectation(
        category=category,
        backend=backends[0],
        backends=backends,
        reason=run.decision.reason,
        skipped={skip.backend: skip.reason for skip in run.decision.skipped},
    )


def _told(value: str | tuple[str, ...] | Mapping[str, str] | None) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {why}" for name, why in value.items()) or "none"
    return "nothing" if value is None else value


def _why(run: DryRun) -> str:
    """Return in a few words how the request came to go where it went."""
    if run.refusal is not None:
        return f"refused: {run.refusal.message}"
    parts = []
    if run.explanation is not None:
        found = run.explanation
        parts.append(f"{found.stage} says {found.category} with {found.confidence:.2f}")
    if run.decision is not None:
        parts.append(f"reason {run.decision.reason}")
    return ", ".join(parts)

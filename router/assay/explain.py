"""Why a request would go where it would go, as a report.

In: a request's body and headers; a policy, a classifier, the backends' health. Out: JSON-able
values. Never: the request's whole text, a secret, or anything sent.
"""

from collections.abc import Iterable
from typing import Any

from router.assay.dry_run import DryRun, Said, dry_run
from router.classification.classifier import Classifier, Explanation
from router.closed_sets import REASONS, SKIP_REASONS
from router.policy import Policy
from router.types import Decision, Health


def explain(
    policy: Policy,
    classifier: Classifier,
    raw: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    health: Health,
) -> dict[str, Any]:
    """Return what would become of a request, and why.

    Args:
        policy: The policy in force.
        classifier: The classifier in force.
        raw: The request's body.
        headers: Its header lines, names in lower case; `x-router-category` and `x-router-backend`
            are read.
        health: Backends that cannot be used now.

    Returns:
        `policy`, `model`, `classification` (None where nothing is classified), `needs`,
        `decision` (None where the request is refused) and `error` (None where it is not).
    """
    values = {name: value.decode("latin-1") for name, value in reversed(list(headers))}
    said = Said(values.get(b"x-router-category"), values.get(b"x-router-backend"))
    return report(policy, dry_run(policy, classifier, raw, said, health))


def report(policy: Policy, run: DryRun) -> dict[str, Any]:
    """Return a dry run as JSON-able values."""
    refusal = run.refusal
    return {
        "policy": {"file": policy.file, "generation": policy.generation},
        "model": None if run.request is None else run.request.model,
        "classification": None if run.explanation is None else _classification(run.explanation),
        "needs": None
        if run.needs is None
        else {"capabilities": sorted(run.needs.capabilities), "tokens": run.needs.tokens},
        "decision": None if run.decision is None else _decision(run.decision),
        "error": None if refusal is None else {"status": refusal.status, **refusal.body()["error"]},
    }


def _classification(found: Explanation) -> dict[str, Any]:
    return {
        "category": found.category,
        "confidence": found.confidence,
        "stage": found.stage,
        "fact": found.fact,
        "probabilities": dict(found.probabilities),
        "weighed": [
            {"feature": each.feature, "category": each.category, "weight": each.weight}
            for each in found.weighed
        ],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "category": decision.category,
        "reason": decision.reason,
        "meaning": REASONS[decision.reason],
        "candidates": [
            {"backend": candidate.backend, "model": candidate.model}
            for candidate in decision.candidates
        ],
        "skipped": [
            {"backend": skip.backend, "reason": skip.reason, "meaning": SKIP_REASONS[skip.reason]}
            for skip in decision.skipped
        ],
    }

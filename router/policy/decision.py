"""Where a request goes: a pure function of the policy, the ask and the backends' health.

In: a `Policy`, an `Ask`, a `Health`. Out: a `Decision` with at least one candidate. Never: time,
randomness, I/O, or a refusal that rests on an estimate.
"""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from router.closed_sets import SKIP_REASONS, Capability, Reason, SkipReason
from router.errors import NeedUnmetError, NoBackendError
from router.policy.policy import Policy
from router.types import (
    Ask,
    BackendSpec,
    Candidate,
    Decision,
    Health,
    Skip,
)

_CERTAIN_STAGES: Final = frozenset({"declared", "structure"})
"""Stages that state facts: `min_confidence` is for the others."""

_KNOWN_NOES: Final[Mapping[Capability, SkipReason]] = {
    "tools": "no_tools",
    "vision": "no_vision",
    "audio": "no_audio",
    "json_schema": "no_json_schema",
    "n": "no_n",
    "logprobs": "no_logprobs",
    "infill": "no_infill",
}
"""A need → the reason to pass over a backend that is known not to meet it."""

_MEMBERS: Final[Mapping[SkipReason, str]] = {
    "no_tools": "tools",
    "no_vision": "messages",
    "no_audio": "messages",
    "no_json_schema": "response_format",
    "no_n": "n",
    "no_logprobs": "logprobs",
    "no_infill": "suffix",
}
"""The member of the request's body that stands for a need, for `param` of the error."""


def decide(policy: Policy, ask: Ask, health: Health) -> Decision:
    """Return the backends to try, in order, and why.

    A backend known not to do what the request needs is passed over, then one that cannot be used
    now. A context window smaller than the estimated prompt passes a backend over only while
    another candidate's is large enough (or unknown).

    Raises:
        NeedUnmetError: Every candidate is known not to do what the request needs.
        NoBackendError: Those that could serve it cannot be used now.
    """
    category = None if ask.classification is None else ask.classification.category
    names, reason = _order(policy, ask)
    noes = _noes(ask, category)
    skipped: list[Skip] = []
    usable: list[BackendSpec] = []
    able = False
    for name in dict.fromkeys(names):
        spec = policy.backends[name]
        unmet = next((why for need, why in noes if spec.capabilities.get(need) is False), None)
        able = able or unmet is None
        why = unmet or _unusable(name, health)
        if why is None:
            usable.append(spec)
        else:
            skipped.append(Skip(name, why))
    if not able:
        raise _need_unmet(category, skipped)
    if not usable:
        raise NoBackendError(
            f"No backend for {category or 'this request'} can be used now: {_told(skipped)}. "
            "The operator of this router can see to it."
        )
    fitting = [spec for spec in usable if _fits(spec, ask.needs.tokens)] or usable
    if len(fitting) < len(usable):
        fit = {spec.name for spec in fitting}
        skipped += [Skip(spec.name, "window") for spec in usable if spec.name not in fit]
    return Decision(
        category=category,
        candidates=tuple(Candidate(spec.name, spec.model) for spec in fitting),
        reason=reason,
        generation=policy.generation,
        skipped=tuple(skipped),
    )


def _order(policy: Policy, ask: Ask) -> tuple[tuple[str, ...], Reason]:
    """Return the backends that the policy names for `ask`, best first, and why those."""
    if ask.pin is not None:
        return (ask.pin,), ask.pin_reason
    found = ask.classification
    if found is None:
        return (policy.default,), ask.unclassified or "classifier_failed"
    route = policy.routes.get(found.category)
    if route is None:
        return (policy.default,), "no_route"
    if found.stage not in _CERTAIN_STAGES and found.confidence < policy.min_confidence:
        return (policy.default, *route), "low_confidence"
    return route, "declared" if found.stage == "declared" else "route"


def _noes(ask: Ask, category: str | None) -> list[tuple[Capability, SkipReason]]:
    """Return the capabilities whose known lack passes a backend over, and the reasons.

    Each of the four categories is an ask, and a base model completes an ask instead of following
    it; infill is the one thing it does as it is. A pin or a fallback without a category asks
    nothing of the tuning.
    """
    needed = ask.needs.capabilities
    noes = [(need, why) for need, why in _KNOWN_NOES.items() if need in needed] if needed else []
    if category is not None and "infill" not in needed:
        noes.append(("instruct", "not_instruct"))
    return noes


def _unusable(name: str, health: Health) -> SkipReason | None:
    why = health.get(name)
    if why is None:
        return None
    return cast("SkipReason", why) if why in SKIP_REASONS else "down"


def _fits(spec: BackendSpec, tokens: int) -> bool:
    return spec.context_window is None or tokens <= spec.context_window


def _need_unmet(category: str | None, skipped: Iterable[Skip]) -> NeedUnmetError:
    skips = list(skipped)
    return NeedUnmetError(
        f"No backend for {category or 'this request'} can serve it: {_told(skips)}. Leave out "
        "what they cannot do, or address another backend by its name as `model`.",
        param=_MEMBERS.get(skips[0].reason),
    )


def _told(skipped: Iterable[Skip]) -> str:
    return "; ".join(f"{skip.backend}: {SKIP_REASONS[skip.reason]}" for skip in skipped)

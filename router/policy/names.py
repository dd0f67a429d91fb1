"""What a client asks for by name: the model, and the two headers that overrule it.

In: a policy, a request, header values. Out: a `Wish`, or an error that names what there is; the
list of model names. Never: classification, or a client's text in a message at full length.
"""

from dataclasses import dataclass
from typing import Literal

from router.categories import CATEGORIES
from router.errors import (
    ModelMissingError,
    UnknownBackendError,
    UnknownCategoryError,
    UnknownModelError,
)
from router.near_miss import near_miss, shown
from router.policy.policy import AUTO, DECLARED_PREFIX, REJECT, Policy
from router.types import ChatRequest


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client says about where its request should go."""

    declared: str | None = None
    """A category that needs no classification."""
    pin: str | None = None
    """A backend that is to serve it, and no other."""
    pin_reason: Literal["pinned", "unknown_model"] = "pinned"


def read_wish(
    policy: Policy, request: ChatRequest, declared: str | None, pinned: str | None
) -> Wish:
    """Return what the client asks for.

    A header outranks the model's name: `x-router-backend` settles where it goes, so the name is
    not looked at; `x-router-category` outranks the category of `auto:<category>`.

    Args:
        policy: The policy in force.
        request: The request.
        declared: The value of `x-router-category`; None or blank where it was not sent.
        pinned: The value of `x-router-backend`, likewise.

    Raises:
        UnknownBackendError: `pinned` is not in the policy.
        UnknownCategoryError: `declared`, or the category of the model's name, does not exist.
        ModelMissingError: No model is named, and the policy rejects that.
        UnknownModelError: The model is unknown, and the policy rejects that.
    """
    category = _declared(declared)
    backend = _pinned(policy, pinned)
    if backend is not None or (request.model is None and request.unreadable):
        return Wish(declared=category, pin=backend)
    if request.model is None:
        return _unknown(policy, None, category)
    name = policy.aliases.get(request.model, request.model)
    if name == AUTO:
        return Wish(declared=category)
    if name.startswith(DECLARED_PREFIX):
        meant = _category(name.removeprefix(DECLARED_PREFIX), "model", "The model name declares")
        return Wish(declared=category or meant)
    if name in policy.backends:
        return Wish(declared=category, pin=name)
    return _unknown(policy, request.model, category)


def listed_models(policy: Policy) -> tuple[str, ...]:
    """Return every model name that clients can use, in the order of `GET /v1/models`."""
    declaring = (DECLARED_PREFIX + category for category in CATEGORIES)
    return (AUTO, *declaring, *policy.aliases, *policy.backends)


def _declared(value: str | None) -> str | None:
    name = (value or "").strip()
    return _category(name, None, "x-router-category names") if name else None


def _category(name: str, param: str | None, where: str) -> str:
    if name in CATEGORIES:
        return name
    message = f"{where} the unknown category {shown(name)}{near_miss(name, CATEGORIES)}"
    raise UnknownCategoryError(message, param=param)


def _pinned(policy: Policy, value: str | None) -> str | None:
    name = (value or "").strip()
    if not name or name in policy.backends:
        return name or None
    near = near_miss(name, policy.backends)
    raise UnknownBackendError(f"x-router-backend names the unknown backend {shown(name)}{near}")


def _unknown(policy: Policy, model: str | None, category: str | None) -> Wish:
    if policy.unknown_models == AUTO:
        return Wish(declared=category)
    if policy.unknown_models != REJECT:
        return Wish(declared=category, pin=policy.unknown_models, pin_reason="unknown_model")
    if model is None:
        message = "`model` is missing or is not a string; `auto` lets the router choose"
        raise ModelMissingError(message, param="model")
    near = near_miss(model, listed_models(policy))
    message = f"The model {shown(model)} does not exist here{near}"
    raise UnknownModelError(message, param="model")

"""What would become of a request: reading, classification and decision, with nothing sent.

In: a body and what the client's headers say; a policy, a classifier, the backends' health. Out: a
`DryRun`. Never: a step that the pipeline does not take, or anything sent.
"""

from dataclasses import dataclass

from router.classification.classifier import Classifier, Explanation
from router.errors import RouterError
from router.policy import Policy, Wish, decide, read_wish
from router.request import read_body, read_needs, read_prompt
from router.types import Ask, ChatRequest, Classification, Decision, Health, Needs


@dataclass(frozen=True, slots=True)
class Said:
    """What the client said about where its request should go."""

    category: str | None = None
    """The value of `x-router-category`."""
    backend: str | None = None
    """The value of `x-router-backend`."""


@dataclass(frozen=True, slots=True)
class DryRun:
    """How far a request would get, and why. Steps that were not reached are None."""

    request: ChatRequest | None = None
    wish: Wish | None = None
    explanation: Explanation | None = None
    """None also where nothing is classified: the client addressed a backend."""
    needs: Needs | None = None
    decision: Decision | None = None
    refusal: RouterError | None = None
    """The error that would answer the request."""


def dry_run(
    policy: Policy, classifier: Classifier, raw: bytes, said: Said, health: Health
) -> DryRun:
    """Take a request through every step up to the decision."""
    request = wish = explanation = needs = decision = refusal = None
    try:
        request = read_body(raw)
        wish = read_wish(policy, request, said.category, said.backend)
        explanation = _explain(classifier, request, wish)
        needs = Needs() if request.unreadable else read_needs(request)
        decision = decide(policy, _ask(wish, explanation, needs), health)
    except RouterError as error:
        refusal = error
    return DryRun(request, wish, explanation, needs, decision, refusal)


def _explain(classifier: Classifier, request: ChatRequest, wish: Wish) -> Explanation | None:
    if wish.pin is not None or (request.unreadable and wish.declared is None):
        return None
    return classifier.explain(read_prompt(request), wish.declared)


def _ask(wish: Wish, explanation: Explanation | None, needs: Needs) -> Ask:
    found = None
    if explanation is not None:
        found = Classification(
            category=explanation.category,
            confidence=explanation.confidence,
            stage=explanation.stage,
            probabilities=explanation.probabilities,
            fact=explanation.fact,
        )
    return Ask(
        classification=found,
        needs=needs,
        unclassified=None if found or wish.pin else "unreadable",
        pin=wish.pin,
        pin_reason=wish.pin_reason,
    )

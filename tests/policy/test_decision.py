"""Decisions, as a table of cases and as laws that hold for any case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.categories import CATEGORIES
from router.closed_sets import SKIP_REASONS, Capability, Reason, SkipReason
from router.errors import NeedUnmetError, NoBackendError
from router.policy import Policy, decide
from router.types import Ask, Classification, Needs, Skip
from tests.policy.writing import backend, policy_of

POLICY: Final = policy_of(
    backend("general", {"vision": True, "tools": True}, window=8_000, model="llama"),
    backend("coder", {"vision": False, "code": True}, window=16_000),
    backend("base", {"instruct": False, "infill": True}, window=4_000),
    backend("huge", {"tools": False, "audio": False}, window=1_000_000),
    routes={
        "general-instruct": ("general", "huge"),
        "code-generation": ("base", "coder", "huge"),
        "code-edit": ("coder", "base", "general", "coder"),
    },
    default="general",
)


def asked(category: str | None, confidence: float = 0.9, stage: str = "linear") -> Classification:
    """Return a classification."""
    name = category or "general-instruct"
    return Classification(name, confidence, stage, {name: confidence})


def needing(*capabilities: Capability, tokens: int = 10) -> Needs:
    """Return needs."""
    return Needs(frozenset(capabilities), tokens)


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    ask: Ask
    backends: str
    """Candidates in order, separated by spaces."""
    reason: Reason
    skipped: str = ""
    """`backend:reason`, separated by spaces."""
    health: Mapping[str, str] = field(default_factory=dict)


CASES: Final[Mapping[str, Case]] = {
    "a route, in order": Case(Ask(asked("general-instruct"), needing()), "general huge", "route"),
    "duplicates and base models left out": Case(
        Ask(asked("code-edit"), needing()), "coder general", "route", "base:not_instruct"
    ),
    "a base model follows no ask for new code": Case(
        Ask(asked("code-generation"), needing()), "coder huge", "route", "base:not_instruct"
    ),
    "a base model fills in": Case(
        Ask(asked("code-generation", 1, "structure"), needing("infill")),
        "base coder huge",
        "route",
    ),
    "a declared category": Case(
        Ask(asked("code-edit", 1, "declared"), needing()),
        "coder general",
        "declared",
        "base:not_instruct",
    ),
    "a category without a route": Case(
        Ask(asked("multi-turn-chat"), needing()), "general", "no_route"
    ),
    "a declared category without a route": Case(
        Ask(asked("multi-turn-chat", 1, "declared"), needing()), "general", "no_route"
    ),
    "not sure enough: default, then the route": Case(
        Ask(asked("code-edit", 0.49), needing()),
        "general coder",
        "low_confidence",
        "base:not_instruct",
    ),
    "just sure enough": Case(
        Ask(asked("general-instruct", 0.5), needing()), "general huge", "route"
    ),
    "facts need no confidence": Case(
        Ask(asked("general-instruct", 0.3, "structure"), needing()), "general huge", "route"
    ),
    "the classifier failed": Case(
        Ask(None, needing(), "classifier_failed"), "general", "classifier_failed"
    ),
    "nobody can read it": Case(Ask(None, needing(), "unreadable"), "general", "unreadable"),
    "a pin": Case(Ask(None, needing(), pin="huge"), "huge", "pinned"),
    "a pin outranks a category": Case(
        Ask(asked("code-edit", 1, "declared"), needing(), pin="general"), "general", "pinned"
    ),
    "a base model addressed by name": Case(Ask(None, needing(), pin="base"), "base", "pinned"),
    "an unknown model": Case(
        Ask(None, needing(), pin="huge", pin_reason="unknown_model"), "huge", "unknown_model"
    ),
    "known not to call tools": Case(
        Ask(asked("general-instruct"), needing("tools")), "general", "route", "huge:no_tools"
    ),
    "known not to read images": Case(
        Ask(asked("code-edit"), needing("vision")),
        "general",
        "route",
        "coder:no_vision base:not_instruct",
    ),
    "what is unknown is tried": Case(
        Ask(asked("general-instruct"), needing("json_schema", "n", "logprobs")),
        "general huge",
        "route",
    ),
    "known not to hear": Case(
        Ask(asked("general-instruct"), needing("audio")), "general", "route", "huge:no_audio"
    ),
    "too long for one": Case(
        Ask(asked("general-instruct"), needing(tokens=8_001)), "huge", "route", "general:window"
    ),
    "just short enough": Case(
        Ask(asked("general-instruct"), needing(tokens=8_000)), "general huge", "route"
    ),
    "too long for all is not refused": Case(
        Ask(asked("general-instruct"), needing(tokens=2_000_000)), "general huge", "route"
    ),
    "too long for the pinned one is not refused": Case(
        Ask(None, needing(tokens=2_000_000), pin="base"), "base", "pinned"
    ),
    "too long, and the one that fits is down": Case(
        Ask(asked("general-instruct"), needing(tokens=8_001)),
        "general",
        "route",
        "huge:down",
        {"huge": "down"},
    ),
    "without a key": Case(
        Ask(asked("code-edit"), needing()),
        "general",
        "route",
        "coder:no_key base:not_instruct",
        {"coder": "no_key"},
    ),
    "down for a reason of its own": Case(
        Ask(asked("general-instruct"), needing()),
        "huge",
        "route",
        "general:down",
        {"general": "on fire"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_request_goes_where_the_policy_says(case: str) -> None:
    """Candidates, reason and skips of each case."""
    row = CASES[case]
    decision = decide(POLICY, row.ask, row.health)
    assert " ".join(c.backend for c in decision.candidates) == row.backends
    assert decision.reason == row.reason
    assert " ".join(f"{s.backend}:{s.reason}" for s in decision.skipped) == row.skipped
    found = row.ask.classification
    assert decision.category == (None if found is None else found.category)
    assert decision.generation == POLICY.generation


def test_the_model_to_send_is_the_backends_or_the_clients() -> None:
    """A backend that names no model keeps the client's name."""
    decision = decide(POLICY, Ask(asked("general-instruct"), needing()), {})
    assert [candidate.model for candidate in decision.candidates] == ["llama", None]


@pytest.mark.parametrize(
    ("ask", "param", "words"),
    [
        (Ask(asked("code-edit"), needing("vision"), pin="coder"), "messages", "images"),
        (Ask(None, needing("tools"), pin="huge"), "tools", "needs tools"),
        (Ask(asked("code-edit"), needing(), pin="base"), None, "instruction-tuned"),
    ],
)
def test_a_need_that_nobody_meets_is_a_400_that_names_it(
    ask: Ask, param: str | None, words: str
) -> None:
    """The client hears which need, of which backend, whatever the backends' health."""
    for health in ({}, dict.fromkeys(POLICY.backends, "down")):
        with pytest.raises(NeedUnmetError, match=words) as caught:
            decide(POLICY, ask, health)
        assert caught.value.status == 400
        assert caught.value.param == param


def test_backends_that_could_but_cannot_now_are_a_503() -> None:
    """One that is down may serve it later, so it is no fault of the request."""
    health = {"general": "down"}
    with pytest.raises(NoBackendError, match=r"general: it is not reachable.*operator"):
        decide(POLICY, Ask(asked("general-instruct"), needing("tools")), health)


NAMES: Final = ("a", "b", "c", "d")
CAPABILITIES: Final[tuple[Capability, ...]] = get_args(Capability)
USED: Final[tuple[Capability, ...]] = (
    "tools",
    "vision",
    "audio",
    "json_schema",
    "logprobs",
    "n",
    "infill",
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw a policy of four backends."""
    specs = [
        backend(
            name,
            draw(st.dictionaries(st.sampled_from(CAPABILITIES), st.booleans(), max_size=5)),
            draw(st.none() | st.integers(1, 100)),
        )
        for name in NAMES
    ]
    route = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5).map(tuple)
    routes = draw(st.dictionaries(st.sampled_from(list(CATEGORIES)), route))
    return policy_of(*specs, routes=routes, default=draw(st.sampled_from(NAMES)))


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    """Draw an ask."""
    found = st.builds(
        asked,
        st.sampled_from(list(CATEGORIES)),
        st.floats(0, 1),
        st.sampled_from(["declared", "structure", "linear"]),
    )
    capabilities = draw(st.frozensets(st.sampled_from(USED), max_size=2))
    return Ask(
        classification=draw(st.none() | found),
        needs=Needs(capabilities, draw(st.integers(0, 120))),
        pin=draw(st.none() | st.sampled_from(NAMES)),
    )


HEALTH: Final = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(["down", "no_key"]), max_size=3
)


def decided(policy: Policy, ask: Ask, health: Mapping[str, str]) -> tuple[set[str], set[Skip]]:
    """Return the candidates and the skips; both empty where the request is refused."""
    try:
        decision = decide(policy, ask, health)
    except (NeedUnmetError, NoBackendError):
        return set(), set()
    names = [candidate.backend for candidate in decision.candidates]
    assert len(set(names)) == len(names) >= 1
    return set(names), set(decision.skipped)


@settings(max_examples=120, deadline=None)
@given(policies(), asks(), HEALTH)
def test_no_candidate_is_one_that_was_skipped(
    policy: Policy, ask: Ask, health: Mapping[str, str]
) -> None:
    """Candidates are never skipped, never unusable, never known not to meet a need."""
    names, skipped = decided(policy, ask, health)
    assert not names & {skip.backend for skip in skipped}
    assert not names & set(health)
    for name in names:
        known = policy.backends[name].capabilities
        assert all(known.get(need) is not False for need in ask.needs.capabilities)
    reasons: set[SkipReason] = {skip.reason for skip in skipped}
    assert reasons <= set(SKIP_REASONS)


@settings(max_examples=120, deadline=None)
@given(policies(), asks(), HEALTH, st.integers(0, 10**9))
def test_an_estimate_never_refuses(
    policy: Policy, ask: Ask, health: Mapping[str, str], tokens: int
) -> None:
    """Whatever the estimate, what was served is served, by backends that would do anyway."""
    none = Ask(ask.classification, Needs(ask.needs.capabilities, 0), pin=ask.pin)
    some = Ask(ask.classification, Needs(ask.needs.capabilities, tokens), pin=ask.pin)
    without, _ = decided(policy, none, health)
    names, _ = decided(policy, some, health)
    assert bool(names) == bool(without)
    assert names <= without


@settings(max_examples=100, deadline=None)
@given(policies(), asks(), HEALTH)
def test_the_same_input_is_the_same_decision(
    policy: Policy, ask: Ask, health: Mapping[str, str]
) -> None:
    """No state, no clock, no chance."""
    assert decided(policy, ask, health) == decided(policy, ask, health)

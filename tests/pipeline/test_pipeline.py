"""The pipeline with parts that fail on purpose.

In: a pipeline over a scripted backend, a classifier whose stage fails, an observer that keeps what
it is told. Out: verdicts on the answer and the one exchange. Never: a patched part.
"""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from router.backends.failover import Failover
from router.backends.registry import open_registry
from router.categories import CODE_EDIT
from router.classification.classifier import Classifier, Second, load_classifier
from router.classification.second_look import SecondLook
from router.classification.stages.stage import Weighed, certain
from router.closed_sets import LookOutcome
from router.errors import UnknownModelError, UpstreamError
from router.families import load_families
from router.pipeline import Observers, Pipeline, Serving
from router.policy import load_policy
from router.types import Call, Classification, Exchange, Prompt
from tests.running import policy_for
from tests.stand_ins import Script, ScriptedBackend, answers, closes, delta, resets, streams

ASK = {"model": "auto", "messages": [{"role": "user", "content": "the prompt's secret"}]}


class BrokenStage:
    """A stage with a fault."""

    name = "linear"

    def classify(self, prompt: Prompt, declared: str | None) -> Classification | None:
        """Fail, quoting what was being read."""
        raise LookupError(f"{declared} {prompt.ask}")

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Never get here."""
        raise NotImplementedError(prompt)


class SureStage:
    """A stage that answers code edit, as surely as it is told."""

    name = "linear"

    def __init__(self, confidence: float) -> None:
        self._confidence = confidence

    def classify(self, prompt: Prompt, declared: str | None) -> Classification | None:
        """Answer."""
        del prompt, declared
        return Classification(CODE_EDIT, self._confidence, self.name, certain(CODE_EDIT))

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Never get here."""
        raise NotImplementedError(prompt)


@dataclass
class Told:
    """What the observers were told."""

    exchanges: list[Exchange] = field(default_factory=list)
    failures: list[tuple[Exception, str]] = field(default_factory=list)
    looks: list[LookOutcome] = field(default_factory=list)
    in_flight: int = 0

    def count(self, _backend: str, change: int) -> None:
        """Keep the number in flight."""
        self.in_flight += change

    def classifier_failed(self, error: Exception, request_id: str) -> None:
        """Keep a failure."""
        self.failures.append((error, request_id))


@asynccontextmanager
async def rig(
    folder: Path, script: Script, classifier: Classifier | None = None
) -> AsyncIterator[tuple[Pipeline, Told]]:
    """Give a pipeline over one backend, and what its observers are told."""
    async with ScriptedBackend(script) as backend:
        file = folder / "policy.yaml"
        file.write_text(json.dumps(policy_for(backend)))
        policy = load_policy(file, {}, load_families())
        registry = open_registry(policy.backends.values(), {})
        serving = Serving(policy, registry, classifier or load_classifier(encoder=False))
        told = Told()
        observers = Observers(told.exchanges.append, told.count, told.classifier_failed)
        failover = Failover(told.count)
        look = SecondLook(time.perf_counter, told.looks.append)
        try:
            yield Pipeline(lambda: serving, failover, look, observers, time.perf_counter), told
        finally:
            look.close()
            await registry.close()


def call(body: object = None, **headers: str) -> Call:
    """Return a call as the API makes it."""
    raw = json.dumps(body or ASK).encode()
    lines = tuple((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items())
    return Call("/chat/completions", raw, lines, request_id="id-1", started=time.perf_counter())


async def test_a_classifier_that_fails_does_not_fail_the_request(tmp_path: Path) -> None:
    """The default answers, the reason says why, and the failure is reported with the id."""
    broken = Classifier([BrokenStage()])
    async with rig(tmp_path, answers(b"{}"), broken) as (pipeline, told):
        relay = await pipeline.answer(call())
        assert await relay.read() == b"{}"
        await relay.read()
        await relay.close()
    headers = dict(relay.headers)
    assert headers[b"x-router-reason"] == b"classifier_failed"
    assert headers[b"x-router-backend"] == b"b1"
    assert b"x-router-category" not in headers
    ((error, request_id),) = told.failures
    assert (type(error), request_id) == (LookupError, "id-1")
    (exchange,) = told.exchanges
    assert (exchange.outcome, exchange.classification) == ("ok", None)


@pytest.mark.parametrize(
    ("script", "outcome", "status"),
    [
        (answers(b"{}"), "ok", 200),
        (answers(b"{}", "422 X"), "backend_rejected", 422),
        (answers(b"{}", "500 X"), "backend_failed", 500),
        (streams([delta("a")], then=resets), "broken", 200),
    ],
)
async def test_each_answer_makes_one_exchange(
    tmp_path: Path, script: Script, outcome: str, status: int
) -> None:
    """With the outcome that the client saw, and nothing left in flight."""
    async with rig(tmp_path, script) as (pipeline, told):
        relay = await pipeline.answer(call())
        while await relay.read():
            pass
        await relay.close()
        await relay.close()
    (exchange,) = told.exchanges
    assert (exchange.outcome, exchange.status) == (outcome, status)
    assert exchange.duration_seconds >= (exchange.first_byte_seconds or 0) > 0
    assert told.in_flight == 0


async def test_an_answer_that_is_given_up_is_the_clients_leaving(tmp_path: Path) -> None:
    """Closed before its end, it is counted as such."""
    async with rig(tmp_path, streams([delta("a"), delta("b")], pause=0.05)) as (pipeline, told):
        relay = await pipeline.answer(call())
        await relay.read()
        await relay.close()
    assert [each.outcome for each in told.exchanges] == ["client_gone"]
    assert told.in_flight == 0


async def test_a_refusal_and_an_unreachable_backend_make_one_exchange_too(tmp_path: Path) -> None:
    """And the error carries the decision's headers, as far as there was one."""
    async with rig(tmp_path, closes) as (pipeline, told):
        with pytest.raises(UnknownModelError) as refused:
            await pipeline.answer(call({**ASK, "model": "unknown"}))
        with pytest.raises(UpstreamError) as unreachable:
            await pipeline.answer(call())
    assert [each.outcome for each in told.exchanges] == ["refused", "unreachable"]
    assert [each.status for each in told.exchanges] == [404, 502]
    assert b"x-router-category" not in dict(refused.value.headers)
    headers = dict(unreachable.value.headers)
    assert headers[b"x-router-category"] == b"general-instruct"
    assert headers[b"x-router-attempts"] == b"2"
    assert told.in_flight == 0


async def test_nothing_that_is_observed_holds_text(tmp_path: Path) -> None:
    """Privacy by type: neither the prompt nor a header's words are in an exchange."""
    async with rig(tmp_path, answers(b"{}")) as (pipeline, told):
        relay = await pipeline.answer(call(x_session_id="the session's secret"))
        await relay.close()
    assert "secret" not in repr(told.exchanges)


async def test_a_declared_category_and_a_pinned_backend_are_obeyed(tmp_path: Path) -> None:
    """By header; a pinned request is not classified."""
    async with rig(tmp_path, answers(b"{}")) as (pipeline, told):
        for headers in ({"x_router_category": "code-edit"}, {"x_router_backend": "b1"}):
            relay = await pipeline.answer(call(**headers))
            await relay.close()
    declared, pinned = told.exchanges
    assert declared.decision is not None
    assert pinned.decision is not None
    assert (declared.decision.category, declared.decision.reason) == ("code-edit", "declared")
    assert (pinned.classification, pinned.decision.reason) == (None, "pinned")


@pytest.mark.parametrize(
    ("second", "confidence", "looks"),
    [
        (SureStage(0.99), b"0.990", ["confirmed"]),
        (BrokenStage(), b"0.600", ["failed"]),
    ],
)
async def test_a_doubtful_prompt_gets_a_second_look_and_survives_it(
    tmp_path: Path, second: SureStage | BrokenStage, confidence: bytes, looks: list[str]
) -> None:
    """Where the second stage fails the first verdict stands, and the failure is reported."""
    classifier = Classifier([SureStage(0.6)], Second(second, below=0.9))
    async with rig(tmp_path, answers(b"{}"), classifier) as (pipeline, told):
        relay = await pipeline.answer(call())
        await relay.read()
        await relay.close()
    headers = dict(relay.headers)
    assert headers[b"x-router-category"] == CODE_EDIT.encode()
    assert headers[b"x-router-confidence"] == confidence
    assert headers[b"x-router-reason"] == b"route"
    assert told.looks == looks
    assert len(told.failures) == looks.count("failed")

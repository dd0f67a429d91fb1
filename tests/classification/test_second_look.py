"""The second look: bounded in time, in waiting, and in what it may cost."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from router.categories import CODE_EDIT, CODE_GENERATION
from router.classification.classifier import Classifier, Second
from router.classification.second_look import Bounds, SecondLook
from router.classification.stages.stage import Weighed, certain
from router.closed_sets import LookOutcome
from router.types import Classification, Prompt


class Sayer:
    """A stage that says what it was told to, as surely as it was told to."""

    name = "sayer"

    def __init__(
        self, category: str, confidence: float = 1.0, first: Callable[[], None] | None = None
    ) -> None:
        self._verdict = Classification(category, confidence, self.name, certain(category))
        self._first = first

    def classify(self, prompt: Prompt, declared: str | None) -> Classification:
        """Do what comes first, then say it."""
        del prompt, declared
        if self._first is not None:
            self._first()
        return self._verdict

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Name one word."""
        return (Weighed(prompt.ask, self._verdict.category, 1.0),)


def classifier(
    second: str = CODE_EDIT, first: Callable[[], None] | None = None, confidence: float = 0.5
) -> Classifier:
    """Return one whose first look is in doubt."""
    return Classifier(
        [Sayer(CODE_GENERATION, confidence)], Second(Sayer(second, first=first), below=0.9)
    )


def waits(gate: threading.Event) -> Callable[[], None]:
    """Return what waits until the gate opens."""

    def wait() -> None:
        gate.wait(10)

    return wait


async def look(eye: SecondLook, asked: Classifier, prompt: Prompt | None = None) -> Classification:
    """Look twice."""
    prompt = prompt or Prompt("x")
    return await eye.of(asked, prompt, asked.first_look(prompt))


@pytest.mark.parametrize(
    ("second", "outcome"), [(CODE_EDIT, "changed"), (CODE_GENERATION, "confirmed")]
)
async def test_doubt_is_settled_off_the_event_loop(second: str, outcome: LookOutcome) -> None:
    """In another thread, and it is told what came of it."""
    told: list[LookOutcome] = []
    threads: list[int] = []
    eye = SecondLook(time.perf_counter, told.append)
    asked = classifier(second, lambda: threads.append(threading.get_ident()))
    assert (await look(eye, asked)).category == second
    assert told == [outcome]
    assert threads != [threading.get_ident()]
    eye.close()


async def test_a_late_look_lets_the_first_verdict_stand() -> None:
    """And the thread is free again afterwards."""
    told: list[LookOutcome] = []
    gate = threading.Event()
    eye = SecondLook(time.perf_counter, told.append, Bounds(deadline=0.02))
    assert (await look(eye, classifier(first=waits(gate)))).category == (CODE_GENERATION)
    gate.set()
    patient = SecondLook(time.perf_counter, told.append)
    assert (await look(patient, classifier())).category == CODE_EDIT
    assert told == ["late", "changed"]
    eye.close()
    patient.close()


async def test_only_so_many_wait() -> None:
    """The next one goes on with the first verdict at once."""
    told: list[LookOutcome] = []
    gate = threading.Event()
    eye = SecondLook(time.perf_counter, told.append, Bounds(waiting=2, deadline=10))
    slow = classifier(first=waits(gate))
    waiting = [asyncio.ensure_future(look(eye, slow)) for _ in range(2)]
    await asyncio.sleep(0)
    assert (await look(eye, slow)).category == CODE_GENERATION
    assert told == ["skipped"]
    gate.set()
    assert [each.category for each in await asyncio.gather(*waiting)] == [CODE_EDIT] * 2
    eye.close()


async def test_looks_are_paid_from_a_budget_that_refills() -> None:
    """A quarter second a second, so that a look of one second is paid back in four."""
    told: list[LookOutcome] = []
    now = [100.0]

    def takes_a_second() -> None:
        now[0] += 1

    bounds = Bounds(share=0.25, burst=0.5, deadline=10)
    eye = SecondLook(lambda: now[0], told.append, bounds, lambda: now[0])
    slow = classifier(first=takes_a_second)
    assert (await look(eye, slow)).category == CODE_EDIT
    await asyncio.sleep(0)
    assert (await look(eye, slow)).category == CODE_GENERATION
    now[0] += 2
    assert (await look(eye, slow)).category == CODE_EDIT
    assert told == ["changed", "skipped", "changed"]
    eye.close()


async def test_failing_looks_are_paid_for_too() -> None:
    """Else a broken encoder would burn a whole core."""
    told: list[LookOutcome] = []
    now = [100.0]

    def fails() -> None:
        now[0] += 1
        raise LookupError("no such weight")

    bounds = Bounds(share=0.0, burst=0.5, deadline=10)
    eye = SecondLook(lambda: now[0], told.append, bounds, lambda: now[0])
    asked = classifier(first=fails)
    with pytest.raises(LookupError):
        await look(eye, asked)
    assert (await look(eye, asked)).category == CODE_GENERATION
    assert told == ["failed", "skipped"]
    eye.close()


async def test_what_nobody_waits_for_does_not_begin() -> None:
    """A prompt whose client left, or whose deadline passed while it queued, is not looked at."""
    told: list[LookOutcome] = []
    gate = threading.Event()
    begun: list[str] = []
    eye = SecondLook(time.perf_counter, told.append, Bounds(deadline=0.05))
    slow = asyncio.ensure_future(look(eye, classifier(first=waits(gate))))
    await asyncio.sleep(0.01)
    late = asyncio.ensure_future(look(eye, classifier(first=lambda: begun.append("late"))))
    gone = asyncio.ensure_future(look(eye, classifier(first=lambda: begun.append("gone"))))
    await asyncio.sleep(0.01)
    gone.cancel()
    assert [one.category for one in await asyncio.gather(slow, late)] == [CODE_GENERATION] * 2
    gate.set()
    assert (await look(SecondLook(time.perf_counter, told.append), classifier())).category
    eye.close()
    assert begun == []
    assert told[:2] == ["late", "late"]


async def test_it_can_be_closed_and_used_again() -> None:
    """As an application that is started twice."""
    told: list[LookOutcome] = []
    eye = SecondLook(time.perf_counter, told.append)
    for _ in range(2):
        assert (await look(eye, classifier())).category == CODE_EDIT
        eye.close()
    assert told == ["changed", "changed"]


async def test_a_look_that_fails_is_told_and_raised() -> None:
    """Whoever asked keeps the first verdict."""
    told: list[LookOutcome] = []

    def fails() -> None:
        raise LookupError("no such weight")

    eye = SecondLook(time.perf_counter, told.append)
    with pytest.raises(LookupError, match="no such weight"):
        await look(eye, classifier(first=fails))
    assert told == ["failed"]
    eye.close()


def test_doubt_is_a_matter_of_confidence() -> None:
    """A sure first look is not in doubt; without a second stage nothing is."""
    for confidence, doubted in ((0.5, True), (0.9, False)):
        asked = classifier(confidence=confidence)
        verdict = asked.first_look(Prompt("x"))
        assert asked.in_doubt(verdict) is doubted
        assert asked.classify(Prompt("x")).category == (CODE_EDIT if doubted else CODE_GENERATION)
    alone = Classifier([Sayer(CODE_EDIT, 0.1)])
    assert not alone.in_doubt(alone.first_look(Prompt("x")))
    with pytest.raises(LookupError, match="no second stage"):
        alone.second_look(Prompt("x"))


def test_an_explanation_is_that_of_the_stage_that_decided() -> None:
    """The second one's words where there was doubt."""
    assert classifier().explain(Prompt("why")).weighed == (Weighed("why", CODE_EDIT, 1.0),)
    sure = classifier(confidence=0.99).explain(Prompt("why"))
    assert sure.weighed == (Weighed("why", CODE_GENERATION, 1.0),)

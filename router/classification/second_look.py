"""The second look: doubtful prompts go to the encoder, as far as there is time for it.

In: a prompt and the first verdict on it. Out: the verdict to act on. Never: the event loop held up,
a request that waits longer than the deadline, or more than a fixed share of one core in the long
run.

One thread looks at one prompt after another. The processor time it takes is paid from a budget that
refills with time: at rest every doubtful prompt gets its look; under load the first verdicts stand.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias

from router.classification.classifier import Classifier
from router.closed_sets import LookOutcome
from router.types import Classification, Prompt

Look: TypeAlias = "asyncio.Future[Classification]"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much time second looks may take, in each worker."""

    share: float = 0.25
    """Of one core, in the long run."""
    burst: float = 2.0
    """Seconds of looking that may be saved up, or owed."""
    waiting: int = 8
    """Prompts that may wait for the thread, the one in it included."""
    deadline: float = 0.25
    """Seconds after which a request goes on with the first verdict."""


DEFAULT_BOUNDS: Final = Bounds()


class SecondLook:
    """Looks again, off the event loop. Its thread begins with the first look."""

    def __init__(
        self,
        clock: Callable[[], float],
        told: Callable[[LookOutcome], None],
        bounds: Bounds = DEFAULT_BOUNDS,
        thread_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._clock = clock
        self._told = told
        self._bounds = bounds
        self._thread_clock = thread_clock
        self._budget = bounds.burst
        self._refilled = clock()
        self._taken = 0.0
        """Seconds that looks have taken; written by the thread alone."""
        self._paid = 0.0
        self._pending: set[Future[Classification]] = set()
        self._thread: ThreadPoolExecutor | None = None

    async def of(
        self, classifier: Classifier, prompt: Prompt, first: Classification
    ) -> Classification:
        """Return the verdict to act on.

        Args:
            classifier: Whose second stage looks.
            prompt: What reading found.
            first: The verdict so far; it stands where there is no time for another.

        Raises:
            Exception: What the second stage raised; the first verdict is as good as before.
        """
        if not self._has_time():
            self._told("skipped")
            return first
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        work = self._thread.submit(self._timed, classifier, prompt)
        self._pending.add(work)
        look = asyncio.wrap_future(work)
        look.add_done_callback(_forget)
        try:
            await asyncio.wait((look,), timeout=self._bounds.deadline)
        finally:
            # What nobody waits for any more need not begin.
            work.cancel()
        return self._verdict(look, first)

    def close(self) -> None:
        """Let the thread go; a look under way ends by itself, and a later look begins another."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None

    def _verdict(self, look: Look, first: Classification) -> Classification:
        """Tell what came of a look, and return the verdict to act on."""
        if not look.done() or look.cancelled():
            self._told("late")
            return first
        failure = look.exception()
        if failure is not None:
            self._told("failed")
            raise failure
        second = look.result()
        self._told("confirmed" if second.category == first.category else "changed")
        return second

    def _has_time(self) -> bool:
        """Pay what looks took, refill the budget, and tell whether another look may begin."""
        now, taken = self._clock(), self._taken
        left = self._budget + (now - self._refilled) * self._bounds.share - (taken - self._paid)
        self._budget = max(-self._bounds.burst, min(self._bounds.burst, left))
        self._refilled, self._paid = now, taken
        self._pending = {work for work in self._pending if not work.done()}
        return self._budget > 0 and len(self._pending) < self._bounds.waiting

    def _timed(self, classifier: Classifier, prompt: Prompt) -> Classification:
        """Look, and note how many seconds it took, whatever came of it."""
        started = self._thread_clock()
        try:
            return classifier.second_look(prompt)
        finally:
            self._taken += self._thread_clock() - started


def _forget(look: Look) -> None:
    """Take note of a failure that nobody waits for any more."""
    if not look.cancelled():
        look.exception()

"""The second look: doubtful prompts go to the encoder, as far as there is time for it.

In: a prompt and the first verdict on it. Out: the verdict to act on. Never: the event loop held up,
a request that waits longer than the deadline, or more than a fixed share of one core.

One thread looks at one prompt after another. What it takes is paid from a budget that refills with
time: at rest every doubtful prompt gets its look; under load the first verdicts stand.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from router.classification.classifier import Classifier
from router.closed_sets import LookOutcome
from router.types import Classification, Prompt


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much time second looks may take."""

    share: float = 0.25
    """Of one core, in the long run."""
    burst: float = 2.0
    """Seconds of looking that may be saved up."""
    waiting: int = 8
    """Prompts that may wait for the thread, the one in it included."""
    deadline: float = 0.25
    """Seconds after which a request goes on with the first verdict."""


DEFAULT_BOUNDS: Final = Bounds()


class SecondLook:
    """Looks again, off the event loop."""

    def __init__(
        self,
        clock: Callable[[], float],
        told: Callable[[LookOutcome], None],
        bounds: Bounds = DEFAULT_BOUNDS,
    ) -> None:
        self._clock = clock
        self._told = told
        self._bounds = bounds
        self._budget = bounds.burst
        self._refilled = clock()
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encoder")

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
        self._waiting += 1
        look = asyncio.get_running_loop().run_in_executor(
            self._thread, self._timed, classifier, prompt
        )
        look.add_done_callback(self._pay)
        done, _ = await asyncio.wait((look,), timeout=self._bounds.deadline)
        if not done:
            self._told("late")
            return first
        second, _ = look.result()
        self._told("confirmed" if second.category == first.category else "changed")
        return second

    def close(self) -> None:
        """Let the thread go; a look under way ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _has_time(self) -> bool:
        """Refill the budget, and tell whether another look may begin."""
        now = self._clock()
        refill = (now - self._refilled) * self._bounds.share
        self._budget = min(self._bounds.burst, self._budget + refill)
        self._refilled = now
        return self._budget > 0 and self._waiting < self._bounds.waiting

    def _timed(self, classifier: Classifier, prompt: Prompt) -> tuple[Classification, float]:
        """Look, and say how many seconds it took."""
        started = self._clock()
        return classifier.second_look(prompt), self._clock() - started

    def _pay(self, look: "asyncio.Future[tuple[Classification, float]]") -> None:
        """Take what a look cost from the budget."""
        self._waiting -= 1
        if look.cancelled():
            return
        if look.exception() is not None:
            self._told("failed")
            return
        self._budget -= look.result()[1]

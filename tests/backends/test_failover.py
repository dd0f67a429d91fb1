"""Failover: what is tried after what, and what comes back.

In: scripted backends and real transports. Out: verdicts on the answer, the journal and the number
in flight. Never: a decision.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from router.backends.dialects.contract import Outgoing
from router.backends.failover import Failover, Opened
from router.backends.registry import Registry, open_registry
from router.errors import (
    ConnectFailedError,
    DeadlineError,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamResetError,
    UpstreamTimeoutError,
)
from router.types import Attempt, BackendSpec, Call, Candidate, ChatRequest, Timeouts
from tests.stand_ins import (
    Connection,
    Received,
    Script,
    ScriptedBackend,
    answers,
    closes,
    hangs,
    resets,
    sends,
    streams,
)

BODY = b'{"model":"auto"}'
OUTGOING = Outgoing(
    Call("/chat/completions", BODY), ChatRequest(BODY, {"model": "auto"}, "auto", stream=False)
)


@dataclass
class Stage:
    """Some backends, and a failover over them."""

    backends: list[ScriptedBackend]
    registry: Registry
    journal: list[Attempt] = field(default_factory=list)
    in_flight: Counter[str] = field(default_factory=Counter)

    async def open(self) -> Opened:
        """Send the request."""
        candidates = [Candidate(name, f"model-{name}") for name in self.registry.names()]
        failover = Failover(lambda name, change: self.in_flight.update({name: change}))
        total = self.registry["b1"].spec.timeouts.total
        deadline = asyncio.get_running_loop().time() + total
        return await failover.open(self.registry, OUTGOING, candidates, self.journal, deadline)

    def tries(self) -> list[tuple[str, str]]:
        """Return who was tried and what came of it."""
        return [(attempt.backend, attempt.outcome) for attempt in self.journal]


@asynccontextmanager
async def stage(*scripts: Sequence[Script], **timeouts: float) -> AsyncIterator[Stage]:
    """Give a stage with one backend for each sequence of scripts."""
    async with AsyncExitStack() as stack:
        backends = [await stack.enter_async_context(ScriptedBackend(*each)) for each in scripts]
        specs = [
            BackendSpec(f"b{n}", backend.base_url, timeouts=Timeouts(**timeouts))
            for n, backend in enumerate(backends, 1)
        ]
        registry = open_registry(specs, {})
        stack.push_async_callback(registry.close)
        yield Stage(backends, registry)


async def take(opened: Opened) -> bytes:
    """Read an answer to its end and close it."""
    parts = [opened.first]
    while chunk := await opened.stream.read():
        parts.append(chunk)
    await opened.close()
    return b"".join(parts)


async def test_the_first_candidate_answers_and_no_other_is_asked() -> None:
    """One good answer is one attempt."""
    async with stage([answers(b"one")], [answers(b"two")]) as play:
        assert await take(await play.open()) == b"one"
        assert play.tries() == [("b1", "answered")]
        assert play.in_flight == {"b1": 0}
        assert play.backends[1].received == []


@pytest.mark.parametrize("status", ["408 X", "409 X", "425 X", "429 X", "500 X", "503 X", "529 X"])
async def test_a_status_that_another_may_better_goes_to_the_next(status: str) -> None:
    """The answer of the first is closed and the second's comes back."""
    async with stage([answers(b"no", status)], [answers(b"two")]) as play:
        opened = await play.open()
        assert await take(opened) == b"two"
        assert opened.backend == "b2"
        assert [attempt.status for attempt in play.journal] == [int(status[:3]), 200]
        assert play.in_flight == {"b1": 0, "b2": 0}


@pytest.mark.parametrize("status", ["400 X", "401 X", "404 X", "422 X"])
async def test_what_the_client_did_wrong_comes_back_as_it_is(status: str) -> None:
    """Other 4xx are not another backend's business."""
    async with stage([answers(b"bad", status)], [answers(b"two")]) as play:
        opened = await play.open()
        assert opened.stream.status == int(status[:3])
        assert await take(opened) == b"bad"
        assert play.tries() == [("b1", "client_error")]


async def test_the_last_candidates_answer_comes_back_whatever_it_is() -> None:
    """Its status, hints and body are the client's to see."""
    slow_down = answers(b"later", "429 X", (("Retry-After", "7"),))
    async with stage([resets], [slow_down]) as play:
        opened = await play.open()
        assert opened.stream.status == 429
        assert (b"retry-after", b"7") in opened.stream.headers
        assert await take(opened) == b"later"


@pytest.mark.parametrize(
    ("script", "outcomes"),
    [
        (resets, ["reset", "reset"]),
        (closes, ["reset", "reset"]),
        (sends(b"garbage\r\n\r\n"), ["protocol_error"]),
        (streams([], then=resets), ["reset"]),
        (hangs, ["timeout"]),
        (streams([], then=hangs), ["timeout"]),
    ],
    ids=["reset", "close", "garbage", "reset after headers", "mute", "mute after headers"],
)
async def test_a_failure_before_the_first_byte_goes_to_the_next(
    script: Script, outcomes: list[str]
) -> None:
    """A reset is tried once more at the same backend, since a stale connection looks like it."""
    async with stage([script], [answers(b"two")], first_token=0.2) as play:
        opened = await play.open()
        assert await take(opened) == b"two"
        assert play.tries() == [*(("b1", each) for each in outcomes), ("b2", "answered")]
        assert play.in_flight == {"b1": 0, "b2": 0}


async def test_a_reset_of_a_kept_connection_is_not_seen() -> None:
    """The backend closes the idle connection just as it is used again."""
    async with stage([answers(b"1"), closes, answers(b"2")]) as play:
        assert await take(await play.open()) == b"1"
        assert await take(await play.open()) == b"2"
        assert play.tries() == [("b1", "answered"), ("b1", "reset"), ("b1", "answered")]


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        (resets, UpstreamResetError, "broke off before it answered"),
        (sends(b"garbage\r\n\r\n"), UpstreamProtocolError, "gave no usable answer"),
        (hangs, UpstreamTimeoutError, "did not answer in time"),
    ],
)
async def test_when_nobody_answers_the_error_names_the_last_and_what_to_do(
    script: Script, error: type[UpstreamError], words: str
) -> None:
    """The message has the backend's name and a remedy, and no address."""
    async with stage([script], [script], first_token=0.2) as play:
        with pytest.raises(error, match=words) as caught:
            await play.open()
        assert "'b2'" in caught.value.message
        assert "127.0.0.1" not in caught.value.message
        assert play.in_flight == {"b1": 0, "b2": 0}


async def test_an_unreachable_backend_is_named() -> None:
    """Connection refused, twice, ends in an error about the second."""
    async with stage([closes], [closes]) as play:
        for backend in play.backends:
            await backend.stop_listening()
        with pytest.raises(ConnectFailedError, match="'b2' could not be reached: conn"):
            await play.open()
        assert play.tries() == [("b1", "connect_failed"), ("b2", "connect_failed")]


async def test_the_deadline_ends_the_walk() -> None:
    """No candidate is tried after the first one's total."""
    async with stage([hangs], [answers(b"two")], total=0.2) as play:
        with pytest.raises(DeadlineError, match="deadline"):
            await play.open()
        assert play.tries() == [("b1", "timeout")]
        assert play.backends[1].received == []


async def test_a_client_that_leaves_ends_the_walk_and_closes_the_upstream() -> None:
    """The try is recorded as abandoned, and nothing stays in flight."""
    async with stage([hangs], [answers(b"two")]) as play:
        opening = asyncio.create_task(play.open())
        await play.backends[0].wait_for_requests(1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert play.tries() == [("b1", "abandoned")]
        assert play.in_flight == {"b1": 0}
        await asyncio.wait_for(play.backends[0].connections[0].gone.wait(), 10)


@pytest.mark.parametrize("script", [resets, hangs, sends(b"garbage\r\n\r\n")])
async def test_an_answer_is_kept_where_nobody_after_it_answers(script: Script) -> None:
    """The hint on when to try again is worth more than our own error."""
    slow_down = answers(b"later", "429 X", (("Retry-After", "7"),))
    async with stage([slow_down], [script], first_token=0.3) as play:
        opened = await play.open()
        assert (opened.backend, opened.stream.status) == ("b1", 429)
        assert (b"retry-after", b"7") in opened.stream.headers
        assert play.in_flight == {"b1": 1, "b2": 0}
        assert await take(opened) == b"later"
        assert play.in_flight == {"b1": 0, "b2": 0}


async def test_of_bad_answers_the_last_goes_back_and_the_others_are_closed() -> None:
    """Nothing stays in flight for an answer that nobody gets."""
    bad = [answers(b"x" * 200_000, f"50{n} X") for n in range(3)]
    async with stage([bad[0]], [bad[1]], [bad[2]]) as play:
        opened = await play.open()
        assert opened.stream.status == 502
        assert play.in_flight == {"b1": 0, "b2": 0, "b3": 1}
        await opened.close()
        await opened.close()
        assert play.in_flight == {"b1": 0, "b2": 0, "b3": 0}


async def test_a_client_that_leaves_frees_the_answer_that_was_kept() -> None:
    """Cancelled at the second candidate, the first one's answer is closed too."""
    async with stage([answers(b"no", "503 X")], [hangs]) as play:
        opening = asyncio.create_task(play.open())
        await play.backends[1].wait_for_requests(1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert play.in_flight == {"b1": 0, "b2": 0}


async def test_a_slow_reset_is_not_tried_again_at_the_same_backend() -> None:
    """A backend that dies over a prompt does not get it twice."""

    async def dies_slowly(connection: Connection, _received: Received) -> bool:
        await asyncio.sleep(1.2)
        return await resets(connection)

    async with stage([dies_slowly], [answers(b"two")]) as play:
        await take(await play.open())
        assert play.tries() == [("b1", "reset"), ("b2", "answered")]


async def test_each_candidate_gets_its_own_model_name() -> None:
    """The kept bytes are spliced anew for each try."""
    async with stage([answers(b"", "500 X")], [answers(b"two")]) as play:
        await take(await play.open())
        sent = [backend.received[0].body for backend in play.backends]
        assert sent == [b'{"model":"model-b1"}', b'{"model":"model-b2"}']


async def test_nothing_is_retried_after_the_first_byte() -> None:
    """A break in the middle of an answer is the reader's to see."""

    async def then(connection: Connection) -> bool:
        return await resets(connection)

    async with stage([streams([b"half"], then=then)], [answers(b"two")]) as play:
        opened = await play.open()
        assert opened.first == b"half"
        with pytest.raises(UpstreamResetError):
            await opened.stream.read()
        await opened.close()
        assert play.backends[1].received == []

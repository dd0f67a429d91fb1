"""Relaying: what goes through, what is noticed, how an answer ends.

In: answers cut into pieces at will. Out: verdicts on bytes, tally and headers. Never: a network.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import UpstreamError, UpstreamResetError, UpstreamTimeoutError
from router.relay import Relay, headers_for_client
from router.types import RawHeaders, Tally, Usage

EVENTS: RawHeaders = ((b"content-type", b"text/event-stream; charset=utf-8"),)
JSON: RawHeaders = ((b"content-type", b"application/json"),)
USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 3,
    "prompt_tokens_details": {"cached_tokens": 8},
}


class Pieces:
    """A byte stream of given pieces, ending well or in an error."""

    def __init__(
        self, pieces: Sequence[bytes], headers: RawHeaders, error: UpstreamError | None = None
    ) -> None:
        self.status = 200
        self.headers = headers
        self.closed = 0
        self._pieces = list(pieces)
        self._error = error

    async def read(self) -> bytes:
        """Return the next piece."""
        if self._pieces:
            return self._pieces.pop(0)
        if self._error is not None:
            raise self._error
        return b""

    async def close(self) -> None:
        """Count how often it was closed."""
        self.closed += 1


@dataclass(frozen=True)
class Held:
    """An answer at its first byte."""

    stream: Pieces
    first: bytes

    async def close(self) -> None:
        """Close the stream."""
        await self.stream.close()


async def held(stream: Pieces) -> Held:
    """Read the first bytes."""
    return Held(stream, await stream.read())


async def relayed(stream: Pieces) -> tuple[list[bytes], Tally, Relay]:
    """Relay to the end; return the chunks, the tally and the relay."""
    tallies: list[Tally] = []
    relay = Relay(await held(stream), (), 0.0, tallies.append)
    chunks = []
    while chunk := await relay.read():
        chunks.append(chunk)
    await relay.close()
    await relay.close()
    (tally,) = tallies
    assert stream.closed == 1
    return chunks, tally, relay


def cut(data: bytes, *at: int) -> list[bytes]:
    """Return data in pieces, none of them empty."""
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[start:end] for start, end in pairwise(places)]


def streamed(*documents: object) -> bytes:
    """Return a stream of events."""
    events = [b"data: " + json.dumps(document).encode() + b"\n\n" for document in documents]
    return b"".join([*events, b"data: [DONE]\n\n"])


@given(st.lists(st.binary(min_size=1), min_size=1))
async def test_pieces_go_through_as_they_came(pieces: list[bytes]) -> None:
    """No piece is changed, joined or split, whatever it holds."""
    chunks, tally, relay = await relayed(Pieces(pieces, EVENTS))
    assert chunks == pieces
    assert tally.ending == "whole"
    assert relay.whole


@given(st.lists(st.integers(0, 10_000), max_size=6))
async def test_usage_is_read_from_a_stream_however_it_is_cut(at: list[int]) -> None:
    """The last chunk with usage counts, wherever TCP divides it."""
    stream = streamed({"choices": [{}], "usage": None}, {"choices": [], "usage": USAGE})
    _, tally, _ = await relayed(Pieces(cut(stream, *at), EVENTS))
    assert tally.usage == Usage(12, 3, 8)


@pytest.mark.parametrize("padding", [0, 200_000])
async def test_usage_is_read_from_a_json_answer_of_any_length(padding: int) -> None:
    """Short answers are read whole, long ones from their end."""
    answer = {"choices": ["x" * padding], "usage": USAGE, "system_fingerprint": None}
    raw = json.dumps(answer).encode()
    _, tally, _ = await relayed(Pieces(cut(raw, 70_000, 140_000), JSON))
    assert tally.usage == Usage(12, 3, 8)


async def test_usage_is_read_from_a_compressed_answer_that_stays_compressed() -> None:
    """The copy is decompressed, the answer is not."""
    raw = gzip.compress(json.dumps({"usage": USAGE}).encode())
    headers = (*JSON, (b"content-encoding", b"gzip"))
    chunks, tally, _ = await relayed(Pieces(cut(raw, 10, 30), headers))
    assert b"".join(chunks) == raw
    assert tally.usage == Usage(12, 3, 8)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b'not json but "usage"',
        b'{"usage": null}',
        b'{"usage": {"prompt_tokens": "many"}}',
        b'{"choices": [{"message": {"content": "\\"usage\\": {}"}}]}',
        b'[{"usage": {}}]',
    ],
)
async def test_answers_without_usable_usage_give_none_or_zero(raw: bytes) -> None:
    """A failure to understand an answer changes nothing about it."""
    chunks, tally, _ = await relayed(Pieces(cut(raw), JSON))
    assert b"".join(chunks) == raw
    assert tally.usage in (None, Usage(0, 0, 0))


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd", b"made-up"])
async def test_a_coding_that_cannot_be_read_changes_nothing(coding: bytes) -> None:
    """Bytes that do not match their coding, or a coding unknown here, go through."""
    raw = b'\x00\x01{"usage": 1}'
    chunks, tally, _ = await relayed(Pieces([raw], (*JSON, (b"content-encoding", coding))))
    assert chunks == [raw]
    assert tally.usage is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamResetError("the connection was lost"), "backend_connection_lost"),
        (UpstreamTimeoutError("it took too long"), "backend_timeout"),
    ],
)
async def test_a_break_in_a_stream_ends_in_an_error_event(error: UpstreamError, code: str) -> None:
    """What came is kept, an error event follows, and no [DONE]."""
    chunks, tally, relay = await relayed(Pieces([b"data: 1\n\n"], EVENTS, error))
    assert chunks[0] == b"data: 1\n\n"
    assert chunks[1].startswith(b"data: {")
    assert chunks[1].endswith(b"}\n\n")
    told = json.loads(chunks[1][6:])["error"]
    assert told["code"] == code
    assert "again" in told["message"]
    assert tally.ending == "broken"
    assert not relay.whole


async def test_a_break_inside_an_event_ends_that_event_first() -> None:
    """The error event stands on its own lines."""
    error = UpstreamResetError("the connection was lost")
    chunks, _, _ = await relayed(Pieces([b'data: {"cho'], EVENTS, error))
    assert chunks[1].startswith(b"\n\ndata: {")


@pytest.mark.parametrize("headers", [JSON, (*EVENTS, (b"content-encoding", b"gzip"))])
async def test_a_break_in_another_body_adds_nothing(headers: RawHeaders) -> None:
    """Half a JSON document, or half a compressed stream, gets no foreign bytes."""
    error = UpstreamResetError("the connection was lost")
    chunks, tally, relay = await relayed(Pieces([b'{"half'], headers, error))
    assert chunks == [b'{"half']
    assert tally.ending == "broken"
    assert not relay.whole


async def test_closing_before_the_end_is_the_clients_leaving() -> None:
    """An answer that is given up is tallied as left."""
    tallies: list[Tally] = []
    stream = Pieces([b"one", b"two"], EVENTS)
    relay = Relay(await held(stream), (), 0.0, tallies.append)
    await relay.read()
    await relay.close()
    assert tallies == [Tally("left", None)]


def test_headers_of_one_hop_and_in_our_name_are_dropped() -> None:
    """The backend's lines go on, duplicates too, but for this hop's, Date and x-router-*."""
    upstream: RawHeaders = (
        (b"content-type", b"application/json"),
        (b"connection", b"keep-alive, X-Hop"),
        (b"x-hop", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"date", b"yesterday"),
        (b"x-router-backend", b"forged"),
        (b"x-ratelimit-remaining", b"3"),
        (b"x-twice", b"1"),
        (b"x-twice", b"2"),
    )
    own: RawHeaders = ((b"x-router-backend", b"b1"),)
    assert headers_for_client(200, upstream, own, "id-1") == (
        (b"content-type", b"application/json"),
        (b"x-ratelimit-remaining", b"3"),
        (b"x-twice", b"1"),
        (b"x-twice", b"2"),
        (b"x-request-id", b"id-1"),
        (b"x-router-backend", b"b1"),
    )


def test_the_backends_request_id_wins() -> None:
    """SDKs show it as `_request_id`; ours is in x-router-request-id."""
    upstream: RawHeaders = ((b"x-request-id", b"theirs"),)
    assert headers_for_client(200, upstream, (), "ours") == upstream


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (200, (b"transfer-encoding", b"chunked")),
        (200, (b"content-type", b"Text/Event-Stream")),
        (204, (b"x-a", b"b")),
        (304, (b"x-a", b"b")),
    ],
)
def test_a_length_that_may_not_hold_is_not_announced(
    status: int, more: tuple[bytes, bytes]
) -> None:
    """Two framings, a stream that may get an event more, an answer without a body."""
    length = (b"content-length", b"3")
    names = [name for name, _ in headers_for_client(status, (length, more), (), "id")]
    assert b"content-length" not in names
    plain = headers_for_client(200, (length, (b"x-a", b"b")), (), "id")
    assert length in plain


def test_lines_with_control_characters_are_left_out() -> None:
    """A tab is none of them; bytes that are no ASCII are left alone."""
    upstream: RawHeaders = ((b"x-bad", b"a\x01b"), (b"x-tab", b"a\tb"), (b"x-odd", b"gr\xfc"))
    kept = headers_for_client(200, upstream, (), "id")
    assert [name for name, _ in kept] == [b"x-tab", b"x-odd", b"x-request-id"]

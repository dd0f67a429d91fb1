"""Reading a body: what it costs to refuse a bomb.

In: ASGI messages. Out: verdicts on `router.api.body`. Never: a server.
"""

import gzip
import tracemalloc

import pytest
import zstandard
from starlette.types import Message

from router.api.body import ClientLeftError, read_whole
from router.errors import BodyTooLargeError

LIMIT = 1_000_000
BOMB = b" " * 100_000_000


async def read(*messages: Message, coding: bytes = b"identity") -> bytes:
    """Read a body that comes in these messages."""
    left = list(messages)

    async def receive() -> Message:
        return left.pop(0)

    scope = {"type": "http", "headers": [(b"content-encoding", coding)]}
    return await read_whole(scope, receive, LIMIT)


def part(body: bytes, *, more: bool = False) -> Message:
    """Return one piece of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    ("body", "coding"), [(gzip.compress(BOMB), b"gzip"), (zstandard.compress(BOMB), b"zstd")]
)
async def test_a_bomb_is_not_unpacked_beyond_the_limit(body: bytes, coding: bytes) -> None:
    """A hundred megabytes behind a few kilobytes cost about the limit."""
    tracemalloc.start()
    try:
        with pytest.raises(BodyTooLargeError):
            await read(part(body), coding=coding)
        assert tracemalloc.get_traced_memory()[1] < 10 * LIMIT
    finally:
        tracemalloc.stop()


async def test_pieces_make_the_whole() -> None:
    """However the body is divided."""
    assert await read(part(b"{", more=True), part(b"", more=True), part(b"}")) == b"{}"


async def test_a_client_that_leaves_half_way_is_not_answered() -> None:
    """There is nobody to answer."""
    with pytest.raises(ClientLeftError):
        await read(part(b"{", more=True), {"type": "http.disconnect"})

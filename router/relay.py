"""Relaying an answer: chunks through unchanged, watched from the side.

In: a byte stream at its first byte. Out: the same bytes to the client; at the end one `Tally` of
what was seen. Never: a changed, delayed or joined chunk, a made-up end, or a failure to understand
an answer that changes anything about it.

Usage: OpenAI API reference, "The chat completion object" (`usage`), and "The chat completion chunk
object" (the last chunk before `[DONE]` carries it).
"""

import re
import zlib
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

import orjson

from router.closed_sets import Ending
from router.errors import UpstreamError
from router.sse import event, is_between_events, payloads
from router.types import ByteStream, RawHeaders, Tally, Usage

_TAIL_BYTES: Final = 65_536
"""How much of an answer's end is kept for reading its usage."""
_INFLATED_AT_ONCE: Final = 1_048_576
_GZIP_OR_ZLIB: Final = 47
"""zlib's window bits for "either header, largest window"."""

_EVENT_STREAM: Final = b"text/event-stream"
_BODILESS: Final = frozenset({204, 304})
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_ONE_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"date",
    }
)
"""RFC 9110, section 7.6.1; and Date, since the server puts its own (RFC 9110, section 6.6.1)."""


class Answer(Protocol):
    """An answer at its first byte, with what has to be given back when it is over."""

    @property
    def stream(self) -> ByteStream:
        """What is still to come."""
        ...

    @property
    def first(self) -> bytes:
        """The first bytes of the body."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...


class Relay:
    """One answer on its way to the client. Whoever holds it closes it."""

    def __init__(
        self,
        answer: Answer,
        headers: RawHeaders,
        deadline: float,
        finish: Callable[[Tally], None],
    ) -> None:
        stream = answer.stream
        self.status = stream.status
        self.headers = headers
        """The header lines for the client."""
        self.deadline = deadline
        """When the last byte must have been taken, in the event loop's time."""
        self.whole = False
        """True once the body was read to a proper end."""
        self._answer = answer
        self._stream = stream
        self._first: bytes | None = answer.first
        self._finish: Callable[[Tally], None] | None = finish
        self._error: UpstreamError | None = None
        self._tail = _Tail(_header(stream.headers, b"content-encoding"))
        self._events = _header(stream.headers, b"content-type").startswith(_EVENT_STREAM)

    async def read(self) -> bytes:
        """Return the next bytes for the client; empty when there are no more.

        After a break in an event stream the last bytes are an error event; `whole` stays false.
        """
        chunk = self._first
        if chunk is not None:
            self._first = None
        elif self._error is not None:
            return b""
        else:
            try:
                chunk = await self._stream.read()
            except UpstreamError as error:
                self._error = error
                return self._farewell(error)
        if chunk:
            self._tail.add(chunk)
        else:
            self.whole = True
        return chunk

    async def close(self) -> None:
        """Close the upstream and report, once."""
        finish, self._finish = self._finish, None
        if finish is None:
            return
        try:
            await self._answer.close()
        finally:
            finish(Tally(self._ending(), self._tail.usage(events=self._events)))

    def _ending(self) -> Ending:
        """Return how the answer ended."""
        if self.whole:
            return "whole"
        return "broken" if self._error is not None else "left"

    def _farewell(self, error: UpstreamError) -> bytes:
        """Return the event that tells the client of a break; nothing in a body of another kind.

        A half event in front of it is ended by a blank line: the client then finds it malformed,
        which it is.
        """
        if not self._events or not self._tail.plain:
            return b""
        told = type(error)(
            f"The backend's answer broke off: {error.message}. What came so far is not whole; "
            "send the request again."
        )
        separator = b"" if is_between_events(self._tail.last(4)) else b"\n\n"
        return separator + event(orjson.dumps(told.body()))


class _Tail:
    """The last bytes of an answer, decompressed if need be."""

    def __init__(self, coding: bytes) -> None:
        self.plain = coding in (b"", b"identity")
        self._inflate = (
            zlib.decompressobj(_GZIP_OR_ZLIB) if coding in (b"gzip", b"deflate") else None
        )
        self._chunks: deque[bytes] = deque()
        self._length = 0
        self._cut = False

    def add(self, chunk: bytes) -> None:
        """Take a chunk in, and let go of what is too far from the end."""
        if not self.plain:
            chunk = self._inflated(chunk)
        self._chunks.append(chunk)
        self._length += len(chunk)
        while self._length - len(self._chunks[0]) >= _TAIL_BYTES:
            self._length -= len(self._chunks.popleft())
            self._cut = True

    def last(self, count: int) -> bytes:
        """Return the last bytes seen, at most `count`."""
        return b"".join(list(self._chunks)[-count:])[-count:]

    def usage(self, *, events: bool) -> Usage | None:
        """Return the usage that the answer ended with, if it is there to be read."""
        tail = b"".join(self._chunks)
        if b'"usage"' not in tail:
            return None
        if events:
            documents = [p for p in payloads(tail + b"\n\n") if b'"usage"' in p]
        elif self._cut:
            documents = [b'{"usage"' + tail.rpartition(b'"usage"')[2]]
        else:
            documents = [tail]
        for document in reversed(documents):
            found = _usage(document)
            if found is not None:
                return found
        return None

    def _inflated(self, chunk: bytes) -> bytes:
        """Return the chunk without its compression; nothing where that is not known or broken."""
        if self._inflate is None:
            return b""
        try:
            plain = self._inflate.decompress(chunk, _INFLATED_AT_ONCE)
        except zlib.error:
            self._inflate = None
            return b""
        if self._inflate.unconsumed_tail:
            self._inflate = None
        return plain


def headers_for_client(
    status: int, upstream: RawHeaders, own: RawHeaders, request_id: str
) -> RawHeaders:
    """Return the answer's header lines: the backend's, less those of one hop, and the router's.

    Lines with control characters, which no server may send on, are left out.

    Args:
        status: The answer's status.
        upstream: The backend's header lines, names in lower case.
        own: The router's lines; a backend cannot send these names in our stead.
        request_id: Used as `x-request-id` where the backend gave none.
    """
    named = frozenset(
        token.strip().lower()
        for name, value in upstream
        if name == b"connection"
        for token in value.split(b",")
    )
    dropped = _ONE_HOP | named
    if status in _BODILESS or _is_framed_anew(upstream):
        dropped |= {b"content-length"}
    kept = [
        (name, value)
        for name, value in upstream
        if name not in dropped
        and not name.startswith(b"x-router-")
        and _CONTROL.search(value) is None
    ]
    if not any(name == b"x-request-id" for name, _ in kept):
        kept.append((b"x-request-id", request_id.encode()))
    return (*kept, *own)


def _is_framed_anew(upstream: RawHeaders) -> bool:
    """Whether a length that the backend announced must not be announced to the client.

    Two framings at once are one too many (RFC 9112, section 6.3); and an event stream may get one
    event more than the backend meant to send.
    """
    return any(
        name == b"transfer-encoding"
        or (name == b"content-type" and value.lower().startswith(_EVENT_STREAM))
        for name, value in upstream
    )


def _usage(document: bytes) -> Usage | None:
    """Return the usage that a JSON document tells of."""
    try:
        body = orjson.loads(document)
    except orjson.JSONDecodeError:
        return None
    told = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(told, dict):
        return None
    details = told.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return Usage(
        _count(told.get("prompt_tokens")), _count(told.get("completion_tokens")), _count(cached)
    )


def _count(value: Any) -> int:
    """Return a number of tokens; 0 for what is none."""
    return value if isinstance(value, int) and value > 0 else 0


def _header(headers: RawHeaders, name: bytes) -> bytes:
    """Return the first value of a header in lower case; empty where it is missing."""
    return next((value.strip().lower() for key, value in headers if key == name), b"")

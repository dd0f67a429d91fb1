"""Reading copies of event streams.

In: event streams. Out: verdicts on `router.sse`. Never: a stream that is passed on.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.sse import event, is_between_events, payloads

LINES = st.lists(st.binary(max_size=20).filter(lambda b: not {10, 13} & set(b)), max_size=6)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@given(st.lists(LINES.map(lambda lines: [line for line in lines if line]), max_size=5))
def test_payloads_come_out_as_they_went_in(end: bytes, events: list[list[bytes]]) -> None:
    """Several data lines are one payload, whatever ends the lines."""
    stream = b"".join(
        b"".join(b"data: " + line + end for line in lines) + end for lines in events if lines
    )
    assert payloads(stream) == [b"\n".join(lines) for lines in events if lines]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data:no space\n\n", [b"no space"]),
        (b": comment\n\ndata: a\n\n", [b"a"]),
        (b"event: x\nid: 1\nretry: 5\ndata: a\n\n", [b"a"]),
        (b"data: a\n\ndata: b", [b"a"]),
        (b'g": 1}\n\ndata: b\n\n', [b"b"]),
        (b"\n\n\n", []),
    ],
)
def test_fields_comments_and_cut_events(stream: bytes, expected: list[bytes]) -> None:
    """Only data of whole events counts."""
    assert payloads(stream) == expected


def test_an_event_that_we_write_is_read_back() -> None:
    """What is written by `event` ends where an event ends."""
    written = event(b'{"error":{}}')
    assert payloads(written) == [b'{"error":{}}']
    assert is_between_events(written)
    assert is_between_events(b"")
    assert not is_between_events(written[:-1])

"""Server-sent events and bytes.

In: bytes of an event stream, or a payload. Out: payloads, or the bytes of one event. Never: a
change to a stream that passes through; this looks at copies.

Format: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
"""

from typing import Final

_BOUNDARIES: Final = (b"\n\n", b"\r\n\r\n", b"\r\r")


def payloads(block: bytes) -> list[bytes]:
    """Return the data of each event that ends within `block`.

    Args:
        block: Part of a stream. A first event whose beginning was cut off gives a payload that
            no parser takes; a last one without its blank line is left out.
    """
    found = []
    data: list[bytes] = []
    for line in block.splitlines():
        if line.startswith(b"data:"):
            value = line[5:]
            data.append(value.removeprefix(b" "))
        elif not line and data:
            found.append(b"\n".join(data))
            data = []
    return found


def event(payload: bytes) -> bytes:
    """Return `payload` (one line) as one event."""
    return b"data: " + payload + b"\n\n"


def is_between_events(tail: bytes) -> bool:
    """Whether a stream that ends in `tail` stands between two events."""
    return not tail or tail.endswith(_BOUNDARIES)

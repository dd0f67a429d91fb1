"""What a dialect does.

In: types of other rooms. Out: the signature of an encoder, and what it is given. Never: code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from router.backends.transport import UpstreamRequest
from router.types import BackendSpec, Call, ChatRequest


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request on its way out, before a backend is chosen."""

    call: Call
    request: ChatRequest


Encode: TypeAlias = Callable[[Outgoing, BackendSpec, "str | None", "str | None"], UpstreamRequest]
"""`(outgoing, backend, model, key) → request`: `model` is the name to send (None: the client's
own), `key` the backend's credential (None: none is sent)."""

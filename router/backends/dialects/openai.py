"""The dialect of OpenAI's API: the client's bytes, with `model` and credentials exchanged.

In: an outgoing request, a backend, the model name and key for it. Out: an `UpstreamRequest`.
Never: a re-rendered body, the client's key (except where the backend says `api_key: forward`), a
header that is only for us or for one hop.

Hop-by-hop headers: RFC 9110, section 7.6.1; framing: RFC 9112, section 6.
"""

from collections.abc import Iterator
from typing import Final

from router.backends.dialects.contract import Outgoing
from router.backends.transport import UpstreamRequest
from router.json_splice import insert_members, replace_member
from router.types import BackendSpec, RawHeaders

_CREDENTIALS: Final = frozenset(
    {b"authorization", b"api-key", b"x-api-key", b"x-goog-api-key", b"proxy-authorization"}
)
_ONE_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
        b"expect",
        b"host",
        b"content-length",
        b"content-encoding",
    }
)
"""Content-Encoding is none of one hop, but a body reaches us decompressed and goes on so."""
_OURS: Final = frozenset({b"x-router-category", b"x-router-backend"})
_DROPPED: Final = _CREDENTIALS | _ONE_HOP | _OURS
_DROPPED_BUT_KEY: Final = _DROPPED - {b"authorization", b"api-key", b"x-api-key"}
_JSON: Final = (b"content-type", b"application/json")
_FORM: Final = b"application/x-www-form-urlencoded"


def encode(
    outgoing: Outgoing, backend: BackendSpec, model: str | None, key: str | None
) -> UpstreamRequest:
    """Return the request as this backend gets it."""
    call = outgoing.call
    query = b"?" + call.query if call.query else b""
    return UpstreamRequest(
        method="POST",
        url=backend.base_url + call.path + query.decode("latin-1"),
        headers=tuple(_headers(call.headers, backend, key)),
        body=_body(outgoing, backend, model),
    )


def _body(outgoing: Outgoing, backend: BackendSpec, model: str | None) -> bytes:
    """Return the client's bytes with every `model` replaced and missing defaults put in front.

    Where no other name is sent, the client's own is put into each `model` that it wrote: of two,
    a backend's parser may take the one by which nothing was decided.
    """
    request = outgoing.request
    raw = request.raw
    name = model if model is not None else request.model
    if name is not None and (request.unreadable or "model" in request.body):
        raw = replace_member(raw, "model", name, seen=not request.unreadable)
    if backend.request_defaults and not request.unreadable:
        missing = {
            name: value
            for name, value in backend.request_defaults.items()
            if name not in request.body
        }
        raw = insert_members(raw, missing)
    return raw


def _headers(
    headers: RawHeaders, backend: BackendSpec, key: str | None
) -> Iterator[tuple[bytes, bytes]]:
    """Give the header lines that go on, then the backend's own."""
    dropped = _DROPPED_BUT_KEY if backend.forward_key else _DROPPED
    named = _named_by_connection(headers)
    own = {name.lower().encode() for name in backend.headers}
    typed = False
    for name, value in headers:
        if name in dropped or name in named or name in own:
            continue
        if name == b"content-type":
            typed = True
            # curl -d without a type says "form"; the body was read as JSON, so JSON it is.
            yield _JSON if value.lower().startswith(_FORM) else (name, value)
        else:
            yield name, value
    if not typed and b"content-type" not in own:
        yield _JSON
    for text_name, text in backend.headers.items():
        yield text_name.encode(), text.encode()
    if key is not None:
        yield _credential(backend, key)


def _named_by_connection(headers: RawHeaders) -> frozenset[bytes]:
    """Return the names that `Connection` declares to be for this hop."""
    lines = [value for name, value in headers if name == b"connection"]
    if not lines:
        return frozenset()
    return frozenset(token.strip().lower() for line in lines for token in line.split(b","))


def _credential(backend: BackendSpec, key: str) -> tuple[bytes, bytes]:
    """Return the header line that carries the backend's own key."""
    if backend.auth == "bearer":
        return b"authorization", b"Bearer " + key.encode()
    return backend.auth.encode(), key.encode()

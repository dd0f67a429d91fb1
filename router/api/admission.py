"""Admission: who may come in.

In: ASGI scopes. Out: the same with the client's configured name in `router.client`, or an error
(401, 403). Never: a key in a log, a message or a scope of ours; a comparison that takes longer the
more of a key is right; a body read before its sender is known.
"""

import hmac
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from router.errors import AccessDeniedError, AuthenticationError, RouterError
from router.settings import is_loopback

ANONYMOUS: Final = "anonymous"
CLIENT: Final = "router.client"
"""Where the scope has the client's name."""

_OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_OPERATOR_PREFIX: Final = "/router"
_KEY_HEADERS: Final = (b"x-api-key", b"api-key")
_CARRIERS: Final = frozenset({b"authorization", *_KEY_HEADERS})
_FORWARDING: Final = frozenset(
    {b"forwarded", b"x-real-ip", b"via", b"cf-connecting-ip", b"true-client-ip"}
)
_FORWARDING_PREFIX: Final = b"x-forwarded-"
_WEB: Final = ("http", "https")


class KeyBook(Protocol):
    """Knows clients by their keys."""

    def identify(self, key: bytes) -> str | None:
        """Return the name of the client whose key this is."""
        ...


class Admission:
    """Lets clients and operators through to the inner application."""

    def __init__(
        self,
        inner: ASGIApp,
        clients: KeyBook | None,
        admin_key: str | None,
        refused: Callable[[Scope, int], None],
    ) -> None:
        """Build it.

        Args:
            inner: The application that serves those let through.
            clients: Their keys; None lets everybody in as `anonymous`.
            admin_key: The operator's key; None admits operators from this machine only.
            refused: Told the scope and the status of each refusal.
        """
        self._inner = inner
        self._clients = clients
        self._admin_key = admin_key
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit or refuse one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        try:
            scope[CLIENT] = self._admit(scope)
        except RouterError as error:
            self._refused(scope, error.status)
            raise
        await self._inner(scope, receive, send)

    def _admit(self, scope: Scope) -> str:
        """Return the name under which the sender may go on."""
        path = scope["path"]
        if path in _OPEN_PATHS:
            return ANONYMOUS
        if path == _OPERATOR_PREFIX or path.startswith(_OPERATOR_PREFIX + "/"):
            self._admit_operator(scope)
            return ANONYMOUS
        if self._clients is None:
            _refuse_web_pages(scope)
            return ANONYMOUS
        for key in _keys(scope):
            name = self._clients.identify(key)
            if name is not None:
                return name
        carriers = {name for name, _ in scope["headers"]} & _CARRIERS
        raise AuthenticationError(
            "Incorrect API key provided. Send the key that the operator of this router gave you as "
            "Authorization: Bearer KEY, x-api-key or api-key."
            if carriers
            else "No API key provided. Send it as Authorization: Bearer KEY, x-api-key or api-key."
        )

    def _admit_operator(self, scope: Scope) -> None:
        """Let the operator through.

        Raises:
            AccessDeniedError: It is somebody else.
        """
        if self._admin_key is not None:
            expected = self._admin_key.encode()
            if any(hmac.compare_digest(key, expected) for key in _keys(scope)):
                return
            raise AccessDeniedError("This path needs the operator's key.")
        if not _is_from_this_machine(scope):
            raise AccessDeniedError(
                "This path is for the operator: call it from the router's own machine, or start "
                "the router with --admin-key-env and send that key."
            )


def _keys(scope: Scope) -> Iterator[bytes]:
    """Give every key that the request carries."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, key = value.strip().partition(b" ")
            if scheme.lower() == b"bearer" and key:
                yield key.strip()
        elif name in _KEY_HEADERS:
            yield value.strip()


def _refuse_web_pages(scope: Scope) -> None:
    """Refuse what a browser sends for a page that is not this machine's.

    Without clients' keys whoever reaches the address may use the backends' keys, and any page on
    the web can make a visitor's browser send requests to it, or even read the answers (DNS
    rebinding). Browsers name the page's origin; programs send none.

    Raises:
        AccessDeniedError: The origin is a page of another host.
    """
    for name, value in scope["headers"]:
        if name != b"origin":
            continue
        scheme, _, host = value.decode("latin-1").partition("://")
        if scheme in _WEB and not is_loopback(_without_port(host)):
            raise AccessDeniedError(
                "Web pages of other hosts may not use this router while it needs no key. Start it "
                "with --clients and give the page's server a key."
            )


def _is_from_this_machine(scope: Scope) -> bool:
    """Whether the peer is on loopback, speaks to a loopback name, and speaks for itself.

    The Host is looked at because a web page can make a browser on this machine ask us under a
    name of the page's own (DNS rebinding).
    """
    headers = scope["headers"]
    if any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIX) for name, _ in headers):
        return False
    peer = scope.get("client")
    host = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    return peer is not None and is_loopback(peer[0]) and is_loopback(_without_port(host))


def _without_port(host: str) -> str:
    """Return the name in a Host header."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]

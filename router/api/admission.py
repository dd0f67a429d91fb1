"""Admission: who may come in.

In: ASGI scopes. Out: the same with the client's configured name in `router.client`, or a 401 or
403. Never: a key in a log, a message or a scope of ours; a comparison that takes longer the more of
a key is right; a body read before its sender is known.
"""

import hmac
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from router.api.error_response import error_response
from router.errors import AccessDeniedError, AuthenticationError, RouterError
from router.settings import is_loopback

ANONYMOUS: Final = "anonymous"

_OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_OPERATOR_PREFIX: Final = "/router"
_KEY_HEADERS: Final = (b"x-api-key", b"api-key")
_FORWARDING: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"})


class KeyBook(Protocol):
    """Knows clients by their keys."""

    def identify(self, key: str) -> str | None:
        """Return the name of the client whose key this is."""
        ...


class Admission:
    """Lets clients and operators through to the inner application."""

    def __init__(
        self,
        inner: ASGIApp,
        clients: KeyBook | None,
        admin_key: str | None,
        refused: Callable[[str, int], None],
    ) -> None:
        """Build it.

        Args:
            inner: The application that serves those let through.
            clients: Their keys; None lets everybody in as `anonymous`.
            admin_key: The operator's key; None admits operators from this machine only.
            refused: Told the path's family and the status of each refusal.
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
            scope["router.client"] = self._admit(scope)
        except RouterError as error:
            self._refused(scope["path"], error.status)
            await error_response(error)(scope, receive, send)
            return
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
            return ANONYMOUS
        presented = False
        for key in _keys(scope):
            presented = True
            name = self._clients.identify(key)
            if name is not None:
                return name
        raise AuthenticationError(
            "Incorrect API key provided. Ask the operator of this router for a key of your own."
            if presented
            else "No API key provided. Send it as Authorization: Bearer, x-api-key or api-key."
        )

    def _admit_operator(self, scope: Scope) -> None:
        """Let the operator through.

        Raises:
            AccessDeniedError: It is somebody else.
        """
        if self._admin_key is not None:
            expected = self._admin_key.encode()
            if any(hmac.compare_digest(key.encode(), expected) for key in _keys(scope)):
                return
            raise AccessDeniedError("This path needs the operator's key.")
        if not _is_from_this_machine(scope):
            raise AccessDeniedError(
                "This path is for the operator: call it from the router's own machine, or start "
                "the router with --admin-key-env and send that key."
            )


def _keys(scope: Scope) -> Iterator[str]:
    """Give every key that the request carries."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, key = value.decode("latin-1").strip().partition(" ")
            if scheme.lower() == "bearer" and key:
                yield key.strip()
        elif name in _KEY_HEADERS:
            yield value.decode("latin-1").strip()


def _is_from_this_machine(scope: Scope) -> bool:
    """Whether the peer is on loopback, speaks to a loopback name, and speaks for itself.

    The Host is looked at because a web page can make a browser on this machine ask us under a
    name of the page's own (DNS rebinding).
    """
    headers = scope["headers"]
    if any(name in _FORWARDING for name, _ in headers):
        return False
    peer = scope.get("client")
    host = next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
    return peer is not None and is_loopback(peer[0]) and is_loopback(_without_port(host))


def _without_port(host: str) -> str:
    """Return the name in a Host header."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]

"""The live backends of a policy: what each needs to be called, and which cannot be.

In: backend specs, the environment, transports. Out: a `Backend` by name, and a snapshot of health.
Never: a decision, a key in anything that prints, or a call past the proxy that the policy names.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from router.backends.transport import Limits, Transport, UnusableSettingError, UpstreamRequest
from router.backends.transport_aiohttp import AiohttpTransport
from router.backends.transport_httpx import HttpxTransport
from router.errors import ConnectFailedError
from router.types import BackendSpec, ByteStream, Health


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend, ready to be called."""

    spec: BackendSpec
    transport: Transport
    key: str | None = field(default=None, repr=False)


class Registry:
    """The backends of one policy with the connections to them."""

    def __init__(self, backends: Mapping[str, Backend], health: Health) -> None:
        self._backends = backends
        self._health = health

    def __getitem__(self, name: str) -> Backend:
        return self._backends[name]

    def names(self) -> tuple[str, ...]:
        """Return the backends' names in the policy's order."""
        return tuple(self._backends)

    def health(self) -> Health:
        """Return which backends cannot be used now, and why."""
        return self._health

    async def close(self) -> None:
        """Close every connection; a transport that fails at it keeps no other one open.

        Raises:
            BaseExceptionGroup: What the transports that failed raised.
        """
        transports = dict.fromkeys(backend.transport for backend in self._backends.values())
        closing = [transport.close() for transport in transports]
        results = await asyncio.gather(*closing, return_exceptions=True)
        failures = [result for result in results if result is not None]
        if failures:
            raise BaseExceptionGroup("connections could not be closed", failures)


class _NoWay:
    """The transport of a backend whose proxy is not known: it sends nothing, and not direct."""

    async def open(self, _request: UpstreamRequest, _limits: Limits) -> ByteStream:
        """Refuse.

        Raises:
            router.errors.ConnectFailedError: Always.
        """
        raise ConnectFailedError("the variable with its proxy is not set")

    async def close(self) -> None:
        """Close nothing."""


def unusable_settings(specs: Iterable[BackendSpec], environ: Mapping[str, str]) -> Iterator[str]:
    """Give a message for each backend whose proxy or certificates no connection can use.

    Args:
        specs: The policy's backends.
        environ: Where the variables named by `proxy_env` are looked up. One that is not set is no
            mistake: the backend is unusable, with the reason `no_proxy`.
    """
    for spec in specs:
        try:
            _own_transport(spec, environ)
        except UnusableSettingError as error:
            named = getattr(spec, error.key)
            yield f"backends.{spec.name}.{error.key}: '{named}' cannot be used: {error}"


def open_registry(specs: Iterable[BackendSpec], environ: Mapping[str, str]) -> Registry:
    """Return the registry of these backends; call it with the event loop running.

    Args:
        specs: The policy's backends.
        environ: Where the variables named by `api_key_env` and `proxy_env` are looked up.

    Raises:
        router.backends.transport.UnusableSettingError: `unusable_settings` would have told.
    """
    specs = tuple(specs)
    # Those that may refuse come first: they hold nothing yet that would have to be closed.
    own = {spec.name: _own_transport(spec, environ) for spec in specs}
    shared: AiohttpTransport | None = None
    backends = {}
    health = {}
    for spec in specs:
        key = environ.get(spec.api_key_env) if spec.api_key_env else None
        if spec.api_key_env and not key:
            health[spec.name] = "no_key"
        elif spec.proxy_env and not environ.get(spec.proxy_env):
            health[spec.name] = "no_proxy"
        transport = own[spec.name]
        if transport is None:
            transport = shared = shared or AiohttpTransport()
        backends[spec.name] = Backend(spec, transport, key)
    return Registry(MappingProxyType(backends), MappingProxyType(health))


def _own_transport(spec: BackendSpec, environ: Mapping[str, str]) -> Transport | None:
    """Return the transport that only this backend uses; None where it takes the shared one.

    Raises:
        router.backends.transport.UnusableSettingError: Its proxy or certificates cannot be used.
    """
    if spec.transport != "httpx":
        return None
    proxy = (environ.get(spec.proxy_env) or None) if spec.proxy_env else None
    transport = HttpxTransport(http2=spec.http2, proxy=proxy, ca_file=spec.ca_file)
    return _NoWay() if spec.proxy_env and not proxy else transport

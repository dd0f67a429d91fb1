"""The live backends of a policy: what each needs to be called, and which cannot be.

In: backend specs, the environment, transports. Out: a `Backend` by name, and a snapshot of health.
Never: a decision, or a key in anything that prints.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from router.backends.transport import Transport
from router.backends.transport_aiohttp import AiohttpTransport
from router.backends.transport_httpx import HttpxTransport
from router.types import BackendSpec, Health


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
        """Close every connection."""
        for transport in dict.fromkeys(backend.transport for backend in self._backends.values()):
            await transport.close()


def open_registry(specs: Iterable[BackendSpec], environ: Mapping[str, str]) -> Registry:
    """Return the registry of these backends; call it with the event loop running.

    Args:
        specs: The policy's backends.
        environ: Where the variables named by `api_key_env` and `proxy_env` are looked up.
    """
    shared: AiohttpTransport | None = None
    backends = {}
    health = {}
    for spec in specs:
        key = environ.get(spec.api_key_env) if spec.api_key_env else None
        if spec.api_key_env and not key:
            health[spec.name] = "no_key"
        transport: Transport
        if spec.transport == "httpx":
            transport = _httpx(spec, environ)
        else:
            transport = shared = shared or AiohttpTransport()
        backends[spec.name] = Backend(spec, transport, key)
    return Registry(MappingProxyType(backends), MappingProxyType(health))


def _httpx(spec: BackendSpec, environ: Mapping[str, str]) -> HttpxTransport:
    """Return an httpx transport with the backend's own proxy and certificates."""
    proxy = environ.get(spec.proxy_env) if spec.proxy_env else None
    return HttpxTransport(http2=spec.http2, proxy=proxy, ca_file=spec.ca_file)

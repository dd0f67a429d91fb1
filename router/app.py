"""Composition: builds every object once, wires them, opens and closes them.

In: settings. Out: one ASGI application. Never: a decision about a request; an object that is built
a second time or found by a global name.
"""

import gc
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

from fastapi import FastAPI
from starlette.types import ASGIApp, Scope

from router import __version__
from router.api.admission import ANONYMOUS, CLIENT, Admission
from router.api.chat import ChatEndpoint
from router.api.error_response import ID, ErrorBoundary
from router.api.health import health_router
from router.api.models import models_router
from router.api.operations import operations_router
from router.api.routes import CHAT_PATH, application
from router.backends.failover import Failover
from router.backends.registry import open_registry, unusable_settings
from router.classification.classifier import Classifier, load_classifier
from router.classification.second_look import SecondLook
from router.clients import ClientBook, load_clients
from router.families import load_families
from router.pipeline import Observers, Pipeline, Serving
from router.policy import Policy, load_policy
from router.settings import SettingError, Settings
from router.telemetry.log import Log
from router.telemetry.metrics import Metrics
from router.types import Exchange

Application: TypeAlias = ASGIApp
"""What a server runs."""

_GC_THRESHOLDS: Final = (20_000, 50, 100)
"""Collections are rarer than Python's default: requests make few cycles, and a full collection in
the middle of one shows up in the slowest percent."""


def build(settings: Settings, environ: Mapping[str, str], directory: str | None) -> Application:
    """Return the application.

    Args:
        settings: How this process serves.
        environ: The environment, for the variables that policy and settings name.
        directory: Where several workers share their metrics; None with one worker.

    Raises:
        router.errors.ConfigurationError: The policy or the clients' file has mistakes.
        SettingError: The settings contradict each other or the environment.
    """
    policy = load_policy(settings.policy, environ, load_families())
    if unusable := tuple(unusable_settings(policy.backends.values(), environ)):
        raise SettingError("\n".join(unusable))
    clients = _clients(settings, policy)
    log = Log(quiet=settings.quiet)
    metrics = Metrics(__version__, directory)
    for warning in clients.warnings if clients else ():
        log.warning(warning)
    parts = _Parts(policy, load_classifier(policy.weights, encoder=policy.encoder), log, metrics)
    app = parts.application(environ)
    admitted = Admission(app, clients, _admin_key(settings, environ), parts.refused)
    return ErrorBoundary(admitted, _request_ids(), parts.failed)


class _Parts:
    """What the composed objects share, and what they report to."""

    def __init__(self, policy: Policy, classifier: Classifier, log: Log, metrics: Metrics) -> None:
        self._policy = policy
        self._classifier = classifier
        self._log = log
        self._metrics = metrics
        self._serving: Serving | None = None

    def serving(self) -> Serving:
        """Return what answers requests now."""
        if self._serving is None:
            raise RuntimeError("the application has not been started")
        return self._serving

    def application(self, environ: Mapping[str, str]) -> Application:
        """Return the application inside admission."""
        observers = Observers(self.observe, self._metrics.in_flight, self.classifier_failed)
        second_look = SecondLook(time.perf_counter, self._metrics.second_look)
        pipeline = Pipeline(
            self.serving,
            Failover(self._metrics.in_flight),
            second_look,
            observers,
            time.perf_counter,
        )
        chat = ChatEndpoint(
            pipeline,
            lambda: self.serving().policy.body_bytes,
            self.refused,
            time.perf_counter,
        )
        routers = (
            models_router(lambda: self.serving().policy, int(time.time())),
            operations_router(self.serving),
            health_router(self.serving, self._metrics),
        )

        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            self._log.take_over()
            registry = open_registry(self._policy.backends.values(), environ)
            self._serving = Serving(self._policy, registry, self._classifier)
            self._metrics.policy_loaded(self._policy.generation, time.time())
            self._log.event("policy loaded", generation=self._policy.generation)
            for backend, reason in registry.health().items():
                spec = self._policy.backends[backend]
                variable = spec.proxy_env if reason == "no_proxy" else spec.api_key_env
                self._log.warning(
                    "backend unusable", backend=backend, reason=reason, variable=variable
                )
            _settle_garbage_collection()
            try:
                yield
            finally:
                second_look.close()
                await registry.close()

        return application(chat, routers, lifespan)

    def observe(self, exchange: Exchange) -> None:
        """Count an exchange and write down what failed.

        This is the guard around telemetry: a request whose answer is under way does not fail
        because it could not be counted.
        """
        try:
            self._metrics.record(exchange)
            self._log.exchange(exchange)
        except Exception as error:
            self._log.failure("telemetry failed", error, request_id=exchange.request_id)

    def classifier_failed(self, error: Exception, request_id: str) -> None:
        """Write down that the classifier failed on a request, which goes on without it."""
        self._log.failure("classifier failed", error, request_id=request_id)

    def failed(self, error: Exception, request_id: str) -> None:
        """Write down an error that nobody expected."""
        self._log.failure("unexpected error", error, request_id=request_id)

    def refused(self, scope: Scope, status: int) -> None:
        """Count a request that was turned away before it was read."""
        path = scope["path"]
        self.observe(
            Exchange(
                endpoint=path.removeprefix("/v1") if path == CHAT_PATH else "other",
                client=scope.get(CLIENT, ANONYMOUS),
                request_id=scope[ID],
                outcome="refused",
                status=status,
                streamed=False,
                duration_seconds=0.0,
                overhead_seconds=0.0,
            )
        )


def _clients(settings: Settings, policy: Policy) -> ClientBook | None:
    """Return the clients' keys, or None where everybody may come in.

    Raises:
        SettingError: Others could reach the proxy without a key, or a client's key of ours would
            be sent to a backend.
    """
    if settings.clients is None:
        if not settings.loopback and not settings.insecure_no_auth:
            raise SettingError(
                f"{settings.host} is reachable from other machines and no client keys are set. "
                "Give --clients FILE, or --insecure-no-auth if everybody who can connect may use "
                "your backends' keys."
            )
        return None
    forwarding = [name for name, spec in policy.backends.items() if spec.forward_key]
    if forwarding:
        raise SettingError(
            f"backend '{forwarding[0]}' says api_key: forward, which would send your clients' own "
            "router keys to it. Give it api_key_env, or serve without --clients."
        )
    return load_clients(settings.clients)


def _admin_key(settings: Settings, environ: Mapping[str, str]) -> str | None:
    """Return the operator's key.

    Raises:
        SettingError: The variable that is to hold it is not set.
    """
    if settings.admin_key_env is None:
        return None
    key = environ.get(settings.admin_key_env)
    if not key:
        raise SettingError(
            f"--admin-key-env names {settings.admin_key_env}, which is not set. Set it, or leave "
            "the flag out to admit operators from this machine only."
        )
    return key


def _request_ids() -> Callable[[], str]:
    """Return a source of identifiers: random per process, then counted."""
    prefix = secrets.token_hex(6)
    counter = itertools.count(1)
    return lambda: f"{prefix}-{next(counter):x}"


def _settle_garbage_collection() -> None:
    """Take what exists after start-up out of the collector's sight."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)

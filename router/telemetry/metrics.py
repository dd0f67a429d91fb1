"""Every Prometheus instrument, and how an exchange is counted.

In: exchanges, tries that begin and end, and the policy in force. Out: the exposition text, summed
over all workers. Never: a label value that comes from a client; an instrument made elsewhere.

With several workers the counts live in files that all of them share (prometheus_client's
multiprocess mode); gauges of workers that are gone are removed at the next scrape.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from router.categories import UNCLASSIFIED
from router.types import FALLBACKS, Exchange

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
NO_STAGE: Final = "none"
NO_BACKEND: Final = "none"

_REQUEST_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_FIRST_TOKEN_BUCKETS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_OVERHEAD_BUCKETS: Final = (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.1, 1)
_CLASSIFICATION_BUCKETS: Final = (2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 0.01, 0.1)
_CONFIDENCE_BUCKETS: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
_LIVE_GAUGE: Final = re.compile(r"gauge_live[a-z]*_(\d+)\.db")


class Metrics:
    """The instruments of one process."""

    def __init__(self, version: str, multiprocess_directory: str | None = None) -> None:
        # A second series for each counter, which nobody asked for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._directory = multiprocess_directory
        self._registry = CollectorRegistry()
        self._policy = _PolicyInfo()
        make = _Maker(self._registry)
        self._requests = make.counter(
            "requests",
            "Requests by what the client got",
            ("endpoint", "category", "stage", "backend", "client", "outcome"),
        )
        self._duration = make.histogram(
            "request_duration_seconds",
            "From the last byte of the request to the last byte of the answer",
            ("endpoint", "category", "backend"),
            _REQUEST_BUCKETS,
        )
        self._first_token = make.histogram(
            "time_to_first_token_seconds",
            "From the last byte of the request to the first byte of a streamed answer's body",
            ("category", "backend"),
            _FIRST_TOKEN_BUCKETS,
        )
        self._overhead = make.histogram(
            "overhead_seconds",
            "From the last byte of the request to the start of the first try at a backend",
            (),
            _OVERHEAD_BUCKETS,
        )
        self._classification = make.histogram(
            "classification_seconds",
            "Reading and classifying one request",
            ("stage",),
            _CLASSIFICATION_BUCKETS,
        )
        self._confidence = make.histogram(
            "classification_confidence",
            "Probability of the category that was found",
            ("category",),
            _CONFIDENCE_BUCKETS,
        )
        self._fallbacks = make.counter(
            "classification_fallbacks",
            "Requests that went to the default, by reason",
            ("reason",),
        )
        self._tokens = make.counter(
            "tokens", "Tokens that backends say they used", ("backend", "client", "kind")
        )
        self._usage_missing = make.counter(
            "usage_missing", "Whole answers without a count of tokens", ("backend",)
        )
        self._attempts = make.counter(
            "upstream_attempts", "Tries at backends by what they came to", ("backend", "outcome")
        )
        self._skipped = make.counter(
            "skipped_backends", "Candidates passed over, by reason", ("backend", "reason")
        )
        self._in_flight = make.gauge(
            "requests_in_flight", "Requests that a backend is working on", ("backend",), "livesum"
        )
        self._loaded = make.gauge(
            "policy_loaded_timestamp_seconds", "When the policy in force was loaded", (), "livemax"
        )
        make.gauge("build_info", "The version that runs", ("version",), "livemax").labels(
            version
        ).set(1)

    def in_flight(self, backend: str, change: int) -> None:
        """Count a try that begins (+1) or an answer that was closed (-1)."""
        self._in_flight.labels(backend).inc(change)

    def policy_loaded(self, generation: str, timestamp: float) -> None:
        """Note which policy is in force, and since when (seconds since the epoch)."""
        self._policy.generation = generation
        self._loaded.set(timestamp)

    def record(self, exchange: Exchange) -> None:
        """Count one exchange."""
        classification = exchange.classification
        category = classification.category if classification else UNCLASSIFIED
        stage = classification.stage if classification else NO_STAGE
        backend = exchange.backend or NO_BACKEND
        self._requests.labels(
            exchange.endpoint, category, stage, backend, exchange.client, exchange.outcome
        ).inc()
        self._duration.labels(exchange.endpoint, category, backend).observe(
            exchange.duration_seconds
        )
        if exchange.attempts:
            self._overhead.observe(exchange.overhead_seconds)
        if classification is not None:
            self._confidence.labels(category).observe(classification.confidence)
        if exchange.classification_seconds is not None:
            self._classification.labels(stage).observe(exchange.classification_seconds)
        if exchange.first_byte_seconds is not None and exchange.streamed:
            self._first_token.labels(category, backend).observe(exchange.first_byte_seconds)
        self._record_decision(exchange)
        self._record_upstream(exchange, backend)

    def exposition(self) -> bytes:
        """Return the text that a Prometheus server scrapes."""
        if self._directory is None:
            return generate_latest(self._registry) + self._policy.exposition()
        _forget_dead_workers(self._directory)
        shared = CollectorRegistry()
        MultiProcessCollector(shared, path=self._directory)  # type: ignore[no-untyped-call]
        return generate_latest(shared) + self._policy.exposition()

    def _record_decision(self, exchange: Exchange) -> None:
        """Count what the decision says of itself."""
        decision = exchange.decision
        if decision is None:
            return
        if decision.reason in FALLBACKS:
            self._fallbacks.labels(decision.reason).inc()
        for skip in decision.skipped:
            self._skipped.labels(skip.backend, skip.reason).inc()

    def _record_upstream(self, exchange: Exchange, backend: str) -> None:
        """Count tries and tokens."""
        for attempt in exchange.attempts:
            self._attempts.labels(attempt.backend, attempt.outcome).inc()
        usage = exchange.usage
        if usage is not None:
            for kind, count in (
                ("input", usage.input),
                ("output", usage.output),
                ("cached", usage.cached),
            ):
                self._tokens.labels(backend, exchange.client, kind).inc(count)
        elif exchange.usage_expected:
            self._usage_missing.labels(backend).inc()


class _Maker:
    """Makes instruments with the project's prefix."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, meaning: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"task_router_{name}", meaning, labels, registry=self._registry)

    def histogram(
        self, name: str, meaning: str, labels: tuple[str, ...], buckets: tuple[float, ...]
    ) -> Histogram:
        return Histogram(
            f"task_router_{name}", meaning, labels, buckets=buckets, registry=self._registry
        )

    def gauge(self, name: str, meaning: str, labels: tuple[str, ...], mode: str) -> Gauge:
        return Gauge(
            f"task_router_{name}",
            meaning,
            labels,
            registry=self._registry,
            multiprocess_mode=mode,  # type: ignore[arg-type]
        )


class _PolicyInfo(Collector):
    """One series that names the policy in force.

    Given at scrape time: in multiprocess mode a series once written cannot be removed.
    """

    def __init__(self) -> None:
        self.generation = ""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the series."""
        family = GaugeMetricFamily(
            "task_router_policy_info", "The policy in force", labels=["generation"]
        )
        if self.generation:
            family.add_metric([self.generation], 1)
        yield family

    def exposition(self) -> bytes:
        """Return the series as text."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)


def _forget_dead_workers(directory: str) -> None:
    """Remove the live gauges of processes that no longer exist."""
    for file in Path(directory).glob("gauge_live*.db"):
        named = _LIVE_GAUGE.fullmatch(file.name)
        if named is not None and not _is_alive(int(named[1])):
            mark_process_dead(int(named[1]), directory)  # type: ignore[no-untyped-call]


def _is_alive(pid: int) -> bool:
    """Whether a process exists (signal 0 asks without disturbing it)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

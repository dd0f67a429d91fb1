"""Every Prometheus instrument, and how an exchange is counted.

In: exchanges, tries that begin and end, and the policy in force. Out: the exposition text, summed
over all workers. Never: a label value that comes from a client; an instrument made elsewhere.

With several workers the counts live in files that all of them share (prometheus_client's
multiprocess mode); gauges of workers that are gone are removed at the next scrape.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

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
from router.closed_sets import FALLBACKS, LookOutcome
from router.types import Exchange

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
PREFIX: Final = "task_router_"
NO_STAGE: Final = "none"
NO_BACKEND: Final = "none"

GaugeMode: TypeAlias = Literal["livesum", "livemax"]

_LIVE_GAUGE: Final = re.compile(r"gauge_live[a-z]*_(\d+)\.db")


COUNTERS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "requests": (
            "Requests by what the client got",
            ("endpoint", "category", "stage", "backend", "client", "outcome"),
        ),
        "classification_fallbacks": ("Requests that went to the default", ("reason",)),
        "second_looks": ("Doubtful prompts by what the encoder made of them", ("outcome",)),
        "tokens": ("Tokens that backends say they used", ("backend", "client", "kind")),
        "usage_missing": ("Whole answers without a count of tokens", ("backend",)),
        "upstream_attempts": ("Tries at backends by what they came to", ("backend", "outcome")),
        "skipped_backends": ("Candidates passed over", ("backend", "reason")),
    }
)
"""Name without prefix and `_total` → meaning, labels."""

HISTOGRAMS: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[float, ...]]]] = MappingProxyType(
    {
        "request_duration_seconds": (
            "From the last byte of the request to the last byte of the answer",
            ("endpoint", "category", "backend"),
            (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800),
        ),
        "time_to_first_token_seconds": (
            "From the last byte of the request to the first byte of a streamed answer's body",
            ("category", "backend"),
            (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
        ),
        "overhead_seconds": (
            "From the last byte of the request to the start of the first try at a backend",
            (),
            (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.1, 1),
        ),
        "classification_seconds": (
            "Reading and classifying one request",
            ("stage",),
            (2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 0.01, 0.1),
        ),
        "classification_confidence": (
            "Probability of the category that was found",
            ("category",),
            (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0),
        ),
    }
)
"""Name without prefix → meaning, labels, upper bounds of the buckets."""

GAUGES: Final[Mapping[str, tuple[str, tuple[str, ...], GaugeMode]]] = MappingProxyType(
    {
        "requests_in_flight": (
            "Requests that a backend is working on",
            ("backend",),
            "livesum",
        ),
        "policy_loaded_timestamp_seconds": (
            "When the policy in force was loaded",
            (),
            "livemax",
        ),
        "build_info": ("The version that runs", ("version",), "livemax"),
    }
)
"""Name without prefix → meaning, labels, and how several workers' values become one."""


class Metrics:
    """The instruments of one process."""

    def __init__(self, version: str, multiprocess_directory: str | None = None) -> None:
        # A second series for each counter, which nobody asked for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._directory = multiprocess_directory
        self._registry = CollectorRegistry()
        self._policy = _PolicyInfo()
        self._children: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._instruments: dict[str, Counter | Histogram | Gauge] = {}
        for name, (meaning, labels) in COUNTERS.items():
            self._instruments[name] = Counter(
                PREFIX + name, meaning, labels, registry=self._registry
            )
        for name, (meaning, labels, bounds) in HISTOGRAMS.items():
            self._instruments[name] = Histogram(
                PREFIX + name, meaning, labels, buckets=bounds, registry=self._registry
            )
        for name, (meaning, labels, mode) in GAUGES.items():
            self._instruments[name] = Gauge(
                PREFIX + name, meaning, labels, registry=self._registry, multiprocess_mode=mode
            )
        self._child("build_info", version).set(1)

    def in_flight(self, backend: str, change: int) -> None:
        """Count a try that begins (+1) or an answer that was closed (-1)."""
        self._child("requests_in_flight", backend).inc(change)

    def second_look(self, outcome: LookOutcome) -> None:
        """Count what became of a doubtful prompt."""
        self._child("second_looks", outcome).inc()

    def policy_loaded(self, generation: str, timestamp: float) -> None:
        """Note which policy is in force, and since when (seconds since the epoch)."""
        self._policy.generation = generation
        self._child("policy_loaded_timestamp_seconds").set(timestamp)

    def record(self, exchange: Exchange) -> None:
        """Count one exchange."""
        classification = exchange.classification
        category = classification.category if classification else UNCLASSIFIED
        stage = classification.stage if classification else NO_STAGE
        backend = exchange.backend or NO_BACKEND
        endpoint = exchange.endpoint
        child = self._child
        child(
            "requests", endpoint, category, stage, backend, exchange.client, exchange.outcome
        ).inc()
        if exchange.attempts:
            child("request_duration_seconds", endpoint, category, backend).observe(
                exchange.duration_seconds
            )
            child("overhead_seconds").observe(exchange.overhead_seconds)
        if classification is not None:
            child("classification_confidence", category).observe(classification.confidence)
        if exchange.classification_seconds is not None:
            child("classification_seconds", stage).observe(exchange.classification_seconds)
        if exchange.first_byte_seconds is not None and exchange.streamed:
            child("time_to_first_token_seconds", category, backend).observe(
                exchange.first_byte_seconds
            )
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
            self._child("classification_fallbacks", decision.reason).inc()
        for skip in decision.skipped:
            self._child("skipped_backends", skip.backend, skip.reason).inc()

    def _record_upstream(self, exchange: Exchange, backend: str) -> None:
        """Count tries and tokens."""
        for attempt in exchange.attempts:
            self._child("upstream_attempts", attempt.backend, attempt.outcome).inc()
        usage = exchange.usage
        if usage is not None:
            client = exchange.client
            self._child("tokens", backend, client, "input").inc(usage.input)
            self._child("tokens", backend, client, "output").inc(usage.output)
            self._child("tokens", backend, client, "cached").inc(usage.cached)
        elif exchange.usage_expected:
            self._child("usage_missing", backend).inc()

    def _child(self, name: str, *labels: str) -> Any:
        """Return the instrument `name` for these label values.

        prometheus_client looks children up under a lock, after turning each value into text;
        a request asks for ten. The sets that labels come from are closed, so this stays small.
        """
        found = self._children.get((name, labels))
        if found is None:
            instrument = self._instruments[name]
            found = instrument.labels(*labels) if labels else instrument
            self._children[name, labels] = found
        return found


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

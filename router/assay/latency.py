"""What reading and classifying one request costs.

In: rows, a classifier, a clock. Out: quantiles in microseconds by size of the body. Never: the same
body twice in a row.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np

from router.assay.rows import Row
from router.classification.classifier import Classifier
from router.request import read_body, read_prompt

SIZES: Final[Mapping[str, int]] = {"1 KB": 1_000, "12 KB": 12_000, "1 MB": 1_000_000}
_BODIES: Final = 32
_LOOKS: Final = 40


@dataclass(frozen=True, slots=True)
class Latency:
    """Microseconds for one request, its JSON parsed already."""

    p50: float
    p99: float


def first_look_latency(
    classifier: Classifier, rows: Sequence[Row], clock: Callable[[], float]
) -> dict[str, Latency]:
    """Time reading and the first look, by size of the request."""
    found = {}
    for name, size in SIZES.items():
        requests = [read_body(raw) for raw in islice(_bodies(rows, size), _BODIES)]
        times = []
        for request in requests * 4:
            started = clock()
            classifier.first_look(read_prompt(request))
            times.append(clock() - started)
        found[name] = _quantiles(times)
    return found


def second_look_latency(
    classifier: Classifier, rows: Sequence[Row], clock: Callable[[], float]
) -> Latency:
    """Time the second look on rows as they are."""
    times = []
    for row in rows[:: max(1, len(rows) // _LOOKS)]:
        prompt = read_prompt(read_body(row.request))
        started = clock()
        classifier.second_look(prompt)
        times.append(clock() - started)
    return _quantiles(times)


def _quantiles(times: Sequence[float]) -> Latency:
    """Return median and 99th percentile in microseconds."""
    return Latency(
        round(float(np.quantile(times, 0.5)) * 1e6, 1),
        round(float(np.quantile(times, 0.99)) * 1e6, 1),
    )


def _bodies(rows: Sequence[Row], size: int) -> Iterator[bytes]:
    """Yield bodies of about `size` bytes: conversations that end with a row's request.

    Rows are taken from all over, and only those that are not longer than `size` by themselves.
    """
    short = [at for at, row in enumerate(rows) if len(row.request) <= size]
    for at in short[:: max(1, len(short) // _BODIES)]:
        row = rows[at]
        turns: list[list[Any]] = [json.loads(row.request)["messages"]]
        length, before = len(row.request), at
        while length < size:
            before += 1
            earlier = rows[before % len(rows)].request
            messages = json.loads(earlier)["messages"]
            answer = {"role": "assistant", "content": str(messages[-1].get("content"))}
            turns.append([*messages, answer])
            length += 2 * len(earlier)
        whole = [message for turn in reversed(turns) for message in turn]
        yield json.dumps({"messages": whole}).encode()

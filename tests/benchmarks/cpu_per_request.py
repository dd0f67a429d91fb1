"""CPU per request: the router with everything on, against the bare transport.

In: nothing. Out: a table on stdout: microseconds of CPU per request of each, round by round in
turn, and the median of the ratios. Never: an assertion; machines are shared.

Run: `make bench`. Linux only, since it reads /proc.
"""

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection, create_server

from tests.benchmarks import load

ROUNDS = 7
REQUESTS = 1500
CONNECTIONS = 16
_TICKS = os.sysconf("SC_CLK_TCK")

_ASKS = (
    "Summarise the minutes below in three sentences for somebody who was away.",
    "Write a Python function that merges overlapping intervals and returns them sorted.",
    "Fix this: def mean(xs): return sum(xs) / len(x)",
    "Translate the following paragraph to Spanish, keep the tone friendly.",
)


def bodies(length: int) -> list[bytes]:
    """Return 256 different single-turn requests of about `length` bytes."""
    made = []
    for number in range(256):
        ask = f"{_ASKS[number % len(_ASKS)]} (item {number})\n"
        filler = f"The {number}th delivery came on time and was signed for at the gate. "
        text = (ask + filler * (length // len(filler)))[: length - 120]
        message = {"role": "user", "content": text}
        made.append(json.dumps({"model": "auto", "messages": [message]}).encode())
    return made


def policy(upstream: int) -> str:
    """Return a policy that sends everything to the upstream."""
    names = ("general-instruct", "multi-turn-chat", "code-generation", "code-edit")
    return json.dumps(
        {
            "version": 1,
            "backends": {
                "up": {"base_url": f"http://127.0.0.1:{upstream}/v1", "model": "m", "auth": "none"}
            },
            "routes": {name: ["up"] for name in names},
            "default": "up",
        }
    )


@contextlib.contextmanager
def running(*command: str) -> Iterator[int]:
    """Run a Python process; give its pid, and end it."""
    process = subprocess.Popen([sys.executable, *command])
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used (proc(5), fields utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measure(port: int, pid: int, sent: list[bytes]) -> tuple[float, float]:
    """Return microseconds of CPU per request, and the median latency in milliseconds."""
    before = cpu_seconds(pid)
    taken = asyncio.run(load.run(port, sent, CONNECTIONS, REQUESTS))
    used = cpu_seconds(pid) - before
    return used / len(taken) * 1e6, statistics.median(taken) * 1e3


def compare(name: str, sent: list[bytes], targets: dict[str, tuple[int, int]]) -> None:
    """Measure each target in turn and print what came out."""
    figures: dict[str, list[float]] = {target: [] for target in targets}
    for turn in range(ROUNDS + 1):
        for target, (port, pid) in targets.items():
            cpu, _ = measure(port, pid, sent)
            if turn:
                figures[target].append(cpu)
    for target, values in figures.items():
        spread = f"{min(values):.0f} to {max(values):.0f}"
        print(f"{name:>6}  {target:<7} {statistics.median(values):7.0f} us CPU  ({spread})")
    ratios = [r / b for r, b in zip(figures["router"], figures["bare"], strict=True)]
    print(f"{name:>6}  router / bare {statistics.median(ratios):.2f}")


def main() -> None:
    """Start everything, measure, stop everything."""
    upstream, bare, routed = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.yaml"
        file.write_text(policy(upstream))
        serve = ("-m", "router", "serve", "--policy", str(file), "--port", str(routed), "--quiet")
        with (
            running("-m", "tests.benchmarks.upstream", str(upstream)),
            running("-m", "tests.benchmarks.bare_proxy", str(bare), str(upstream)) as bare_pid,
            running(*serve) as routed_pid,
        ):
            for port in (upstream, bare, routed):
                wait_for(port)
            targets = {"bare": (bare, bare_pid), "router": (routed, routed_pid)}
            compare("1 KB", bodies(1_000), targets)
            compare("12 KB", bodies(12_000), targets)


if __name__ == "__main__":
    main()

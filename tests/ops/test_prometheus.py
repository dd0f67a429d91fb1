"""A real Prometheus and a real router with two workers."""

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from router.demo.children import Child
from tests.running import policy_for
from tests.stand_ins import ScriptedBackend, answers, chat_answer

pytestmark = pytest.mark.ops

DEPLOY = Path(__file__).parents[2] / "deploy"
REQUESTS = 24
SCRAPES = 60
"""After so many the figure is wrong and not just late."""
WAIT_SECONDS = 60.0
"""Catches a hang."""


def program(name: str) -> str:
    """Return the path of a system program."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    assert found, f"{name} is not installed: make test-ops installs it"
    return found


async def announced(child: Child, pattern: str) -> str:
    """Wait until a child has printed something and return it."""
    await asyncio.to_thread(
        child.wait_until, lambda: re.search(pattern, child.output()) is not None, WAIT_SECONDS
    )
    found = re.search(pattern, child.output())
    assert found
    return found.group(1)


def ready(address: str) -> bool:
    """Whether the router answers."""
    try:
        return httpx.get(f"{address}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


@pytest_asyncio.fixture
async def router(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a router with two workers before a scripted backend."""
    answer = answers(chat_answer("Hello.", prompt_tokens=7, completion_tokens=2, total_tokens=9))
    async with ScriptedBackend(answer) as backend:
        policy = tmp_path / "policy.yaml"
        policy.write_text(yaml.safe_dump(policy_for(backend)))
        words = ("serve", "--policy", str(policy), "--port", "0", "--workers", "2")
        command = (sys.executable, "-m", "router", *words)
        with Child("the router", command, tmp_path / "router.log", os.environ) as child:
            address = await announced(child, r"listens on (http://127\.0\.0\.1:\d+)")
            await asyncio.to_thread(child.wait_until, lambda: ready(address), WAIT_SECONDS)
            yield address


@pytest.fixture
def prometheus_config(router: str, tmp_path: Path) -> Path:
    """The shipped scrape configuration, with this router as its target and no patience."""
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    config["global"]["scrape_interval"] = "1s"
    target = router.removeprefix("http://")
    config["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    return file


@pytest.fixture
def prometheus(prometheus_config: Path, tmp_path: Path) -> Iterator[Child]:
    """A Prometheus that scrapes the router."""
    command = (
        program("prometheus"),
        f"--config.file={prometheus_config}",
        f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        "--web.listen-address=127.0.0.1:0",
        "--log.format=json",
    )
    with Child("Prometheus", command, tmp_path / "prometheus.log", os.environ) as child:
        yield child


async def test_the_shipped_scrape_configuration_is_valid() -> None:
    """Prometheus's own checker accepts it."""
    process = await asyncio.create_subprocess_exec(
        *(program("promtool"), "check", "config", str(DEPLOY / "prometheus.yml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()


async def test_prometheus_reads_the_sum_of_two_workers(router: str, prometheus: Child) -> None:
    """Counters, histograms and information series are right, whichever worker was asked."""
    address = await announced(prometheus, r'"address":"(127\.0\.0\.1:\d+)","caller":"tls_config')
    await announced(prometheus, "(Server is ready to receive web requests)")
    async with httpx.AsyncClient(trust_env=False, timeout=WAIT_SECONDS) as client:
        await asyncio.gather(*(ask(client, router) for _ in range(REQUESTS)))

        async def query(text: str) -> list[float]:
            url = f"http://{address}/api/v1/query"
            answer = (await client.get(url, params={"query": text})).json()
            assert answer["status"] == "success", answer
            return [float(row["value"][1]) for row in answer["data"]["result"]]

        for _ in range(SCRAPES):
            if await query("sum(task_router_requests_total)") == [REQUESTS]:
                break
            await asyncio.sleep(1)

        assert await query('sum(task_router_requests_total{outcome="ok",backend="b1"})') == [
            REQUESTS
        ]
        assert await query("sum(task_router_request_duration_seconds_count)") == [REQUESTS]
        assert await query("task_router_overhead_seconds_count") == [REQUESTS]
        assert await query('sum(task_router_tokens_total{kind="output"})') == [2 * REQUESTS]
        assert await query("sum(task_router_requests_in_flight)") == [0]
        assert await query("count(task_router_policy_info)") == [1]
        assert await query("count(task_router_build_info)") == [1]


async def ask(client: httpx.AsyncClient, router: str) -> None:
    """Send one request on a connection of its own, so that either worker may take it."""
    body: dict[str, Any] = {
        "model": "auto",
        "messages": [{"role": "user", "content": "Explain why the sky is blue."}],
    }
    answer = await client.post(
        f"{router}/v1/chat/completions", content=json.dumps(body), headers={"connection": "close"}
    )
    assert answer.status_code == 200, answer.text

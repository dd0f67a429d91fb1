"""Several workers, signals, and the command line around the server.

In: `task-router serve` as a process of its own. Out: verdicts on its metrics, its exit status and
what it says. Never: an unbounded wait.
"""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from tests.api.test_access import ASK
from tests.api.test_surface import series
from tests.running import policy_for
from tests.stand_ins import (
    Connection,
    Received,
    ScriptedBackend,
    answers,
    chat_answer,
    closes,
    hangs,
)


@contextlib.asynccontextmanager
async def served(
    folder: Path, backend: ScriptedBackend, *flags: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run `serve` on a free port; give the process and its address; end it."""
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump(policy_for(backend)))
    command = ("-m", "router", "serve", "--policy", str(file), "--port", "0", *flags)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        line = await asyncio.wait_for(process.stderr.readline(), 60)
        found = re.search(r"http://\S+?:\d+", line.decode())
        assert found is not None, line
        await until_ready(found[0])
        yield process, found[0]
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.communicate(), 60)


async def until_ready(url: str) -> None:
    """Wait until the server answers."""
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url + "/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise AssertionError("the server never got ready")


async def metrics(url: str) -> dict[str, float]:
    """Scrape over a connection of its own, so that any worker may answer."""
    async with aiohttp.ClientSession() as session, session.get(url + "/metrics") as response:
        return series(await response.read())


def total(found: dict[str, float], name: str) -> float:
    """Return the sum of a metric over its labels."""
    return sum(value for key, value in found.items() if key.split("{")[0] == name)


async def ask(url: str, count: int) -> set[str]:
    """Send requests over connections of their own; return the workers' prefixes of ids."""
    seen = set()
    for _ in range(count):
        async with (
            aiohttp.ClientSession() as session,
            session.post(url + "/v1/chat/completions", json=ASK) as response,
        ):
            assert response.status == 200
            seen.add(response.headers["x-router-request-id"].partition("-")[0])
    return seen


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker to kill through /proc")
async def test_one_scrape_gives_the_sum_over_workers(tmp_path: Path) -> None:
    """Counters and histograms add up; a dead worker's gauge vanishes; it is replaced."""
    answer = chat_answer("x", prompt_tokens=1, completion_tokens=1)

    async def script(connection: Connection, received: Received) -> bool:
        waits = b"hang" in received.body
        return await (hangs if waits else answers(answer))(connection, received)

    async with (
        ScriptedBackend(script) as backend,
        served(tmp_path, backend, "--workers", "2") as (_, url),
    ):
        seen: set[str] = set()
        # The kernel gives connections to workers as it likes; under load long to the same one.
        for _ in range(25):
            seen |= await ask(url, 20)
            if len(seen) == 2:
                break
        assert len(seen) == 2
        sent = len(backend.received)
        found = await metrics(url)
        assert total(found, "task_router_requests_total") == sent
        assert total(found, "task_router_overhead_seconds_count") == sent
        assert total(found, "task_router_policy_info") == 1
        assert total(found, "task_router_build_info") == 1
        async with aiohttp.ClientSession() as session:
            body = {**ASK, "user": "hang"}
            hanging = asyncio.create_task(session.post(url + "/v1/chat/completions", json=body))
            await backend.wait_for_requests(sent + 1)
            assert total(await metrics(url), "task_router_requests_in_flight") == 1
            os.kill(process_with_port(backend.received[-1].peer_port), signal.SIGKILL)
            with contextlib.suppress(aiohttp.ClientError):
                await hanging
        await until_replaced(url)
        found = await metrics(url)
        assert total(found, "task_router_requests_in_flight") == 0
        assert total(found, "task_router_requests_total") == sent


def process_with_port(port: int) -> int:
    """Return the pid of the other process that holds a TCP socket with this local port.

    Source: proc(5), /proc/net/tcp and /proc/PID/fd.
    """
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            held = {str(descriptor.readlink()) for descriptor in folder.iterdir()}
            if held & sockets and int(folder.parent.name) != os.getpid():
                return int(folder.parent.name)
    raise AssertionError("no process holds the socket")


async def until_replaced(url: str) -> None:
    """Wait until two workers answer again."""
    for _ in range(300):
        pids = set()
        for _ in range(12):
            with contextlib.suppress(aiohttp.ClientError):
                async with (
                    aiohttp.ClientSession() as session,
                    session.get(url + "/router/backends") as response,
                ):
                    pids.add((await response.json())["pid"])
        if len(pids) == 2:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the dead worker was not replaced")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_signal_ends_the_server_in_order(
    tmp_path: Path, number: signal.Signals, workers: str
) -> None:
    """Exit status 0, whichever of the two."""
    async with (
        ScriptedBackend(closes) as backend,
        served(tmp_path, backend, "--workers", workers) as (process, _),
    ):
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 60) == 0


async def run(*arguments: str, **environ: str) -> tuple[int, str, str]:
    """Run the command line; return exit status, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "router",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environ},
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "--policy"),
        (["--policy", "nowhere.yaml"], "nowhere.yaml"),
        (["--policy", "shipped:nothing"], "local"),
        (["--policy", "shipped:local", "--host", "0.0.0.0"], "--insecure-no-auth"),
        (["--policy", "shipped:local", "--admin-key-env", "UNSET_KEY"], "UNSET_KEY"),
        (["--policy", "shipped:local", "--clients", "nobody.yaml"], "nobody.yaml"),
        (["--policy", "shipped:local", "--port", "many"], "--port"),
    ],
)
async def test_what_cannot_be_served_is_refused_with_status_2(flags: list[str], words: str) -> None:
    """One message that names the remedy, on stderr, and no traceback."""
    status, out, err = await run("serve", *flags)
    assert (status, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


async def test_settings_come_from_the_environment_too() -> None:
    """A wrong value is named with its variable."""
    status, _, err = await run("serve", TASK_ROUTER_POLICY="shipped:local", TASK_ROUTER_PORT="x")
    assert status == 2
    assert "TASK_ROUTER_PORT" in err


async def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    """The message names --port."""
    async with ScriptedBackend(closes) as backend:
        file = tmp_path / "policy.yaml"
        file.write_text(yaml.safe_dump(policy_for(backend)))
        status, _, err = await run("serve", "--policy", str(file), "--port", str(backend.port))
    assert status == 2
    assert "--port" in err
    assert len(err.splitlines()) == 1


async def test_help_and_version_need_no_verb() -> None:
    """The table of verbs is the help."""
    status, out, _ = await run("--help")
    assert status == 0
    for verb in ("serve", "demo", "check", "explain", "evaluate", "train"):
        assert verb in out
    assert (await run("--version"))[1].strip()

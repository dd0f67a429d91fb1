"""The README runs as written.

In: README.md, and the real demo. Out: verdicts on every command and every claim in a table. Never:
a command that is left out; the demo's address is exchanged for that of a free port.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from router.categories import CATEGORIES
from router.closed_sets import REASONS
from router.demo.children import Child
from router.telemetry.metrics import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from tests.demo.real import free_port
from tests.readme.blocks import ADDRESS, BLOCKS, README, ROOT, block, command, commands

HANG_SECONDS = 300.0
TASK_ROUTER = ".venv/bin/task-router"

RUN_HERE = (
    "make demo ONCE=1",
    "curl -N",
    "curl http://127.0.0.1:8900/router/explain",
    "curl http://127.0.0.1:8900/metrics",
    f"{TASK_ROUTER} check",
    f"{TASK_ROUTER} serve --policy policy.yaml --port",
    f"{TASK_ROUTER} serve --policy policy.yaml --host",
    f"{TASK_ROUTER} explain",
)
RUNS_OTHERWISE = {
    "make demo": "the fixture `running_demo` is what it runs",
    "make test": "it is what runs this test",
}


def shell(text: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the README in a folder, with this interpreter's scripts in place."""
    scripts = str(Path(sys.executable).parent)
    return subprocess.run(
        ["bash", "-c", text.replace(TASK_ROUTER, f"{scripts}/task-router")],
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the README's policy and clients in the files that it names."""
    (tmp_path / "policy.yaml").write_text(block("yaml", "version: 1"), encoding="utf-8")
    clients = tmp_path / "clients.yaml"
    clients.write_text(block("yaml", "key_sha256"), encoding="utf-8")
    clients.chmod(0o600)
    return tmp_path


def test_every_command_is_run_by_a_test() -> None:
    """A command that is added to the README has to be added here."""
    known = [each for each in commands() if each in RUNS_OTHERWISE or each.startswith(RUN_HERE)]
    assert known == commands()


def test_the_tour_shows_what_the_readme_shows() -> None:
    """Exit status 0, four prompts, four categories, two backends and more."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    done = shell(command("make demo ONCE=1"), ROOT)
    assert done.returncode == 0, done.stderr
    shown = block("text", "answer begins")
    for category in CATEGORIES:
        assert category in done.stdout
        assert category in shown
    told = {" ".join(line.split()) for line in done.stdout.splitlines()}
    for line in (shown.splitlines()[0], shown.splitlines()[-1]):
        assert " ".join(line.split()) in told


def test_curl_streams_an_answer(running_demo: str, tmp_path: Path) -> None:
    """Events as they come, ending in [DONE]."""
    done = shell(command("curl -N").replace(ADDRESS, running_demo), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("data: {")
    assert done.stdout.rstrip().endswith("data: [DONE]")


def test_the_openai_package_says_where_a_prompt_went(running_demo: str, tmp_path: Path) -> None:
    """The README's program, with only the address exchanged."""
    program = tmp_path / "program.py"
    program.write_text(block("python", "from openai").replace(ADDRESS, running_demo))
    done = shell(f"{sys.executable} program.py", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("code-generation -> coder\n")


def test_explain_over_http_and_metrics_answer(running_demo: str, tmp_path: Path) -> None:
    """Both curl commands give what the README says."""
    explained = shell(command(f"curl {ADDRESS}/router").replace(ADDRESS, running_demo), tmp_path)
    assert '"category":"general-instruct"' in explained.stdout
    scraped = shell(command(f"curl {ADDRESS}/metrics").replace(ADDRESS, running_demo), tmp_path)
    assert "task_router_requests_total{" in scraped.stdout


def test_explain_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """Line for line, but for the policy's path and generation."""
    done = shell(command(f"{TASK_ROUTER} explain"), tmp_path)
    assert done.returncode == 0, done.stderr
    shown = block("text", "probabilities").splitlines()
    assert [line for line in shown if not line.startswith("policy")] == [
        line for line in done.stdout.splitlines() if not line.startswith("policy")
    ]


def test_the_policy_is_right_and_its_tests_pass(folder: Path) -> None:
    """`check` says so and exits 0."""
    done = shell(command(f"{TASK_ROUTER} check"), folder)
    assert done.returncode == 0, done.stdout
    assert "2 tests passed" in done.stdout + done.stderr


@pytest.fixture(params=["--port", "--host"])
def served(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """Run one of the README's two `serve` commands; give its address."""
    words = command(f"{TASK_ROUTER} serve --policy policy.yaml {request.param}").split()
    port = free_port()
    arguments = [str(port) if each.isdigit() else each for each in words[1:]]
    arguments = [str(folder / each) if each.endswith(".yaml") else each for each in arguments]
    with Child(
        "the router",
        (sys.executable, "-m", "router", *arguments),
        folder / "log",
        {**os.environ, "OPENAI_API_KEY": "none"},
    ) as child:
        child.wait_until(lambda: "listens on" in child.output(), HANG_SECONDS)
        yield f"http://127.0.0.1:{port}"


def test_both_ways_to_serve_answer(served: str) -> None:
    """With keys only for those who have one."""
    transport = httpx.HTTPTransport(retries=20)
    with httpx.Client(transport=transport, trust_env=False) as client:
        assert client.get(f"{served}/healthz").status_code == 200
        models = client.get(f"{served}/v1/models", headers={"Authorization": "Bearer alice"})
    assert "auto" in [model["id"] for model in models.json()["data"]]


def test_the_table_of_metrics_is_that_of_the_code() -> None:
    """Each metric, and no other."""
    named = {f"{PREFIX}{name}_total" for name in COUNTERS}
    named |= {f"{PREFIX}{name}" for name in (*HISTOGRAMS, *GAUGES)}
    shown = re.findall(r"^\| `(task_router_\w+)` \|", README, re.MULTILINE)
    assert set(shown) == named | {f"{PREFIX}policy_info"}
    assert len(shown) == len(set(shown))


def test_every_reason_is_named() -> None:
    """`x-router-reason` is a closed list, and the README has it."""
    (row,) = [line for line in README.splitlines() if line.startswith("| `x-router-reason`")]
    assert set(re.findall(r"`(\w+)`", row)) == set(REASONS)


def test_links_lead_somewhere() -> None:
    """Every relative link names a file of the project."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_block_says_its_language() -> None:
    """So that this test knows what to do with it."""
    known = {"bash", "python", "yaml", "text", "promql", ""}
    assert {each.language for each in BLOCKS} <= known

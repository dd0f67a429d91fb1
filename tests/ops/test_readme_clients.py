"""The clients that the README names, installed from their registry, against the real demo.

In: the README's own lines. Out: verdicts on what each client printed and where its prompt went.
Never: a client's setting that the README does not show.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.readme.blocks import ADDRESS, README, block

pytestmark = pytest.mark.ops

HANG_SECONDS = 600.0


def installed(folder: Path, *packages: str) -> Path:
    """Install packages into an environment of their own; return its folder of programs."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=HANG_SECONDS)
    scripts = folder / "bin"
    pip = [str(scripts / "python"), "-m", "pip", "install", "--quiet", *packages]
    subprocess.run(pip, check=True, timeout=HANG_SECONDS)
    return scripts


def run(command: list[str], folder: Path, **environ: str) -> str:
    """Run a program; return what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answered(address: str, backend: str) -> float:
    """Return how many requests a backend has answered well."""
    text = httpx.get(f"{address}/metrics", trust_env=False).text
    pattern = rf'^task_router_requests_total{{backend="{backend}".*outcome="ok".*}} (\S+)$'
    return sum(float(value) for value in re.findall(pattern, text, re.MULTILINE))


def test_langchain(running_demo: str, tmp_path: Path) -> None:
    """The README's program prints an answer of the generalist."""
    scripts = installed(tmp_path / "env", "langchain-openai")
    program = tmp_path / "program.py"
    program.write_text(block("python", "langchain_openai").replace(ADDRESS, running_demo))
    before = answered(running_demo, "generalist")
    assert run([str(scripts / "python"), str(program)], tmp_path).strip()
    assert answered(running_demo, "generalist") == before + 1


def test_llm(running_demo: str, tmp_path: Path) -> None:
    """The README's model file makes `llm -m router` work."""
    scripts = installed(tmp_path / "env", "llm")
    models = block("yaml", "model_id").replace(ADDRESS, running_demo)
    (tmp_path / "extra-openai-models.yaml").write_text(models)
    before = answered(running_demo, "generalist")
    command = [str(scripts / "llm"), "-m", "router", "Name three rivers in Europe."]
    assert run(command, tmp_path, LLM_USER_PATH=str(tmp_path)).strip()
    assert answered(running_demo, "generalist") == before + 1


def test_aider(running_demo: str, tmp_path: Path) -> None:
    """The README's line, with a message and a file, sends an edit to the coder."""
    scripts = installed(tmp_path / "env", "aider-chat")
    (line,) = re.findall(r"`(aider --openai-api-base [^`]*)`", README)
    words = line.replace(ADDRESS, running_demo).split()
    (tmp_path / "area.py").write_text("def area(r):\n    return 3.14 * r * r\n")
    quiet = "--no-git --yes-always --no-show-model-warnings --no-check-update --analytics-disable"
    ask = ["--message", "Fix area: it should use math.pi.", "area.py"]
    before = answered(running_demo, "coder")
    run([str(scripts / words[0]), *words[1:], *quiet.split(), *ask], tmp_path)
    assert answered(running_demo, "coder") > before

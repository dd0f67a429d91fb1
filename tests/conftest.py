"""The demo's processes, started once for all tests that only talk to them."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.demo.children import Child
from tests.demo.real import START_SECONDS, free_port, real_weights


@pytest.fixture(scope="session")
def weights() -> Path:
    """The model's file."""
    return real_weights()


@pytest.fixture(scope="session")
def model_server(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a running model server."""
    command = (sys.executable, "-m", "router.demo.model_server", str(weights))
    log = tmp_path_factory.mktemp("model") / "log"
    with Child("the model server", command, log, os.environ) as child:
        child.wait_until(lambda: child.output().endswith("\n"), START_SECONDS)
        yield child.output().strip()


@pytest.fixture(scope="session")
def running_demo(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a demo that has taken its tour and goes on serving."""
    assert weights.is_file()
    port = free_port()
    command = (sys.executable, "-m", "router", "demo", "--port", str(port))
    log = tmp_path_factory.mktemp("demo") / "log"
    with Child("the demo", command, log, os.environ) as child:
        child.wait_until(lambda: "Ctrl-C" in child.output(), START_SECONDS)
        yield f"http://127.0.0.1:{port}"

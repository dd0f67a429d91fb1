"""Settings: flags, then variables, then defaults.

In: flags, and the environment of processes of our own. Out: verdicts on `router.settings`. Never:
a change to this process's environment.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from router.settings import Settings

_SCRIPT = """
import json, sys
from pathlib import Path
from router.settings import SettingError, read_settings
try:
    settings = read_settings(json.loads(sys.argv[1]), Path)
    print(json.dumps({name: str(getattr(settings, name)) for name in settings.__slots__}))
except SettingError as error:
    print(json.dumps({"error": str(error)}))
"""


def read(flags: dict[str, object], **variables: str) -> dict[str, str]:
    """Return the settings that a process with these variables reads."""
    command = [sys.executable, "-c", _SCRIPT, json.dumps(flags)]
    environ = {**os.environ, **variables}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_a_flag_wins_over_a_variable_and_that_over_the_default(tmp_path: Path) -> None:
    """Each setting is looked for in that order."""
    policy = str(tmp_path / "p.yaml")
    variables = {"TASK_ROUTER_PORT": "1", "TASK_ROUTER_QUIET": "yes", "TASK_ROUTER_HOST": "::1"}
    found = read({"policy": policy, "port": 2}, **variables)
    expected = {"policy": policy, "port": "2", "quiet": "True", "host": "::1", "workers": "1"}
    assert found.items() >= expected.items()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TASK_ROUTER_PORT", "eighty"),
        ("TASK_ROUTER_WORKERS", "-1"),
        ("TASK_ROUTER_QUIET", "maybe"),
    ],
)
def test_a_wrong_variable_is_named_with_its_value(variable: str, value: str) -> None:
    """And what to write instead."""
    error = read({"policy": "p.yaml"}, **{variable: value})["error"]
    assert variable in error
    assert value in error
    assert "write" in error


def test_a_policy_is_needed() -> None:
    """The message names one to start with."""
    assert "shipped:local" in read({})["error"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("127.evil.example", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, loopback: bool) -> None:
    """What only looks like loopback is not."""
    assert Settings(policy=Path("p"), host=host).loopback is loopback

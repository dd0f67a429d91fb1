"""The files in `deploy/` fit the program."""

import configparser
import re
import shlex
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVE = Path(__file__).parents[2] / "router" / "cli" / "serve.py"


def unit() -> configparser.ConfigParser:
    """Return the systemd unit."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DEPLOY / "task-router.service")
    return parser


def test_the_units_command_line_has_only_options_that_serve_has() -> None:
    """A renamed option would leave the service down."""
    program, verb, *words = shlex.split(unit()["Service"]["ExecStart"])
    options = {word.removeprefix("--").replace("-", "_") for word in words if word[0] == "-"}
    parameters = set(re.findall(r"^    (\w+): _\w+ = None,$", SERVE.read_text(), re.MULTILINE))

    assert (Path(program).name, verb) == ("task-router", "serve")
    assert options
    assert options <= parameters


def test_the_unit_gives_the_server_time_to_finish() -> None:
    """Systemd waits longer than the server's own grace of 30 seconds."""
    assert int(unit()["Service"]["TimeoutStopSec"]) > 30


def test_the_scrape_configuration_names_the_default_port() -> None:
    """It and the unit agree on where the router listens."""
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]

    assert job["static_configs"] == [{"targets": ["127.0.0.1:8900"]}]
    assert "--port 8900" in unit()["Service"]["ExecStart"]

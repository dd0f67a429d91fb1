"""The built wheel works without the checkout.

It is installed as a user would: into a fresh environment, with its dependencies from the machine's
package index, at the versions of constraints.txt (half a minute).
"""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
POLICIES = sorted(path.name for path in (CHECKOUT / "policies").glob("*.yaml"))
BUILD_SECONDS = 120
INSTALL_SECONDS = 900
"""Catches a hang; it takes half a minute."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout with the backend that is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    command = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder))
    subprocess.run(
        (*command, str(CHECKOUT)), check=True, capture_output=True, timeout=BUILD_SECONDS
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a fresh environment with nothing but the wheel in it."""
    folder = tmp_path_factory.mktemp("fresh") / "env"
    venv.create(folder, with_pip=True)
    subprocess.run(
        (
            *(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile"),
            *("--constraint", CHECKOUT / "constraints.txt", wheel),
        ),
        check=True,
        timeout=INSTALL_SECONDS,
    )
    return folder / "bin"


def test_the_wheel_carries_policies_facts_weights_and_types(wheel: Path) -> None:
    """All that is read at run time lies inside the package."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert POLICIES
    assert names >= {
        *(f"router/shipped_policies/{name}" for name in POLICIES),
        "router/families.yaml",
        "router/classification/weights.bin",
        "router/classification/MODEL_CARD.md",
        "router/py.typed",
    }


def test_the_wheel_carries_the_package_and_nothing_else(wheel: Path) -> None:
    """No tests, no caches, no second top-level package."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {name.split("/")[0].split("-")[0] for name in names} == {"router", "task_router"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


@pytest.mark.parametrize("policy", [name.removesuffix(".yaml") for name in POLICIES])
def test_an_installed_wheel_checks_its_policies(
    policy: str, commands: Path, tmp_path: Path
) -> None:
    """Outside the checkout, `shipped:NAME` is found, valid, and its tests pass."""
    done = run(commands, tmp_path, "check", f"shipped:{policy}")

    assert done.returncode == 0, done.stdout + done.stderr


def test_an_installed_wheel_explains_a_prompt(commands: Path, tmp_path: Path) -> None:
    """The weights are found and used."""
    prompt = "Fix this function:\n\ndef add(a, b):\n    return a - b"

    done = run(commands, tmp_path, "explain", "--policy", "shipped:local", prompt)

    assert done.returncode == 0, done.stderr
    assert "code-edit" in done.stdout
    assert str(tmp_path) not in done.stdout


def test_without_the_demo_extra_one_line_says_what_to_install(
    commands: Path, tmp_path: Path
) -> None:
    """`demo` needs the extra; exit status 2, no traceback."""
    done = run(commands, tmp_path, "demo", "--once")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'task-router[demo]'" in done.stderr


def test_without_the_train_extra_one_line_says_what_to_install(
    commands: Path, tmp_path: Path
) -> None:
    """`train-encoder` needs the extra, whatever it is given; every other verb is there."""
    done = run(commands, tmp_path, "train-encoder", "--data", ".", "--out", ".")
    table = run(commands, tmp_path, "--help")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'task-router[train]'" in done.stderr
    assert table.returncode == 0, table.stderr
    assert "train-encoder" in table.stdout


def run(commands: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command outside the checkout, without this environment's variables."""
    return subprocess.run(
        (commands / "task-router", *words),
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )

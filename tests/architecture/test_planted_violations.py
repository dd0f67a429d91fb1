"""Each rule sees its breach: a small house with one planted fault, and one without it."""

from pathlib import Path

import pytest

from tests.architecture import house
from tests.architecture.rules import RULES, check
from tests.architecture.sources import Source, read_package

LONG_FUNCTION = "def f() -> None:\n" + "    x = 1\n" * 60

BREACHES: dict[str, tuple[str, dict[str, str]]] = {
    "up a floor": ("floors", {"backends/x.py": "from router.pipeline import Pipeline"}),
    "up by way of the package": ("floors", {"types.py": "from router import settings"}),
    "sideways": ("floors", {"policy/x.py": "import router.backends.registry"}),
    "sideways, relative": ("floors", {"policy/x.py": "from ..backends import registry"}),
    "sideways for a type only": (
        "floors",
        {
            "relay.py": "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from router.telemetry import metrics",
        },
    ),
    "sideways on the second floor": ("floors", {"assay/x.py": "import router.pipeline"}),
    "a room without a floor": ("floors", {"attic/x.py": ""}),
    "an import in a function": ("late imports", {"relay.py": "def f():\n    import json"}),
    "an import in a method": (
        "late imports",
        {"relay.py": "class A:\n    async def f(self):\n        from json import loads"},
    ),
    "an import by name": (
        "late imports",
        {"cli/demo.py": "import importlib\nimportlib.import_module('router.demo')"},
    ),
    "an import by the builtin": ("late imports", {"relay.py": "__import__('json')"}),
    "aiohttp beside its fence": ("fences", {"backends/failover.py": "import aiohttp"}),
    "httpx in the API": ("fences", {"api/chat.py": "from httpx import Client"}),
    "tenacity in the pipeline": ("fences", {"pipeline.py": "import tenacity"}),
    "prometheus in the pipeline": ("fences", {"pipeline.py": "import prometheus_client"}),
    "structlog in the relay": ("fences", {"relay.py": "import structlog"}),
    "opentelemetry in the app": ("fences", {"app.py": "from opentelemetry import trace"}),
    "yaml in the policy": ("fences", {"policy/store.py": "import yaml"}),
    "watchfiles in the store": ("fences", {"policy/store.py": "import watchfiles"}),
    "redis in the policy": ("fences", {"policy/store.py": "import redis.asyncio"}),
    "limits in the API": ("fences", {"api/admission.py": "import limits"}),
    "fastapi in the pipeline": ("fences", {"pipeline.py": "from fastapi import Request"}),
    "starlette in the server": ("fences", {"server.py": "import starlette"}),
    "uvicorn in the app": ("fences", {"app.py": "import uvicorn"}),
    "grpc in the API": ("fences", {"api/x.py": "import grpc"}),
    "typer in the app": ("fences", {"app.py": "import typer"}),
    "rich in telemetry": ("fences", {"telemetry/log.py": "import rich.console"}),
    "openai in a dialect": ("fences", {"backends/dialects/openai.py": "import openai"}),
    "xllamacpp in a verb": ("fences", {"cli/demo.py": "import xllamacpp"}),
    "a library nobody knows": ("fences", {"relay.py": "import requests"}),
    "global": ("global", {"relay.py": "x = 1\ndef f():\n    global x\n    x = 2"}),
    "except Exception": (
        "guards",
        {"relay.py": "try:\n    pass\nexcept Exception:\n    pass"},
    ),
    "except Exception among others": (
        "guards",
        {"relay.py": "try:\n    pass\nexcept (OSError, Exception):\n    pass"},
    ),
    "except BaseException": (
        "guards",
        {"api/chat.py": "try:\n    pass\nexcept BaseException as e:\n    raise"},
    ),
    "a bare except": ("guards", {"relay.py": "try:\n    pass\nexcept:\n    pass"}),
    "a group of everything": (
        "guards",
        {"relay.py": "try:\n    pass\nexcept* Exception:\n    pass"},
    ),
    "everything suppressed": (
        "guards",
        {"relay.py": "import contextlib\nwith contextlib.suppress(Exception):\n    pass"},
    ),
    "os.environ": ("environment", {"app.py": "import os\nx = os.environ['HOME']"}),
    "os.getenv": ("environment", {"cli/serve.py": "import os\nx = os.getenv('HOME')"}),
    "environ by name": ("environment", {"demo/x.py": "from os import environ"}),
    "a long file": ("budgets", {"relay.py": "x = 1\n" * 301}),
    "a long hot path": ("budgets", {"pipeline.py": "x = 1\n" * 200}),
    "a long function": ("budgets", {"relay.py": LONG_FUNCTION}),
    "a long method": (
        "budgets",
        {"relay.py": "class A:\n" + "".join(f"    {line}\n" for line in LONG_FUNCTION.split("\n"))},
    ),
    "seven parameters": ("budgets", {"relay.py": "def f(a, b, /, c, *d, e, f=1, **g): ..."}),
    "seven parameters of a run that is no verb": (
        "budgets",
        {"server.py": "def run(a, b, c, d, e, f, g): ..."},
    ),
    "seven parameters beside a verb": (
        "budgets",
        {"cli/serve.py": "def start(a, b, c, d, e, f, g): ..."},
    ),
    "four deep": (
        "budgets",
        {
            "relay.py": "async def f(x):\n for a in x:\n  async with a:\n   try:\n    pass\n"
            "   except OSError:\n    while x: pass",
        },
    ),
    "four deep under an else": (
        "budgets",
        {
            "relay.py": "def f(x):\n if x: pass\n else:\n  if x:\n"
            "   match x:\n    case 1:\n     if x: pass",
        },
    ),
    "noqa": ("noqa", {"relay.py": "import os  # noqa: F401"}),
    "a file-wide noqa": ("noqa", {"relay.py": "# ruff: NOQA"}),
    "utils": ("names", {"backends/utils.py": ""}),
    "a base among the words": ("names", {"backends/transport_base.py": ""}),
    "a folder named common": ("names", {"api/common/x.py": ""}),
    "no docstring": ("docstrings", {"relay.py": "x = 1"}),
    "no Never": ("docstrings", {"relay.py": '"""A relay.\n\nIn: a. Out: b.\n"""'}),
    "a cycle of two": (
        "cycles",
        {"api/a.py": "from router.api import b", "api/b.py": "from router.api.a import x"},
    ),
    "a cycle of three over two rooms": (
        "cycles",
        {
            "types.py": "import router.errors",
            "errors.py": "from .sse import x",
            "sse.py": "from router.types import y",
        },
    ),
    "a cycle through a folder": (
        "cycles",
        {"api/__init__.py": "from router.api.a import x", "api/a.py": "from router.api import x"},
    ),
}

KEPT: dict[str, tuple[str, dict[str, str]]] = {
    "down, and within the room": (
        "floors",
        {"policy/x.py": "from router.policy import schema\nfrom router.types import Ask"},
    ),
    "the foundation among itself": ("floors", {"errors.py": "from router.types import X"}),
    "the version from everywhere": ("floors", {"relay.py": "from router import __version__"}),
    "a verb and the demo's engine": ("floors", {"cli/demo.py": "from router.demo import tour"}),
    "the server and the app": ("floors", {"server.py": "from router import app"}),
    "verbs by name": (
        "late imports",
        {"cli/__init__.py": "import importlib\ndef f():\n    importlib.import_module('x')"},
    ),
    "a reader of files in the wheel": (
        "late imports",
        {"families.py": "import importlib.resources"},
    ),
    "each library behind its fence": (
        "fences",
        {
            "backends/transport_aiohttp.py": "import aiohttp",
            "cli/demo.py": "import httpx, typer, rich.table",
            "api/chat.py": "from starlette.responses import Response",
            "telemetry/metrics.py": "import prometheus_client",
            "demo/tour.py": "import openai",
        },
    ),
    "libraries without a fence": ("fences", {"relay.py": "import orjson, numpy, json"}),
    "a guard": ("guards", {"telemetry/log.py": "try:\n    pass\nexcept Exception:\n    pass"}),
    "a named error": ("guards", {"relay.py": "try:\n    pass\nexcept OSError:\n    pass"}),
    "the reader of the environment": ("environment", {"settings.py": "import os\nx = os.environ"}),
    "just within the budgets": (
        "budgets",
        {
            "relay.py": "x = 1\n" * 300,
            "pipeline.py": "x = 1\n" * 199,
            "app.py": LONG_FUNCTION.replace("    x = 1\n", "", 1),
            "server.py": "class A:\n def f(self, a, b, c, d, e, f): ...",
            "api/x.py": "def f(x):\n for a in x:\n  if a: pass\n  elif x: pass\n"
            "  elif a:\n   while x: pass",
        },
    ),
    "the options of a verb": ("budgets", {"cli/serve.py": "def run(a, b, c, d, e, f, g): ..."}),
    "the word noqa in a text": ("noqa", {"relay.py": "x = 'no # noqa here'"}),
    "a name that says something": ("names", {"backends/baseline.py": ""}),
    "a docstring that says all": (
        "docstrings",
        {"relay.py": '"""A relay.\n\nNever: c. In: a.\nOut: b.\n"""'},
    ),
    "an empty marker": ("docstrings", {"api/__init__.py": ""}),
    "a diamond": (
        "cycles",
        {
            "api/a.py": "from router.api import b, c",
            "api/b.py": "from router.api import d",
            "api/c.py": "from router.api import d",
            "api/d.py": "import json",
        },
    ),
}


def plant(folder: Path, files: dict[str, str]) -> Path:
    """Write a small package."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("case", BREACHES)
def test_a_planted_breach_is_found(case: str, tmp_path: Path) -> None:
    """The rule reports the fault, in the file that has it."""
    rule, files = BREACHES[case]

    violations = check(rule, read_package(plant(tmp_path, files)))

    assert violations
    assert {violation.path for violation in violations} <= set(files)


@pytest.mark.parametrize("case", KEPT)
def test_what_the_rule_allows_passes(case: str, tmp_path: Path) -> None:
    """The rule has nothing to say about what it allows."""
    rule, files = KEPT[case]

    violations = check(rule, read_package(plant(tmp_path, files)))

    assert not violations, "\n".join(map(str, violations))


def test_each_rule_has_a_planted_breach() -> None:
    """No rule goes untested."""
    assert {rule for rule, _ in BREACHES.values()} == set(RULES)
    assert {rule for rule, _ in KEPT.values()} >= set(RULES) - {"global"}


def test_each_fence_has_a_planted_breach(tmp_path: Path) -> None:
    """Every fenced library is refused in a file that stands beside all fences."""
    files = {"categories.py": "".join(f"import {module}\n" for module in house.FENCES)}

    violations = check("fences", read_package(plant(tmp_path, files)))

    assert len(violations) == len(house.FENCES)


def test_a_violation_says_where() -> None:
    """Its text begins with file and line, so that editors can jump to it."""
    (violation,) = check("global", (Source("relay.py", "def f():\n    global x\n"),))

    assert str(violation).startswith("router/relay.py:2: ")

"""The plan of the house: which file stands on which floor, and what each may touch.

In: nothing. Out: tables. Never: a look at the sources; `rules.py` does that.
"""

from collections.abc import Mapping
from typing import Final

PACKAGE: Final = "router"

ROOMS: Final[Mapping[str, tuple[int, tuple[str, ...]]]] = {
    "foundation": (
        0,
        (
            "__init__",
            "types",
            "categories",
            "closed_sets",
            "families",
            "errors",
            "sse",
            "json_splice",
            "near_miss",
            "yaml_source",
        ),
    ),
    "settings": (1, ("settings",)),
    "request": (1, ("request",)),
    "classification": (1, ("classification",)),
    "policy": (1, ("policy",)),
    "backends": (1, ("backends",)),
    "clients": (1, ("clients",)),
    "relay": (1, ("relay",)),
    "course": (1, ("course",)),
    "telemetry": (1, ("telemetry",)),
    "pipeline": (2, ("pipeline",)),
    "assay": (2, ("assay",)),
    "api": (3, ("api",)),
    "extproc": (3, ("extproc",)),
    "composition": (4, ("app", "server")),
    "commands": (5, ("cli", "demo", "scorecard", "__main__")),
}
"""Room → its floor, and the top-level files and folders that make it up.

A file may import from its own room and from lower floors, so two rooms of one floor never meet.
"""

FENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "aiohttp": ("backends/transport_*.py", "backends/probe.py"),
    "multidict": ("backends/transport_aiohttp.py",),
    "yarl": ("backends/transport_aiohttp.py",),
    "h2": ("backends/transport_httpx.py",),
    "httpx": ("backends/transport_*.py", "backends/probe.py", "cli/*"),
    "tenacity": ("backends/failover.py",),
    "prometheus_client": ("telemetry/metrics.py",),
    "opentelemetry": ("telemetry/*",),
    "structlog": ("telemetry/*",),
    "yaml": ("yaml_source.py",),
    "watchfiles": ("policy/watch.py",),
    "limits": ("clients/*",),
    "redis": ("clients/*",),
    "fastapi": ("api/*", "app.py"),
    "starlette": ("api/*", "app.py"),
    "uvicorn": ("server.py",),
    "grpc": ("extproc/*",),
    "envoy": ("extproc/*",),
    "typer": ("cli/*", "demo/*", "scorecard/*"),
    "rich": ("cli/*", "demo/*", "scorecard/*"),
    "onnxruntime": ("classification/encoder/network.py",),
    "torch": ("classification/training/encoder/*",),
    "onnx": ("classification/training/encoder/*",),
    "openai": ("demo/*", "scorecard/*"),
    "xllamacpp": ("demo/*",),
}
"""Third-party module → patterns of files below `router/` that may use it; `*` crosses folders."""

UNFENCED: Final = frozenset({"numpy", "orjson", "pydantic", "pydantic_core", "zstandard"})
"""Third-party modules that any file may use. What is in neither table is used nowhere."""

LATE_LOADER: Final = "cli/__init__.py"
"""The one file that imports by name, or inside a function: it loads verbs and optional extras."""

ENVIRONMENT_READER: Final = "settings.py"
"""The one file that touches the process's environment."""

GUARDS: Final = ("pipeline.py", "telemetry/*", "app.py", "api/error_response.py")
"""Where `except Exception` may stand: classifier, telemetry, background tasks, the API's edge."""

FILE_LINES: Final = 300
TIGHTER_FILE_LINES: Final[Mapping[str, int]] = {"pipeline.py": 199}
"""The hot path has a budget of its own."""
FUNCTION_LINES: Final = 60
PARAMETERS: Final = 6
NESTING: Final = 3

VERB: Final = "run"
"""In `cli/`, this function's parameters are the options of a verb and are not counted."""

NAMELESS: Final = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "base"})
"""Words that say nothing about what a file does."""

DOCSTRING_WORDS: Final = ("In:", "Out:", "Never:")

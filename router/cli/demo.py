"""`task-router demo`: a real model, the router in front of it, and a tour through both.

In: the verb's options. Out: the tour's table on stdout (and as JSON in a file), progress on stderr;
both processes ended. Never: a process left behind, or a connection that leaves this machine.
"""

import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final, NoReturn
from urllib.parse import urlsplit

import httpx
import orjson
import typer
from rich.console import Console

from router.demo.children import Child, ChildFailedError
from router.demo.client import Client, Conversation, NoAnswerError, Reply
from router.demo.invitation import MAX_TOKENS, invite
from router.demo.table import console, print_directions, print_rows
from router.demo.tour import TOUR, Row, take_tour
from router.demo.weights import MODEL, ModelMissingError, weights_file
from router.settings import environment

HOST: Final = "127.0.0.1"
PORT: Final = 8900
POLICY: Final = "shipped:demo"
MODEL_PORT_VARIABLE: Final = "DEMO_MODEL_PORT"
"""The variable in that policy's base URLs."""

_MODEL_SECONDS: Final = 300.0
_ROUTER_SECONDS: Final = 60.0
_CHECK_SECONDS: Final = 0.5
_CUT_SHORT: Final = 130
"""The exit status of what Ctrl-C ended early: 128 and SIGINT's number."""
_ADDRESS: Final = re.compile(rf"http://{re.escape(HOST)}:\d+")

# `-P`: a folder named `router` where the reader happens to be is not ours.
_PYTHON: Final = (sys.executable, "-P", "-m")


@dataclass(frozen=True, slots=True)
class _Running:
    """The two processes of the demo, and where the router answers."""

    origin: str
    client: Client
    children: tuple[Child, ...]

    def check(self) -> None:
        """Raise `ChildFailedError` where one of the processes has ended."""
        for child in self.children:
            child.check()


_Once = Annotated[bool, typer.Option("--once", help="Take the tour, on a free port, and stop.")]
_Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the tour's rows there as JSON.")
]
_Port = Annotated[int, typer.Option(min=1, max=65535, help="Where the router listens.")]


def run(once: _Once = False, json_file: _Json = None, port: _Port = PORT) -> None:
    """Run the router on a small real model: no account, no key, nothing leaves this machine."""
    out, notes = console(), console(stderr=True)
    try:
        weights = weights_file()
    except ModelMissingError as error:
        _refuse(notes, str(error))
    if not once and _taken(port):
        _refuse(notes, f"port {port} is in use; name another: task-router demo --port {port + 1}")
    shown = False
    try:
        with _interruptible(), _started(weights, 0 if once else port, notes) as running:
            rows = _tour(running.client, notes)
            print_rows(out, rows)
            if json_file:
                _write(json_file, rows)
            shown = True
            print_directions(out, f"http://{HOST}:{port}", serving=not once)
            if not once:
                _stay(out, running)
    except (ChildFailedError, NoAnswerError, OSError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        notes.print("stopped")
        raise typer.Exit(0 if shown else _CUT_SHORT) from None


def _refuse(notes: Console, message: str) -> NoReturn:
    notes.print(message, markup=False, soft_wrap=True)
    raise typer.Exit(2)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the demo as Ctrl-C does: in order."""
    former = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _started(weights: Path, port: int, notes: Console) -> Iterator[_Running]:
    """Start the model and the router on `port` (0: a free one), and end both afterwards.

    Raises:
        ChildFailedError: One of them did not come up.
    """
    with ExitStack() as stack:
        logs = Path(stack.enter_context(TemporaryDirectory(prefix="task-router-demo-")))
        env = dict(environment())
        size = weights.stat().st_size / 1e6
        with _progress(notes, f"loading {MODEL} ({size:.0f} MB)"):
            load = ("router.demo.model_server", str(weights))
            model = _child(stack, "the model server", load, logs / "model", env)
            model.wait_until(partial(_has_address, model), _MODEL_SECONDS)
        env[MODEL_PORT_VARIABLE] = str(urlsplit(_address(model)).port)
        with _progress(notes, "starting the router"):
            serve = ("router", "serve", "--policy", POLICY, "--host", HOST, "--port", str(port))
            router = _child(stack, "the router", serve, logs / "router", env)
            router.wait_until(partial(_is_ready, router), _ROUTER_SECONDS)
        origin = _address(router)
        client = stack.enter_context(Client(f"{origin}/v1"))
        yield _Running(origin, client, (model, router))


def _child(
    stack: ExitStack, name: str, words: tuple[str, ...], log: Path, env: dict[str, str]
) -> Child:
    """Start a module of this package and have it ended with the rest, whoever gets impatient."""
    child = stack.enter_context(Child(name, (*_PYTHON, *words), log, env))
    stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
    return child


def _address(child: Child) -> str:
    """Return the address that a child has announced; empty before it has."""
    found = _ADDRESS.search(child.output())
    return found.group() if found else ""


def _has_address(child: Child) -> bool:
    return bool(_address(child))


def _is_ready(router: Child) -> bool:
    address = _address(router)
    if not address:
        return False
    try:
        return httpx.get(f"{address}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _tour(client: Client, notes: Console) -> tuple[Row, ...]:
    """Take the tour, saying how far it is."""
    rows = take_tour(client)
    taken = []
    for number in range(1, len(TOUR) + 1):
        with _progress(notes, f"sending prompt {number} of {len(TOUR)}"):
            taken.append(next(rows))
    return tuple(taken)


@contextmanager
def _progress(notes: Console, what: str) -> Iterator[None]:
    """Show that something takes its time: a spinner on a terminal, then a line."""
    started = time.monotonic()
    with notes.status(f"{what} …"):
        yield
    notes.print(f"{what}: {time.monotonic() - started:.1f} s", markup=False, soft_wrap=True)


def _write(file: Path, rows: tuple[Row, ...]) -> None:
    file.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _stay(out: Console, running: _Running) -> None:
    """Serve until the reader has had enough; on a terminal, take prompts meanwhile.

    Raises:
        ChildFailedError: The model or the router ended by itself.
    """
    if out.is_terminal and sys.stdin.isatty():
        invite(out, lambda: out.input("> "), partial(_ask, running))
        return
    while True:
        running.check()
        time.sleep(_CHECK_SECONDS)


def _ask(running: _Running, messages: Conversation) -> Reply:
    running.check()
    return running.client.send(messages, MAX_TOKENS)


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False

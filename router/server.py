"""The server: a socket, workers, signals.

In: settings. Out: an exit status. Never: a header of the server's own beyond Date; trust in what a
forwarding header says of the peer.
"""

import shutil
import signal
import socket
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from router.app import Application, build
from router.settings import (
    SettingError,
    Settings,
    environment,
    multiprocess_directory,
    share_metrics_in,
)

_KEEP_ALIVE_SECONDS: Final = 75
"""SDKs keep idle connections for longer than uvicorn's 5 s and would run into resets."""
_GRACE_SECONDS: Final = 30
_BACKLOG: Final = 2048


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until a signal ends it.

    Args:
        settings: How to serve. Port 0 takes a free one.
        announce: Told the address once it is bound.

    Raises:
        router.errors.ConfigurationError: The policy or the clients' file has mistakes.
        SettingError: The settings cannot be used, or the address cannot be bound.
    """
    if multiprocess_directory() is not None:
        raise SettingError(
            "PROMETHEUS_MULTIPROC_DIR is set; unset it: the router makes a folder of its own for "
            "its workers' metrics."
        )
    application = build(settings, environment(), None)
    bound = bind(settings.host, settings.port)
    announce(_address(bound))
    # uvicorn hands a signal on to the former handler once it has shut down in order.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    if settings.workers == 1:
        uvicorn.Server(server_config(settings, application)).run([bound])
        return
    directory = tempfile.mkdtemp(prefix="task-router-metrics-")
    share_metrics_in(directory)
    try:
        Multiprocess(server_config(settings, partial(_in_worker, settings)), sockets=[bound]).run()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _in_worker(settings: Settings) -> Application:
    """Return a worker's application; the parent has shown that it can be built."""
    return build(settings, environment(), multiprocess_directory())


def server_config(settings: Settings, application: Callable[..., Any]) -> uvicorn.Config:
    """Return uvicorn's settings: those of a proxy."""
    return uvicorn.Config(
        application,
        factory=settings.workers > 1,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket that workers can share.

    Raises:
        SettingError: The address is taken or is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SettingError(
            f"cannot listen on {host} port {port}: {error.strerror}. Choose another --port, or "
            "end what listens there."
        ) from error
    bound.set_inheritable(True)
    return bound


def _address(bound: socket.socket) -> str:
    """Return the URL of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

"""`task-router serve`.

In: flags, and `TASK_ROUTER_*` variables for those that are not given. Out: a running proxy. Never:
a start on settings that are unsafe or wrong.
"""

from pathlib import Path
from typing import Annotated

import typer

from router.errors import ConfigurationError
from router.policy import resolve_policy_path
from router.server import serve
from router.settings import SettingError, Settings, read_settings

_Policy = Annotated[str | None, typer.Option(help="Policy file, or shipped:NAME.", metavar="FILE")]
_Clients = Annotated[Path | None, typer.Option(help="Clients' keys.", metavar="FILE")]
_Host = Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")]
_Port = Annotated[int | None, typer.Option(help="0 takes a free one. [default: 8900]")]
_Workers = Annotated[int | None, typer.Option(help="Processes. [default: 1]", min=1)]
_AdminKey = Annotated[
    str | None, typer.Option(help="Variable that holds the operator's key.", metavar="NAME")
]
_NoAuth = Annotated[
    bool | None,
    typer.Option("--insecure-no-auth", help="Let everybody in who can reach the address."),
]
_Quiet = Annotated[bool | None, typer.Option("--quiet", help="Warnings only.")]


def run(
    policy: _Policy = None,
    clients: _Clients = None,
    host: _Host = None,
    port: _Port = None,
    workers: _Workers = None,
    admin_key_env: _AdminKey = None,
    insecure_no_auth: _NoAuth = None,
    quiet: _Quiet = None,
) -> None:
    """Run the proxy until a signal ends it."""
    flags = {
        "policy": policy,
        "clients": clients,
        "host": host,
        "port": port,
        "workers": workers,
        "admin_key_env": admin_key_env,
        "insecure_no_auth": insecure_no_auth,
        "quiet": quiet,
    }
    try:
        settings = read_settings(flags, resolve_policy_path)
        serve(settings, lambda address: _announce(settings, address))
    except (ConfigurationError, SettingError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _announce(settings: Settings, address: str) -> None:
    """Say where the proxy is, and how to use it."""
    if not settings.quiet:
        typer.echo(
            f"task-router listens on {address}. Point a client at {address}/v1, model auto.",
            err=True,
        )

"""The only reader (and writer) of the environment.

In: the process's environment and the command line's flags. Out: one frozen `Settings`, and the
environment as a mapping for those who look up names that a policy gives. Never: a default that
opens the proxy to other machines.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PREFIX: Final = "TASK_ROUTER_"
_MULTIPROCESS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"", "0", "false", "no", "off"})


class SettingError(Exception):
    """A variable or flag has a value that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process serves."""

    policy: Path
    clients: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8900
    workers: int = 1
    admin_key_env: str | None = None
    insecure_no_auth: bool = False
    quiet: bool = False

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the proxy."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


def environment() -> Mapping[str, str]:
    """Return the process's environment."""
    return os.environ


def flag_value(name: str, flag: Any, fallback: Any) -> Any:
    """Return a flag's value, else the variable `TASK_ROUTER_<NAME>`'s, else `fallback`.

    The variable is read as the type that `fallback` has (text where it is None).

    Raises:
        SettingError: The variable is not a number or a yes/no where one is needed.
    """
    if flag is not None:
        return flag
    variable = PREFIX + name.upper()
    text = os.environ.get(variable)
    if text is None:
        return fallback
    if isinstance(fallback, bool):
        if text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        raise SettingError(f"{variable} is {text!r}; write 1 or 0")
    if isinstance(fallback, int):
        if text.isascii() and text.isdigit():
            return int(text)
        raise SettingError(f"{variable} is {text!r}; write a whole number")
    return text


def multiprocess_directory() -> str | None:
    """Return the folder in which several workers share their metrics; None with one worker."""
    return os.environ.get(_MULTIPROCESS_VARIABLE)


def share_metrics_in(directory: str) -> None:
    """Tell the workers that this process starts where to share their metrics."""
    os.environ[_MULTIPROCESS_VARIABLE] = directory

"""The only reader (and writer) of the environment.

In: the process's environment and the command line's flags. Out: one frozen `Settings`, and the
environment as a mapping for those who look up names that a policy gives. Never: a default that
opens the proxy to other machines.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
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
    """0 takes a free one."""
    workers: int = 1
    admin_key_env: str | None = None
    insecure_no_auth: bool = False
    quiet: bool = False

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the proxy."""
        return is_loopback(self.host)


def is_loopback(name: str) -> bool:
    """Whether a host's name or address is this machine's own, without asking anybody."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def environment() -> Mapping[str, str]:
    """Return the process's environment."""
    return os.environ


def read_settings(flags: Mapping[str, Any], find_policy: Callable[[str], Path]) -> Settings:
    """Return the settings that flags give, else variables `TASK_ROUTER_<NAME>`, else the defaults.

    Args:
        flags: Field of `Settings` → value; None where the flag was not given.
        find_policy: Gives the file that the policy's name means.

    Raises:
        SettingError: No policy is named, or a variable is no number or yes/no where one is needed.
    """
    given: dict[str, Any] = {}
    for field in fields(Settings):
        value = flags.get(field.name)
        if value is None:
            value = _from_variable(field.name, field.type)
        if value is not None:
            given[field.name] = value
    if "policy" not in given:
        raise SettingError("give --policy FILE; shipped:local is a start")
    given["policy"] = find_policy(str(given["policy"])).resolve()
    if "clients" in given:
        given["clients"] = Path(given["clients"]).resolve()
    return Settings(**given)


def _from_variable(name: str, kind: Any) -> Any:
    """Return the value of the variable for a setting; None where it is not set."""
    variable = PREFIX + name.upper()
    text = os.environ.get(variable)
    if text is None:
        return None
    if kind is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise SettingError(f"{variable} is {text!r}; write 1 or 0")
        return text.lower() in _TRUE
    if kind is int:
        if not (text.isascii() and text.isdigit()):
            raise SettingError(f"{variable} is {text!r}; write a whole number")
        return int(text)
    return text


def multiprocess_directory() -> str | None:
    """Return the folder in which several workers share their metrics; None with one worker."""
    return os.environ.get(_MULTIPROCESS_VARIABLE)


def share_metrics_in(directory: str) -> None:
    """Tell the workers that this process starts where to share their metrics."""
    os.environ[_MULTIPROCESS_VARIABLE] = directory

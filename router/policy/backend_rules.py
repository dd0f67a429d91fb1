"""What has to be true of a backend's entry beyond the shape of its keys.

In: a raw entry of `backends`, the environment, the families. Out: mistakes. Never: a value of the
file in a message where it may be a secret (keys, header values, URLs with credentials).
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from router.families import Families
from router.near_miss import near_miss
from router.policy.policy import AUTO, REJECT
from router.yaml_source import Trail

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED: Final = frozenset({AUTO, REJECT, "none", "other"})
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}?")
_VISIBLE: Final = re.compile(r"[!-~]+")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name: RFC 9110, section 5.6.2."""
_FIELD_VALUE: Final = re.compile(r"[!-~]([\t -~]*[!-~])?")

_ROUTER_SETS: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "host", "content-length", "content-encoding", "content-type", "expect",
    }
)  # fmt: skip
"""Hop-by-hop headers (RFC 9110, section 7.6.1) and those that follow from the request itself."""

_KEY_HEADERS: Final = {"bearer": "authorization", "api-key": "api-key", "x-api-key": "x-api-key"}
_HTTPX_KEYS: Final = ("http2", "proxy_env", "ca_file")
_NOT_DEFAULTS: Final = frozenset({"model", "messages", "stream"})

Finding = tuple[Trail, str]
"""Where, below the entry, and what."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a policy file may refer to outside itself."""

    folder: Path
    """Relative paths in the file start here."""
    environ: Mapping[str, str]
    families: Families


def name_problem(name: str) -> str | None:
    """Return what is wrong with a backend's name. It stands in headers, paths and labels."""
    if name in _RESERVED:
        return f"the name `{name}` is reserved; choose another"
    if not _NAME.fullmatch(name):
        return "a backend's name is up to 64 letters, digits, `.`, `_` and `-`"
    return None


def backend_findings(entry: Mapping[str, Any], around: Surroundings) -> Iterator[Finding]:
    """Yield each mistake of one entry, whatever its shape."""
    if isinstance(entry.get("base_url"), str):
        for message in _url_problems(entry["base_url"], around.environ):
            yield ("base_url",), message
    yield from _key_findings(entry)
    yield from _transport_findings(entry, around.folder)
    yield from _header_findings(entry)
    yield from _default_findings(entry)
    family = entry.get("family")
    if isinstance(family, str) and around.families.named(family) is None:
        yield ("family",), "unknown family" + near_miss(family, around.families.names)
    if "${" in str(entry.get("model")):
        yield ("model",), "`${…}` is expanded in base_url only"


def expand(text: str, environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """Replace `${VAR}` and `${VAR:-else}` in `text`.

    Returns:
        The text, and what is wrong: variables that are not set, references that are malformed.
    """
    problems: list[str] = []

    def value(match: re.Match[str]) -> str:
        name, dash, otherwise = match[1].partition(":-")
        if not match[0].endswith("}") or not _VARIABLE.fullmatch(name):
            problems.append("write a variable as ${NAME} or ${NAME:-else}")
            return ""
        found = environ.get(name)
        if dash and not found:
            return otherwise
        if found is None:
            problems.append(
                f"the variable {name} is not set; set it, or write ${{{name}:-else}} to go without"
            )
        return found or ""

    return _REFERENCE.sub(value, text), problems


def _url_problems(text: str, environ: Mapping[str, str]) -> list[str]:
    url, problems = expand(text, environ)
    return problems or [message for message in [_url_problem(url)] if message]


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "is not a URL (a port is a number from 1 to 65535)"
    checks = (
        (not _VISIBLE.fullmatch(url), "may hold only visible ASCII characters, no spaces"),
        (parts.scheme not in ("http", "https"), "must begin with http:// or https://"),
        (not host or port == 0, "must name a host (and a port from 1 to 65535, if any)"),
        (
            "@" in parts.netloc,
            "must hold no credentials; put the key in a variable and name it in `api_key_env`",
        ),
        (
            "?" in url or "#" in url,
            "must have no query and no fragment; each call's path is added behind it",
        ),
        (
            parts.path.rstrip("/").endswith("/completions"),
            "ends at the version (…/v1); the path of each call is added behind it",
        ),
    )
    return next((message for wrong, message in checks if wrong), None)


def _key_findings(entry: Mapping[str, Any]) -> Iterator[Finding]:
    has_key = entry.get("api_key_env") is not None or entry.get("api_key") is not None
    if entry.get("api_key_env") is not None and entry.get("api_key") is not None:
        yield ("api_key",), "excludes `api_key_env`: send either the client's key or your own"
    if entry.get("auth") == "none" and has_key:
        yield ("auth",), "none sends no key, but a key is named; leave one of them out"
    for key in ("api_key_env", "proxy_env"):
        name = entry.get(key)
        if isinstance(name, str) and not _VARIABLE.fullmatch(name):
            yield (key,), "must be a variable's name (letters, digits and `_`), not its value"


def _transport_findings(entry: Mapping[str, Any], folder: Path) -> Iterator[Finding]:
    if entry.get("transport", "aiohttp") == "aiohttp":
        for key in _HTTPX_KEYS:
            if entry.get(key) not in (None, False):
                yield (key,), "needs `transport: httpx`"
    ca_file = entry.get("ca_file")
    if isinstance(ca_file, str) and not is_file(folder, ca_file):
        yield ("ca_file",), "there is no such file (paths start at the policy's folder)"


def is_file(folder: Path, name: str) -> bool:
    """Whether the file `name`, relative to `folder`, exists."""
    try:
        return (folder / name).is_file()
    except (OSError, ValueError):
        return False


def _header_findings(entry: Mapping[str, Any]) -> Iterator[Finding]:
    headers = entry.get("headers")
    if not isinstance(headers, dict):
        return
    has_key = entry.get("api_key_env") is not None or entry.get("api_key") is not None
    auth = entry.get("auth", "bearer")
    key_header = _KEY_HEADERS.get(auth) if has_key and isinstance(auth, str) else None
    seen: set[str] = set()
    for name, value in headers.items():
        problem = _header_problem(name.lower(), value, key_header)
        if name.lower() in seen:
            problem = "stands here twice, in different letter case"
        seen.add(name.lower())
        if problem:
            yield ("headers", name), problem


def _header_problem(name: str, value: Any, key_header: str | None) -> str | None:
    if not _TOKEN.fullmatch(name):
        return "is not a header's name (letters, digits and `-`)"
    if name in _ROUTER_SETS or name.startswith("x-router-"):
        return "is set by the router itself"
    if name == key_header:
        return "is where the key of this backend goes; leave one of them out"
    if isinstance(value, str) and not _FIELD_VALUE.fullmatch(value):
        return "its value must be ASCII on one line, without spaces around it, and not empty"
    if isinstance(value, str) and "${" in value:
        return "`${…}` is expanded in base_url only; a key goes into `api_key_env`"
    return None


def _default_findings(entry: Mapping[str, Any]) -> Iterator[Finding]:
    defaults = entry.get("request_defaults")
    if not isinstance(defaults, dict):
        return
    for name, value in defaults.items():
        if name in _NOT_DEFAULTS:
            yield ("request_defaults", name), "always comes from the client; it has no default"
        elif not _is_json(value):
            yield ("request_defaults", name), "holds a number that JSON does not know"


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_json(member) for member in value.values())
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    return not isinstance(value, float) or math.isfinite(value)

"""The clients' file and the keys in it.

In: `clients.yaml` (`clients: [{name, key_sha256}]`). Out: a `ClientBook`. Never: a key: the file
holds only hashes, and what a client presents is hashed and forgotten. A plain SHA-256 is enough
because keys are random and long, unlike passwords.
"""

import hashlib
import hmac
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from router.errors import ConfigurationError, Mistake
from router.near_miss import near_miss
from router.yaml_source import (
    WHOLE_FILE,
    Document,
    Trail,
    UnreadableFileError,
    load,
    read_bytes,
)

RESERVED: Final = frozenset({"anonymous", "none", "other"})
"""Names that mean something else in metrics and logs."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")
_KEYS: Final = ("name", "key_sha256")
_HOW_TO_HASH: Final = 'make it with: printf %s "$KEY" | sha256sum'
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
_READABLE_BY_OTHERS: Final = stat.S_IRGRP | stat.S_IROTH

_Finding = tuple[Trail, str]


class ClientBook:
    """Knows clients by the hashes of their keys."""

    __slots__ = ("_hashes", "warnings")

    def __init__(self, hashes: Mapping[str, bytes], warnings: tuple[str, ...] = ()) -> None:
        """Build it.

        Args:
            hashes: Client's name → the SHA-256 of its key.
            warnings: What the operator should hear about the file.
        """
        self._hashes = tuple(hashes.items())
        self.warnings = warnings

    def identify(self, key: bytes) -> str | None:
        """Return the name of the client whose key this is, or None.

        It takes equally long whoever's key it is, or nobody's: every entry is compared.
        """
        presented = hashlib.sha256(key).digest()
        found = None
        for name, expected in self._hashes:
            if hmac.compare_digest(presented, expected):
                found = name
        return found


def load_clients(path: Path) -> ClientBook:
    """Read and check a clients' file.

    Raises:
        ConfigurationError: The file has mistakes (it carries all of them), or others may write it.
    """
    document = load(read_bytes(path), str(path))
    mistakes = [*document.mistakes, *_permission_mistakes(path)]
    mistakes += [document.mistake(trail, message) for trail, message in _findings(document)]
    if mistakes:
        ordered = sorted(set(mistakes), key=lambda m: (m.line, m.path, m.message))
        raise ConfigurationError(str(path), tuple(ordered))
    entries = document.data["clients"]
    hashes = {entry["name"]: bytes.fromhex(entry["key_sha256"]) for entry in entries}
    return ClientBook(hashes, _warnings(path))


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as error:
        mistake = Mistake(1, WHOLE_FILE, f"cannot be read: {error.strerror}")
        raise UnreadableFileError(str(path), (mistake,)) from None


def _permission_mistakes(path: Path) -> list[Mistake]:
    if _mode(path) & _WRITABLE_BY_OTHERS:
        message = "others may write it and let themselves in; run: chmod 600 on this file"
        return [Mistake(1, WHOLE_FILE, message)]
    return []


def _warnings(path: Path) -> tuple[str, ...]:
    if _mode(path) & _READABLE_BY_OTHERS:
        return (f"{path}: others may read it; run: chmod 600 on this file",)
    return ()


def _findings(document: Document) -> Iterator[_Finding]:
    root = document.data
    if not isinstance(root, dict):
        yield (), "must be a mapping with the key `clients`"
        return
    for key in root:
        if key != "clients":
            yield (key,), "unknown key" + near_miss(key, ("clients",))
    entries = root.get("clients")
    if not isinstance(entries, list) or not entries:
        yield ("clients",), "must be a list with at least one `{name: …, key_sha256: …}`"
        return
    seen: dict[str, set[str]] = {key: set() for key in _KEYS}
    for index, entry in enumerate(entries):
        for below, message in _entry_findings(entry, seen):
            yield ("clients", index, *below), message


def _entry_findings(entry: Any, seen: Mapping[str, set[str]]) -> Iterator[_Finding]:
    """Yield the mistakes of one client; `seen` holds the values of those before it."""
    if not isinstance(entry, dict):
        yield (), "must be a mapping with `name` and `key_sha256`"
        return
    for key in entry:
        if key not in _KEYS:
            yield (key,), "unknown key" + near_miss(key, _KEYS)
    for key, problem in (("name", _name_problem), ("key_sha256", _hash_problem)):
        if key not in entry:
            yield (key,), "is missing" + (f"; {_HOW_TO_HASH}" if key == "key_sha256" else "")
            continue
        value = entry[key]
        message = problem(value)
        if message is None and value.lower() in seen[key]:
            message = "is another client's too"
        if message is None:
            seen[key].add(value.lower())
        else:
            yield (key,), message


def _name_problem(value: Any) -> str | None:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        return "must be text of up to 64 letters, digits, `.`, `_` and `-`"
    if value.lower() in RESERVED:
        return f"`{value}` is reserved; choose another name"
    return None


def _hash_problem(value: Any) -> str | None:
    if isinstance(value, str) and _HASH.fullmatch(value):
        return None
    return f"must be the key's SHA-256 in 64 hex digits, in quotes, not the key; {_HOW_TO_HASH}"

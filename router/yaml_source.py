"""YAML with line marks: the only importer of a YAML library.

In: a file, or its text. Out: a `Document`: plain dicts, lists and scalars, with the line that each
value stands on. Never: an object that a tag asks for, an unbounded expansion of aliases, or any
exception but `ConfigurationError`.

The dialect is YAML 1.1 as PyYAML resolves it (`on`, `off`, `yes` and `no` are booleans), without
timestamps: a date stays text. https://yaml.org/type/ lists the types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from router.errors import ConfigurationError, Mistake

Trail: TypeAlias = tuple[str | int, ...]
"""The way from the document's root to a value: keys and indices."""

MAX_BYTES: Final = 1 << 20
"""Longer files are refused: nobody writes a megabyte of configuration by hand."""
MAX_VALUES: Final = 50_000
"""Bound on values after aliases are expanded; it is what stops "billion laughs"."""
MAX_DEPTH: Final = 50
WHOLE_FILE: Final = "(file)"
"""The path that is shown for a mistake of the file as a whole."""

_TAG: Final = "tag:yaml.org,2002:"
_SCALARS: Final = frozenset(_TAG + name for name in ("null", "bool", "int", "float", "str"))
_PLAIN_KEY: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/:*")
_MAX_KEY_SHOWN: Final = 60


class UnreadableFileError(ConfigurationError):
    """The file is not there, or is not one that can be read."""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document that could be read."""

    file: str
    """The file's name as it was given, for messages."""
    data: Any
    """Dicts with text keys, lists, str, int, float, bool, None."""
    lines: Mapping[Trail, int]
    mistakes: tuple[Mistake, ...] = ()
    """What reading survived: duplicate keys and keys that are not text."""

    def line(self, trail: Trail) -> int:
        """Return the 1-based line of the key or item at `trail`, or of what is nearest above it."""
        for length in range(len(trail), 0, -1):
            if trail[:length] in self.lines:
                return self.lines[trail[:length]]
        return 1

    def mistake(self, trail: Trail, message: str) -> Mistake:
        """Return a mistake at `trail`, with its line."""
        return Mistake(self.line(trail), show_trail(trail), message)


def show_trail(trail: Trail) -> str:
    """Return `trail` as people write it, on one line: `routes.code-edit[0]`."""
    shown = ""
    for step in trail:
        if isinstance(step, int):
            shown += f"[{step}]"
        else:
            shown += ("." if shown else "") + _show_key(step)
    return shown or WHOLE_FILE


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes of a file that belongs to a configuration.

    Raises:
        UnreadableFileError: It is missing, a directory, or not allowed to be read.
        ConfigurationError: It is longer than `limit`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path cannot be used"
        mistake = Mistake(1, WHOLE_FILE, f"cannot be read: {reason}")
        raise UnreadableFileError(str(path), (mistake,)) from None
    if len(content) > limit:
        raise _unusable(str(path), f"is longer than {limit} bytes")
    return content


def load(content: bytes | str, file: str) -> Document:
    """Read YAML.

    Args:
        content: The file's bytes (UTF-8) or text.
        file: Its name, for messages.

    Raises:
        ConfigurationError: It is not UTF-8, not YAML, or beyond a bound.
    """
    text = content if isinstance(content, str) else _decode(content, file)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _unparsable(file, error) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"holds the character U+{error.character:04X}, which YAML does not allow"
        raise _unusable(file, message, line) from None
    builder = _Builder(loader)
    data = None
    try:
        if node is not None:
            data = builder.build(node, (), frozenset())
    except _BeyondBoundError as error:
        raise _unusable(file, error.message, error.line) from None
    return Document(file, data, builder.lines, tuple(builder.mistakes))


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unusable(file, "is not UTF-8; save it in that encoding", line) from None


def _unusable(file: str, message: str, line: int = 1) -> ConfigurationError:
    return ConfigurationError(file, (Mistake(line, WHOLE_FILE, message),))


def _unparsable(file: str, error: yaml.MarkedYAMLError) -> ConfigurationError:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "cannot be parsed"
    if "'\\t'" in problem:
        problem = "a tab cannot indent in YAML; use spaces"
    return _unusable(file, f"not YAML: {problem}", 1 if mark is None else mark.line + 1)


def _show_key(key: str) -> str:
    if key and len(key) <= _MAX_KEY_SHOWN and _PLAIN_KEY.issuperset(key):
        return key
    return ascii(key[:_MAX_KEY_SHOWN])


class _BeyondBoundError(Exception):
    """The document asks for more than a bound allows."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with a bound on nesting (its composer recurses), without timestamps."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag != _TAG + "timestamp"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose one node, unless it lies too deep."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            problem = f"nested deeper than {MAX_DEPTH} levels"
            raise yaml.MarkedYAMLError(
                problem=problem, problem_mark=None if parent is None else parent.start_mark
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Builder:
    """Turns nodes into plain values, and notes lines and mistakes on the way."""

    def __init__(self, loader: _Loader) -> None:
        self.lines: dict[Trail, int] = {}
        self.mistakes: list[Mistake] = []
        self._loader = loader
        self._values = 0

    def build(self, node: yaml.Node, trail: Trail, above: frozenset[int]) -> Any:
        """Return the value of `node`; `above` holds the ids of the nodes that it stands in."""
        line = node.start_mark.line + 1
        self._values += 1
        if self._values > MAX_VALUES:
            raise _BeyondBoundError(f"holds more than {MAX_VALUES} values, aliases expanded", line)
        if id(node) in above:
            raise _BeyondBoundError("an alias stands inside the value that it repeats", line)
        self.lines.setdefault(trail, line)
        inside = above | {id(node)}
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, trail, inside)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self._item(item, (*trail, i), inside) for i, item in enumerate(node.value)]
        return self._scalar(node, trail)

    def _item(self, node: yaml.Node, trail: Trail, above: frozenset[int]) -> Any:
        self.lines[trail] = node.start_mark.line + 1
        return self.build(node, trail, above)

    def _mapping(self, node: yaml.MappingNode, trail: Trail, above: frozenset[int]) -> Any:
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                self._merge(value_node, trail, above, merged)
        for key_node, value_node in node.value:
            key = self._key(key_node, trail)
            line = key_node.start_mark.line + 1
            if key is None:
                continue
            if key in values:
                first = self.lines[(*trail, key)]
                message = f"stands here twice; the first is on line {first}"
                self.mistakes.append(Mistake(line, show_trail((*trail, key)), message))
                continue
            self.lines[(*trail, key)] = line
            values[key] = self.build(value_node, (*trail, key), above)
        return merged | values

    def _merge(
        self, node: yaml.Node, trail: Trail, above: frozenset[int], merged: dict[str, Any]
    ) -> None:
        """Add the mapping (or mappings) behind a `<<` key; what is merged first wins."""
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            value = self.build(source, trail, above)
            if isinstance(value, dict):
                merged |= {key: value[key] for key in value if key not in merged}
            else:
                self._note(node, trail, "`<<` takes a mapping")

    def _key(self, node: yaml.Node, trail: Trail) -> str | None:
        if node.tag == _TAG + "merge":
            return None
        if not isinstance(node, yaml.ScalarNode):
            self._note(node, trail, "a key must be text")
            return None
        if node.tag != _TAG + "str":
            shown = _show_key(node.value)
            self._note(node, trail, f'the key {shown} is not text in YAML; write it as "{shown}"')
            return None
        return str(node.value)

    def _scalar(self, node: yaml.Node, trail: Trail) -> Any:
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALARS:
            self._note(node, trail, f"the tag {_show_key(node.tag)} is not allowed")
            return None
        try:
            return self._loader.construct_object(node)
        except (ValueError, KeyError, OverflowError, yaml.YAMLError):
            self._note(node, trail, "is not a value that YAML can read")
            return None

    def _note(self, node: yaml.Node, trail: Trail, message: str) -> None:
        self.mistakes.append(Mistake(node.start_mark.line + 1, show_trail(trail), message))

"""Reads a package's source files.

In: the folder of a package. Out: one frozen `Source` for each file. Never: an import of what it
reads.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.architecture.house import PACKAGE


@dataclass(frozen=True)
class Import:
    """One name that an import statement brings in."""

    module: str
    """Absolute and dotted; `from a import b` gives `a.b`, be it a module or a name in one."""
    line: int


@dataclass(frozen=True)
class Source:
    """A source file."""

    path: str
    """Below the package's folder, with slashes."""
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The file's syntax."""
        return ast.parse(self.text, filename=self.path)

    @property
    def is_package(self) -> bool:
        """Whether this is a folder's `__init__.py`."""
        return self.path.endswith("__init__.py")

    @property
    def parts(self) -> tuple[str, ...]:
        """The dotted name's parts below the package; empty for the package itself."""
        parts = self.path.removesuffix(".py").split("/")
        return tuple(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def module(self) -> str:
        """The dotted name."""
        return ".".join((PACKAGE, *self.parts))

    @property
    def top(self) -> str:
        """The file or folder at the package's top level that this belongs to."""
        return self.parts[0] if self.parts else "__init__"

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import in the file, wherever it stands, relative ones made absolute."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[Import]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(alias.name, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                for alias in node.names:
                    yield Import(f"{origin}.{alias.name}", node.lineno)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        here = (PACKAGE, *self.parts)
        climb = node.level - 1 if self.is_package else node.level
        start = here[: len(here) - climb]
        return ".".join((*start, node.module) if node.module else start)


def read_package(folder: Path) -> tuple[Source, ...]:
    """Read every Python file below `folder`, in order of path."""
    return tuple(
        Source(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.py"))
    )

"""The rules of the house, each a pure function.

In: the sources of a package. Out: violations, each with its file, its line and what to do instead.
Never: an import of the code under test, or a rule that a comment can switch off.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final, TypeAlias

from tests.architecture import house
from tests.architecture.measures import functions, nesting, parameters
from tests.architecture.sources import Import, Source


@dataclass(frozen=True)
class Violation:
    """A breach of one rule."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{house.PACKAGE}/{self.path}:{self.line}: {self.message}"


FileRule: TypeAlias = Callable[[Source], Iterator[Violation]]


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _room(top: str) -> str | None:
    return next((room for room, (_, tops) in house.ROOMS.items() if top in tops), None)


def _own_top(imported: Import) -> str | None:
    """Return the top-level file or folder of the package that an import reaches, if it does."""
    package, _, rest = imported.module.partition(".")
    if package != house.PACKAGE:
        return None
    top = rest.partition(".")[0]
    return top if _room(top) else "__init__"


def floors(source: Source) -> Iterator[Violation]:
    """Yield imports that go sideways or up, and files that have no floor."""
    room = _room(source.top)
    if room is None:
        yield Violation(source.path, 1, "stands on no floor: give it a room in tests/architecture")
        return
    floor = house.ROOMS[room][0]
    for imported in source.imports:
        top = _own_top(imported)
        other = _room(top) if top else None
        if other is None or other == room:
            continue
        if house.ROOMS[other][0] >= floor:
            yield Violation(
                source.path,
                imported.line,
                f"{room} (floor {floor}) imports {imported.module} of {other} "
                f"(floor {house.ROOMS[other][0]}); pass a value or a protocol instead",
            )


def late_imports(source: Source) -> Iterator[Violation]:
    """Yield imports inside functions, and imports by name."""
    if source.path == house.LATE_LOADER:
        return
    for function in functions(source.tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield Violation(source.path, node.lineno, "an import inside a function")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _name(node.func) in {
            "__import__",
            "import_module",
            "importlib.import_module",
        }:
            yield Violation(source.path, node.lineno, f"only {house.LATE_LOADER} imports by name")


def fences(source: Source) -> Iterator[Violation]:
    """Yield third-party imports outside their fence, and those without one."""
    for imported in source.imports:
        module = imported.module.partition(".")[0]
        if module == house.PACKAGE or module in sys.stdlib_module_names:
            continue
        if module in house.UNFENCED or _matches(source.path, house.FENCES.get(module, ())):
            continue
        allowed = ", ".join(house.FENCES.get(module, ())) or "nowhere: it has no fence yet"
        yield Violation(source.path, imported.line, f"{module} may be imported in: {allowed}")


def no_global(source: Source) -> Iterator[Violation]:
    """Yield `global` statements."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Global):
            yield Violation(source.path, node.lineno, "global: build it in app.py and pass it in")


def guards(source: Source) -> Iterator[Violation]:
    """Yield handlers that catch everything, outside the four guards."""
    if _matches(source.path, house.GUARDS):
        return
    for node in ast.walk(source.tree):
        caught: list[ast.expr] = []
        if isinstance(node, ast.ExceptHandler):
            caught = [node.type or ast.Name("BaseException")]
        elif isinstance(node, ast.Call) and _name(node.func) in {"suppress", "contextlib.suppress"}:
            caught = node.args
        else:
            continue
        if any(_name(part) in _EVERYTHING for tree in caught for part in ast.walk(tree)):
            yield Violation(source.path, node.lineno, "catches everything: name what you expect")


_EVERYTHING: Final = frozenset(
    {"Exception", "BaseException", "builtins.Exception", "builtins.BaseException"},
)


def environment(source: Source) -> Iterator[Violation]:
    """Yield uses of the process's environment."""
    if source.path == house.ENVIRONMENT_READER:
        return
    touches = re.compile(r"os\.(environb?|getenvb?|putenv|unsetenv)")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and touches.fullmatch(_name(node)):
            yield Violation(source.path, node.lineno, "only settings.py touches the environment")
    for imported in source.imports:
        if touches.fullmatch(imported.module):
            yield Violation(source.path, imported.line, "only settings.py touches the environment")


def budgets(source: Source) -> Iterator[Violation]:
    """Yield files, functions, parameter lists and nesting over budget."""
    lines = source.text.count("\n")
    most = house.TIGHTER_FILE_LINES.get(source.path, house.FILE_LINES)
    if lines > most:
        yield Violation(source.path, 1, f"{lines} lines, at most {most}: it holds two trades")
    for function in functions(source.tree):
        name, line = function.name, function.lineno
        length = (function.end_lineno or line) - line + 1
        if length > house.FUNCTION_LINES:
            yield Violation(
                source.path, line, f"{name}: {length} lines, at most {house.FUNCTION_LINES}"
            )
        is_verb = source.top == "cli" and name == house.VERB
        if not is_verb and (count := parameters(function)) > house.PARAMETERS:
            yield Violation(
                source.path, line, f"{name}: {count} parameters, at most {house.PARAMETERS}"
            )
        if (depth := nesting(function)) > house.NESTING:
            yield Violation(source.path, line, f"{name}: nests {depth}, at most {house.NESTING}")


def no_noqa(source: Source) -> Iterator[Violation]:
    """Yield comments that silence the linter."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and "noqa" in token.string.lower():
            yield Violation(source.path, token.start[0], "noqa: put the code right instead")


def names(source: Source) -> Iterator[Violation]:
    """Yield files and folders whose name says nothing."""
    for part in source.parts:
        if house.NAMELESS.intersection(part.lower().split("_")):
            yield Violation(source.path, 1, f"{part} says nothing: name what the file does")


def docstrings(source: Source) -> Iterator[Violation]:
    """Yield files whose first docstring lacks what enters, what leaves, or what must never be."""
    if not source.text.strip():
        return
    text = ast.get_docstring(source.tree) or ""
    missing = [word for word in house.DOCSTRING_WORDS if not re.search(rf"\b{word}", text)]
    if missing:
        yield Violation(source.path, 1, f"the first docstring lacks {', '.join(missing)}")


def cycles(sources: Iterable[Source]) -> Iterator[Violation]:
    """Yield one violation for each import that closes a cycle."""
    by_module = {source.module: source for source in sources}
    graph = {
        module: sorted(_targets(source, by_module), key=lambda found: found.module)
        for module, source in by_module.items()
    }
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> Iterator[Violation]:
        if module in done:
            return
        path.append(module)
        for imported in graph[module]:
            if imported.module in path:
                ring = [*path[path.index(imported.module) :], imported.module]
                yield Violation(
                    by_module[module].path, imported.line, "a cycle: " + " → ".join(ring)
                )
            else:
                yield from visit(imported.module)
        done.add(path.pop())

    for module in sorted(graph):
        yield from visit(module)


def _targets(source: Source, modules: Mapping[str, Source]) -> Iterator[Import]:
    """Yield the modules of the package that a file imports, each with the first line that does."""
    seen: set[str] = set()
    for imported in source.imports:
        parent = imported.module.rpartition(".")[0]
        target = imported.module if imported.module in modules else parent
        if target in modules and target not in seen and target != source.module:
            seen.add(target)
            yield Import(target, imported.line)


def _name(node: ast.AST) -> str:
    """Return a dotted name as written; empty for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return ""


FILE_RULES: Final[Mapping[str, FileRule]] = MappingProxyType(
    {
        "floors": floors,
        "late imports": late_imports,
        "fences": fences,
        "global": no_global,
        "guards": guards,
        "environment": environment,
        "budgets": budgets,
        "noqa": no_noqa,
        "names": names,
        "docstrings": docstrings,
    },
)
RULES: Final = (*FILE_RULES, "cycles")


def check(rule: str, sources: tuple[Source, ...]) -> tuple[Violation, ...]:
    """Return every breach of one rule, a name in `RULES`."""
    if rule == "cycles":
        return tuple(cycles(sources))
    return tuple(violation for source in sources for violation in FILE_RULES[rule](source))

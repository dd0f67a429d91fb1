"""The model card: what was measured, put into words that a person wrote.

In: a template and figures. Out: Markdown. Never: a figure that is not in the figures' file.

In the template, `{{name}}` stands for a value, `{{name|3}}` for a number with three decimals, and
`{{table name}}` on a line of its own for rows of a table; names are paths of members, with dots.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from router.errors import ConfigurationError, Mistake

_PLACE: Final = re.compile(r"\{\{(table )?([\w.\- %]+?)(?:\|(\d))?\}\}")
_LEAST_SLICE: Final = 30


def render(template: str, figures: Mapping[str, Any]) -> str:
    """Fill in a template.

    Raises:
        ConfigurationError: It names a figure that is not there.
    """
    lines = []
    for number, line in enumerate(template.splitlines(), start=1):

        def value(found: re.Match[str], number: int = number) -> str:
            table, path, digits = found.groups()
            figure = _figure(figures, path, number)
            if table:
                return "\n".join(_table(figure))
            if digits is not None:
                return f"{figure:.{digits}f}"
            return f"{figure:,}" if isinstance(figure, int) else str(figure)

        lines.append(_PLACE.sub(value, line))
    return "\n".join(lines) + "\n"


def checksums(files: Iterable[Path]) -> dict[str, str]:
    """Return what tells one version of the model's files from another, by name."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _figure(figures: Mapping[str, Any], path: str, line: int) -> Any:
    """Find a figure by its path."""
    found: Any = figures
    for step in path.split("."):
        if not isinstance(found, Mapping) or step not in found:
            message = f"no figure {path}; measure again with 'task-router card'"
            raise ConfigurationError("model card", (Mistake(line, step, message),))
        found = found[step]
    return found


def _table(figure: Mapping[str, Any]) -> Iterable[str]:
    """Write members as lines of a table: name, rows, accuracy; or name and numbers."""
    for name, entry in figure.items():
        if isinstance(entry, Mapping) and entry.get("rows", _LEAST_SLICE) < _LEAST_SLICE:
            continue
        cells = entry.values() if isinstance(entry, Mapping) else (entry,)
        yield "| " + " | ".join((f"`{name}`", *map(_cell, cells))) + " |"


def _cell(value: Any) -> str:
    """Write one number, or a text that breaks no table."""
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")

"""`task-router check`: is a policy right, before it is live?

In: policy files. Out: a line for each mistake and failed test on stdout, warnings and a summary on
stderr; exit status 0, 1 where something is wrong, 2 for a file that cannot be read. Never: a
request sent.
"""

from typing import Annotated, Final

import typer

from router.assay.check import check
from router.classification.classifier import load_classifier
from router.errors import ConfigurationError, Mistake
from router.families import Families, load_families
from router.policy import resolve_policy_path
from router.settings import environment
from router.yaml_source import UnreadableFileError

_FAILED: Final = 1
_UNREADABLE: Final = 2

_Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Policies, or shipped:NAME.")]


def run(files: _Files) -> None:
    """Validate policies, then run their tests."""
    families = load_families()
    worst = max(_check(file, families) for file in files)
    if worst:
        raise typer.Exit(worst)


def _check(file: str, families: Families) -> int:
    """Check one file, print what was found, and return its exit status."""
    try:
        path = resolve_policy_path(file)
        found = check(path, environment(), families, load_classifier)
    except UnreadableFileError as error:
        typer.echo(f"{file}: {error.mistakes[0].message}", err=True)
        return _UNREADABLE
    except ConfigurationError as error:
        typer.echo(f"{file}: {error.mistakes[0].message}", err=True)
        return _UNREADABLE
    for warning in found.warnings:
        typer.echo(f"{_line(file, warning)} (warning)", err=True)
    for mistake in found.mistakes:
        typer.echo(_line(file, mistake))
    if found.mistakes:
        return _FAILED
    typer.echo(f"{file}: right, {found.tests} tests passed", err=True)
    return 0


def _line(file: str, mistake: Mistake) -> str:
    return f"{file}:{mistake.line}: {mistake.path}: {mistake.message}"

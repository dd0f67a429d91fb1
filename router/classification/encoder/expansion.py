"""The layers' file: from what is shipped to what is computed with.

In: a path, arrays by name. Out: the same; matrices in 8 bits. Never: a file that may run code, as
pickles may.

What is shipped of a matrix are 4-bit numbers in blocks of 32 with a 16-bit scale each, and two thin
matrices whose product training added. Expanded it is 8-bit numbers with a scale for each output,
which is what processors multiply fastest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from router.classification.encoder.blocks import unpacked

LAYOUT_VERSION: Final = 1
"""Raised whenever the same prompt would be laid out otherwise."""
HEADS: Final = 12
ADAPTER_SCALE: Final = 2.0
"""What the product of the thin matrices is multiplied by."""
MATRICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "attention": ("q", "k", "v"),
        "joined": ("ao",),
        "widened": ("fi",),
        "narrowed": ("fo",),
    }
)
"""A layer's matrices, and their parts in the file that training starts from."""
_LARGEST: Final = 127


@dataclass(frozen=True, slots=True)
class Blend:
    """How the encoder's logits become a verdict."""

    share: float
    """The weight of the encoder's log probabilities; the words' weights have the rest, 0 to 1."""
    temperature: float
    """The blended logits are divided by it before they become probabilities."""


def save_layers(arrays: Mapping[str, NDArray[Any]], blend: Blend, path: Path) -> None:
    """Write a layers' file; the same arrays give the same bytes.

    Raises:
        OSError: The file cannot be written.
    """
    said = {
        "layout": np.array(LAYOUT_VERSION),
        "blend": np.array([blend.share, blend.temperature]),
    }
    np.savez(path, allow_pickle=False, **arrays, **said)


def read_layers(path: Path) -> tuple[dict[str, NDArray[Any]], Blend]:
    """Read a layers' file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is no such file, or was trained on another layout.
        KeyError: It lacks an array.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    layout = int(arrays.pop("layout"))
    if layout != LAYOUT_VERSION:
        raise ValueError(f"layout {layout} instead of {LAYOUT_VERSION}")
    share, temperature = arrays.pop("blend").tolist()
    if not (0 <= share <= 1 and 0 < temperature < float("inf")):
        raise ValueError("the blend is none")
    return arrays, Blend(share, temperature)


def expanded(packed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Turn what is shipped into what is computed with.

    Returns:
        Arrays by name, but for the positions. For every matrix `x`: `x.weight` (int8, inputs x
        outputs), `x.scale` and `x.bias` (float32, outputs).

    Raises:
        KeyError: An array is missing.
    """
    arrays = {name: array for name, array in packed.items() if name != "positions"}
    names = [name.removesuffix(".nibbles") for name in arrays if name.endswith(".nibbles")]
    for name in names:
        whole = unpacked(arrays.pop(f"{name}.scales"), arrays.pop(f"{name}.nibbles"))
        down = arrays.pop(f"{name}.down").astype(np.float32)
        up = arrays.pop(f"{name}.up").astype(np.float32)
        whole += np.float32(ADAPTER_SCALE) * (up @ down)
        scale = np.abs(whole).max(axis=1) / np.float32(_LARGEST)
        rounded = np.rint(whole / scale[:, None]).astype(np.int8)
        arrays[f"{name}.weight"] = np.ascontiguousarray(rounded.T)
        arrays[f"{name}.scale"] = scale
    return arrays

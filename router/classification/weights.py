"""The trained weights as a file.

In: a path. Out: a table shared between processes. Never: weights that do not fit the features.

The file is a line of JSON (format, feature version, shape, scale, temperature, checksum) padded
to 4,096 bytes, then rows of two 16-bit integers: what a feature adds to the logits of code
generation and of code edit; not-code's logit is 0. It is mapped, not read: workers share one copy.
"""

import json
import mmap
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from router.classification.features import FEATURE_VERSION, ROW_BITS
from router.errors import ConfigurationError, Mistake

FORMAT: Final = 1
SHIPPED: Final = Path(__file__).with_name("weights.bin")
_MAGIC: Final = "task-router weights"
_HEADER_BYTES: Final = 4_096
_ROW_BYTES: Final = 4
_LIMIT: Final = 32_767
_REMEDY: Final = "rebuild it with 'task-router train', or use the shipped one"


@dataclass(frozen=True, slots=True)
class Weights:
    """What the linear stage knows."""

    table: NDArray[np.int16]
    """Shape (2^ROW_BITS, 2): logits of code generation and code edit, in units of `unit`."""
    unit: float
    temperature: float
    """Logits are divided by it before they become probabilities."""

    @classmethod
    def quantised(cls, logits: NDArray[np.float64], temperature: float) -> "Weights":
        """Round trained logits to 16 bits.

        Args:
            logits: Shape (2^ROW_BITS, 2).
            temperature: See the field.
        """
        unit = float(np.abs(logits).max()) / _LIMIT or 1.0
        return cls(np.rint(logits / unit).astype(np.int16), unit, temperature)


def save_weights(weights: Weights, path: Path) -> None:
    """Write weights to a file; the same weights give the same bytes."""
    table = np.ascontiguousarray(weights.table, dtype="<i2").tobytes()
    header = {
        "magic": _MAGIC,
        "format": FORMAT,
        "features": FEATURE_VERSION,
        "row_bits": ROW_BITS,
        "unit": weights.unit,
        "temperature": weights.temperature,
        "crc32": zlib.crc32(table),
    }
    path.write_bytes(json.dumps(header).encode().ljust(_HEADER_BYTES - 1) + b"\n" + table)


def load_weights(path: Path) -> Weights:
    """Map a weights file.

    Raises:
        ConfigurationError: It is missing, damaged, or of another version; the message says what
            to do.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as failure:
        raise _unusable(path, f"cannot be read ({failure})") from failure
    header = _header(path, mapped)
    if len(mapped) != _HEADER_BYTES + (_ROW_BYTES << ROW_BITS):
        raise _unusable(path, f"is damaged: it has {len(mapped)} bytes")
    table = memoryview(mapped)[_HEADER_BYTES:]
    if zlib.crc32(table) != header.get("crc32"):
        raise _unusable(path, "is damaged: its checksum is wrong")
    unit, temperature = header.get("unit"), header.get("temperature")
    if not isinstance(unit, float) or not isinstance(temperature, float) or temperature <= 0:
        raise _unusable(path, "is damaged: its header lacks a scale")
    return Weights(np.frombuffer(table, dtype="<i2").reshape(-1, 2), unit, temperature)


def _header(path: Path, mapped: mmap.mmap) -> dict[str, Any]:
    """Read and check the header."""
    try:
        header = json.loads(mapped[:_HEADER_BYTES])
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("magic") != _MAGIC:
        raise _unusable(path, "is not a weights file")
    wanted = {"format": FORMAT, "features": FEATURE_VERSION, "row_bits": ROW_BITS}
    for key, value in wanted.items():
        if header.get(key) != value:
            raise _unusable(path, f"has {key} {header.get(key)}, this version reads {value}")
    return header


def _unusable(path: Path, why: str) -> ConfigurationError:
    """Say what is wrong with a weights file, and what to do."""
    return ConfigurationError(str(path), (Mistake(1, "weights", f"the file {why}; {_REMEDY}"),))

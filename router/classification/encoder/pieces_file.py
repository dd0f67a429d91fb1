"""The encoder's vocabulary as a file.

In: a path. Out: `Pieces` shared between processes. Never: a damaged file taken for a good one.

The file is a line of JSON (format, counts, checksum) padded to 4,096 bytes, then the scales
(float16, 12 a piece), the numbers (two to a byte, 192 bytes a piece), the log probabilities
(float32), and the pieces' texts, joined by line feeds. Vectors are mapped, not read.
"""

import json
import mmap
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np

from router.classification.encoder.blocks import BLOCK
from router.classification.encoder.pieces import END, WIDTH, Pieces
from router.errors import ConfigurationError, Mistake

FORMAT: Final = 1
SHIPPED: Final = Path(__file__).with_name("pieces.bin")
_MAGIC: Final = "task-router pieces"
_HEADER_BYTES: Final = 4_096
_BLOCKS: Final = WIDTH // BLOCK
_SCALE_BYTES: Final = 2 * _BLOCKS
_VECTOR_BYTES: Final = WIDTH // 2
_SCORE_BYTES: Final = 4
_UNKNOWN_PENALTY: Final = 10.0
"""How much less probable than the least probable piece a character outside all pieces is."""


def save_pieces(pieces: Pieces, path: Path) -> None:
    """Write a vocabulary; the same one gives the same bytes.

    Raises:
        OSError: The file cannot be written.
    """
    texts = sorted(pieces.numbers, key=pieces.numbers.__getitem__)
    body = b"".join(
        (
            pieces.scales.astype("<f2").tobytes(),
            pieces.nibbles.tobytes(),
            np.array(pieces.scores, dtype="<f4").tobytes(),
            "\n".join(texts).encode(),
        ),
    )
    header = {
        "magic": _MAGIC,
        "format": FORMAT,
        "pieces": len(texts),
        "bytes": len(body),
        "crc32": zlib.crc32(body),
    }
    path.write_bytes(json.dumps(header).encode().ljust(_HEADER_BYTES - 1) + b"\n" + body)


def load_pieces(path: Path) -> Pieces:
    """Map a vocabulary.

    Raises:
        ConfigurationError: The file is missing, damaged, or of another version.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as failure:
        raise _unusable(path, f"cannot be read ({failure})") from failure
    count = _checked(path, mapped)
    scores_at = count * (_SCALE_BYTES + _VECTOR_BYTES)
    texts_at = scores_at + count * _SCORE_BYTES
    body = memoryview(mapped)[_HEADER_BYTES:]
    scores = np.frombuffer(body[scores_at:texts_at], dtype="<f4").tolist()
    texts = str(body[texts_at:], "utf-8", "replace").split("\n")
    if not END < count == len(texts) == len(scores):
        raise _unusable(path, "is damaged: its header and its pieces disagree")
    return Pieces(
        numbers={text: number for number, text in enumerate(texts)},
        scores=scores,
        unknown=min(scores) - _UNKNOWN_PENALTY,
        scales=np.frombuffer(body[: count * _SCALE_BYTES], dtype="<f2").reshape(-1, _BLOCKS),
        nibbles=np.frombuffer(body[count * _SCALE_BYTES : scores_at], dtype=np.uint8).reshape(
            -1, _BLOCKS, BLOCK // 2
        ),
    )


def _checked(path: Path, mapped: mmap.mmap) -> int:
    """Check header and checksum; return how many pieces there are."""
    try:
        header: Any = json.loads(mapped[:_HEADER_BYTES])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("magic") != _MAGIC:
        raise _unusable(path, "is not a vocabulary")
    if header.get("format") != FORMAT:
        raise _unusable(path, f"has format {header.get('format')}, this version reads {FORMAT}")
    body = memoryview(mapped)[_HEADER_BYTES:]
    count = header.get("pieces")
    if len(body) != header.get("bytes") or zlib.crc32(body) != header.get("crc32"):
        raise _unusable(path, "is damaged: its checksum is wrong")
    if not isinstance(count, int) or not 0 < count < len(body):
        raise _unusable(path, "is damaged: its header lacks a count")
    return count


def _unusable(path: Path, why: str) -> ConfigurationError:
    """Say what is wrong with the file, and what to do."""
    message = f"the file {why}; install the package again, or set classification.encoder: off"
    return ConfigurationError(str(path), (Mistake(1, "pieces", message),))

"""Numbers of four bits, in blocks of 32 that share a scale.

In: packed blocks. Out: the numbers. Never: a change to the blocks, which may be mapped from a file.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 32
"""Numbers that share a scale."""
_LOW: Final = 15
_ZERO: Final = 8
"""What a 4-bit number is lowered by."""


def unpacked(scales: NDArray[np.float16], nibbles: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn 4-bit blocks into numbers.

    Args:
        scales: Shape (rows, blocks).
        nibbles: Shape (rows, blocks, 16): byte j of a block holds numbers j (low) and j + 16.

    Returns:
        Shape (rows, 32 · blocks).
    """
    rows, blocks, half = nibbles.shape
    numbers = np.empty((rows, blocks, BLOCK), dtype=np.float32)
    numbers[:, :, :half] = nibbles & _LOW
    numbers[:, :, half:] = nibbles >> 4
    numbers -= _ZERO
    numbers *= scales[:, :, None]
    return numbers.reshape(rows, blocks * BLOCK)

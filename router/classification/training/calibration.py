"""Making confidence mean something.

In: logits of examples that were not trained on, and their kinds. Out: a temperature. Never: a
change of which kind is the largest.

Temperature scaling: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_LOWEST, _HIGHEST = 0.05, 50.0
_STEPS: Final = 60
_GOLDEN: Final = (5**0.5 - 1) / 2


def fit_temperature(logits: NDArray[np.float64], kinds: NDArray[np.int64]) -> float:
    """Return the temperature of least log loss, by golden-section search on its logarithm.

    Args:
        logits: Shape (n, kinds).
        kinds: Shape (n,), the right column of each row.
    """
    low, high = np.log(_LOWEST), np.log(_HIGHEST)
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _loss(logits, kinds, np.exp(left)) <= _loss(logits, kinds, np.exp(right)):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 4)


def _loss(logits: NDArray[np.float64], kinds: NDArray[np.int64], temperature: float) -> float:
    """Return the mean log loss at a temperature, in nats."""
    scaled = logits / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    totals = np.log(np.exp(scaled).sum(axis=1))
    return float((totals - scaled[np.arange(len(kinds)), kinds]).mean())

"""The encoder's layers, run by ONNX Runtime.

In: vectors of pieces, and facts. Out: logits of the three kinds. Never: more than one thread, or a
connection.

Two files: a small ONNX graph without weights, and the weights (`expansion.py`), which also say on
which layout they were trained and how the verdict is blended.
"""

from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as engine

from router.classification.encoder.expansion import expanded, read_layers
from router.errors import ConfigurationError, Mistake

SHIPPED: Final = Path(__file__).with_name("layers.npz")
GRAPH: Final = Path(__file__).with_name("graph.onnx")
_REFUSALS: Final = (
    engine.Fail,
    engine.InvalidArgument,
    engine.InvalidGraph,
    engine.InvalidProtobuf,
    engine.NotImplemented,
    engine.RuntimeException,
)
"""What ONNX Runtime raises on a graph or weights that do not fit; they have no class in common."""
_FAILURES: Final = (
    *(OSError, EOFError, RuntimeError, LookupError, ValueError, TypeError, BadZipFile),
    *_REFUSALS,
)


class Network:
    """Trained layers."""

    def __init__(self, layers: Path, graph: Path = GRAPH) -> None:
        """Load the layers' file into the graph.

        Raises:
            ConfigurationError: A file is missing, damaged, or of another version.
        """
        try:
            arrays, self.blend = read_layers(layers)
            self._positions = arrays["positions"].astype(np.float32)
            self._session = _session(graph, expanded(arrays))
        except _FAILURES as failure:
            why = failure.strerror if isinstance(failure, OSError) else type(failure).__name__
            raise _unusable(layers, f"cannot be read ({why})") from failure

    def logits(
        self, vectors: NDArray[np.float32], facts: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return the logits of not-code, code generation and code edit.

        Args:
            vectors: Shape (pieces, `pieces.WIDTH`), at most `layout.MOST_PIECES` pieces.
            facts: Shape (number of facts,), 1 where a fact holds.
        """
        states = vectors + self._positions[: len(vectors)]
        (found,) = self._session.run(None, {"states": states[None], "facts": facts[None]})
        logits: NDArray[np.float64] = np.asarray(found[0], dtype=np.float64)
        return logits


def _session(graph: Path, arrays: dict[str, NDArray[Any]]) -> onnxruntime.InferenceSession:
    """Start a session of the graph with these weights, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in arrays.values()]
    options.add_external_initializers(list(arrays), values)
    return onnxruntime.InferenceSession(
        graph.read_bytes(), options, providers=["CPUExecutionProvider"]
    )


def _unusable(path: Path, why: str) -> ConfigurationError:
    """Say what is wrong with the files, and what to do."""
    message = f"the file {why}; install the package again, or set classification.encoder: off"
    return ConfigurationError(str(path), (Mistake(1, "encoder", message),))

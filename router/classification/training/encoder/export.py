"""The graph that the router runs, without its weights.

In: how many layers. Out: an ONNX file. Never: weights; the router gives them at loading.

Operators are those of ONNX and ONNX Runtime's own (`com.microsoft`): matrices in 8 bits with
activations rounded as they come, attention of several heads as one operator.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from router.classification.encoder.expansion import HEADS
from router.classification.encoder.pieces import WIDTH
from router.classification.facts import FACTS
from router.classification.training.encoder.start import EPSILON

_OPSET: Final = 17
_OWN: Final = "com.microsoft"
_KINDS: Final = {"int8": TensorProto.INT8, "float32": TensorProto.FLOAT}


def save_graph(layers: int, arrays: dict[str, NDArray[Any]], path: Path) -> None:
    """Write the graph.

    Args:
        layers: How many.
        arrays: What the router will give it: shapes and types of the weights, by name.
        path: Where to.

    Raises:
        OSError: The file cannot be written.
    """
    states = "embedded"
    nodes = [
        helper.make_node(
            "LayerNormalization",
            ["states", "norm.weight", "norm.bias"],
            [states],
            axis=-1,
            epsilon=EPSILON,
        )
    ]
    for number in range(layers):
        added, states = _layer(str(number), states)
        nodes += added
    nodes += [
        helper.make_node("ReduceMean", [states], ["mean"], axes=[1], keepdims=0),
        helper.make_node("Concat", ["mean", "facts"], ["seen"], axis=1),
        helper.make_node("Gemm", ["seen", "verdict.weight", "verdict.bias"], ["logits"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "encoder",
        [
            helper.make_tensor_value_info("states", TensorProto.FLOAT, [1, "pieces", WIDTH]),
            helper.make_tensor_value_info("facts", TensorProto.FLOAT, [1, len(FACTS)]),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3])],
        [_promised(name, array) for name, array in sorted(arrays.items())],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_OWN, 1)],
        ir_version=8,
        producer_name="task-router",
    )
    path.write_bytes(model.SerializeToString(deterministic=True))


def _layer(name: str, states: str) -> tuple[list[onnx.NodeProto], str]:
    """Return the operators of a layer, and the name of what leaves it."""

    def times(matrix: str, entering: str, leaving: str) -> onnx.NodeProto:
        of = f"{name}.{matrix}"
        inputs = [entering, f"{of}.weight", f"{of}.scale", "", f"{of}.bias"]
        return helper.make_node("DynamicQuantizeMatMul", inputs, [leaving], domain=_OWN)

    def normed(norm: str, summands: Sequence[str], leaving: str) -> onnx.NodeProto:
        of = f"{name}.{norm}"
        return helper.make_node(
            "SkipLayerNormalization",
            [*summands, f"{of}.weight", f"{of}.bias"],
            [leaving],
            domain=_OWN,
            epsilon=EPSILON,
        )

    asked, keys, values = (f"{name}/{part}" for part in ("asked", "keys", "values"))
    middle, out = f"{name}/middle", f"{name}/out"
    nodes = [
        times("attention", states, f"{name}/split"),
        helper.make_node("Split", [f"{name}/split"], [asked, keys, values], axis=2),
        helper.make_node(
            "MultiHeadAttention",
            [asked, keys, values],
            [f"{name}/seen"],
            domain=_OWN,
            num_heads=HEADS,
        ),
        times("joined", f"{name}/seen", f"{name}/joined"),
        normed("first_norm", (f"{name}/joined", states), middle),
        times("widened", middle, f"{name}/wide"),
        helper.make_node("Gelu", [f"{name}/wide"], [f"{name}/active"], domain=_OWN),
        times("narrowed", f"{name}/active", f"{name}/narrow"),
        normed("second_norm", (f"{name}/narrow", middle), out),
    ]
    return nodes, out


def _promised(name: str, array: NDArray[Any]) -> TensorProto:
    """Return a tensor whose numbers are given at loading."""
    promised = TensorProto(
        name=name,
        dims=array.shape,
        data_type=_KINDS[str(np.dtype(array.dtype))],
        data_location=TensorProto.EXTERNAL,
    )
    said = {"location": "given", "offset": 0, "length": array.nbytes}
    for key, value in said.items():
        promised.external_data.add(key=key, value=str(value))
    return promised

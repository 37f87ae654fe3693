"""The bound: the matrix products of MiniLM and nothing else.

No embedding, bias, softmax, GELU, norm, transposition or tokenising; the same shapes, on the same runtime. Each
product's result is the next one's input, so that none can be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from rag.search.minilm_graph import HEADS, HIDDEN, LAYERS

INNER = 4 * HIDDEN
HEAD = HIDDEN // HEADS
_OPSET, _IR_VERSION = 17, 9
_WEIGHTS = ((HIDDEN, HIDDEN),) * 4 + ((HIDDEN, INNER), (INNER, HIDDEN))
"""Query, key, value, output; into the wide layer and back."""

Shape = tuple[int, int]
Feed = dict[str, NDArray[np.float32]]


def flops(shapes: Iterable[Shape]) -> int:
    """Multiplications and additions for batches of `(texts, tokens)`."""
    return sum(2 * LAYERS * _macs(batch, tokens) for batch, tokens in shapes)


def _macs(batch: int, tokens: int) -> int:
    dense = sum(rows * columns for rows, columns in _WEIGHTS)
    return batch * tokens * dense + 2 * batch * HEADS * tokens * tokens * HEAD


class Products:
    """All products of all layers for given batches; the inputs are made beforehand."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        """`shapes` are the batches as `(texts, tokens)`."""
        self._session = ort.InferenceSession(_graph(), ort.SessionOptions(), providers=["CPUExecutionProvider"])
        feeds = {shape: _feed(*shape) for shape in set(shapes)}
        self._feeds = [feeds[shape] for shape in shapes]

    def run(self) -> None:
        """Every batch once."""
        for feed in self._feeds:
            self._session.run(None, feed)


def _feed(batch: int, tokens: int) -> Feed:
    """Random inputs of such a size that sums neither grow nor vanish from layer to layer."""
    random = np.random.default_rng(0)

    def normal(*shape: int, sums: int = 1) -> NDArray[np.float32]:
        return (random.standard_normal(shape) / np.sqrt(sums)).astype(np.float32)

    return {
        "x": normal(batch, tokens, HIDDEN),
        "queries": normal(batch, HEADS, tokens, HEAD),
        "keys": normal(batch, HEADS, HEAD, tokens, sums=HEAD),
        "values": normal(batch, HEADS, tokens, HEAD, sums=tokens),
    }


def _graph() -> bytes:
    """Two chains: x through every layer's weights, and the heads' queries · keys · values."""
    nodes, constants = [], []
    x, heads = "x", "queries"
    random = np.random.default_rng(1)

    def multiply(left: str, right: str) -> str:
        result = f"product_{len(nodes)}"
        nodes.append(helper.make_node("MatMul", [left, right], [result]))
        return result

    for layer in range(LAYERS):
        heads = multiply(multiply(heads, "keys"), "values")
        for number, (rows, columns) in enumerate(_WEIGHTS):
            weight = (random.standard_normal((rows, columns)) / np.sqrt(rows)).astype(np.float32)
            constants.append(numpy_helper.from_array(weight, f"weight_{layer}_{number}"))
            x = multiply(x, f"weight_{layer}_{number}")
    return _serialised(nodes, constants, (x, heads))


def _serialised(nodes: list[object], constants: list[object], results: tuple[str, str]) -> bytes:
    def value(name: str, *shape: str | int) -> object:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))

    per_head = ("batch", HEADS, "tokens", HEAD)
    inputs = [
        value("x", "batch", "tokens", HIDDEN),
        value("queries", *per_head),
        value("keys", "batch", HEADS, HEAD, "tokens"),
        value("values", *per_head),
    ]
    outputs = [value(results[0], "batch", "tokens", HIDDEN), value(results[1], *per_head)]
    model = helper.make_model(
        helper.make_graph(nodes, "products", inputs, outputs, constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    return bytes(model.SerializeToString())

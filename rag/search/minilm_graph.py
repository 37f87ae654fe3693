"""The forward pass of a six-layer BERT (Devlin et al. 2019) as an ONNX graph, built from safetensors weights.

Post-norm transformer layers, mean pooling over tokens, L2 normalisation: what sentence-transformers does for
all-MiniLM-L6-v2. All texts of a batch have the same number of tokens, so there is no attention mask.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper
from safetensors.numpy import load_file

from rag.errors import ModelMissing

LAYERS = 6
HEADS = 12
HIDDEN = 384
_EPSILON = 1e-12
_OPSET = 17
_IR_VERSION = 9

Weights = dict[str, NDArray[np.float32]]


class _Graph:
    """Nodes and constants in the making; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        result = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], **attributes))
        return result

    def linear(self, x: str, weights: Weights, name: str) -> str:
        weight = self.constant(f"{name}.weight", weights[f"{name}.weight"].T)
        bias = self.constant(f"{name}.bias", weights[f"{name}.bias"])
        return self.op("Add", self.op("MatMul", x, weight), bias)

    def norm(self, x: str, weights: Weights, name: str) -> str:
        scale = self.constant(f"{name}.weight", weights[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", weights[f"{name}.bias"])
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=_EPSILON)

    def gelu(self, x: str) -> str:
        """x/2 · (1 + erf(x/√2)), the exact form."""
        scaled = self.op("Div", x, self.constant("sqrt2", np.array([np.sqrt(2)], np.float32)))
        grown = self.op("Add", self.op("Erf", scaled), self.constant("one", np.ones(1, np.float32)))
        return self.op("Mul", self.op("Mul", x, grown), self.constant("half", np.full(1, 0.5, np.float32)))


def build_file(weights_file: Path, target: Path) -> None:
    """Build the graph into a file: written beside and renamed, so that nobody ever sees half of one."""
    graph = build(weights_file)
    half = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(graph)
        half.replace(target)
    except OSError as error:
        raise ModelMissing(
            f"The model's graph can't be written to {target.parent}: {error.strerror}.",
            "Set PULLQUOTE_CACHE_DIR to a folder that can be written.",
        ) from error


def build(weights_file: Path) -> bytes:
    """The serialised model: `input_ids` (batch, tokens) int64 → `vectors` (batch, 384) float32 of length 1."""
    weights: Weights = load_file(weights_file)
    graph = _Graph()
    x = _embeddings(graph, weights)
    for layer in range(LAYERS):
        x = _layer(graph, weights, x, f"encoder.layer.{layer}")
    pooled = graph.op("ReduceMean", x, axes=[1], keepdims=0)
    unit = graph.op("Div", pooled, graph.op("ReduceL2", pooled, axes=[1], keepdims=1))
    graph.nodes.append(helper.make_node("Identity", [unit], ["vectors"]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "minilm",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", HIDDEN])],
            list(graph.constants.values()),
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    checker.check_model(model)
    return bytes(model.SerializeToString())


def _embeddings(graph: _Graph, weights: Weights) -> str:
    """Word, position and segment embeddings, summed and normalised."""
    word = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    place = graph.constant("positions", weights["embeddings.position_embeddings.weight"])
    segment = graph.constant("segment", weights["embeddings.token_type_embeddings.weight"][0])
    looked_up = graph.op("Gather", word, "input_ids", axis=0)
    length = graph.op("Slice", graph.op("Shape", "input_ids"), *(_numbers(graph, n) for n in (1, 2)))
    positions = graph.op("Slice", place, _numbers(graph, 0), length, _numbers(graph, 0))
    summed = graph.op("Add", graph.op("Add", looked_up, positions), segment)
    return graph.norm(summed, weights, "embeddings.LayerNorm")


def _layer(graph: _Graph, weights: Weights, x: str, name: str) -> str:
    attended = graph.linear(_attention(graph, weights, x, name), weights, f"{name}.attention.output.dense")
    x = graph.norm(graph.op("Add", attended, x), weights, f"{name}.attention.output.LayerNorm")
    inner = graph.gelu(graph.linear(x, weights, f"{name}.intermediate.dense"))
    outer = graph.linear(inner, weights, f"{name}.output.dense")
    return graph.norm(graph.op("Add", outer, x), weights, f"{name}.output.LayerNorm")


def _attention(graph: _Graph, weights: Weights, x: str, name: str) -> str:
    """softmax(QKᵀ/√d)·V for twelve heads."""
    split = graph.constant("split", np.array([0, 0, HEADS, HIDDEN // HEADS], np.int64))
    join = graph.constant("join", np.array([0, 0, HIDDEN], np.int64))
    scale = graph.constant("scale", np.full(1, (HIDDEN // HEADS) ** -0.5, np.float32))

    def heads(part: str, order: list[int]) -> str:
        projected = graph.linear(x, weights, f"{name}.attention.self.{part}")
        return graph.op("Transpose", graph.op("Reshape", projected, split), perm=order)

    scores = graph.op("MatMul", heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]))
    shares = graph.op("Softmax", graph.op("Mul", scores, scale), axis=-1)
    mixed = graph.op("MatMul", shares, heads("value", [0, 2, 1, 3]))
    return graph.op("Reshape", graph.op("Transpose", mixed, perm=[0, 2, 1, 3]), join)


def _numbers(graph: _Graph, *values: int) -> str:
    return graph.constant("n" + "_".join(map(str, values)), np.array(values, np.int64))

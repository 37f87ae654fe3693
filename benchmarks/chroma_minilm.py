"""Chroma's own MiniLM function, run on our weights.

Chroma downloads an archive with `onnx/model.onnx` and its tokenizer. The same folder is made here from the
weights that Pullquote uses: the same six layers with an attention mask, `input_ids`, `attention_mask` and
`token_type_ids` → `last_hidden_state`. Everything else (padding to 256, batches of 32, pooling) is Chroma's code.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2
from onnx import TensorProto, checker, helper
from safetensors.numpy import load_file

from rag.search import minilm_graph as plain
from rag.search.model_files import TOKENIZER, WEIGHTS

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_UNREAD = ("config.json", "special_tokens_map.json", "tokenizer_config.json", "vocab.txt")
"""Chroma looks whether these are there and never opens them."""
_FAR_BELOW = np.full(1, -10_000, np.float32)


class _MaskedGraph(plain._Graph):
    """The same graph, but that attention is kept from padding before every softmax."""

    mask = ""

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        if kind == "Softmax":
            inputs = (super().op("Add", inputs[0], self.mask),)
        return super().op(kind, *inputs, **attributes)


def open_in(folder: Path, weights: Path) -> ONNXMiniLM_L6_V2:
    """Chroma's function with its model files in `folder`, made from the files in `weights`."""
    onnx = folder / ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME
    onnx.mkdir(parents=True)
    (onnx / "model.onnx").write_bytes(masked_graph(weights / WEIGHTS))
    shutil.copyfile(weights / TOKENIZER, onnx / "tokenizer.json")
    for name in _UNREAD:
        (onnx / name).touch()
    local = type("LocalMiniLM", (ONNXMiniLM_L6_V2,), {"DOWNLOAD_PATH": folder})
    return local(preferred_providers=["CPUExecutionProvider"])


def masked_graph(weights_file: Path) -> bytes:
    """The serialised model that Chroma's code expects."""
    weights = load_file(weights_file)
    graph = _MaskedGraph()
    graph.mask = _mask(graph)
    x = _embeddings(graph, weights)
    for layer in range(plain.LAYERS):
        x = plain._layer(graph, weights, x, f"encoder.layer.{layer}")
    graph.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    return _model(graph)


def _mask(graph: _MaskedGraph) -> str:
    """0 for a token and far below 0 for padding, as (batch, 1, 1, tokens)."""
    kept = graph.op("Cast", "attention_mask", to=TensorProto.FLOAT)
    padded = graph.op("Sub", graph.constant("kept", np.ones(1, np.float32)), kept)
    bias = graph.op("Mul", padded, graph.constant("far_below", _FAR_BELOW))
    return graph.op("Unsqueeze", bias, graph.constant("axes", np.array([1, 2], np.int64)))


def _embeddings(graph: _MaskedGraph, weights: plain.Weights) -> str:
    """Word, position and segment embeddings, the segments looked up as Chroma hands them in."""
    words = graph.constant("words", weights["embeddings.word_embeddings.weight"])
    places = graph.constant("places", weights["embeddings.position_embeddings.weight"])
    kinds = graph.constant("kinds", weights["embeddings.token_type_embeddings.weight"])
    zero, one, two = (plain._numbers(graph, n) for n in (0, 1, 2))
    length = graph.op("Slice", graph.op("Shape", "input_ids"), one, two)
    looked_up = graph.op("Gather", words, "input_ids", axis=0)
    placed = graph.op("Add", looked_up, graph.op("Slice", places, zero, length, zero))
    summed = graph.op("Add", placed, graph.op("Gather", kinds, "token_type_ids", axis=0))
    return graph.norm(summed, weights, "embeddings.LayerNorm")


def _model(graph: _MaskedGraph) -> bytes:
    shape = ["batch", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in _INPUTS]
    result = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, plain.HIDDEN])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "minilm", inputs, [result], list(graph.constants.values())),
        opset_imports=[helper.make_opsetid("", plain._OPSET)],
        ir_version=plain._IR_VERSION,
    )
    checker.check_model(model)
    return bytes(model.SerializeToString())

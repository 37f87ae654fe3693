"""all-MiniLM-L6-v2 on onnxruntime: sentences → 384-dimensional unit vectors, without torch and offline.

Model: Wang et al. 2020 (MiniLM), fine-tuned by sentence-transformers. The weights are an official safetensors
file; its digest is checked, a plain fp32 ONNX graph is built from it once (`minilm_graph`), and kept in a cache
by that digest.

Texts are grouped by exactly equal token length, so nothing is padded and a text's vector depends on itself alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.errors import ModelMissing
from rag.search.base import Vectors
from rag.search.model_files import DIGESTS, NAME, TOKENIZER, WEIGHTS, check_file

GRAPH_VERSION = "1"
"""Changes when `minilm_graph` builds another graph of the same weights."""
DIMENSIONS = 384
MAX_TOKENS = 256
_BATCH_TOKENS = 2_048
_MAX_BATCH = 16


def graph_file(cache: Path) -> Path:
    """Where the graph of these weights is kept."""
    return cache / f"{NAME}-{DIGESTS[WEIGHTS][:12]}-{GRAPH_VERSION}.onnx"


class MiniLM:
    """An `Embedder`. Opening it takes a quarter of a second."""

    dimensions = DIMENSIONS

    def __init__(self, folder: Path, graph: Path) -> None:
        """`folder` holds the two model files, `graph` is what `minilm_graph` built of them. Raises ModelMissing."""
        check_file(folder, TOKENIZER)
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        # The file pads everything to 128 tokens and cuts there; neither is wanted.
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        try:
            self._session = ort.InferenceSession(str(graph), _options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors share no base but this
            raise ModelMissing(f"{graph} is not a whole graph: {error}", "Remove it; it is built anew.") from error

    @property
    def identity(self) -> str:
        """Model, weights, and the version of the graph that runs them."""
        return f"{NAME}@sha256:{DIGESTS[WEIGHTS][:12]}/{GRAPH_VERSION}"

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """`(len(texts), 384)` unit rows."""
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        done = 0
        for rows, ids in self._batches(texts):
            vectors[rows] = self._session.run(None, {"input_ids": ids})[0]
            done += len(rows)
            if on_progress:
                on_progress(done)
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
        """`(positions in texts, token ids)`, each batch of one length."""
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(texts)), key=lambda row: len(encoded[row]))
        for length, group in groupby(order, key=lambda row: len(encoded[row])):
            rows = list(group)
            size = max(1, min(_MAX_BATCH, _BATCH_TOKENS // max(length, 1)))
            for start in range(0, len(rows), size):
                batch = rows[start : start + size]
                yield batch, np.array([encoded[row] for row in batch], np.int64)


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    # Spinning threads burn a core between batches and gain nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options

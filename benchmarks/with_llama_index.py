"""LlamaIndex's citation engine at its own defaults, with our vectors and a scripted model; see `others`.

Run where `llama-index-core` is installed: `python -m benchmarks.with_llama_index ASKED.json ANSWERS.json`. The data of
its tokenizer and of its sentence splitter come with the package: nothing is downloaded.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import CompletionResponse, CompletionResponseGen, CustomLLM, LLMMetadata
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.core.schema import NodeWithScore
from pydantic import PrivateAttr

from benchmarks import model, others
from rag.search.base import Embedder


class OurVectors(BaseEmbedding):
    """Our embedder as one of LlamaIndex's."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__(model_name=embedder.identity, embed_batch_size=256)
        self._embedder = embedder

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        found: list[list[float]] = self._embedder.embed(texts).tolist()
        return found

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class Quoting(CustomLLM):
    """A model that quotes the first sources of its prompt."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="quotes its top passages")

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        return CompletionResponse(text=others.quoting(others.passages_in(prompt)))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponseGen:
        yield self.complete(prompt, formatted=formatted)


def build(embedder: Embedder, documents: list[others.Document]) -> others.Ask:
    """An engine over these documents: nothing is set but the vectors and the model."""
    texts = [Document(id_=document["id"], text=document["text"]) for document in documents]
    index = VectorStoreIndex.from_documents(texts, embed_model=OurVectors(embedder))
    engine = CitationQueryEngine.from_args(index, llm=Quoting())
    by_id = {document["id"]: document for document in documents}

    def ask(question: str) -> tuple[str, list[others.Source]]:
        response = engine.query(question)
        return str(response), [_source(node, by_id) for node in response.source_nodes]

    return ask


def _source(found: NodeWithScore, documents: dict[str, others.Document]) -> others.Source:
    """Without the label that the engine writes before it. Offsets it gives none."""
    text = found.node.get_content().partition(":\n")[2].removesuffix("\n")
    return others.source_in(documents[found.node.ref_doc_id or ""], text)


def main(files: list[str]) -> None:
    """Serve one file of questions."""
    minilm = model.open_minilm()
    with tempfile.TemporaryDirectory() as folder:
        # uv links the files of a package, and NLTK reads no file that has a second link: it gets a copy.
        with resources.as_file(resources.files("llama_index.core") / "_static" / "nltk_cache") as kept:
            os.environ["NLTK_DATA"] = str(shutil.copytree(kept, Path(folder) / "nltk"))
        others.serve(lambda documents: build(minilm, documents), files)


if __name__ == "__main__":
    main(sys.argv[1:])

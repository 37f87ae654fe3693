"""LangChain as its tutorials set it up, with our vectors and a scripted answer; see `others`.

Run where `langchain-text-splitters` is installed: `python -m benchmarks.with_langchain ASKED.json ANSWERS.json`.
"""

from __future__ import annotations

import sys

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter

from benchmarks import model, others
from rag.search.base import Embedder

SIZE, OVERLAP = 1_000, 200
"""Of its RAG tutorial. How many pieces are sent is the default of `similarity_search`: 4."""


class OurVectors(Embeddings):
    """Our embedder as one of LangChain's."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        found: list[list[float]] = self._embedder.embed(texts).tolist()
        return found

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def build(embedder: Embedder, documents: list[others.Document]) -> others.Ask:
    """A store of these documents' chunks."""
    store = InMemoryVectorStore.from_documents(chunks_of(documents), OurVectors(embedder))
    by_id = {document["id"]: document for document in documents}

    def ask(question: str) -> tuple[str, list[others.Source]]:
        found = store.similarity_search(question)
        sources = [source_of(chunk, by_id) for chunk in found]
        return others.quoting([source["text"] for source in sources]), sources

    return ask


def chunks_of(documents: list[others.Document]) -> list[Document]:
    """What its splitter makes of them."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=SIZE, chunk_overlap=OVERLAP, add_start_index=True)
    return splitter.split_documents([Document(one["text"], metadata={"id": one["id"]}) for one in documents])


def source_of(chunk: Document, documents: dict[str, others.Document]) -> others.Source:
    """A chunk with its place."""
    return others.source_in(documents[chunk.metadata["id"]], chunk.page_content, chunk.metadata["start_index"])


if __name__ == "__main__":
    minilm = model.open_minilm()
    others.serve(lambda documents: build(minilm, documents), sys.argv[1:])

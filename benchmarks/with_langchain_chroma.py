"""A LangChain retriever chain over Chroma, with our vectors and a scripted answer; see `others`.

Run where `langchain-chroma` and `langchain-text-splitters` are installed:
`python -m benchmarks.with_langchain_chroma ASKED.json ANSWERS.json`.
"""

from __future__ import annotations

import sys
import uuid

import chromadb
from chromadb.config import Settings
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from benchmarks import model, others
from benchmarks.with_langchain import OurVectors, chunks_of, source_of
from rag.search.base import Embedder


def build(embedder: Embedder, documents: list[others.Document]) -> others.Ask:
    """A chain over a collection of these documents' chunks. How many are handed on is the retriever's default: 4."""
    client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
    # All clients of a process see the same collections.
    store = Chroma.from_documents(
        chunks_of(documents), OurVectors(embedder), client=client, collection_name=uuid.uuid4().hex
    )
    found = RunnableLambda(lambda given: given["question"]) | store.as_retriever()
    chain = RunnablePassthrough.assign(context=found) | RunnablePassthrough.assign(answer=RunnableLambda(_quoting))
    by_id = {document["id"]: document for document in documents}

    def ask(question: str) -> tuple[str, list[others.Source]]:
        told = chain.invoke({"question": question})
        return told["answer"], [source_of(chunk, by_id) for chunk in told["context"]]

    return ask


def _quoting(given: dict[str, list[Document]]) -> str:
    """The scripted model."""
    return others.quoting([chunk.page_content for chunk in given["context"]])


if __name__ == "__main__":
    minilm = model.open_minilm()
    others.serve(lambda documents: build(minilm, documents), sys.argv[1:])

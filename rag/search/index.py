"""The vector index: Chroma in a folder or in memory. The one module that knows chromadb.

Only ids and vectors are stored: words come from SQLite, and Chroma is never handed a text to embed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings

from rag.errors import LibraryDamaged
from rag.search.base import Vectors

_COLLECTION = "sentences"
_BATCH = 1_000
_HNSW = {"hnsw": {"space": "cosine"}}


class ChromaIndex:
    """An `Index`. `folder=None` keeps it in memory."""

    def __init__(self, folder: Path | None) -> None:
        """Open or create. Raises LibraryDamaged where the folder can't be opened."""
        self._folder = folder
        self._open()

    @property
    def address(self) -> str:
        """The folder, or `memory:`."""
        return str(self._folder) if self._folder else "memory:"

    def _open(self) -> None:
        settings = Settings(anonymized_telemetry=False)
        try:
            if self._folder is None:
                # Every in-memory client of a process shares one store, so each index has a collection of its own.
                self._client: Any = chromadb.EphemeralClient(settings)
                self._name = f"{_COLLECTION}-{id(self)}"
            else:
                self._client = chromadb.PersistentClient(str(self._folder), settings)
                self._name = _COLLECTION
            self._collection: Any = self._create()
        except Exception as error:  # Chroma lets anything out of a folder it can't open, AttributeError too
            SharedSystemClient.clear_system_cache()  # or this process would find the failed client again
            raise LibraryDamaged(
                f"The vector index in {self.address} can't be opened: {error}",
                "Mend it with: pullquote rebuild",
            ) from error

    def _create(self) -> Any:
        return self._client.get_or_create_collection(self._name, configuration=_HNSW, embedding_function=None)

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors under ids, in batches of a size Chroma takes."""
        for start in range(0, len(ids), _BATCH):
            rows = slice(start, start + _BATCH)
            self._collection.upsert(ids=list(ids[rows]), embeddings=vectors[rows])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove ids."""
        for start in range(0, len(ids), _BATCH):
            self._collection.delete(ids=list(ids[start : start + _BATCH]))

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """At most `k` pairs (id, cosine), best first."""
        found = min(k, self.count())
        if found == 0:
            return []
        query = np.asarray(vector, np.float32).reshape(1, -1)
        result = self._collection.query(query_embeddings=query, n_results=found, include=["distances"])
        return [(name, 1.0 - distance) for name, distance in zip(result["ids"][0], result["distances"][0], strict=True)]

    def count(self) -> int:
        """How many vectors it holds."""
        return int(self._collection.count())

    def clear(self) -> None:
        """Remove everything."""
        self._client.delete_collection(self._name)
        self._collection = self._create()

    def refresh(self) -> None:
        """Open the folder anew: Chroma does not see what another process wrote since."""
        if self._folder is not None:
            self.close()
            self._open()

    def close(self) -> None:
        """Let go of the folder."""
        if self._folder is not None:
            self._client.close()

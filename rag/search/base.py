"""The two seams of search: what makes vectors, and what finds near ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors. The same text gives the same vector, whatever stands beside it."""

    @property
    def identity(self) -> str:
        """Model and weights: stored with the vectors, which another embedder's must never join."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """`(len(texts), dimensions)` float32 rows of length 1; `on_progress` hears how many are done."""
        ...


class Index(Protocol):
    """Finds the nearest of many vectors. It can always be rebuilt, so it is never the truth."""

    @property
    def address(self) -> str:
        """Where it lives, as a person would write it."""
        ...

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors under ids; an id that is there is replaced."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove ids; those that are not there are no error."""
        ...

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """At most `k` pairs (id, cosine), best first. The neighbours are approximate."""
        ...

    def count(self) -> int:
        """How many vectors it holds."""
        ...

    def ids(self) -> Iterator[list[str]]:
        """Every id it holds, by pages of at most a few thousand, in no order."""
        ...

    def clear(self) -> None:
        """Remove everything."""
        ...

    def refresh(self) -> None:
        """See what other processes wrote since this one opened it."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...

"""Every index keeps the same contract: Chroma in a folder, Chroma in memory, and the tests' own double."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from rag.search.base import Index, Vectors
from rag.search.index import ChromaIndex
from tests.doubles import ListIndex


def unit(rows: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(rows, 32)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


MAKERS: dict[str, Callable[[Path], Index]] = {
    "folder": ChromaIndex,
    "memory": lambda _: ChromaIndex(None),
    "double": lambda _: ListIndex(),
}


@pytest.fixture(params=MAKERS)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    made = MAKERS[request.param](tmp_path / "index")
    yield made
    made.close()


def test_an_empty_index_finds_nothing(index: Index) -> None:
    assert index.count() == 0
    assert index.nearest(unit(1)[0], 5) == []


def test_the_nearest_come_best_first_with_their_cosine(index: Index) -> None:
    vectors = unit(50)
    index.upsert([f"s.{n}" for n in range(50)], vectors)
    found = index.nearest(vectors[7], 5)
    assert found[0][0] == "s.7"
    assert [name for name, _ in found] == [f"s.{n}" for n in np.argsort(-(vectors @ vectors[7]))[:5]]
    assert [round(score, 3) for _, score in found] == [round(float(s), 3) for s in sorted(vectors @ vectors[7])[:-6:-1]]


def test_storing_an_id_again_replaces_it(index: Index) -> None:
    one, other = unit(2)
    index.upsert(["a"], one[None])
    index.upsert(["a"], other[None])
    assert index.count() == 1
    assert index.nearest(other, 1)[0][1] == pytest.approx(1, abs=1e-5)


def test_more_than_one_batch_is_stored(index: Index) -> None:
    index.upsert([f"s.{n}" for n in range(2_300)], unit(2_300))
    assert index.count() == 2_300


def test_deleting_and_clearing(index: Index) -> None:
    index.upsert(["a", "b"], unit(2))
    index.delete(["a", "was never there"])
    assert index.count() == 1
    index.clear()
    assert index.count() == 0
    index.upsert(["c"], unit(1))
    assert index.count() == 1


def test_two_indexes_in_memory_are_two() -> None:
    one, other = ChromaIndex(None), ChromaIndex(None)
    one.upsert(["a"], unit(1))
    assert (one.count(), other.count()) == (1, 0)


def test_a_folder_is_found_again(tmp_path: Path) -> None:
    first = ChromaIndex(tmp_path / "index")
    first.upsert(["a"], unit(1))
    first.close()
    second = ChromaIndex(tmp_path / "index")
    assert second.count() == 1
    second.refresh()
    assert second.nearest(unit(1)[0], 1)[0][0] == "a"
    second.close()

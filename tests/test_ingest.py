"""Ingest: nothing acknowledged is lost, a broken-off run goes on where it stopped, nothing is embedded twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rag import ingest
from rag.errors import EmbedderMismatch, ModelMissing, NothingRead
from rag.library import Library
from rag.records import Progress
from rag.reviews import journal
from rag.search import model_files
from rag.search.base import Vectors
from tests.doubles import ListIndex, WordEmbedder

ROWS = "text,critic\n" + "".join(f"The harbour glows on night {n}. I went home at {n}.,Critic {n}\n" for n in range(30))


class Stopped(Exception):
    """What a test throws where a process would be killed."""


class StoppingEmbedder(WordEmbedder):
    """Breaks off at the first call."""

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        raise Stopped


class StoppingIndex(ListIndex):
    """Stores a few and breaks off."""

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        super().upsert(ids[:5], vectors[:5])
        raise Stopped


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "Salt.csv"
    path.write_text(ROWS)
    return path


@pytest.mark.parametrize("broken", [{"embedder": StoppingEmbedder()}, {"index": StoppingIndex()}])
def test_a_run_that_broke_off_goes_on_where_it_stopped(
    open_library: Callable[..., Library], table: Path, broken: dict[str, object]
) -> None:
    acknowledged: list[str] = []
    with pytest.raises(Stopped):
        open_library(**broken).add([table], on_progress=lambda p: acknowledged.extend(p.stored))
    assert len(acknowledged) == 30
    index = ListIndex()
    library = open_library(index=index)
    assert all(library.review(name) for name in acknowledged)
    assert any(check.name == "journal" and check.state == "note" for check in library.doctor())
    report = library.add([table])
    assert (report.added, report.unchanged) == (0, 30)
    assert index.count() == 60
    assert all(check.state == "ok" for check in library.doctor() if check.name not in ("model", "chat"))


def test_reviews_are_acknowledged_only_once_they_are_stored(
    open_library: Callable[..., Library], table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "STORED_AT_ONCE", 7)
    library, other = open_library(), open_library()
    groups = []

    def heard(progress: Progress) -> None:
        if progress.stored:
            groups.append(len(progress.stored))
            assert all(other.review(name).text for name in progress.stored)

    library.add([table], on_progress=heard)
    assert sum(groups) == 30
    assert max(groups) <= 7


def test_at_most_a_hundred_reviews_wait_to_be_acknowledged() -> None:
    assert ingest.STORED_AT_ONCE <= 100  # as docs/operations.md says


def test_each_distinct_sentence_is_embedded_once(
    open_library: Callable[..., Library], table: Path, tmp_path: Path
) -> None:
    embedder = WordEmbedder()
    library = open_library(embedder=embedder)
    library.add([table])
    (tmp_path / "more.csv").write_text("text\nThe harbour glows on night 3. And so do I.\n")
    library.add([tmp_path / "more.csv"], title="Salt")
    assert len(embedder.embedded) == len(set(embedder.embedded)) == 61


def test_progress_ends_at_its_total(library: Library, table: Path) -> None:
    last: dict[str, Progress] = {}
    library.add([table], on_progress=lambda p: last.__setitem__(p.stage, p))
    assert {stage: (p.done, p.total) for stage, p in last.items() if stage != "read"} == {
        "embed": (60, 60),
        "index": (30, 30),
    }


def test_a_superseded_review_leaves_the_index(open_library: Callable[..., Library], tmp_path: Path) -> None:
    index = ListIndex()
    library = open_library(index=index)
    path = tmp_path / "a.txt"
    path.write_text("The harbour glows. I went home.")
    library.add([path], title="Salt")
    path.write_text("The harbour sleeps.")
    library.add([path], title="Salt")
    assert index.count() == 1
    assert [c.quote for c in library.ask("Is the harbour in it?").citations] == ["The harbour sleeps."]


def test_a_library_of_another_embedder_is_refused_until_it_is_embedded_anew(
    open_library: Callable[..., Library], table: Path
) -> None:
    open_library().add([table])
    other = open_library(embedder=WordEmbedder("other words"))
    with pytest.raises(EmbedderMismatch) as caught:
        other.ask("Does the harbour glow?")
    assert "rebuild --embed" in str(caught.value.hint)
    other.rebuild(embed=True)
    assert other.ask("Does the harbour glow?").engine.embedder == "other words"


def test_a_rebuilt_index_is_the_same_index(open_library: Callable[..., Library], table: Path) -> None:
    embedder, index = WordEmbedder(), ListIndex()
    library = open_library(embedder=embedder, index=index)
    library.add([table])
    before, embedded = dict(index.vectors), len(embedder.embedded)
    index.clear()
    assert any(c.name == "index" and c.state == "damaged" for c in library.doctor())
    library.rebuild()
    assert {name: v.tolist() for name, v in index.vectors.items()} == {name: v.tolist() for name, v in before.items()}
    assert len(embedder.embedded) == embedded


def test_vectors_can_follow_later(
    open_library: Callable[..., Library], table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "find", lambda *_: None)
    bare = open_library(embedder=None)
    bare.add([table])
    with pytest.raises(ModelMissing):
        bare.rebuild(embed=True)
    library = open_library()
    library.rebuild()
    assert library.ask("Does the harbour glow?").engine.embedder == "words"
    assert journal.waiting(library._opened()) == {}


def test_an_input_of_which_nothing_can_be_used_is_an_error_with_its_reasons(library: Library, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text\n \n,\n")
    (tmp_path / "y.pdf").write_bytes(b"%PDF")
    with pytest.raises(NothingRead) as caught:
        library.add([tmp_path / "x.csv", tmp_path / "y.pdf"])
    assert [row["file"] for row in caught.value.details["rejected"]]


def test_an_index_in_memory_is_filled_when_it_is_opened(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLQUOTE_INDEX", "memory:")
    for _ in range(2):
        with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
            library.add([table])
            assert [c.state for c in library.doctor() if c.name == "index"] == ["ok"]

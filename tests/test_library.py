"""The wiring: what is chosen when, and what happens where files are missing, damaged or in odd places."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import InputError, ModelMissing, NoLibrary
from rag.library import Library
from rag.records import Filters
from rag.search import minilm, model_files
from rag.search.index import ChromaIndex
from rag.settings import FolderIndex
from tests.conftest import CACHE
from tests.doubles import WordEmbedder


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "Salt.csv"
    path.write_text("text,critic\nThe film has a brave ending.,Mara Quill\nThe ending is a cheat.,Ola Brandt\n")
    return path


def test_opening_makes_nothing(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library, pytest.raises(NoLibrary):
        library.titles()
    with Library.open(tmp_path / "library") as library, pytest.raises(InputError):
        library.add([tmp_path / "nowhere.csv"])
    assert not (tmp_path / "library").exists()


def test_rebuilding_touches_nothing_that_is_not_ours(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "precious"
    shared.mkdir()
    (shared / "thesis.txt").write_text("keep")
    monkeypatch.setenv("PULLQUOTE_INDEX", str(shared))
    for name in ("one", "two"):
        with Library.open(tmp_path / name, embedder=WordEmbedder()) as library:
            library.add([reviews])
    with Library.open(tmp_path / "one", embedder=WordEmbedder()) as library:
        library.rebuild()
    assert (shared / "thesis.txt").read_text() == "keep"
    with Library.open(tmp_path / "two", embedder=WordEmbedder()) as library:
        assert [c.state for c in library.doctor() if c.name == "index"] == ["ok"]


@pytest.mark.parametrize("name", ["what?lib", "a%41b", "name with blanks", "ünï"])
def test_a_library_may_have_any_name(reviews: Path, tmp_path: Path, name: str) -> None:
    with Library.open(tmp_path / name, embedder=WordEmbedder()) as library:
        library.add([reviews])
        assert library.titles()[0].reviews == 2
    assert not (tmp_path / "what").exists()


def test_a_damaged_index_costs_no_review_and_rebuild_mends_it(reviews: Path, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "index").write_text("this is no folder")
    with Library.open(folder, embedder=WordEmbedder()) as library:
        report = library.add([reviews])
        assert report.added == 2
        assert any("pullquote rebuild" in warning for warning in report.warnings)
        assert library.ask("How is the ending?").status == "answered"
    with Library.open(folder, embedder=WordEmbedder()) as library:
        library.rebuild()
        assert [c.state for c in library.doctor() if c.name == "index"] == ["ok"]


def test_a_damaged_graph_is_built_anew(needs_model: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLQUOTE_CACHE_DIR", str(tmp_path))
    minilm.graph_file(tmp_path).write_bytes(b"half a graph")
    assert Library.open("x").embedder is not None
    assert minilm.graph_file(tmp_path).stat().st_size > 10_000_000


def test_a_cache_that_cannot_be_written_is_said(needs_model: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLQUOTE_CACHE_DIR", "/proc/nothing")
    with pytest.raises(ModelMissing) as caught:
        _ = Library.open("x").embedder
    assert "PULLQUOTE_CACHE_DIR" in str(caught.value.hint)


def test_model_files_are_found_in_a_given_folder_first(needs_model: None, tmp_path: Path) -> None:
    carried = model_files.find(None, CACHE)
    assert carried is not None
    given = tmp_path / "given"
    shutil.copytree(carried, given)
    assert model_files.find(given, CACHE) == given
    model_files.check(given)


def test_another_process_that_adds_is_seen_at_once(reviews: Path, tmp_path: Path) -> None:
    with (
        Library.open(tmp_path / "library", embedder=WordEmbedder()) as writer,
        Library.open(tmp_path / "library", embedder=WordEmbedder()) as reader,
    ):
        writer.add([reviews])
        assert len(reader.ask("How is the ending?").citations) == 2
        (tmp_path / "more.csv").write_text("text,critic\nWhat an ending!,Cy\n")
        writer.add([tmp_path / "more.csv"], title="Salt")
        assert len(reader.ask("How is the ending?").citations) == 3


def test_reviews_by_a_critic_or_outlet_who_is_named(open_library: Callable[..., Library], reviews: Path) -> None:
    library = open_library()
    library.add([reviews])
    found = library.ask("What did Mara Quill think of the ending?")
    assert [c.critic for c in found.citations] == ["Mara Quill"]
    assert (found.plan.people, found.coverage[0].reviews) == (("Mara Quill",), 1)
    assert found.claims[0].text == "The only review mentions the ending."
    assert [c.critic for c in library.ask("what did ola brandt say?").citations] == ["Ola Brandt"]


def test_a_list_of_reviews_has_no_stance(open_library: Callable[..., Library], reviews: Path) -> None:
    library = open_library()
    library.add([reviews])
    with pytest.raises(InputError, match="not narrowed by stance"):
        library.reviews(library.titles()[0].id, filters=Filters(stance="negative"))


def test_an_index_is_closed_with_its_library(reviews: Path, tmp_path: Path) -> None:
    index = ChromaIndex(FolderIndex(tmp_path / "elsewhere"))
    with Library.open(tmp_path / "library", embedder=WordEmbedder(), index=index) as library:
        library.add([reviews])
    again = ChromaIndex(FolderIndex(tmp_path / "elsewhere"))
    assert again.count() == 2
    again.close()

"""What `doctor` and `rebuild` say: what is missing, what is stale, and that a rebuild is compared before and after."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag import cli, health
from rag.errors import IndexUnreachable
from rag.library import Library
from rag.search.index import ChromaIndex
from rag.settings import FolderIndex
from tests.doubles import ListIndex, WordEmbedder
from tests.servers import Misfit, serving


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "Salt.csv"
    rows = "".join(f"The harbour number{n} glows. Night{n} was long.,Critic {n}\n" for n in range(30))
    path.write_text("text,critic\n" + rows)
    return path


def index_line(library: Library) -> tuple[str, str]:
    (found,) = (c for c in library.doctor() if c.name == "index")
    return found.state, found.text


def test_missing_and_stale_are_counted_by_their_ids(open_library: Callable[..., Library], table: Path) -> None:
    index = ListIndex()
    library = open_library(index=index)
    library.add([table])
    assert index_line(library) == ("ok", "60 vectors in list:")
    name = next(iter(index.vectors))
    vector = index.vectors.pop(name)
    index.upsert(["gone.0"], vector[None])  # the count is the same, and it is not whole
    state, text = index_line(library)
    assert (state, "1 of 60 vectors are missing" in text) == ("damaged", True)
    index.upsert([name], vector[None])
    state, text = index_line(library)
    assert (state, "1 of them of sentences that are gone" in text) == ("note", True)
    done = library.rebuild()
    assert (done.before.vectors, done.before.missing, done.before.stale) == (61, 0, 1)
    assert (done.after.vectors, done.after.missing, done.after.stale) == (60, 0, 0)


def test_a_folder_is_compared_in_a_child(table: Path, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        library.add([table])
        assert index_line(library)[0] == "ok"
    index = ChromaIndex(FolderIndex(tmp_path / "library" / "index"))
    page = next(index.ids())
    index.upsert(["gone.0"], WordEmbedder().embed(["x"]))
    index.delete(page[:3])
    index.close()
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        assert "3 of 60 vectors are missing" in index_line(library)[1]
        assert library._index is None  # nothing was opened in this process
        done = library.rebuild()
        assert (done.before.vectors, done.before.missing, done.before.stale) == (58, 3, 1)
        assert (done.after.missing, done.after.stale, done.whole) == (0, 0, True)


def test_an_index_that_went_away_is_missing_as_a_whole(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        library.add([table])
    monkeypatch.setenv("PULLQUOTE_INDEX", str(tmp_path / "elsewhere"))
    (tmp_path / "more.csv").write_text("text\nA lantern hangs there.\n")
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        assert "60 of 60 vectors are missing" in index_line(library)[1]
        report = library.add([tmp_path / "more.csv"], title="Salt")
        assert report.added == 1
        assert any("another one" in w and "pullquote rebuild" in w for w in report.warnings)
        assert library.rebuild().after.vectors == 61
        assert index_line(library)[0] == "ok"


def test_a_rebuild_that_leaves_something_missing_is_no_success(
    open_library: Callable[..., Library],
    table: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Forgetful(ListIndex):
        def upsert(self, ids, vectors):  # type: ignore[no-untyped-def]
            super().upsert(ids[2:], vectors[2:])

    library = open_library(index=Forgetful())
    library.add([table])
    monkeypatch.setattr("rag.cli.open_library", lambda _: library)
    assert cli.run(["rebuild", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["after"]["missing"], said["after"]["vectors"]) == ("pullquote.rebuild/1", 2, 58)
    assert set(said["before"]) >= {"address", "vectors", "missing", "stale", "problem"}
    assert cli.run(["rebuild"]) == 1
    assert "not whole" in capsys.readouterr().out


def test_a_rebuild_says_before_and_after(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        library.add([table])
        done = library.rebuild()
    from rag import terminal

    terminal.rebuilt(terminal.console(), done)
    out = capsys.readouterr().out
    assert "before: 60 vectors, 0 missing, 0 stale" in out and "after: 60 vectors, 0 missing, 0 stale" in out


# ── on a server ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def on_server(server_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("PULLQUOTE_INDEX", server_url)
    yield server_url


def test_two_libraries_on_one_server_are_rebuilt_apart(on_server: str, table: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        with Library.open(tmp_path / name, embedder=WordEmbedder()) as library:
            library.add([table])
            state, text = index_line(library)
            assert state == "ok" and on_server in text and "pullquote-" in text
    with Library.open(tmp_path / "one", embedder=WordEmbedder()) as library:
        list(map(library._open_index().delete, [[next(library._held())]]))
        done = library.rebuild()
        assert (done.before.missing, done.after.missing, done.after.vectors) == (1, 0, 60)
    (tmp_path / "two").rename(tmp_path / "moved")
    with Library.open(tmp_path / "moved", embedder=WordEmbedder()) as library:
        assert index_line(library)[0] == "ok"


def test_another_embedders_vectors_are_refused_and_rebuilt(on_server: str, table: Path, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        library.add([table])
    with Library.open(tmp_path / "library", embedder=WordEmbedder("others")) as library:
        done = library.rebuild(embed=True)
        assert (done.after.missing, done.after.problem) == (0, None)
    with Library.open(tmp_path / "library", embedder=WordEmbedder("others")) as library:
        assert index_line(library)[0] == "ok"


def test_reviews_are_stored_while_the_server_is_away(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLQUOTE_INDEX", "http://127.0.0.1:9")
    monkeypatch.setenv("PULLQUOTE_INDEX_TOKEN", "hunter2")
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        report = library.add([table])
        assert report.added == 30
        assert any("can't be reached" in w for w in report.warnings)
        checks = {c.name: c for c in library.doctor()}
        assert (checks["index"].state, checks["journal"].state) == ("damaged", "note")
        assert "hunter2" not in repr(checks)
        assert library.ask("Does the harbour glow?").status == "answered"
        with pytest.raises(IndexUnreachable):
            library.rebuild()
    monkeypatch.setenv("PULLQUOTE_INDEX", "")
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        assert library.add([table]).warnings == ()
        assert index_line(library)[0] == "ok"


def test_a_token_appears_nowhere(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], needs_model: None
) -> None:
    monkeypatch.setenv("PULLQUOTE_INDEX_TOKEN", "hunter2")
    with serving(Misfit) as misfit:
        misfit.told = ["500"]
        monkeypatch.setenv("PULLQUOTE_INDEX", misfit.url)
        codes = [cli.run([*verb, "--json"]) for verb in (["add", str(table)], ["doctor"], ["rebuild"])]
        assert codes == [0, 1, 3]
        said = capsys.readouterr()
        assert "no entry" in said.out and "hunter2" not in said.out + said.err
        assert misfit.asked[0][1]["authorization"] == "Bearer hunter2"


def test_a_password_in_the_address_is_refused_and_not_repeated(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], needs_model: None
) -> None:
    monkeypatch.setenv("PULLQUOTE_INDEX", "http://joe:hunter2@127.0.0.1:9")
    assert cli.run(["add", str(table)]) == 2
    said = capsys.readouterr()
    assert "PULLQUOTE_INDEX_TOKEN" in said.err and "hunter2" not in said.out + said.err


def test_health_opens_no_folder_in_this_process(tmp_path: Path, library: Library, table: Path) -> None:
    library.add([table])
    assert health.held_in_folder(library._opened(), tmp_path / "nothing") == frozenset()
    assert not (tmp_path / "nothing").exists()
    code = "import sys, rag.health; sys.exit('chromadb' in sys.modules)"
    root = Path(cli.__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0

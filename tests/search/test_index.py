"""Every index keeps the same contract: Chroma in a folder, in memory, on a server, as its cloud, and the tests' double."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexMismatch, IndexUnreachable, LibraryDamaged
from rag.search import index as module
from rag.search.base import Index, Vectors
from rag.search.index import ChromaIndex, discard
from rag.settings import CloudIndex, FolderIndex, IndexAddress, MemoryIndex, ServerIndex
from tests.doubles import ListIndex
from tests.servers import Misfit, Peer, chroma, serving

DIMENSIONS = 32
KINDS = ["folder", "memory", "server", "cloud"]
_numbers = count()


def unit(rows: int, seed: int = 0, dimensions: int = DIMENSIONS) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def names(rows: int) -> list[str]:
    return [f"{n:032x}.{n}" for n in range(rows)]


@dataclass
class Place:
    """Where indexes of one kind are opened; all are closed at the end."""

    kind: str
    folder: Path
    url: str
    opened: list[Index]

    def address(self, library: str = "") -> IndexAddress:
        own = f"pullquote-{self.folder.name}-{library or 'own'}"
        return {
            "folder": FolderIndex(self.folder / own),
            "memory": MemoryIndex(),
            "server": ServerIndex(self.url, own),
            # What `chroma run` has; the cloud's names are of the same form.
            "cloud": CloudIndex("default_tenant", "default_database", own),
        }[self.kind]

    def open(self, library: str = "", embedder: str | None = None) -> Index:
        if self.kind == "double":
            self.opened.append(ListIndex())
        else:
            found = ChromaIndex(self.address(library), embedder=lambda: embedder, cloud_url=self.url)
            self.opened.append(found)
        return self.opened[-1]


def make_place(kind: str, request: pytest.FixtureRequest, tmp_path: Path, patch: pytest.MonkeyPatch) -> Place:
    patch.setenv("CHROMA_API_KEY", "ck-hunter2")
    url = request.getfixturevalue("server_url") if kind in ("server", "cloud") else ""
    folder = tmp_path / f"{next(_numbers)}"
    folder.mkdir()
    return Place(kind, folder, url, [])


@pytest.fixture(params=[*KINDS, "double"])
def index(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    place = make_place(request.param, request, tmp_path, monkeypatch)
    yield place.open()
    for opened in place.opened:
        opened.close()


@pytest.fixture(params=["folder", "server", "cloud"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Kinds that outlive a process."""
    made = make_place(request.param, request, tmp_path, monkeypatch)
    yield made
    for opened in made.opened:
        opened.close()


# ── the contract ─────────────────────────────────────────────────────────────────────────────────


def test_an_empty_index_finds_nothing(index: Index) -> None:
    assert index.count() == 0
    assert index.nearest(unit(1)[0], 5) == []
    assert [name for page in index.ids() for name in page] == []
    index.delete(["was never there"])
    index.upsert([], unit(0))
    index.clear()
    assert index.count() == 0


def test_the_nearest_come_best_first_with_their_cosine(index: Index) -> None:
    vectors = unit(50)
    index.upsert([f"s.{n}" for n in range(50)], vectors)
    found = index.nearest(vectors[7], 5)
    assert found[0][0] == "s.7"
    assert [name for name, _ in found] == [f"s.{n}" for n in np.argsort(-(vectors @ vectors[7]))[:5]]
    assert [round(score, 3) for _, score in found] == [round(float(s), 3) for s in sorted(vectors @ vectors[7])[:-6:-1]]
    assert len(index.nearest(vectors[7], 500)) == 50


def test_storing_an_id_again_replaces_it(index: Index) -> None:
    one, other = unit(2)
    index.upsert(["a"], one[None])
    index.upsert(["a"], other[None])
    assert index.count() == 1
    assert index.nearest(other, 1)[0][1] == pytest.approx(1, abs=1e-5)


def test_more_than_one_batch_and_page(index: Index) -> None:
    wanted = names(4_500)
    index.upsert(wanted, unit(4_500))
    pages = list(index.ids())
    assert sorted(name for page in pages for name in page) == wanted
    assert max(map(len, pages)) <= 5_000
    assert index.count() == 4_500
    index.delete(wanted[:3_000])
    assert sorted(name for page in index.ids() for name in page) == wanted[3_000:]


def test_deleting_and_clearing(index: Index) -> None:
    index.upsert(["a", "b"], unit(2))
    index.delete(["a", "was never there"])
    assert index.count() == 1
    index.clear()
    assert index.count() == 0
    index.upsert(["c"], unit(1, dimensions=8))  # another model's vectors may follow
    assert index.nearest(unit(1, dimensions=8)[0], 1)[0][0] == "c"


def test_any_id_comes_back_as_it_was(index: Index) -> None:
    odd = ["a b", "a\nb\u2028c", "'\"; DROP TABLE x; --", "İ😀结局", "../../x", "%41?&#", "x" * 120, "$and"]
    index.upsert(odd, unit(len(odd)))
    assert {name for page in index.ids() for name in page} == set(odd)
    assert index.nearest(unit(len(odd))[3], 1)[0][0] == odd[3]
    index.delete(odd[:4])
    assert {name for page in index.ids() for name in page} == set(odd[4:])


def test_the_nearest_of_three_thousand_are_nearly_always_the_true_ones(index: Index) -> None:
    vectors, questions = unit(3_000), unit(40, seed=1)
    wanted = names(3_000)
    index.upsert(wanted, vectors)
    hits = 0
    for question in questions:
        exact = {wanted[row] for row in np.argsort(-(vectors @ question))[:10]}
        hits += len(exact & {name for name, _ in index.nearest(question, 10)})
    assert hits / 400 >= 0.9


# ── what outlives a process ──────────────────────────────────────────────────────────────────────


def test_an_index_is_found_again(place: Place) -> None:
    first = place.open()
    first.upsert(["a"], unit(1))
    first.close()
    assert place.open().nearest(unit(1)[0], 1)[0][0] == "a"


def test_two_libraries_at_one_place_do_not_see_each_other(place: Place) -> None:
    one, other = place.open("one"), place.open("other")
    one.upsert(["a", "b"], unit(2))
    other.upsert(["c"], unit(1))
    assert ([*one.ids()], [*other.ids()]) == ([["a", "b"]], [["c"]])
    other.clear()
    assert (one.count(), other.count()) == (2, 0)


def test_another_process_sees_what_is_new_after_a_refresh(place: Place) -> None:
    ours = place.open()
    ours.upsert(["a"], unit(2)[:1])
    ours.close()
    reader = place.open()
    assert reader.count() == 1
    code = (
        "import sys, numpy as np; from pathlib import Path; from rag.settings import *;"
        "from rag.search.index import ChromaIndex;"
        f"i = ChromaIndex({_code(place.address())}, cloud_url={place.url!r});"
        "i.upsert(['b'], np.eye(32, dtype=np.float32)[:1]); i.close()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(module.__file__).parents[2])
    reader.refresh()
    assert sorted(name for page in reader.ids() for name in page) == ["a", "b"]


def _code(address: IndexAddress) -> str:
    return f"FolderIndex(Path({str(address.path)!r}))" if isinstance(address, FolderIndex) else repr(address)


def test_a_collection_made_anew_by_another_is_found(place: Place) -> None:
    if place.kind == "folder":
        pytest.skip("a folder has one writer, and readers open it anew")
    reader, writer = place.open(), place.open()
    writer.upsert(["a"], unit(1))
    writer.clear()
    writer.upsert(["b"], unit(1))
    assert reader.nearest(unit(1)[0], 1)[0][0] == "b"


def test_vectors_of_another_length_are_refused_with_what_to_do(place: Place) -> None:
    index = place.open()
    index.upsert(["a"], unit(1))
    for work in (lambda: index.upsert(["b"], unit(1, dimensions=8)), lambda: index.nearest(unit(1, dimensions=8), 1)):
        with pytest.raises(IndexMismatch) as caught:
            work()
        assert "pullquote rebuild" in str(caught.value.hint)


def test_an_index_that_another_embedder_filled_is_refused(place: Place) -> None:
    first = place.open(embedder="words")
    first.upsert(["a"], unit(1))
    first.close()
    with pytest.raises(IndexMismatch, match="filled by words, not by others"):
        place.open(embedder="others")
    again = place.open(embedder="words")
    again.clear()
    again.close()
    assert place.open(embedder="others").count() == 0  # nothing is in it, so anybody may fill it


def test_an_index_can_be_discarded_without_being_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOUD_URL", place.url)
    one, other = place.open("one"), place.open("other")
    for each in (one, other):
        each.upsert(["a"], unit(1))
        each.close()
    if place.kind != "cloud":  # the cloud's own address is no setting
        discard(place.address("one"))
        assert (place.open("one").count(), place.open("other").count()) == (0, 1)


def test_two_indexes_in_memory_are_two() -> None:
    one, other = ChromaIndex(MemoryIndex()), ChromaIndex(MemoryIndex())
    one.upsert(["a"], unit(1))
    assert (one.count(), other.count()) == (1, 0)
    one.close()
    other.close()


# ── servers that are none ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def misfit() -> Iterator[Peer]:
    with serving(Misfit) as peer:
        yield peer


@pytest.mark.parametrize("order", ["html", "json", "401", "403", "404", "500", "502"])
@pytest.mark.parametrize("kind", ["server", "cloud"])
def test_a_server_that_is_no_chroma_is_said_without_the_token(
    misfit: Peer, order: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLQUOTE_INDEX_TOKEN", "hunter2")
    monkeypatch.setenv("CHROMA_API_KEY", "hunter2")
    misfit.told = [order]
    address = ServerIndex(misfit.url, "own") if kind == "server" else CloudIndex("acme", "films", "own")
    with pytest.raises(IndexUnreachable) as caught:
        ChromaIndex(address, cloud_url=misfit.url)
    assert (caught.value.exit_code, caught.value.retryable) == (3, True)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint} {caught.value!r} {caught.value.details}"
    assert caught.value.hint
    if order in ("401", "403"):
        assert ("CHROMA_API_KEY" if kind == "cloud" else "PULLQUOTE_INDEX_TOKEN") in caught.value.hint
    header = misfit.asked[0][1]
    assert header.get("x-chroma-token" if kind == "cloud" else "authorization", "").endswith("hunter2")


def test_a_server_that_hangs_is_left(misfit: Peer) -> None:
    misfit.told = ["hang"]
    started = time.monotonic()
    with pytest.raises(IndexUnreachable, match=r"within 0\.3 seconds"):
        ChromaIndex(ServerIndex(misfit.url, "own"), timeout_s=0.3)
    assert time.monotonic() - started < 3


def test_a_server_that_is_not_there_is_said() -> None:
    with pytest.raises(IndexUnreachable, match=r"http://127\.0\.0\.1:9 .* can't be reached"):
        ChromaIndex(ServerIndex("http://127.0.0.1:9", "own"))


def test_the_cloud_is_not_called_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMA_API_KEY", raising=False)
    with pytest.raises(IndexUnreachable, match=r"cloud://acme/films .* needs a key") as caught:
        ChromaIndex(CloudIndex("acme", "films", "own"))
    assert "CHROMA_API_KEY" in str(caught.value.hint)


def test_a_server_that_goes_away_is_said(tmp_path: Path) -> None:
    with chroma(tmp_path) as url:
        index = ChromaIndex(ServerIndex(url, "own"))
        index.upsert(["a"], unit(1))
    works: list[Callable[[], object]] = [
        index.count,
        index.clear,
        index.refresh,
        lambda: index.upsert(["a"], unit(1)),
        lambda: index.delete(["a"]),
        lambda: index.nearest(unit(1)[0], 1),
        lambda: list(index.ids()),
    ]
    for work in works:
        with pytest.raises(IndexUnreachable):
            work()
    index.close()


def test_no_proxy_stands_before_this_machine(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    index = ChromaIndex(ServerIndex(server_url, "own-proxy"))
    assert index.count() == 0
    index.close()


def test_the_settings_of_a_stranger_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("CHROMA_API_IMPL=nonsense\nIS_PERSISTENT=maybe\n")
    monkeypatch.setenv("CHROMA_SERVER_HOST", "elsewhere.invalid")
    index = ChromaIndex(FolderIndex(tmp_path / "index"))
    assert index.count() == 0
    index.close()


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("this is no folder")
    with pytest.raises(LibraryDamaged) as caught:
        ChromaIndex(FolderIndex(tmp_path / "index"))
    assert "pullquote rebuild" in str(caught.value.hint)

"""A folder of vectors that was damaged, or not closed, never kills who opens it."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.errors import LibraryDamaged, LibraryLocked
from rag.library import Library
from rag.search import trust
from rag.search.index import ChromaIndex
from rag.settings import FolderIndex
from tests.doubles import WordEmbedder

ROWS, DIMENSIONS = 1_200, 8
FILES = ["chroma.sqlite3", "data_level0.bin", "header.bin", "index_metadata.pickle", "length.bin", "link_lists.bin"]
ROOT = Path(trust.__file__).parents[2]

# What a person's process does; the test sees how it ended.
USER = f"""
import json, sys
import numpy as np
from pathlib import Path
from rag.errors import PullquoteError
from rag.search.index import ChromaIndex
from rag.settings import FolderIndex
vectors = np.random.default_rng(0).normal(size=({ROWS}, {DIMENSIONS})).astype(np.float32)
for folder in map(Path, sys.argv[1:]):
    said = {{"name": folder.name}}
    try:
        index = ChromaIndex(FolderIndex(folder))
        said["held"] = index.count()
        said["right"] = sum(index.nearest(vectors[n], 1)[0][0] == f"s.{{n}}" for n in range(0, {ROWS}, 60) if said["held"])
        index.upsert(["new"], vectors[:1])
        index.close()
    except PullquoteError as error:
        said["error"] = [error.code, error.hint]
    print(json.dumps(said), flush=True)
"""

DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
    "noise": lambda path: path.write_bytes(random.Random(1).randbytes(path.stat().st_size)),
    "spots": lambda path: _spots(path),
}


def _spots(path: Path) -> None:
    """One byte in fifty is another one."""
    chance, held = random.Random(2), bytearray(path.read_bytes())
    for place in range(0, len(held), 50):
        held[place] = chance.randrange(256)
    path.write_bytes(bytes(held))


def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(ROWS, DIMENSIONS)).astype(np.float32)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with enough in it that Chroma keeps a graph on disk."""
    folder = tmp_path_factory.mktemp("trust") / "whole"
    index = ChromaIndex(FolderIndex(folder))
    index.upsert([f"s.{n}" for n in range(ROWS)], vectors())
    index.close()
    assert {path.name for path in folder.rglob("*") if path.is_file()} >= set(FILES)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_no_damage_kills_who_opens_the_folder(whole: Path, tmp_path: Path, name: str) -> None:
    folders = []
    for kind, damage in DAMAGES.items():
        folders.append(tmp_path / kind)
        shutil.copytree(whole, folders[-1])
        (path,) = folders[-1].rglob(name)
        damage(path)
    done = subprocess.run(
        [sys.executable, "-c", USER, *map(str, folders)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    for said in map(json.loads, done.stdout.splitlines()):
        # A right answer, an empty index (that its library will notice), or a clear error with what to do.
        right = (said.get("held"), said.get("right")) in ((ROWS, ROWS // 60), (0, 0))
        assert right or said["error"] == ["library_damaged", "Mend it with: pullquote rebuild"], said


def test_what_kills_a_process_kills_only_a_child(whole: Path, tmp_path: Path) -> None:
    """Without a seal, as a killed writer leaves it. These three ended a process that opened them with signal 11."""
    folders = []
    for name, kind in (("data_level0.bin", "noise"), ("data_level0.bin", "spots"), ("header.bin", "cut")):
        folders.append(tmp_path / f"{name}-{kind}")
        shutil.copytree(whole, folders[-1], ignore=shutil.ignore_patterns("pullquote.seal"))
        (path,) = folders[-1].rglob(name)
        DAMAGES[kind](path)
    done = subprocess.run(
        [sys.executable, "-c", USER, *map(str, folders)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    for said in map(json.loads, done.stdout.splitlines()):
        assert said["error"] == ["library_damaged", "Mend it with: pullquote rebuild"], said


def test_a_copy_is_known_by_its_digests_and_sealed_again(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(whole, tmp_path / "copy", copy_function=shutil.copyfile)
    monkeypatch.setattr(trust, "examine", lambda *_: pytest.fail("no child is needed"))
    assert trust.may_open(tmp_path / "copy").problem is None
    monkeypatch.setattr(trust, "_digest", lambda _: pytest.fail("it was sealed again"))
    assert trust.may_open(tmp_path / "copy").problem is None


def test_doctor_finds_what_changed_without_a_trace(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    (path,) = (tmp_path / "copy").rglob("link_lists.bin")
    before = path.stat()
    _spots(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "link_lists.bin" in str(trust.examine(tmp_path / "copy").problem)


def test_a_sealed_folder_is_opened_without_a_second_look(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "examine", lambda *_: pytest.fail("no child is needed"))
    for _ in range(2):
        index = ChromaIndex(FolderIndex(whole))
        assert index.count() == ROWS
        index.nearest(vectors()[0], 3)
        index.refresh()
        index.close()


def test_a_folder_whose_writer_was_killed_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import os, signal, sys, numpy as np; from pathlib import Path; from rag.settings import FolderIndex;"
        "from rag.search.index import ChromaIndex; i = ChromaIndex(FolderIndex(Path(sys.argv[1])));"
        f"v = np.random.default_rng(0).normal(size=({ROWS}, {DIMENSIONS})).astype(np.float32);"
        f"i.upsert([f's.{{n}}' for n in range({ROWS})], v); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "index")], cwd=ROOT, check=False)
    assert done.returncode == -9
    looks = []
    examine = trust.examine
    monkeypatch.setattr(trust, "examine", lambda *given: looks.append(given) or examine(*given))
    for _ in range(2):
        index = ChromaIndex(FolderIndex(tmp_path / "index"))
        assert index.count() == ROWS
        index.close()
    assert len(looks) == 1


def test_a_folder_that_is_being_written_is_read_and_not_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "_LOCK_WAIT_S", 0.1)
    monkeypatch.setattr(trust, "examine", lambda *_: pytest.fail("its writer is alive"))
    writer = ChromaIndex(FolderIndex(tmp_path / "index"))
    writer.upsert(["a"], vectors()[:1])
    other = ChromaIndex(FolderIndex(tmp_path / "index"))
    assert other.count() == 1
    with pytest.raises(LibraryLocked):
        other.upsert(["b"], vectors()[:1])
    writer.close()
    other.upsert(["b"], vectors()[:1])
    other.close()


def test_a_child_that_says_nothing_or_takes_too_long_is_damage(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "_CHILD", "import os; os.kill(os.getpid(), 11)")
    assert "signal 11" in str(trust.examine(whole).problem)
    monkeypatch.setattr(trust, "_CHILD", "raise SystemExit('no room')")
    assert "no room" in str(trust.examine(whole).problem)
    monkeypatch.setattr(trust, "_CHILD", "import time; time.sleep(60)")
    monkeypatch.setattr(trust, "_PROBE_TIMEOUT_S", 0.3)
    assert "within" in str(trust.examine(whole).problem)


def test_nothing_in_the_working_folder_stands_in_for_a_library(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chromadb.py").write_text("raise SystemExit('a stranger was imported')")
    monkeypatch.chdir(tmp_path)
    assert trust.examine(whole).problem is None


def test_a_library_with_a_damaged_folder_answers_and_is_mended(tmp_path: Path) -> None:
    rows = "".join(f"The harbour number{n} glows. Night{n} was long.,Critic {n}\n" for n in range(600))
    (tmp_path / "Salt.csv").write_text("text,critic\n" + rows)
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        library.add([tmp_path / "Salt.csv"])
    (path,) = (tmp_path / "library" / "index").rglob("header.bin")
    DAMAGES["noise"](path)
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        (found,) = (c for c in library.doctor() if c.name == "index")
        assert found.state == "damaged" and "pullquote rebuild" in found.text
        with pytest.raises(LibraryDamaged):
            library._open_index()
        assert library.ask("Does the harbour glow?").status == "answered"
        done = library.rebuild()
        assert done.before.vectors is None and done.before.problem
        assert (done.after.vectors, done.after.missing, done.after.stale, done.whole) == (1_200, 0, 0, True)
        assert [c.state for c in library.doctor() if c.name == "index"] == ["ok"]

"""Whether a folder of vectors may be opened in this process: a damaged HNSW file kills whoever loads it.

Who writes a folder breaks its seal first and seals it when it is done: a small file holds size, time and digest of
every vector file. Where sizes and times fit, opening costs a few `stat` calls; where they do not (a copy, a file cut
short), the digests decide. Without a seal (a killed writer) a child process opens the folder first.
Chroma's SQLite file is not sealed: reading changes it, and damage to it is an error, no crash.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rag.errors import IndexReadOnly, InputError, LibraryLocked
from rag.search.base import Vectors

DATABASE = "chroma.sqlite3"
_Seal = dict[str, list[Any]]
"""By file: size, time in nanoseconds, digest."""
_GRAPH = "index_metadata.pickle"
_SEAL = "pullquote.seal"
_LOCK = "pullquote.lock"
_LOCK_WAIT_S = 5.0
_PROBE_TIMEOUT_S = 300.0
# The package is found from here at the end of the path, so that nothing in the working folder stands in for it.
_CHILD = "import sys; sys.path.append(sys.argv.pop(1)); from rag.search.probe import main; sys.exit(main())"


@dataclass(frozen=True)
class Examined:
    """What a child process saw in a folder."""

    problem: str | None
    """Why it can't be used; None where it opened and answered."""
    ids: frozenset[str] = frozenset()
    """Everything it holds, where that was asked for."""


def check_writable(folder: Path) -> None:
    """Raises IndexReadOnly for a folder on a medium that can't be written: Chroma writes where it reads."""
    if folder.exists() and not os.access(folder, os.W_OK):
        raise IndexReadOnly(
            f"The vector index in {folder} can't be opened where nothing can be written.",
            "Questions to a large scope compare the stored vectors one by one instead.",
        )


def may_open(folder: Path) -> Examined:
    """Whether this process may open the folder. Costs nothing where the seal fits, else its digests or a child."""
    if not (folder / DATABASE).exists() or _fits(folder, _read_seal(folder)) or _is_being_written(folder):
        return Examined(None)
    before = _files(folder)
    examined = Examined(_changed(folder)) if _read_seal(folder) else examine(folder)
    if examined.problem is None and before == _files(folder):
        _seal_again(folder)
    return examined


def examine(folder: Path, samples: Sequence[tuple[str, Vectors]] = (), *, with_ids: bool = False) -> Examined:
    """Compare the digests, then open the folder in a child process and look for each sample by its own vector."""
    if (problem := _changed(folder)) is not None:
        return Examined(problem)
    given = {"with_ids": with_ids, "samples": [[name, vector.tolist()] for name, vector in samples]}
    command = [sys.executable, "-P", "-c", _CHILD, str(Path(__file__).parents[2]), str(folder)]
    try:
        done = subprocess.run(
            command, input=json.dumps(given), capture_output=True, text=True, timeout=_PROBE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Examined(f"it could not be read within {_PROBE_TIMEOUT_S:.0f} seconds")
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode < 0:
        return Examined(f"reading it kills the process (signal {-done.returncode})")
    if not said or "problem" not in said[-1]:
        return Examined(f"reading it ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return Examined(said[-1]["problem"], frozenset(name for line in said for name in line.get("ids", ())))


# ── the seal ─────────────────────────────────────────────────────────────────────────────────────


class Writing:
    """The right to write a folder. Two processes that write one lose vectors silently."""

    def __init__(self, folder: Path) -> None:
        """Take the lock and break the seal. Raises LibraryLocked, InputError."""
        self._folder = folder
        self._lock = FileLock(folder / _LOCK, timeout=_LOCK_WAIT_S, thread_local=False)
        try:
            self._lock.acquire()
            self._before = _read_seal(folder)
            (folder / _SEAL).unlink(missing_ok=True)
        except Timeout:
            raise LibraryLocked(
                f"Another process is writing the vector index in {folder}.", "Wait for it to end, then try again."
            ) from None
        except OSError as error:
            raise InputError(f"The vector index in {folder} can't be written: {error.strerror}.") from error

    def end(self, *, sealed: bool = True) -> None:
        """Seal what was written, unless a write was broken off, and let go of the lock. The folder must be closed."""
        if sealed:
            _seal(self._folder, self._before)
        self._lock.release()


def _files(folder: Path) -> dict[str, list[int]]:
    """Size and time of every file that Chroma keeps its graph in.

    Below its first thousand vectors it keeps none: each opener makes the files anew from SQLite, without this list.
    """
    found = {}
    for listed in sorted(folder.glob(f"*/{_GRAPH}")):
        for path in sorted(listed.parent.iterdir()):
            state = path.stat()
            found[path.relative_to(folder).as_posix()] = [state.st_size, state.st_mtime_ns]
    return found


def _read_seal(folder: Path) -> _Seal:
    """Empty where there is none, or none that can be read."""
    try:
        return dict(json.loads((folder / _SEAL).read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def _fits(folder: Path, seal: _Seal) -> bool:
    """By size and time. An index too small for vector files has an empty seal, and nothing in it that could kill."""
    return {name: state[:2] for name, state in seal.items()} == _files(folder)


def _changed(folder: Path) -> str | None:
    """The file that is not what its writer left; None where all are, where there is no seal, or somebody writes."""
    seal = _read_seal(folder)
    for name, (size, _, digest) in seal.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size or _digest(path) != digest:
            # A writer that has begun meanwhile has broken the seal.
            return None if _read_seal(folder) != seal else f"{path.name} is not what was written"
    return None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:32]


def _seal(folder: Path, before: _Seal) -> None:
    """Seal what is there; what did not change since `before` is not read again."""
    try:
        seal: _Seal = {}
        for name, state in _files(folder).items():
            known = before.get(name)
            same = known is not None and known[:2] == state
            seal[name] = [*state, known[2] if known and same else _digest(folder / name)]
        (folder / _SEAL).write_text(json.dumps(seal), "utf-8")
    except OSError:
        (folder / _SEAL).unlink(missing_ok=True)  # a full disk, or a folder that is gone: the next one looks closely


def _is_being_written(folder: Path) -> bool:
    """Whether a writer is alive; what a dead one left is unlocked by the system."""
    lock = FileLock(folder / _LOCK, timeout=0, thread_local=False)
    try:
        with lock:
            return False
    except Timeout:
        return True
    except OSError:
        return False


def _seal_again(folder: Path) -> None:
    """Spare the next one the look. Where the folder can't be written, or is, it looks for itself."""
    lock = FileLock(folder / _LOCK, timeout=0, thread_local=False)
    try:
        with lock:
            _seal(folder, {})
    except (Timeout, OSError):
        return

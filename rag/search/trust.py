"""Whether a folder of vectors may be opened in this process: a damaged HNSW file kills whoever loads it.

Who writes a folder seals it when it is done: a small file holds size and time of every vector file. Where the seal
fits, opening costs a few `stat` calls. Where it does not (a killed writer, a file cut short, a copy), a child process
opens the folder first. Chroma's SQLite file is not sealed: reading changes it, and damage to it is an error, no crash.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import InputError, LibraryLocked
from rag.search.base import Vectors

DATABASE = "chroma.sqlite3"
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


def may_open(folder: Path) -> Examined:
    """Whether this process may open the folder. Costs nothing where the seal fits, else a child process."""
    if not (folder / DATABASE).exists() or _sealed(folder) or _is_being_written(folder):
        return Examined(None)
    before = _files(folder)
    examined = examine(folder)
    if examined.problem is None and before == _files(folder):
        _seal_after_probe(folder)
    return examined


def examine(folder: Path, samples: Sequence[tuple[str, Vectors]] = (), *, with_ids: bool = False) -> Examined:
    """Open the folder in a child process, look for each sample by its own vector, and say what came of it."""
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
            (folder / _SEAL).unlink(missing_ok=True)
        except Timeout:
            raise LibraryLocked(
                f"Another process is writing the vector index in {folder}.", "Wait for it to end, then try again."
            ) from None
        except OSError as error:
            raise InputError(f"The vector index in {folder} can't be written: {error.strerror}.") from error

    def end(self) -> None:
        """Seal what was written and let go of the lock. The folder must be closed."""
        _seal(self._folder)
        self._lock.release()


def _files(folder: Path) -> dict[str, list[int]]:
    """Size and time of every file that Chroma maps into memory."""
    found = {}
    for path in sorted(folder.glob("*/*")):
        state = path.stat()
        found[path.relative_to(folder).as_posix()] = [state.st_size, state.st_mtime_ns]
    return found


def _sealed(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / _SEAL).read_text("utf-8")) == _files(folder))
    except (OSError, ValueError):
        return False


def _seal(folder: Path) -> None:
    try:
        (folder / _SEAL).write_text(json.dumps(_files(folder)), "utf-8")
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


def _seal_after_probe(folder: Path) -> None:
    """Spare the next one the look. Where the folder can't be written, or is, it looks for itself."""
    lock = FileLock(folder / _LOCK, timeout=0, thread_local=False)
    try:
        with lock:
            _seal(folder)
    except (Timeout, OSError):
        return

"""One writer at a time: a lock between processes and between threads, held for one verb."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import InputError, LibraryLocked


@contextmanager
def writing(folder: Path, verb: str) -> Iterator[None]:
    """Hold a library's write lock. Raises LibraryLocked, naming who holds it, at once."""
    note = folder / "writer.json"
    # thread_local=False: a second thread of this process is a second writer too. A fresh object each time,
    # because filelock lets the same object in again.
    lock = FileLock(folder / "writer.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise LibraryLocked(
            f"Another process is writing this library: {_holder(note)}.",
            "Wait for it to end, then try again.",
        ) from None
    except OSError as error:
        raise InputError(f"The library {folder} can't be written: {error.strerror}.") from error
    try:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        note.write_text(json.dumps({"pid": os.getpid(), "verb": verb, "started": started}), "utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder(note: Path) -> str:
    try:
        held = json.loads(note.read_text("utf-8"))
        return f"`{held['verb']}`, process {held['pid']}, since {held['started']}"
    except (OSError, ValueError, KeyError):
        return "it has not said its name"

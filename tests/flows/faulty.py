"""What the tests of a faulty model share: a scripted peer that the settings point at, and what every fault must leave.

A command that asked the peer ends in time, shows and keeps nothing of the key, and leaves no connection, thread or
task behind.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.errors import EngineError, PullquoteError
from rag.library import Library
from rag.records import Citation
from tests import good_model
from tests.peer import Peer
from tests.written import assert_exact

TIMEOUT = 1.2
SHORT = 1.2
"""Where a second request is not what is tested."""
SPARE = 2.0
"""Seconds that a command may take besides what it waits for."""
KEY = "sk-of-a-test-1234"
STAMP = "scripted@127.0.0.1"
TOUCHES_NOTHING = {"good", "split-utf8", "no-done", "no-usage", "negative-usage", "wrong-content-type", "400-no-schema"}
"""Faults of the wire in spite of which all that the model wrote arrives."""


_loops: list[asyncio.AbstractEventLoop] = []
"""Those that were made since the last peer started; the peer's own is made in another way."""


@contextmanager
def scripted(patch: pytest.MonkeyPatch, timeout: float = TIMEOUT) -> Iterator[Peer]:
    """A peer that plays a good model, named by the settings."""
    _loops.clear()
    make = asyncio.new_event_loop

    def noted() -> asyncio.AbstractEventLoop:
        _loops.append(make())
        return _loops[-1]

    patch.setattr(asyncio, "new_event_loop", noted)
    with Peer(reply=good_model.write) as started:
        patch.setenv("OPENAI_BASE_URL", started.url)
        patch.setenv("OPENAI_API_KEY", KEY)
        patch.setenv("PULLQUOTE_MODEL", "scripted")
        patch.setenv("PULLQUOTE_TIMEOUT", str(timeout))
        yield started


@contextmanager
def in_time(waits: float = TIMEOUT) -> Iterator[None]:
    """What is done here waits no longer than that."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < waits + SPARE


def copied(library: Path, to: Path) -> Path:
    """A library of a module, for one test to change."""
    return Path(shutil.copytree(library, to))


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("pullquote")}


def assert_nothing_is_left(peer: Peer, library: Library) -> None:
    """No task is under way once the command has ended; no thread and no connection once the library is closed."""
    until = time.monotonic() + 2
    while any(map(asyncio.all_tasks, _loops)) and time.monotonic() < until:
        time.sleep(0.005)  # what was cancelled gets the time to end
    assert not any(map(asyncio.all_tasks, _loops))
    library.close()
    assert peer.wait_idle(2)
    assert threads() == set()
    assert all(loop.is_closed() for loop in _loops)


def assert_all_exact(library: Library, citations: Iterable[Citation]) -> None:
    """Every quote is a slice of its stored review."""
    for citation in citations:
        assert_exact(library, citation)


def assert_clear(error: PullquoteError) -> None:
    """It says in a sentence what is wrong and of what sort that is, without the key or the entrails of a program."""
    assert isinstance(error, EngineError) and error.exit_code == 3
    assert error.message.endswith(".") and error.message.startswith("The model at 127.0.0.1")
    assert error.hint is None or error.hint.endswith((".", ": pullquote doctor"))
    assert_no_key(f"{error.message} {error.hint} {dict(error.details)}")
    assert "Traceback" not in error.message and "\n" not in error.message


def assert_no_key(text: str) -> None:
    """Neither the key nor the end of it, which a server may repeat."""
    assert KEY not in text and KEY[:12] not in text and KEY[-4:] not in text


def assert_keeps_no_key(folder: Path) -> None:
    """No file of a library holds it."""
    for path in folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path

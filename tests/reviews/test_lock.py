"""One writer: the second one gets a clear error that names the first, in this process and from another."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rag.errors import LibraryLocked
from rag.reviews import lock

HOLD = "import sys; from pathlib import Path; from rag.reviews import lock\nwith lock.writing(Path(sys.argv[1]), 'add'):\n    print('held', flush=True); sys.stdin.read()"


def test_another_process_is_named_and_gives_way_when_it_dies(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    with pytest.raises(LibraryLocked, match=rf"`add`, process {holder.pid}"), lock.writing(tmp_path, "remove"):
        pass
    holder.kill()
    holder.communicate()
    with lock.writing(tmp_path, "remove"):
        pass


def test_a_second_thread_is_a_second_writer(tmp_path: Path) -> None:
    caught: list[Exception] = []

    def second() -> None:
        try:
            with lock.writing(tmp_path, "add"):
                pass
        except LibraryLocked as error:
            caught.append(error)

    with lock.writing(tmp_path, "add"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lock.writing(tmp_path, "add"):
        1 / 0  # noqa: B018
    with lock.writing(tmp_path, "add"):
        pass

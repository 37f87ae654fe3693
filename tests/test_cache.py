"""cache.db: replies are kept once, money is counted by day and model, and nothing that is wrong with it is ever raised."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rag import cache as caches
from rag.cache import NAME, Cache

TEXT = "- The pelican is splendid. [S1]\nEND"
REPLY = {"text": TEXT, "finish": "stop", "cost_usd": None}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "_WAIT_S", 0.02)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the time, in UTC."""

    def at(time: str) -> None:
        monkeypatch.setattr(caches, "_now", lambda: time)

    at("2025-11-01T12:00:00+00:00")
    return at


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(folder / NAME)) as database:
        return database.execute(query).fetchall()


# ── replies ──────────────────────────────────────────────────────────────────────────────────────


def test_a_reply_is_found_again_by_the_same_request_and_by_another_process(tmp_path: Path) -> None:
    Cache(tmp_path).keep("a", REPLY)

    assert Cache(tmp_path).reply("a") == REPLY
    assert Cache(tmp_path).reply("b") is None


def test_the_last_reply_to_a_request_counts(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.keep("a", REPLY)
    cache.keep("a", {"text": "END"})

    assert cache.reply("a") == {"text": "END"}


def test_a_reply_may_hold_any_text(tmp_path: Path) -> None:
    strange = {"text": "\x00\ud800\u2028'; DROP TABLE replies; --é"}
    Cache(tmp_path).keep("a", strange)

    assert Cache(tmp_path).reply("a") == strange


@pytest.mark.parametrize("kept", ["", "{", "[1]", "null", '"text"'])
def test_what_is_no_reply_is_none(kept: str, tmp_path: Path) -> None:
    Cache(tmp_path).keep("a", REPLY)
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as database:
        database.execute("UPDATE replies SET reply = ?", (kept,))
        database.commit()

    assert Cache(tmp_path).reply("a") is None


def test_looking_makes_no_file(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    assert cache.reply("a") is None and cache.cost_today() == 0.0
    cache.forget_replies()
    assert list(tmp_path.iterdir()) == []


# ── money ────────────────────────────────────────────────────────────────────────────────────────


def test_what_calls_cost_is_added_up_by_day_and_model(tmp_path: Path, clock: Callable[[str], None]) -> None:
    cache = Cache(tmp_path)
    cache.spent("small", 100, 10, 0.25)
    cache.spent("small", 200, 20, 0.5)
    cache.spent("large", 1, 1, 4.0)
    assert cache.cost_today() == 4.75
    clock("2025-11-02T00:00:00+00:00")
    assert cache.cost_today() == 0.0
    cache.spent("small", 1, 2, 0.125)

    assert cache.cost_today() == Cache(tmp_path).cost_today() == 0.125
    clock("2025-11-01T23:59:59+00:00")
    assert cache.cost_today() == Cache(tmp_path).cost_today() == 4.75
    assert rows(tmp_path, "SELECT * FROM spend ORDER BY day, model") == [
        ("2025-11-01", "large", 1, 1, 4.0),
        ("2025-11-01", "small", 300, 30, 0.75),
        ("2025-11-02", "small", 1, 2, 0.125),
    ]


def test_the_day_is_that_of_greenwich(tmp_path: Path) -> None:
    before = datetime.now(UTC).date().isoformat()
    Cache(tmp_path).spent("small", 1, 1, 0.5)

    ((day,),) = rows(tmp_path, "SELECT day FROM spend")
    assert day in (before, datetime.now(UTC).date().isoformat())


def test_a_cost_that_nobody_knows_stays_unknown_and_is_never_nought(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.spent("own", 100, 10, None)
    cache.spent("own", 100, 10, None)

    assert rows(tmp_path, "SELECT prompt_tokens, completion_tokens, cost_usd FROM spend") == [(200, 20, None)]
    assert cache.cost_today() == 0.0


@pytest.mark.parametrize("costs", [(0.5, None, 0.25), (None, 0.5, 0.25), (0.5, 0.25, None), (None, 0.75, None)])
def test_dollars_that_are_known_are_not_lost_to_a_call_whose_price_is_not(
    costs: tuple[float | None, ...], tmp_path: Path
) -> None:
    """A limit for the day rests on them: one call without a price must not make it forget the rest."""
    cache = Cache(tmp_path)
    for cost in costs:
        cache.spent("own", 10, 1, cost)

    assert cache.cost_today() == 0.75
    assert rows(tmp_path, "SELECT prompt_tokens, completion_tokens FROM spend") == [
        (10 * len(costs), len(costs)),
    ]


# ── forgetting ───────────────────────────────────────────────────────────────────────────────────


def held(folder: Path, words: bytes) -> list[str]:
    """The files that hold these words."""
    return [path.name for path in folder.iterdir() if words in path.read_bytes()]


def test_forgetting_leaves_no_word_of_a_reply_in_any_file_and_keeps_what_was_spent(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for number in range(50):
        cache.keep(f"{number}", {"text": f"The pelican of night {number} is splendid. " * 40})
    cache.keep("0", {"text": "The pelican again."})
    cache.spent("own", 10, 1, 0.5)
    assert held(tmp_path, b"pelican") == [NAME]

    cache.forget_replies()

    assert held(tmp_path, b"pelican") == []
    assert cache.reply("0") is None and cache.cost_today() == 0.5
    cache.keep("0", REPLY)
    assert cache.reply("0") == REPLY


def test_what_can_not_be_read_as_a_cache_is_forgotten_whole(tmp_path: Path) -> None:
    Cache(tmp_path).keep("a", REPLY)
    path = tmp_path / NAME
    path.write_bytes(b"x" * 100 + path.read_bytes()[100:])
    assert held(tmp_path, b"pelican") == [NAME]

    Cache(tmp_path).forget_replies()

    assert held(tmp_path, b"pelican") == []
    Cache(tmp_path).keep("a", REPLY)
    assert Cache(tmp_path).reply("a") == REPLY


def test_another_process_that_holds_the_file_does_not_keep_the_words_in_the_folder(
    tmp_path: Path, locked: Callable[[], contextlib.AbstractContextManager[None]]
) -> None:
    Cache(tmp_path).keep("a", REPLY)

    with locked():
        Cache(tmp_path).forget_replies()

    assert held(tmp_path, b"pelican") == []


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def locked(tmp_path: Path) -> Callable[[], contextlib.AbstractContextManager[None]]:
    """While this is entered another connection writes the cache."""

    @contextlib.contextmanager
    def held_by_another() -> Iterator[None]:
        with contextlib.closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    return held_by_another


def use(cache: Cache) -> None:
    """Everything there is; nothing of it may raise, and what this process spends is counted all the same."""
    cache.keep("b", REPLY)
    assert cache.reply("b") is None
    assert cache.cost_today() == 0.0
    cache.spent("own", 10, 1, 0.5)
    cache.spent("own", 10, 1, None)
    assert cache.cost_today() == 0.5


def test_nothing_is_made_where_the_folder_is_not_there(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "none" / "library")

    use(cache)
    cache.forget_replies()

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_in_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    use(Cache(tmp_path / "file"))

    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("content", [b"this is no database, and is long enough to be looked at" * 20, b"\x00" * 5000])
def test_a_file_that_is_no_database_is_as_good_as_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)

    use(Cache(tmp_path))


def test_a_folder_of_its_name_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()

    use(Cache(tmp_path))
    Cache(tmp_path).forget_replies()


def test_a_database_of_another_form_is_as_good_as_none(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as database:
        database.execute("CREATE TABLE replies (name TEXT)")
        database.execute("CREATE TABLE spend (name TEXT)")

    use(Cache(tmp_path))


def test_while_another_process_holds_it_it_is_as_good_as_none(
    tmp_path: Path, locked: Callable[[], contextlib.AbstractContextManager[None]]
) -> None:
    cache = Cache(tmp_path)
    cache.keep("a", REPLY)

    with locked():
        use(cache)

    assert cache.reply("a") == REPLY


def test_what_is_wrong_above_the_cache_is_raised_on(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        Cache(tmp_path).keep("a", {"text": object()})


# ── threads ──────────────────────────────────────────────────────────────────────────────────────


def test_threads_share_a_cache_and_no_call_is_counted_twice_or_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caches, "_WAIT_S", 10.0)
    shared = [Cache(tmp_path), Cache(tmp_path)]

    def work(number: int) -> None:
        cache = shared[number % 2]
        cache.keep(f"{number % 8}", REPLY)
        cache.spent("own", 10, 1, 0.25)
        assert cache.reply(f"{number % 8}") == REPLY

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))

    assert rows(tmp_path, "SELECT prompt_tokens, completion_tokens, cost_usd FROM spend") == [(400, 40, 10.0)]

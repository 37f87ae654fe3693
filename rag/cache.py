"""cache.db beside the library: replies of a model that were paid for, and what they cost. Best effort, never needed.

It has a lock of its own (SQLite's). Where it can't be read or written, calls are made again and cost is counted for
this process alone.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from rag.records import Usage

NAME = "cache.db"
_TABLES = """
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL, made TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS spend (day TEXT NOT NULL, model TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, cost_usd REAL, PRIMARY KEY (day, model));
"""
_WAIT_S = 2.0
_Done = TypeVar("_Done")


class Cache:
    """Made on disk with the first thing that is kept. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the library's; nothing is kept while it is not there."""
        self._path = folder / NAME
        self._lock = threading.Lock()
        self._own: dict[str, float] = {}
        """Dollars that were spent through this object, by day."""

    def reply(self, key: str) -> Mapping[str, Any] | None:
        """What a model once wrote to the same request."""

        def read(database: sqlite3.Connection) -> Mapping[str, Any] | None:
            row = database.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
            found = json.loads(row[0]) if row else None
            return found if isinstance(found, dict) else None

        return self._do(read) if self._path.exists() else None

    def keep(self, key: str, reply: Mapping[str, Any]) -> None:
        """Keep a whole reply."""
        row = (key, json.dumps(reply), _now())
        self._do(lambda database: database.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", row))

    def forget(self, key: str) -> None:
        """Delete one reply: it was of no use."""
        self._do(lambda database: database.execute("DELETE FROM replies WHERE key = ?", (key,)))

    def spent(self, model: str, prompt_tokens: int, completion_tokens: int, cost_usd: float | None) -> None:
        """Count what a call cost; None where no price is known, which takes nothing from what is known of others."""
        day = _now()[:10]
        with self._lock:
            self._own[day] = self._own.get(day, 0.0) + (cost_usd or 0.0)
        row = (day, model, prompt_tokens, completion_tokens, cost_usd)
        self._do(
            lambda database: database.execute(
                "INSERT INTO spend VALUES (?, ?, ?, ?, ?) ON CONFLICT (day, model) DO UPDATE SET "
                "prompt_tokens = prompt_tokens + excluded.prompt_tokens, "
                "completion_tokens = completion_tokens + excluded.completion_tokens, "
                "cost_usd = COALESCE(cost_usd + excluded.cost_usd, cost_usd, excluded.cost_usd)",
                row,
            )
        )

    def cost_today(self) -> float:
        """Dollars of today's calls whose price is known (the day is UTC's)."""
        day = _now()[:10]

        def add_up(database: sqlite3.Connection) -> float:
            row = database.execute("SELECT SUM(cost_usd) FROM spend WHERE day = ?", (day,)).fetchone()
            return float(row[0] or 0.0)

        counted = self._do(add_up) if self._path.exists() else None
        # Where nothing could be written or read, a limit still holds for this process.
        return max(counted or 0.0, self._own.get(day, 0.0))

    def spending(self) -> list[tuple[str, Usage]]:
        """What the calls of each model cost so far; None where no price is known."""

        def add_up(database: sqlite3.Connection) -> list[tuple[str, Usage]]:
            rows = database.execute(
                "SELECT model, SUM(prompt_tokens), SUM(completion_tokens), SUM(cost_usd) FROM spend "
                "GROUP BY model ORDER BY model"
            )
            return [(model, Usage(sent, written, cost)) for model, sent, written, cost in rows]

        return (self._do(add_up) if self._path.exists() else None) or []

    def forget_replies(self) -> None:
        """Delete every reply, for good: they may hold the words of reviews that were purged.

        Where that can't be done in the file, the file goes, and with it what was counted.
        """

        def delete(database: sqlite3.Connection) -> bool:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("DELETE FROM replies")
            database.commit()
            database.execute("VACUUM")
            return True

        if self._path.exists() and not self._do(delete):
            for path in (self._path, self._path.with_name(f"{NAME}-journal")):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def _do(self, work: Callable[[sqlite3.Connection], _Done]) -> _Done | None:
        """Do something with the database. What goes wrong with it is not worth an answer: None then."""
        with self._lock, contextlib.suppress(sqlite3.Error, OSError, ValueError):
            if self._path.parent.is_dir():
                with contextlib.closing(sqlite3.connect(self._path, timeout=_WAIT_S)) as database:
                    database.executescript(_TABLES)
                    done = work(database)
                    database.commit()
                    return done
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

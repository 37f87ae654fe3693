"""cache.db beside the library: replies of a model that were paid for, and what they cost. Best effort, never needed.

It has a lock of its own (SQLite's). Where it can't be read or written, calls are made again and cost is counted for
this process alone.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAME = "cache.db"
_TABLES = """
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL, made TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS spend (day TEXT NOT NULL, model TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, cost_usd REAL, PRIMARY KEY (day, model));
"""
_WAIT_S = 2.0


class Cache:
    """Made on disk with the first thing that is kept. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the library's; nothing is kept while it is not there."""
        self._path = folder / NAME
        self._lock = threading.Lock()

    def reply(self, key: str) -> Mapping[str, Any] | None:
        """What a model once wrote to the same request."""
        if not self._path.exists():
            return None
        with self._opened() as database:
            row = database.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
            found = json.loads(row[0]) if row else None
            return found if isinstance(found, dict) else None
        return None

    def keep(self, key: str, reply: Mapping[str, Any]) -> None:
        """Keep a whole reply."""
        with self._opened() as database:
            row = (key, json.dumps(reply), _now())
            database.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", row)

    def spent(self, model: str, prompt_tokens: int, completion_tokens: int, cost_usd: float | None) -> None:
        """Count what a call cost; None where no price is known."""
        with self._opened() as database:
            database.execute(
                "INSERT INTO spend VALUES (?, ?, ?, ?, ?) ON CONFLICT (day, model) DO UPDATE SET "
                "prompt_tokens = prompt_tokens + excluded.prompt_tokens, "
                "completion_tokens = completion_tokens + excluded.completion_tokens, "
                "cost_usd = cost_usd + excluded.cost_usd",
                (_now()[:10], model, prompt_tokens, completion_tokens, cost_usd),
            )

    def cost_today(self) -> float:
        """Dollars of today's calls whose price is known (the day is UTC's)."""
        if not self._path.exists():
            return 0.0
        with self._opened() as database:
            row = database.execute("SELECT SUM(cost_usd) FROM spend WHERE day = ?", (_now()[:10],)).fetchone()
            return float(row[0] or 0.0)
        return 0.0

    def forget_replies(self) -> None:
        """Delete every reply, for good: they may hold the words of reviews that were purged."""
        if self._path.exists():
            with self._opened() as database:
                database.execute("PRAGMA secure_delete = ON")
                database.execute("DELETE FROM replies")
                database.commit()
                database.execute("VACUUM")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """What goes wrong with it is not worth an answer."""
        with self._lock, contextlib.suppress(sqlite3.Error, OSError, ValueError):
            if not self._path.parent.is_dir():
                raise OSError(self._path)
            with contextlib.closing(sqlite3.connect(self._path, timeout=_WAIT_S)) as database:
                database.executescript(_TABLES)
                yield database
                database.commit()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

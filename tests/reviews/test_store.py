"""The store: migrations and tables agree, old and new revisions are told, damage is said in a sentence."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from rag.errors import LibraryDamaged, LibraryTooNew, NoLibrary
from rag.reviews import migrations
from rag.reviews import store as stores
from rag.reviews.schema import metadata
from rag.reviews.store import Store

OURS_BY_HAND = {"words", "word_counts"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    migrations.upgrade(tmp_path / stores.DATABASE)
    return tmp_path


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(folder: Path) -> None:
    engine = create_engine(f"sqlite:///{folder / stores.DATABASE}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        ours = set(inspect(connection).get_table_names())
    engine.dispose()
    assert [d for d in differences if not str(getattr(d[1], "name", "")).startswith("word")] == []
    assert set(metadata.tables) <= ours


def test_no_library_is_made_by_looking_for_one(tmp_path: Path) -> None:
    with pytest.raises(NoLibrary, match="no library"):
        Store(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_without_tables_is_damaged_and_no_new_library(tmp_path: Path) -> None:
    (tmp_path / stores.DATABASE).touch()
    with pytest.raises(LibraryDamaged, match="holds no library"):
        Store(tmp_path)


def test_a_newer_library_is_refused(folder: Path) -> None:
    with sqlite3.connect(folder / stores.DATABASE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(LibraryTooNew, match="newer Pullquote"):
        Store(folder)


def test_what_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / stores.DATABASE).write_bytes(b"not a database at all, but long enough to be looked at " * 40)
    with pytest.raises(LibraryDamaged, match="damaged"):
        Store(tmp_path)


def test_every_write_is_synced_and_adds_one_to_the_generation(folder: Path) -> None:
    store = Store(folder)
    with store.reading() as reading:
        assert reading.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert reading.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        before = stores.generation(reading)
    with store.writing():
        pass
    with store.writing(keep=False) as writing:
        stores.set_meta(writing, "x", "y")
    with store.reading() as reading:
        assert stores.generation(reading) == before + 1
        assert stores.get_meta(reading, "x") is None
    store.close()


def test_a_reader_sees_one_state_while_another_writes(folder: Path) -> None:
    store = Store(folder)
    with store.reading() as reading:
        before = stores.generation(reading)
        with store.writing():
            pass
        assert stores.generation(reading) == before
    store.close()

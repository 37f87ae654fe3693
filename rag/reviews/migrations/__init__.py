"""Brings a library's tables up to this program's revision (Alembic). Imported only when they are older."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, create_engine, event

from rag.reviews.store import translate


def upgrade(database: Path) -> None:
    """Create or update the tables of a library's database file, in one transaction. Raises DiskFull, LibraryDamaged."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    engine = create_engine(URL.create("sqlite", database=str(database)))
    event.listen(engine, "handle_error", translate)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()

"""Summaries as they are kept: shown again while nothing changed, made again in part, with what changed since the last.

`summary` never takes the library's lock: where another process is writing, the result is shown and not stored.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import TypeAdapter, ValidationError

from rag import consensus
from rag.consensus import Summarising
from rag.errors import DiskFull, InputError, LibraryLocked
from rag.findings import Consensus
from rag.records import Title
from rag.reviews import coded
from rag.reviews.store import Reading, Store

_JSON = TypeAdapter(Consensus)


def summary(store: Store, title: Title, using: Summarising, *, refresh: bool) -> Consensus:
    """The consensus on a title, stored where it is new. InputError where none is and none is made."""
    with store.reading() as reading:
        kept = _kept(reading, title)
        if not refresh:
            if kept is None:
                raise InputError(
                    f"There is no stored summary of “{title.name}”.", f'Make one with: pullquote summary "{title.name}"'
                )
            return consensus.with_stale_marked(reading, kept)
        if kept is not None and consensus.is_current(reading, title, kept, using):
            return replace(kept, changed=())
        made = consensus.summarise(reading, title, kept, using)
    return _stored(store, made)


def _kept(reading: Reading, title: Title) -> Consensus | None:
    """The last summary of a title, if this version can read it."""
    content = coded.latest_summary(reading, title.id)
    try:
        return None if content is None else _JSON.validate_python(content)
    except ValidationError:
        return None


def _stored(store: Store, made: Consensus) -> Consensus:
    try:
        with store.writing(counts=False) as writing:
            content = _JSON.dump_python(made, mode="json")
            coded.keep_summary(writing, made.title.id, made.made, made.engine.generation, content)
    except (LibraryLocked, DiskFull, InputError) as error:
        return replace(made, warnings=(*made.warnings, f"The summary could not be stored: {error.message}"))
    return made

"""What a library holds in all: its titles, who signs its reviews, how much there is. Kept until it changes.

Reading this grows with the library, so a process that answers many questions reads it once a generation.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from rag.errors import UnknownTitle
from rag.records import State, Title
from rag.reviews import identity
from rag.reviews.schema import pending, reviews, sentences, titles
from rag.reviews.store import LIVE, REMOVED, generation


@dataclass(frozen=True)
class Catalogue:
    """A library at one generation."""

    generation: int
    titles: tuple[Title, ...]
    """By name; only those with live reviews."""
    sentences: int
    """Of live reviews, noise included: what the word index holds."""
    waiting: int
    """Reviews whose sentences are not yet in the vector index."""


class KeptCatalogue:
    """The catalogue as it was last read. Safe to share between threads: it is replaced whole."""

    def __init__(self) -> None:
        self._kept: Catalogue | None = None
        self._people: tuple[int, tuple[str, ...]] | None = None

    def at(self, connection: Connection) -> Catalogue:
        """The catalogue of the library that a connection reads."""
        now, kept = generation(connection), self._kept
        if kept is None or kept.generation != now:
            self._kept = kept = _read(connection, now)
        return kept

    def people(self, connection: Connection) -> tuple[str, ...]:
        """Every critic and outlet of a live review; only questions ask for them."""
        now, kept = generation(connection), self._people
        if kept is None or kept[0] != now:
            self._people = kept = now, tuple(people(connection, None))
        return kept[1]


def _read(connection: Connection, now: int) -> Catalogue:
    return Catalogue(
        generation=now,
        titles=tuple(title for title in all_titles(connection) if title.reviews),
        sentences=connection.scalar(select(func.count()).select_from(sentences)) or 0,
        waiting=connection.scalar(select(func.count()).select_from(pending)) or 0,
    )


def all_titles(connection: Connection, state: State = LIVE) -> list[Title]:
    """Every title by name, with the number of its reviews that are in this state."""
    counted = (
        select(reviews.c.title_id, func.count().label("reviews"))
        .where(reviews.c.state == state)
        .group_by(reviews.c.title_id)
        .subquery()
    )
    rows = connection.execute(
        select(titles, func.coalesce(counted.c.reviews, 0).label("reviews"))
        .join(counted, counted.c.title_id == titles.c.id, isouter=True)
        .order_by(titles.c.name, titles.c.id)
    )
    return [Title(row.id, row.name, row.kind, tuple(row.aliases), row.reviews) for row in rows]


def removed_titles(connection: Connection) -> list[Title]:
    """Titles without a live review, by name, with the number of their removed ones."""
    shown = {title.id for title in all_titles(connection) if title.reviews}
    return [title for title in all_titles(connection, REMOVED) if title.reviews and title.id not in shown]


def find_title(known: Sequence[Title], wanted: str, removed: Callable[[], Sequence[Title]] = tuple) -> Title:
    """The title with this id, name or alias (in this order), case aside. Raises UnknownTitle with the nearest names.

    Of those that `removed` gives the error says that they were removed.
    """
    found = _named(known, wanted)
    if found is not None:
        return found
    if (gone := _named(removed(), wanted)) is not None:
        hint = f'Bring it back with: pullquote restore "{gone.name}"'
        raise UnknownTitle(f"The title “{gone.name}” was removed.", hint, nearest=[])
    name, by_name = identity.folded(wanted), {identity.folded(title.name): title for title in reversed(known)}
    near = [by_name[low].name for low in difflib.get_close_matches(name, list(by_name), n=3, cutoff=0.5)]
    near += [title.name for low, title in by_name.items() if name and name in low and title.name not in near][:3]
    hint = f"Did you mean {' or '.join(near)}?" if near else "See them all with: pullquote titles"
    raise UnknownTitle(f"There is no title “{wanted}” in this library.", hint, nearest=near)


def _named(known: Sequence[Title], wanted: str) -> Title | None:
    name = identity.folded(wanted)
    by_id = {title.id: title for title in known}
    by_name = {identity.folded(title.name): title for title in reversed(known)}
    by_alias = {identity.folded(alias): title for title in reversed(known) for alias in title.aliases}
    return by_id.get(wanted) or by_name.get(name) or by_alias.get(name)


def people(connection: Connection, title_ids: Sequence[str] | None) -> list[str]:
    """Every critic and outlet that signs a live review of these titles; None: of any."""
    live = [reviews.c.state == LIVE]
    if title_ids is not None:
        live.append(reviews.c.title_id.in_(title_ids))
    found = {
        name
        for column in (reviews.c.critic, reviews.c.outlet)
        for name in connection.scalars(select(column).distinct().where(*live, column.is_not(None)))
    }
    return sorted(found)

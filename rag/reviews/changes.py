"""What is done to reviews after they were stored: corrected, moved, removed, brought back, purged.

All inside a transaction that the caller holds. A removed review keeps its row and its sources, so that adding its
file again does not bring it back; it has no sentences, so that no answer finds it. What is purged leaves no row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, delete, func, select, true, update

from rag.errors import InputError, UnknownBatch
from rag.records import Removal, Title
from rag.reviews import coded, identity, searched
from rag.reviews.intake import same_vote
from rag.reviews.schema import (
    batches,
    files,
    near_keys,
    reviews,
    sentences,
    sources,
    summaries,
    titles,
    touched,
    vectors,
)
from rag.reviews.store import LIVE, REMOVED, SUPERSEDED, set_meta

_AT_ONCE = 500
SCRUB = "scrub"
"""The key in meta that stands while purged text may still lie in freed pages of the file."""


@dataclass(frozen=True)
class Target:
    """What is removed, restored or purged: one review, a title's reviews, or all that one `add` brought."""

    kind: Literal["review", "title", "batch"]
    id: str

    @property
    def holds(self) -> ColumnElement[bool]:
        """The reviews it names, whatever their state."""
        column = {"review": reviews.c.id, "title": reviews.c.title_id, "batch": reviews.c.batch_id}[self.kind]
        return column == self.id


# ── titles ───────────────────────────────────────────────────────────────────────────────────────


def rename(connection: Connection, title: Title, name: str, known: Sequence[Title]) -> None:
    """Give a title another name; the old one stays an alias, so that files that use it still find the title.

    Raises InputError where another title has the name.
    """
    folded = identity.folded(name)
    for other in known:
        if other.id != title.id and folded in map(identity.folded, (other.name, *other.aliases)):
            raise InputError(
                f"There is a title “{other.name}” already.", "To make one of the two: pullquote edit TITLE --into OTHER"
            )
    _set_names(connection, title.id, name, (title.name, *title.aliases))


def set_kind(connection: Connection, title: Title, kind: str) -> None:
    """Change what kind of thing a title is. Its aspects are others then, so it is coded anew."""
    coded.forget_title(connection, title.id)
    connection.execute(update(titles).where(titles.c.id == title.id).values(kind=kind))


def merge(connection: Connection, title: Title, into: Title) -> int:
    """Move all reviews of a title, its history too, into another; its names become aliases there.

    Returns how many reviews were the same vote as one there and are now one with it. Raises InputError for a title
    and itself.
    """
    if title.id == into.id:
        raise InputError(f"“{title.name}” and “{into.name}” are one title already.")
    moved = connection.scalars(select(reviews.c.id).where(reviews.c.title_id == title.id)).all()
    same = move(connection, moved, into)
    _set_names(connection, into.id, into.name, (*into.aliases, title.name, *title.aliases, title.id))
    connection.execute(delete(titles).where(titles.c.id == title.id))
    return same


def _set_names(connection: Connection, title_id: str, name: str, aliases: Sequence[str]) -> None:
    others = {identity.folded(alias): alias for alias in reversed(aliases) if alias != name}
    others.pop(identity.folded(name), None)
    values = {"name": name, "aliases": list(reversed(others.values()))}
    connection.execute(update(titles).where(titles.c.id == title_id).values(values))


# ── reviews ──────────────────────────────────────────────────────────────────────────────────────


def move(connection: Connection, review_ids: Collection[str], into: Title) -> int:
    """Put reviews under another title. One that is the same vote as a live one there becomes one with it.

    Returns how many did.
    """
    same = 0
    coded.leave(connection, review_ids)
    for review_id in sorted(review_ids):
        for table, column in (
            (reviews, reviews.c.id),
            (sentences, sentences.c.review_id),
            (near_keys, near_keys.c.review_id),
        ):
            connection.execute(update(table).where(column == review_id).values(title_id=into.id))
        state = connection.scalar(select(reviews.c.state).where(reviews.c.id == review_id))
        same += state == LIVE and _joins_twin(connection, review_id)
    coded.touch(connection, {into.id: {coded.WHOLE}})
    return same


def _joins_twin(connection: Connection, review_id: str) -> bool:
    """Make a review one with the live review of its title that is the same vote, if there is one."""
    row = connection.execute(select(reviews).where(reviews.c.id == review_id)).one()
    twin = same_vote(connection, row.text, row.critic, row.title_id, besides=review_id)
    if twin is None or twin.state != LIVE:
        return False
    replaced = {"state": SUPERSEDED, "superseded_by": twin.id, "removed_with": None}
    connection.execute(update(reviews).where(reviews.c.id == review_id).values(replaced))
    connection.execute(update(sources).where(sources.c.review_id == review_id).values(review_id=twin.id))
    searched.leave(connection, [review_id])
    return True


def correct(connection: Connection, review_id: str, fields: dict[str, str | None]) -> None:
    """Set critic, outlet or date of a review; None clears. Its id and its text stay what they are.

    Raises InputError where that would make it one with another review of the same words by the same critic.
    """
    if not fields:
        return
    connection.execute(update(reviews).where(reviews.c.id == review_id).values(fields))
    coded.touch_reviews(connection, [review_id])
    row = connection.execute(select(reviews).where(reviews.c.id == review_id)).one()
    twin = same_vote(connection, row.text, row.critic, row.title_id, besides=review_id) if "critic" in fields else None
    if twin is not None and twin.state == LIVE and row.state == LIVE:
        raise InputError(
            f"{row.critic} has a review of the same words already: {twin.id}.", "Remove one of the two instead."
        )


# ── remove and restore ───────────────────────────────────────────────────────────────────────────


def check_batch(connection: Connection, batch: str) -> None:
    """Raises UnknownBatch, naming the latest ones, where no `add` had this id."""
    if connection.scalar(select(batches.c.id).where(batches.c.id == batch)):
        return
    counted = select(batches.c.id, func.count(reviews.c.id)).join(reviews, reviews.c.batch_id == batches.c.id)
    latest = connection.execute(counted.group_by(batches.c.id).order_by(batches.c.id.desc()).limit(5)).all()
    listed = "; ".join(f"{name} ({count} review{'' if count == 1 else 's'})" for name, count in latest)
    raise UnknownBatch(
        f"There is no batch {batch!r}.", f"The latest: {listed}." if listed else "Nothing was added yet."
    )


def remove(connection: Connection, target: Target) -> Removal:
    """Take reviews out of every answer. With a batch, what it had replaced becomes live again.

    A vote that another batch brought as well stays, and is that batch's from then on.
    """
    if target.kind == "batch":
        _pass_on(connection, target.id)
    gone = _ids(connection, target.holds, reviews.c.state == LIVE)
    for ids in _groups(gone):
        marked = {"state": REMOVED, "removed_with": target.kind}
        connection.execute(update(reviews).where(reviews.c.id.in_(ids)).values(marked))
    searched.leave(connection, gone)
    return Removal(gone, _revive_replaced(connection, gone) if target.kind == "batch" else ())


def _pass_on(connection: Connection, batch: str) -> None:
    other = select(func.min(sources.c.batch_id)).where(sources.c.review_id == reviews.c.id, sources.c.batch_id != batch)
    theirs = reviews.c.id.in_(select(sources.c.review_id).where(sources.c.batch_id != batch))
    live = (reviews.c.batch_id == batch, reviews.c.state == LIVE)
    connection.execute(update(reviews).where(*live, theirs).values(batch_id=other.scalar_subquery()))


def _revive_replaced(connection: Connection, gone: Sequence[str]) -> tuple[str, ...]:
    """Bring back what removed reviews had superseded, and remember it for `restore`."""
    found: list[str] = []
    for ids in _groups(gone):
        found += _ids(connection, reviews.c.superseded_by.in_(ids), reviews.c.state == SUPERSEDED)
    for review_id in found:
        _enter(connection, review_id)
    replaced_still = _step_back(connection)
    return tuple(name for name in found if name not in replaced_still)


def restore(connection: Connection, target: Target) -> Removal:
    """Bring back what was removed under this name: a review, a title's reviews, a batch's.

    A review that was removed by itself does not come back with its title or its batch; but a title without a live
    review that was never removed as a whole comes back as a whole.
    """
    removed = reviews.c.state == REMOVED
    with_it = true() if target.kind == "review" else reviews.c.removed_with == target.kind
    back = _ids(connection, target.holds, removed, with_it)
    if not back and target.kind == "title" and not _ids(connection, target.holds, reviews.c.state == LIVE):
        back = _ids(connection, target.holds, removed)
    for review_id in back:
        _enter(connection, review_id)
    return Removal(back, _step_back(connection))


def _step_back(connection: Connection) -> tuple[str, ...]:
    """Make history again of each live review that has a live successor, however many steps on; their ids."""
    successor = _successors(connection)
    live = set(_ids(connection, reviews.c.state == LIVE, reviews.c.id.in_(select(reviews.c.superseded_by))))
    replaced = []
    for review_id in _ids(connection, reviews.c.state == LIVE, reviews.c.superseded_by.is_not(None)):
        after, seen = successor.get(review_id), {review_id}
        while after is not None and after not in live and after not in seen:
            seen.add(after)
            after = successor.get(after)
        if after is not None and after in live:
            replaced.append(review_id)
    for ids in _groups(replaced):
        connection.execute(update(reviews).where(reviews.c.id.in_(ids)).values(state=SUPERSEDED))
    searched.leave(connection, replaced)
    return tuple(replaced)


def _enter(connection: Connection, review_id: str) -> None:
    """Make a review live, unless one that is the same vote is."""
    if _joins_twin(connection, review_id):
        return
    row = connection.execute(select(reviews).where(reviews.c.id == review_id)).one()
    connection.execute(update(reviews).where(reviews.c.id == review_id).values(state=LIVE, removed_with=None))
    searched.enter(connection, row.id, row.title_id, row.text, row.lang)


# ── purge ────────────────────────────────────────────────────────────────────────────────────────


def purge(connection: Connection, target: Target | None) -> Removal:
    """Delete reviews with their earlier texts, sources, sentences and vectors; None: all that were removed.

    Until `Store.scrub` has run, their text may still lie in freed pages of the file.
    """
    returned = remove(connection, target).returned if target is not None and target.kind == "batch" else ()
    gone = _ids(connection, target.holds if target is not None else reviews.c.state == REMOVED)
    gone = _with_history(connection, gone, target)
    searched.leave(connection, gone)
    _close_gaps(connection, gone)
    _drop_telling(connection, gone)
    for ids in _groups(gone):
        connection.execute(update(reviews).where(reviews.c.near_duplicate_of.in_(ids)).values(near_duplicate_of=None))
        connection.execute(delete(sources).where(sources.c.review_id.in_(ids)))
        connection.execute(delete(near_keys).where(near_keys.c.review_id.in_(ids)))
        connection.execute(delete(reviews).where(reviews.c.id.in_(ids)))
    _drop_unused(connection)
    set_meta(connection, SCRUB, "1")
    return Removal(gone, returned, purged=True)


def _drop_telling(connection: Connection, gone: Sequence[str]) -> None:
    """Delete the stored summaries that may tell of a purged review: those of its title, and those that quote it.

    One of its title may name it without quoting it: its critic in a warning, its words as a theme.
    """
    for ids in _groups(gone):
        of_title = select(reviews.c.title_id).where(reviews.c.id.in_(ids))
        connection.execute(delete(summaries).where(summaries.c.title_id.in_(of_title)))
    purged = set(gone)
    for row in connection.execute(select(summaries.c.id, summaries.c.content)).all():
        if any(citation["review_id"] in purged for citation in row.content["citations"]):
            connection.execute(delete(summaries).where(summaries.c.id == row.id))


def _close_gaps(connection: Connection, gone: Collection[str]) -> None:
    """Let what a purged review had replaced point to what replaced that one."""
    successor = _successors(connection)
    going = set(gone)
    for review_id, after in successor.items():
        if after in going and review_id not in going:
            kept: str | None = after
            while kept in going:
                kept = successor.get(kept)
            connection.execute(update(reviews).where(reviews.c.id == review_id).values(superseded_by=kept))


def _with_history(connection: Connection, gone: tuple[str, ...], target: Target | None) -> tuple[str, ...]:
    """The reviews and, unless a batch was undone, every earlier text that they replaced."""
    found, newest = set(gone), list(gone)
    while newest and (target is None or target.kind != "batch"):
        earlier: list[str] = []
        for ids in _groups(newest):
            earlier += _ids(connection, reviews.c.superseded_by.in_(ids), reviews.c.state != LIVE)
        newest = [review_id for review_id in earlier if review_id not in found]
        found.update(newest)
    return tuple(sorted(found))


def _drop_unused(connection: Connection) -> None:
    """Titles, files, batches and vectors that nothing refers to any more."""
    kept = select(sources.c.name)
    connection.execute(delete(files).where(func.coalesce(files.c.same_as, files.c.name).not_in(kept)))
    connection.execute(delete(titles).where(titles.c.id.not_in(select(reviews.c.title_id))))
    for table in (summaries, touched):
        connection.execute(delete(table).where(table.c.title_id.not_in(select(titles.c.id))))
    connection.execute(
        delete(batches).where(
            batches.c.id.not_in(select(reviews.c.batch_id)), batches.c.id.not_in(select(sources.c.batch_id))
        )
    )
    used = select(sentences.c.vector_key).where(sentences.c.vector_key.is_not(None))
    connection.execute(delete(vectors).where(vectors.c.key.not_in(used)))


def _successors(connection: Connection) -> dict[str, str]:
    """What replaced each review that was replaced."""
    marked = select(reviews.c.id, reviews.c.superseded_by).where(reviews.c.superseded_by.is_not(None))
    return {review: after for review, after in connection.execute(marked)}  # noqa: C416 - mypy knows no dict of rows


def _ids(connection: Connection, *wanted: ColumnElement[bool]) -> tuple[str, ...]:
    return tuple(connection.scalars(select(reviews.c.id).where(*wanted).order_by(reviews.c.id)))


def _groups(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]

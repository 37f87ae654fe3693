"""What is done with reviews once they are in: corrected, moved, removed, brought back, purged. One transaction each.

The vector index follows afterwards, from the journal (`ingest.catch_up`); answers never wait for it, because they are
read from the sentences that are stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rag import taxonomy
from rag.errors import InputError, UnknownReview
from rag.records import Removal, Review, Title
from rag.reviews import changes, dates
from rag.reviews import store as stores
from rag.reviews.catalogue import all_titles, find_title
from rag.reviews.changes import Target
from rag.reviews.store import Reading, Store

_MAX_NAME = 300
_UNNAMABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def edit_title(
    store: Store, wanted: str, *, name: str | None = None, into: str | None = None, kind: str | None = None
) -> tuple[Title, int]:
    """Rename a title, merge it into another, or change its kind; and how many votes became one with another.

    Raises UnknownTitle, and InputError for a name that is taken, for a kind that is none, and for nothing to do.
    """
    if name is None and into is None and kind is None:
        raise InputError("There is nothing to change.", "Say what: --name NEW, --into OTHER or --kind KIND.")
    if into is not None and (name is not None or kind is not None):
        raise InputError("A title that is merged into another takes the other's name and kind.", "Use --into alone.")
    if kind is not None:
        taxonomy.load(kind)
    same = 0
    with store.writing() as writing:
        known = all_titles(writing)
        title = find_title(known, wanted)
        if name is not None:
            changes.rename(writing, title, _checked_name(name), known)
        if kind is not None:
            changes.set_kind(writing, title, kind)
        if into is not None:
            target = find_title(known, into)
            same = changes.merge(writing, title, target)
            title = target
        return find_title(all_titles(writing), title.id), same


def edit_review(
    store: Store,
    review_id: str,
    *,
    title: str | None = None,
    critic: str | None = None,
    outlet: str | None = None,
    date: str | None = None,
) -> Review:
    """Move a review to another title, or correct who wrote it, where and when; an empty text clears.

    Its text, its id and what it was read from stay what they are. Raises UnknownReview, UnknownTitle, InputError.
    """
    given = {"critic": critic, "outlet": outlet, "date": date}
    fields = {field: _checked_field(field, value) for field, value in given.items() if value is not None}
    if not fields and title is None:
        raise InputError("There is nothing to change.", "Say what: --title, --critic, --outlet or --date.")
    with store.writing() as writing:
        stores.get_review(writing, review_id)
        changes.correct(writing, review_id, fields)
        if title is not None:
            changes.move(writing, [review_id], find_title(all_titles(writing), title))
        return stores.get_review(writing, review_id)


def _checked_name(name: str) -> str:
    folded = " ".join(name.split())
    if not folded or len(folded) > _MAX_NAME or _UNNAMABLE.search(folded):
        raise InputError("A title's name is a line of 1 to 300 characters.")
    return folded


def _checked_field(field: str, value: str) -> str | None:
    if not value.strip():
        return None
    if field == "date":
        found = dates.iso_date(value)
        if found is None:
            raise InputError(f"“{value}” is no date that can be read for certain.", "Write it as 2024-03-15.")
        return found
    try:
        return _checked_name(value)
    except InputError:
        raise InputError(f"--{field} is a line of at most {_MAX_NAME} characters.") from None


# ── out and back ─────────────────────────────────────────────────────────────────────────────────


def remove(store: Store, what: str | None, batch: str | None) -> Removal:
    """Take a review, a title's reviews or a batch out of every answer. Raises UnknownTitle, UnknownBatch, InputError.

    A batch is undone whole: texts that it had replaced are live again.
    """
    return _change(store, what, batch, changes.remove, "There is nothing live to remove there.")


def restore(store: Store, what: str | None, batch: str | None) -> Removal:
    """Bring back what was removed under the same name. Raises as `remove` does."""
    nothing = "Nothing was removed under this name. A review that was removed by itself comes back by its id"
    return _change(store, what, batch, changes.restore, f"{nothing}; see: pullquote show TITLE --removed")


def purge(store: Store, what: str | None, batch: str | None) -> Removal:
    """Delete for good a review with its earlier texts, a title, a batch, or all that was removed (no name given).

    The file is written anew, so that no freed page keeps the text. Raises as `remove` does, and LibraryLocked where a
    reader holds on to the old pages.
    """
    with store.writing() as writing:
        target = None if what is None and batch is None else _target(writing, what, batch)
        done = changes.purge(writing, target)
        if not done.reviews:
            raise InputError("There is nothing to purge there.")
    return done


def finish_purge(store: Store) -> bool:
    """Scrub the file if a purge left that undone; whether it did."""
    with store.reading() as reading:
        if stores.get_meta(reading, changes.SCRUB) is None:
            return False
    store.scrub()
    with store.writing() as writing:
        stores.set_meta(writing, changes.SCRUB, None)
    return True


def _change(
    store: Store,
    what: str | None,
    batch: str | None,
    change: Callable[[Reading, Target], Removal],
    nothing: str,
) -> Removal:
    with store.writing() as writing:
        done = change(writing, _target(writing, what, batch))
        if not done.reviews:
            raise InputError(nothing)
    return done


def _target(reading: Reading, what: str | None, batch: str | None) -> Target:
    """A batch, a review by its id, or a title by name, alias or id."""
    if (what is None) == (batch is None):
        raise InputError("Name a review, a title, or a batch with --batch, and only one of them.")
    if batch is not None:
        changes.check_batch(reading, batch)
        return Target("batch", batch)
    assert what is not None
    try:
        return Target("review", stores.get_review(reading, what).id)
    except UnknownReview:
        return Target("title", find_title(all_titles(reading), what).id)

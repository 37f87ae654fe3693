"""Records → stored reviews: which are new, which are known, which replace an older one.

The rules are those of `identity`; this module looks up what is there and writes what is new, all inside a
transaction that the caller holds. A record is, in this order:

- *unchanged*: its source already gave this record (compared per source, as a multiset), or its review was removed;
- *superseding*: its source key is known with another text; the old review becomes history;
- *a duplicate*: the same vote is there from elsewhere (same author and text, or a reprint);
- *added*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import sqlite

from rag import taxonomy
from rag.records import Record, Title
from rag.reviews import identity, ratings, searched
from rag.reviews.catalogue import all_titles
from rag.reviews.read import Source
from rag.reviews.schema import (
    batches,
    files,
    near_keys,
    reviews,
    sources,
    titles,
)
from rag.reviews.store import LIVE, REMOVED, SUPERSEDED

# Built once: making a statement costs more than running it.
_WITH_TEXT = (
    select(reviews.c.id, reviews.c.state, reviews.c.critic)
    .where(reviews.c.text_digest == bindparam("digest"), reviews.c.title_id == bindparam("title"))
    .order_by(reviews.c.state, reviews.c.id)
)

_HOLDERS = (
    select(reviews.c.id, reviews.c.critic)
    .distinct()
    .join(sources, sources.c.review_id == reviews.c.id)
    .where(sources.c.key == bindparam("source_key"), reviews.c.state == LIVE, reviews.c.title_id == bindparam("title"))
)
_STATES = (
    select(reviews.c.id, reviews.c.state)
    .join(sources, sources.c.review_id == reviews.c.id)
    .where(sources.c.key == bindparam("source_key"), reviews.c.title_id == bindparam("title"))
    .order_by(reviews.c.id)
)
_KNOWN = (
    select(sources.c.review_id, reviews.c.title_id, reviews.c.state)
    .join(reviews, reviews.c.id == sources.c.review_id)
    .where(sources.c.id == bindparam("source_id"))
)
_ALIKE = (
    select(reviews.c.id, reviews.c.text)
    .distinct()
    .join(near_keys, near_keys.c.review_id == reviews.c.id)
    .where(
        near_keys.c.title_id == bindparam("title"),
        near_keys.c.key.in_([bindparam(f"key{place}") for place in range(identity.KEPT_SHINGLES)]),
        reviews.c.state == LIVE,
    )
    .order_by(reviews.c.id)
    .limit(20)
)
_EQUAL_UNSIGNED = select(func.count()).where(
    reviews.c.text_digest == bindparam("digest"), reviews.c.title_id == bindparam("title"), reviews.c.critic.is_(None)
)
_ADD_REVIEW = sqlite.insert(reviews).on_conflict_do_nothing(index_elements=["id"])
_ADD_NEAR_KEYS = insert(near_keys)
_ADD_SOURCE = insert(sources)

Outcome = Literal["added", "unchanged", "superseded", "duplicate"]


@dataclass
class Intake:
    """What one run of `add` has seen so far: it tells a repeated record from a known one."""

    batch: str
    titles: dict[str, Title] = field(default_factory=dict)
    """By folded name and alias."""
    source: str = ""
    """What the current file is called, after a file of identical bytes if there was one."""
    known: Counter[str] = field(default_factory=Counter)
    """Digests that the current source gave in earlier runs, and how often."""
    first: dict[str, int] = field(default_factory=dict)
    """By such a digest, the id of its first row in `sources`; by name, each look-up would pass all of a file's rows."""
    seen: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    """Source keys met in this run: one met twice names nothing."""
    standing: set[str] = field(default_factory=set)
    """Reviews that a record of this run stands for: no other record of it may replace them."""
    outcomes: Counter[str] = field(default_factory=Counter)
    added_to: Counter[str] = field(default_factory=Counter)
    """Reviews gained, by title id."""
    touched: set[str] = field(default_factory=set)
    """Titles that a record of this run belongs to."""
    elsewhere: Counter[str] = field(default_factory=Counter)
    """By title id: known records that this run gave another title, which they did not get."""
    removed: int = 0
    """Known records whose review was removed and stays removed."""
    unsettled: set[str] = field(default_factory=set)
    """New titles whose kind nobody named."""
    guessed: set[str] = field(default_factory=set)
    """Titles whose kind was guessed from their reviews."""


@dataclass(frozen=True)
class Taken:
    """What became of one record: the outcome, and the review that now stands for it."""

    outcome: Outcome
    review_id: str


def start(connection: Connection, batch: str, started: str) -> Intake:
    """Open a batch."""
    connection.execute(insert(batches).values(id=batch, started=started))
    intake = Intake(batch)
    known = all_titles(connection)
    intake.titles = {identity.folded(title.name): title for title in known}
    for title in known:
        _remember(intake, title)
    return intake


def finish(connection: Connection, batch: str, finished: str) -> None:
    """Close a batch."""
    connection.execute(update(batches).where(batches.c.id == batch).values(finished=finished))


def open_source(connection: Connection, intake: Intake, source: Source) -> None:
    """Begin a file: under its own name, or under that of a file with the same bytes that was added before."""
    mine = connection.execute(select(files).where(files.c.name == source.name)).one_or_none()
    if mine is not None and mine.digest == source.digest:
        intake.source = mine.same_as or mine.name
    else:
        twin = _file_with(connection, source.digest) if mine is None else None
        intake.source = twin or source.name
        connection.execute(delete(files).where(files.c.name == source.name))
        connection.execute(insert(files).values(name=source.name, digest=source.digest, same_as=twin))
    rows = connection.execute(
        select(sources.c.digest, func.count(), func.min(sources.c.id))
        .where(sources.c.name == intake.source)
        .group_by(sources.c.digest)
    ).all()
    intake.known = Counter({digest: count for digest, count, _ in rows})
    intake.first = {digest: first for digest, _, first in rows}
    intake.seen = Counter()


def _file_with(connection: Connection, digest: str) -> str | None:
    """The name under which the records of a file with these bytes are kept."""
    wanted = select(func.coalesce(files.c.same_as, files.c.name)).where(files.c.digest == digest)
    found: str | None = connection.scalar(wanted.order_by(files.c.name).limit(1))
    return found


def take(connection: Connection, intake: Intake, record: Record) -> Taken:
    """Decide what a record is, and store what is new. Repeats of a record count once for each time known."""
    intake.seen[record.digest] += 1
    if intake.seen[record.digest] <= intake.known[record.digest]:
        known = connection.execute(_KNOWN, {"source_id": intake.first[record.digest]}).one()
        # A file that went back to an earlier text means that text again.
        if known.state != SUPERSEDED or record.key is None:
            intake.touched.add(known.title_id)
            named = intake.titles.get(identity.folded(record.title))
            intake.elsewhere[known.title_id] += named is None or named.id != known.title_id
            intake.keys.add(record.key or "")
            intake.removed += known.state == REMOVED
            return _count(intake, "unchanged", known.review_id)
    title = _title_for(connection, intake, record)
    intake.touched.add(title.id)
    removed = _removed_holder(connection, record, title)
    if removed is not None:
        intake.removed += 1
        return _count(intake, "unchanged", removed)
    taken = _take_new(connection, intake, record, title)
    _add_source(connection, intake, record, taken.review_id)
    return _count(intake, taken.outcome, taken.review_id)


def _take_new(connection: Connection, intake: Intake, record: Record, title: Title) -> Taken:
    old = _holder_of_key(connection, intake, record, title)
    twin = same_vote(connection, record.text, record.critic, title.id)
    if twin is not None and twin.state == REMOVED:
        intake.removed += 1
        return Taken("unchanged", twin.id)
    if old is not None and (twin is None or twin.id != old.id):
        new_id = _standing(connection, intake, record, title, twin)
        _supersede(connection, old.id, new_id)
        return Taken("superseded", new_id)
    if twin is not None and twin.state == LIVE:
        return Taken("duplicate" if old is None else "unchanged", twin.id)
    new_id = _standing(connection, intake, record, title, twin)
    intake.added_to[title.id] += 1
    return Taken("added", new_id)


def _count(intake: Intake, outcome: Outcome, review_id: str) -> Taken:
    intake.outcomes[outcome] += 1
    intake.standing.add(review_id)
    return Taken(outcome, review_id)


def _holder_of_key(
    connection: Connection, intake: Intake, record: Record, title: Title
) -> Row[*tuple[Any, ...]] | None:
    """The live review that this record's key names and that it may replace.

    A key shared by several records names none, and a url names none where another critic signs: a shop's product
    page stands in every review of the product.
    """
    if record.key is None:
        return None
    first_time = record.key not in intake.keys
    intake.keys.add(record.key)
    holders = connection.execute(_HOLDERS, {"source_key": record.key, "title": title.id}).all()
    if not first_time or len(holders) != 1 or holders[0].id in intake.standing:
        return None
    critics = {identity.author(holders[0].critic), identity.author(record.critic)} - {None}
    return None if record.key.startswith("url:") and len(critics) > 1 else holders[0]


def _removed_holder(connection: Connection, record: Record, title: Title) -> str | None:
    """The removed review that this record's key names, where no live one has it: another text does not bring it back.

    A url is no such name: a shop's product page stands in every review of the product.
    """
    if record.key is None or record.key.startswith("url:"):
        return None
    held = connection.execute(_STATES, {"source_key": record.key, "title": title.id}).all()
    states = {row.state: row.id for row in held}
    return None if LIVE in states else states.get(REMOVED)


def same_vote(
    connection: Connection, text: str, critic: str | None, title_id: str, *, besides: str | None = None
) -> Row[*tuple[Any, ...]] | None:
    """The review of a title, `besides` one of them, that already holds this vote, live ones first."""
    if identity.is_anonymous_short(text, critic):
        return None
    found = connection.execute(_WITH_TEXT, {"digest": identity.text_digest(text), "title": title_id})
    same_text = [row for row in found if row.id != besides]
    if len(text.strip()) >= identity.SYNDICATION_LENGTH:
        return same_text[0] if same_text else None
    author = identity.author(critic)
    return next((row for row in same_text if identity.author(row.critic) == author), None)


def _title_for(connection: Connection, intake: Intake, record: Record) -> Title:
    known = intake.titles.get(identity.folded(record.title))
    if known is not None:
        return known
    taken = {title.id for title in intake.titles.values()}
    kind = record.kind if record.kind in taxonomy.kinds() else taxonomy.GENERAL
    title = Title(identity.title_id(record.title, taken), record.title, kind or taxonomy.GENERAL, record.aliases)
    if record.kind is None:
        intake.unsettled.add(title.id)
    connection.execute(
        insert(titles).values(id=title.id, name=title.name, kind=title.kind, aliases=list(title.aliases))
    )
    _remember(intake, title)
    return title


def _remember(intake: Intake, title: Title) -> None:
    """A title is known by its name, and by an alias that is no other title's name or alias."""
    intake.titles[identity.folded(title.name)] = title
    for alias in title.aliases:
        intake.titles.setdefault(identity.folded(alias), title)


def _standing(
    connection: Connection, intake: Intake, record: Record, title: Title, twin: Row[*tuple[Any, ...]] | None
) -> str:
    """The live review of a record: `twin`, which is the same vote, brought back if it was superseded; or a new one."""
    if twin is not None and twin.state == LIVE:
        return str(twin.id)
    number, scale = ratings.parse(record.rating) or (None, None)
    fields = {
        "batch_id": intake.batch,
        "critic": record.critic,
        "outlet": record.outlet,
        "date": record.date,
        "rating": record.rating,
        "url": record.url,
        "lang": record.lang,
        "state": LIVE,
        "superseded_by": None,
        "rating_number": number,
        "rating_scale": scale,
    }
    if twin is not None:
        review_id: str = twin.id
        connection.execute(update(reviews).where(reviews.c.id == review_id).values(fields))
    else:
        review_id = _insert(connection, record, title, fields)
    searched.enter(connection, review_id, title.id, record.text, record.lang)
    return review_id


def _insert(connection: Connection, record: Record, title: Title, fields: dict[str, Any]) -> str:
    """Store a row under an id of its own.

    An id is taken where an equal short text is a vote of its own, and where the review that was given it was moved
    or its critic was corrected since.
    """
    keys = identity.near_keys(record.text)
    row = {
        **fields,
        "title_id": title.id,
        "text": record.text,
        "text_digest": identity.text_digest(record.text),
        "near_duplicate_of": _near_duplicate(connection, record.text, keys, title.id),
    }
    ordinal = 1
    if identity.is_anonymous_short(record.text, record.critic):
        ordinal += connection.scalar(_EQUAL_UNSIGNED, {"title": title.id, "digest": row["text_digest"]}) or 0
    review_id = identity.review_id(title.id, record.text, record.critic, ordinal)
    while not connection.execute(_ADD_REVIEW, {"id": review_id, **row}).rowcount:
        ordinal += 1
        review_id = identity.review_id(title.id, record.text, record.critic, ordinal)
    if keys:
        rows = [{"title_id": title.id, "key": key, "review_id": review_id} for key in keys]
        connection.execute(_ADD_NEAR_KEYS, rows)
    return review_id


def _near_duplicate(connection: Connection, text: str, keys: Sequence[int], title_id: str) -> str | None:
    """An earlier live review of the title that says nearly the same."""
    if not keys:
        return None
    asked = {f"key{place}": keys[place % len(keys)] for place in range(identity.KEPT_SHINGLES)}
    alike = connection.execute(_ALIKE, {"title": title_id, **asked})
    return next((row.id for row in alike if identity.are_near_duplicates(row.text, text)), None)


def _supersede(connection: Connection, old: str, new: str) -> None:
    """Make a review history: it keeps its text and leaves every answer."""
    connection.execute(update(reviews).where(reviews.c.id == old).values(state=SUPERSEDED, superseded_by=new))
    searched.leave(connection, [old])


def _add_source(connection: Connection, intake: Intake, record: Record, review_id: str) -> None:
    row = {
        "review_id": review_id,
        "batch_id": intake.batch,
        "name": intake.source,
        "digest": record.digest,
        "key": record.key,
        "critic": record.critic,
        "outlet": record.outlet,
        "url": record.url,
    }
    connection.execute(_ADD_SOURCE, row)

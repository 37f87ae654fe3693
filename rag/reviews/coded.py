"""Opinions as they are kept: who read which review, and what was found in it.

A review that is superseded, removed or moved loses its opinions; whoever brings it back has it coded again. Every
change marks what findings rest on (`touched`), so that a summary redoes those and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from rag.records import Opinion
from rag.reviews import ratings
from rag.reviews.journal import as_matrix
from rag.reviews.schema import (
    coders,
    codings,
    meta,
    opinions,
    pending,
    reviews,
    sentences,
    summaries,
    titles,
    touched,
    vectors,
)
from rag.reviews.store import LIVE

Outcome = Literal["coded", "no_opinion", "failed"]
WHOLE = ""
"""What rests on all reviews of a title."""
SEVERE = "severe:"
"""Before a category of severe complaints."""
_AT_ONCE = 500
"""Ids in one statement."""
# Made once, and it reads the generation itself: every review that is stored touches its title. A transaction adds one
# to the generation when it ends.
_NOW = func.coalesce(cast(select(meta.c.value).where(meta.c.key == "generation").scalar_subquery(), Integer), 0) + 1
_TOUCH = (
    insert(touched)
    .prefix_with("OR REPLACE")
    .from_select(["title_id", "aspect", "generation"], select(bindparam("of"), bindparam("on"), _NOW))
)


@dataclass(frozen=True)
class Coding:
    """What a coder made of a review."""

    review_id: str
    outcome: Outcome
    reason: str | None
    score: float | None
    opinions: Sequence[Opinion] = ()


@dataclass(frozen=True)
class ToCode:
    """A live review with what its coder needs."""

    review_id: str
    text: str
    lang: str | None
    rating: float | None
    """As a share of its scale."""
    sentences: Sequence[tuple[int, int, str]]
    """Start, end and view of each that is no noise."""
    vectors: Any
    """One row a sentence; None for a coder that reads none."""


# ── who codes ────────────────────────────────────────────────────────────────────────────────────


def coder_id(connection: Connection, identity: str) -> int:
    """The number of a coder in this library; given at its first use."""
    connection.execute(insert(coders).prefix_with("OR IGNORE").values(identity=identity))
    return known_coders(connection)[identity]


def known_coders(connection: Connection) -> dict[str, int]:
    """The number of every coder that was ever at work here."""
    return {identity: number for number, identity in connection.execute(select(coders.c.id, coders.c.identity))}


def active(connection: Connection, title_ids: Sequence[str] | None = None) -> dict[str, str]:
    """The identity of each title's coder; a title that was never coded is left out."""
    wanted = select(titles.c.id, coders.c.identity).join(coders, coders.c.id == titles.c.coder_id)
    if title_ids is not None:
        wanted = wanted.where(titles.c.id.in_(title_ids))
    return dict(connection.execute(wanted).all())


def activate(connection: Connection, title_id: str, coder: int) -> None:
    """Count this coder's opinions from now on, and forget what others found in the title."""
    connection.execute(update(titles).where(titles.c.id == title_id).values(coder_id=coder))
    for table in (opinions, codings):
        others = table.c.title_id == title_id, table.c.coder_id != coder
        connection.execute(delete(table).where(*others))
    _touch_all(connection, title_id)


def forget_title(connection: Connection, title_id: str) -> None:
    """Forget all that was coded in a title, and who its coder was."""
    _touch_all(connection, title_id)
    for table in (opinions, codings):
        connection.execute(delete(table).where(table.c.title_id == title_id))
    connection.execute(update(titles).where(titles.c.id == title_id).values(coder_id=None))


# ── what is left to code ─────────────────────────────────────────────────────────────────────────


def _uncoded(title_id: str, coder: int, *, dense: bool, again: bool) -> list[ColumnElement[bool]]:
    """Live reviews of a title that the coder has not read; with `dense`, those whose sentences all have theirs.

    With `again`, what it failed to read counts as not read.
    """
    read = exists().where(codings.c.review_id == reviews.c.id, codings.c.coder_id == coder)
    if again:
        read = read.where(codings.c.outcome != "failed")
    waits = exists().where(pending.c.review_id == reviews.c.id, pending.c.step == "embed")
    found = [reviews.c.title_id == title_id, reviews.c.state == LIVE, ~read]
    return [*found, ~waits] if dense else found


def count_to_code(connection: Connection, title_id: str, coder: int, *, dense: bool = True, again: bool = False) -> int:
    """How many reviews of a title wait for a coder; with `again`, those too that it failed to read."""
    waiting = _uncoded(title_id, coder, dense=dense, again=again)
    return connection.scalar(select(func.count()).select_from(reviews).where(*waiting)) or 0


def uncoded(connection: Connection) -> dict[str, int]:
    """How many live reviews of each title its coder has not read; of a title that has no coder, all."""
    read = exists().where(codings.c.review_id == reviews.c.id, codings.c.coder_id == titles.c.coder_id)
    joined = reviews.join(titles, titles.c.id == reviews.c.title_id)
    wanted = select(reviews.c.title_id, func.count()).select_from(joined).where(reviews.c.state == LIVE, ~read)
    return dict(connection.execute(wanted.group_by(reviews.c.title_id)).all())


def next_to_code(
    connection: Connection,
    title_id: str,
    coder: int,
    limit: int,
    *,
    dense: bool = True,
    again: bool = False,
    after: str = "",
) -> list[ToCode]:
    """Up to so many reviews that wait for a coder, by id, from behind `after` on; without `dense`, also those
    without vectors, with `again`, also those that it failed to read."""
    waiting = (*_uncoded(title_id, coder, dense=dense, again=again), reviews.c.id > after)
    wanted = select(reviews).where(*waiting).order_by(reviews.c.id).limit(limit)
    rows = connection.execute(wanted).all()
    scale = bare_scale(connection, title_id)
    held: dict[str, list[Any]] = {row.id: [] for row in rows}
    spoken = (
        select(sentences.c.review_id, sentences.c.start, sentences.c.end, sentences.c.view, vectors.c.vector)
        .join(vectors, vectors.c.key == sentences.c.vector_key, isouter=not dense)
        .where(sentences.c.review_id.in_(list(held)), sentences.c.vector_key.is_not(None))
        .order_by(sentences.c.review_id, sentences.c.ordinal)
    )
    for sentence in connection.execute(spoken):
        held[sentence.review_id].append(sentence)
    return [
        ToCode(
            row.id,
            row.text,
            row.lang,
            rating_share(row.rating_number, row.rating_scale, scale),
            [(one.start, one.end, one.view) for one in held[row.id]],
            as_matrix([one.vector for one in held[row.id]]) if dense else None,
        )
        for row in rows
    ]


def bare_scale(connection: Connection, title_id: str) -> float:
    """The scale on which a title's bare numbers stand: the smallest usual one that holds them all."""
    top = connection.scalar(
        select(func.max(reviews.c.rating_number)).where(
            reviews.c.title_id == title_id, reviews.c.rating_scale.is_(None), reviews.c.state == LIVE
        )
    )
    return ratings.smallest_scale(top or 0.0)


def rating_share(number: float | None, scale: float | None, bare: float) -> float | None:
    """A rating as a share of its scale; None where there is none."""
    return None if number is None else min(1.0, number / (scale or bare))


# ── keeping and forgetting ───────────────────────────────────────────────────────────────────────


def keep(connection: Connection, title_id: str, coder: int, found: Sequence[Coding]) -> None:
    """Store what a coder made of some reviews, instead of what it made of them before."""
    _forget(connection, [coding.review_id for coding in found], coder)
    connection.execute(
        insert(codings),
        [
            {
                "review_id": one.review_id,
                "coder_id": coder,
                "title_id": title_id,
                "outcome": one.outcome,
                "reason": one.reason,
                "score": one.score,
                "aspects": len({opinion.aspect for opinion in one.opinions}),
            }
            for one in found
        ],
    )
    rows = [
        {
            "review_id": one.review_id,
            "coder_id": coder,
            "title_id": title_id,
            "start": one.start,
            "end": one.end,
            "aspect": one.aspect,
            "stance": one.stance,
            "score": one.score,
            "certainty": one.certainty,
            "severity": one.severity,
        }
        for coding in found
        for one in coding.opinions
    ]
    if rows:
        connection.execute(insert(opinions), rows)
    kept = [one for coding in found for one in coding.opinions]
    severe = {SEVERE + one.severity for one in kept if one.severity}
    touch(connection, {title_id: {WHOLE, *(one.aspect for one in kept), *severe}})


def leave(connection: Connection, review_ids: Iterable[str]) -> None:
    """Forget what was found in reviews that are in no answer any more."""
    ids = list(review_ids)
    for start in range(0, len(ids), _AT_ONCE):
        group = ids[start : start + _AT_ONCE]
        touch_reviews(connection, group)
        _forget(connection, group)


def _forget(connection: Connection, review_ids: Sequence[str], coder: int | None = None) -> None:
    for table in (opinions, codings):
        gone = [table.c.review_id == bindparam("gone")]
        if coder is not None:
            gone.append(table.c.coder_id == coder)
        connection.execute(delete(table).where(*gone), [{"gone": name} for name in review_ids])


def failures(connection: Connection, title_id: str) -> dict[str, int]:
    """Why reviews of a title can't be judged, and how many, the commonest first."""
    many = func.count().label("many")
    joined = codings.join(titles, (titles.c.id == codings.c.title_id) & (titles.c.coder_id == codings.c.coder_id))
    wanted = select(codings.c.reason, many).select_from(joined)
    wanted = wanted.where(codings.c.title_id == title_id, codings.c.outcome == "failed")
    rows = connection.execute(wanted.group_by(codings.c.reason).order_by(many.desc(), codings.c.reason))
    return {row.reason: row.many for row in rows}


# ── what findings rest on ────────────────────────────────────────────────────────────────────────


def touch_reviews(connection: Connection, review_ids: Sequence[str]) -> None:
    """Mark everything that rests on these reviews as changed."""
    marks: dict[str, set[str]] = {}
    for title_id in connection.scalars(select(reviews.c.title_id).distinct().where(reviews.c.id.in_(review_ids))):
        marks[title_id] = {WHOLE}
    held = select(opinions.c.title_id, opinions.c.aspect, opinions.c.severity).distinct()
    for row in connection.execute(held.where(opinions.c.review_id.in_(review_ids))):
        marks.setdefault(row.title_id, {WHOLE}).add(row.aspect)
        if row.severity:
            marks[row.title_id].add(SEVERE + row.severity)
    touch(connection, marks)


def _touch_all(connection: Connection, title_id: str) -> None:
    every = set(connection.scalars(select(touched.c.aspect).where(touched.c.title_id == title_id)))
    aspects = set(connection.scalars(select(opinions.c.aspect).distinct().where(opinions.c.title_id == title_id)))
    touch(connection, {title_id: {WHOLE, *every, *aspects}})


def touch(connection: Connection, marks: Mapping[str, Iterable[str]]) -> None:
    """Mark what rests on these aspects of titles as changed by this transaction."""
    rows = [{"of": title_id, "on": aspect} for title_id in sorted(marks) for aspect in sorted(set(marks[title_id]))]
    if rows:
        connection.execute(_TOUCH, rows)


def latest_summary(connection: Connection, title_id: str) -> Any | None:
    """The content of the last summary of a title that was stored."""
    wanted = select(summaries.c.content).where(summaries.c.title_id == title_id)
    return connection.scalar(wanted.order_by(summaries.c.id.desc()).limit(1))


def keep_summary(connection: Connection, title_id: str, made: str, number: int, content: Any) -> None:
    """Store a summary behind the earlier ones. `number` is the library's generation that it shows."""
    row = {"title_id": title_id, "made": made, "generation": number, "content": content}
    connection.execute(insert(summaries), row)


def touches(connection: Connection, title_id: str) -> dict[str, int]:
    """For each aspect the generation in which what rests on it last changed."""
    wanted = select(touched.c.aspect, touched.c.generation).where(touched.c.title_id == title_id)
    return dict(connection.execute(wanted).all())

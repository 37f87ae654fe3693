"""Counts by GROUP BY over the opinions of a title's coder: a review votes once per aspect and side.

Every number that is shown comes from here. What is narrowed is narrowed by the same conditions as a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, null, or_, select

from rag.findings import MINOR_SIDE, Side
from rag.records import Counts, Opinion, Totals
from rag.reviews.schema import coders, codings, opinions, reviews, sentences, titles
from rag.reviews.scope import Selection
from rag.reviews.store import LIVE

_JOINED = opinions.join(titles, (titles.c.id == opinions.c.title_id) & (titles.c.coder_id == opinions.c.coder_id))
"""Opinions of active coders alone."""


_READ = codings.join(titles, (titles.c.id == codings.c.title_id) & (titles.c.coder_id == codings.c.coder_id)).join(
    reviews, reviews.c.id == codings.c.review_id
)
"""Reviews that their title's coder has read."""


@dataclass(frozen=True)
class Votes:
    """So many reviews have this score, -1 to 1."""

    score: float
    rated: bool
    """Whether it is that of their own ratings."""
    reviews: int
    period: str | None = None
    """A year or a month; None without dates, and where periods were not asked for."""
    contrary: tuple[str, ...] = ()
    """Those of them whose rating says the opposite of their words."""


def totals(connection: Connection, title_ids: Sequence[str], selection: Selection | None = None) -> dict[str, Totals]:
    """What became of each title's reviews in scope."""
    selection = selection or Selection(tuple(title_ids))
    reviews_of = selection.review_counts(connection)
    # Without conditions this reads an index of few columns; codings are of live reviews alone.
    joined = codings.join(titles, (titles.c.id == codings.c.title_id) & (titles.c.coder_id == codings.c.coder_id))
    wanted = select(codings.c.title_id, codings.c.outcome, func.count()).select_from(joined)
    wanted = wanted.where(*_within(selection, codings.c)).group_by(codings.c.title_id, codings.c.outcome)
    found: dict[str, dict[str, int]] = {title_id: {} for title_id in (*title_ids, *reviews_of)}
    for title_id, name, count in connection.execute(wanted):
        found.setdefault(title_id, {})[name] = count
    return {title_id: _totals(counts, reviews_of.get(title_id, 0)) for title_id, counts in found.items()}


def _totals(found: Mapping[str, int], reviews_: int) -> Totals:
    coded, no_opinion, failed = (found.get(name, 0) for name in ("coded", "no_opinion", "failed"))
    return Totals(reviews_, coded, no_opinion, failed, reviews_ - coded - no_opinion - failed)


def by_aspect(
    connection: Connection, title_id: str, aspects: Sequence[str] | None = None, selection: Selection | None = None
) -> dict[str, Counts]:
    """How many reviews of a title speak of each aspect, and how; None: of every aspect that any does."""
    return _counts(connection, _of_title(title_id, aspects, selection), opinions.c.aspect)


def by_title(connection: Connection, aspect: str, selection: Selection) -> dict[str, Counts]:
    """How many reviews of each title in scope speak of an aspect, and how."""
    return _counts(connection, [opinions.c.aspect == aspect, *_within(selection)], opinions.c.title_id)


def by_period(
    connection: Connection, title_id: str, aspects: Sequence[str], length: int
) -> dict[tuple[str, str], Counts]:
    """By aspect and period: the first `length` characters of the review's date, a year or a month."""
    period = func.substr(reviews.c.date, 1, length)
    joined = _JOINED.join(reviews, reviews.c.id == opinions.c.review_id)
    where = [*_of_title(title_id, aspects, None), reviews.c.date.is_not(None)]
    inner = _sides(select(opinions.c.aspect.label("key"), period.label("period")).select_from(joined).where(*where))
    inner = inner.group_by(opinions.c.aspect, period, opinions.c.review_id)
    part = inner.subquery()
    rows = connection.execute(select(part.c.key, part.c.period, *_summed(part)).group_by(part.c.key, part.c.period))
    return {(row.key, row.period): _as_counts(row) for row in rows}


def _of_title(title_id: str, aspects: Sequence[str] | None, selection: Selection | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [opinions.c.title_id == title_id]
    if aspects is not None:
        found.append(opinions.c.aspect.in_(aspects))
    return found + (_within(selection) if selection is not None else [])


def _within(selection: Selection, columns: Any = opinions.c) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if selection.title_ids is not None:
        found.append(columns.title_id.in_(selection.title_ids))
    if selection.conditions:
        found.append(columns.review_id.in_(select(reviews.c.id).where(*selection.of_reviews())))
    return found


def _counts(connection: Connection, where: Sequence[ColumnElement[bool]], key: ColumnElement[str]) -> dict[str, Counts]:
    inner = _sides(select(key.label("key")).select_from(_JOINED).where(*where)).group_by(key, opinions.c.review_id)
    part = inner.subquery()
    rows = connection.execute(select(part.c.key, *_summed(part)).group_by(part.c.key))
    return {row.key: _as_counts(row) for row in rows}


def _sides(wanted: Select[Any]) -> Select[Any]:
    """With whether a review praises, and whether it blames, in each of its groups; `MINOR_SIDE` says when."""
    weight = opinions.c.certainty * case((opinions.c.stance == "mixed", 1.0), else_=func.abs(opinions.c.score))
    praise, blame = (
        func.sum(case((opinions.c.stance.in_((side, "mixed")), weight), else_=0.0)) for side in ("positive", "negative")
    )

    def on(side: ColumnElement[float], other: ColumnElement[float]) -> ColumnElement[int]:
        return case((and_(side > 0, side >= MINOR_SIDE * other), 1), else_=0)

    return wanted.add_columns(on(praise, blame).label("praises"), on(blame, praise).label("blames"))


def _summed(part: Any) -> list[ColumnElement[int]]:
    return [
        func.count().label("mentioning"),
        func.sum(part.c.praises * (1 - part.c.blames)).label("positive"),
        func.sum(part.c.blames * (1 - part.c.praises)).label("negative"),
        func.sum(part.c.praises * part.c.blames).label("mixed"),
    ]


def _as_counts(row: Any) -> Counts:
    return Counts(row.mentioning, row.positive, row.negative, row.mixed)


def in_title(connection: Connection, title_id: str) -> Iterator[Opinion]:
    """Every opinion in a title's reviews, by review and place, as it is read."""
    named = _JOINED.join(coders, coders.c.id == opinions.c.coder_id)
    wanted = select(opinions, coders.c.identity).select_from(named).where(opinions.c.title_id == title_id)
    for row in connection.execute(wanted.order_by(opinions.c.review_id, opinions.c.start, opinions.c.aspect)):
        yield _opinion(row)


def in_scope(connection: Connection, aspect: str, selection: Selection) -> list[Opinion]:
    """Every opinion on an aspect in scope, by review and place."""
    named = _JOINED.join(coders, coders.c.id == opinions.c.coder_id)
    wanted = select(opinions, coders.c.identity).select_from(named)
    wanted = wanted.where(opinions.c.aspect == aspect, *_within(selection))
    rows = connection.execute(wanted.order_by(opinions.c.review_id, opinions.c.start))
    return [_opinion(row) for row in rows]


def complaints_in_scope(connection: Connection, categories: Sequence[str], selection: Selection) -> dict[str, Opinion]:
    """The severe complaints of these categories in scope, by the id of their sentence."""
    at = (sentences.c.review_id == opinions.c.review_id) & (sentences.c.start <= opinions.c.start)
    joined = _JOINED.join(coders, coders.c.id == opinions.c.coder_id)
    joined = joined.join(sentences, at & (sentences.c.end > opinions.c.start))
    wanted = select(opinions, coders.c.identity, sentences.c.ordinal).select_from(joined)
    wanted = wanted.where(opinions.c.severity.in_(categories), *_within(selection))
    rows = connection.execute(wanted.order_by(opinions.c.review_id, opinions.c.start, opinions.c.aspect))
    return {f"{row.review_id}.{row.ordinal}": _opinion(row) for row in rows}


def votes(
    connection: Connection,
    title_id: str,
    selection: Selection | None = None,
    *,
    scale: float,
    period: int = 0,
    clear: float = 1.0,
) -> list[Votes]:
    """How many reviews of a title have which score: their own rating's where there is one, else their text's.

    Scores are rounded to hundredths, so that there are few rows whatever the number of reviews. `scale` is that of bare
    ratings (`coded.bare_scale`); `period` parts the reviews by so many first characters of their dates. From `clear`
    on, a rating and a text of different signs contradict each other. In one pass: it reads every review of the title.
    """
    own, rating = _scores(scale)
    contrary = and_(func.abs(rating) >= clear, func.abs(codings.c.score) >= clear, rating * codings.c.score < 0)
    score, rated = func.round(own, 2), reviews.c.rating_number.is_not(None)
    when = func.substr(reviews.c.date, 1, period) if period else null()
    parts = (when.label("period"), score.label("score"), rated.label("rated"))
    where = [*_has_score(title_id), *(selection.conditions if selection else ())]
    ids = func.group_concat(case((contrary, codings.c.review_id))).label("contrary")
    wanted = select(*parts, func.count().label("reviews"), ids).select_from(_READ).where(*where)
    rows = connection.execute(wanted.group_by(*parts).order_by(*parts))
    return [
        Votes(row.score, bool(row.rated), row.reviews, row.period, tuple(filter(None, (row.contrary or "").split(","))))
        for row in rows
    ]


def dates(connection: Connection, title_id: str) -> tuple[str, str] | None:
    """The earliest and the latest date of a title's live reviews; None where none has one."""
    wanted = select(func.min(reviews.c.date), func.max(reviews.c.date))
    first, last = connection.execute(wanted.where(reviews.c.title_id == title_id, reviews.c.state == LIVE)).one()
    return (first, last) if first else None


def _scores(scale: float) -> tuple[ColumnElement[float], ColumnElement[float]]:
    """A review's score, -1 to 1, and that of its rating alone (nothing where it has none)."""
    share = reviews.c.rating_number / func.coalesce(reviews.c.rating_scale, literal(scale))
    rating = 2 * func.min(1.0, share) - 1
    return case((reviews.c.rating_number.is_not(None), rating), else_=codings.c.score), rating


def _has_score(title_id: str) -> list[ColumnElement[bool]]:
    read = codings.c.outcome.in_(("coded", "no_opinion"))
    known = or_(codings.c.score.is_not(None), reviews.c.rating_number.is_not(None))
    return [reviews.c.title_id == title_id, reviews.c.state == LIVE, read, known]


def severe(connection: Connection, title_id: str, category: str) -> int:
    """How many reviews hold a severe complaint of a category."""
    wanted = select(func.count(opinions.c.review_id.distinct())).select_from(_JOINED)
    return connection.scalar(wanted.where(opinions.c.title_id == title_id, opinions.c.severity == category)) or 0


def said_of(connection: Connection, title_id: str, aspect: str) -> dict[str, list[str]]:
    """The views of the sentences with an opinion on an aspect, by review."""
    at = (sentences.c.review_id == opinions.c.review_id) & (sentences.c.start <= opinions.c.start)
    joined = _JOINED.join(sentences, at & (sentences.c.end > opinions.c.start))
    wanted = select(opinions.c.review_id, sentences.c.view).select_from(joined)
    found: dict[str, list[str]] = {}
    of_aspect = (opinions.c.title_id == title_id, opinions.c.aspect == aspect)
    for row in connection.execute(wanted.where(*of_aspect).order_by(opinions.c.review_id, opinions.c.start)):
        found.setdefault(row.review_id, []).append(row.view)
    return found


def busiest_author(connection: Connection, title_id: str) -> tuple[str | None, int]:
    """Who signs most of a title's live reviews, and how many."""
    many = func.count().label("many")
    wanted = select(reviews.c.critic, many).where(
        reviews.c.title_id == title_id, reviews.c.state == LIVE, reviews.c.critic.is_not(None)
    )
    row = connection.execute(wanted.group_by(reviews.c.critic).order_by(many.desc(), reviews.c.critic).limit(1)).first()
    return (row.critic, row.many) if row else (None, 0)


def telling(
    connection: Connection,
    title_id: str,
    aspect: str,
    side: Side,
    limit: int,
) -> list[Opinion]:
    """The opinions that say most clearly what their reviews do with an aspect, one a review, the clearest first."""
    stance, column = ("positive", "praises") if side == "praised" else ("negative", "blames")
    on_it = [opinions.c.title_id == title_id, opinions.c.aspect == aspect]
    sides = _sides(select(opinions.c.review_id).select_from(_JOINED).where(*on_it)).group_by(opinions.c.review_id)
    part = sides.subquery()
    votes = select(part.c.review_id).where(part.c[column] == 1)
    return _clearest(
        connection, [*on_it, opinions.c.stance.in_((stance, "mixed")), opinions.c.review_id.in_(votes)], limit
    )


def complaints(connection: Connection, title_id: str, severity: str, limit: int) -> list[Opinion]:
    """The severe complaints of a category, the clearest first, one a review."""
    return _clearest(connection, [opinions.c.title_id == title_id, opinions.c.severity == severity], limit)


def _clearest(connection: Connection, where: Sequence[ColumnElement[bool]], limit: int) -> list[Opinion]:
    clear = (opinions.c.certainty * func.abs(opinions.c.score)).label("clear")
    rank = func.row_number().over(partition_by=opinions.c.review_id, order_by=[clear.desc(), opinions.c.start])
    inner = select(opinions, clear, rank.label("rank")).select_from(_JOINED).where(*where).subquery()
    named = inner.join(coders, coders.c.id == inner.c.coder_id)
    best = select(inner, coders.c.identity).select_from(named).where(inner.c.rank == 1)
    rows = connection.execute(best.order_by(inner.c.clear.desc(), inner.c.review_id, inner.c.start).limit(limit))
    return [_opinion(row) for row in rows]


def of_reviews(connection: Connection, review_ids: Sequence[str]) -> list[Opinion]:
    """Every opinion in these reviews, by review and place."""
    named = _JOINED.join(coders, coders.c.id == opinions.c.coder_id)
    wanted = select(opinions, coders.c.identity).select_from(named).where(opinions.c.review_id.in_(review_ids))
    rows = connection.execute(wanted.order_by(opinions.c.review_id, opinions.c.start, opinions.c.aspect))
    return [_opinion(row) for row in rows]


def read_of(connection: Connection, review_ids: Sequence[str]) -> frozenset[str]:
    """Those of these reviews that their title's coder could read."""
    read = codings.c.outcome.in_(("coded", "no_opinion"))
    wanted = select(codings.c.review_id).select_from(_READ).where(codings.c.review_id.in_(review_ids), read)
    return frozenset(connection.scalars(wanted))


def most_telling_reviews(connection: Connection, title_id: str, limit: int) -> list[str]:
    """The reviews with opinions on the most aspects, by id among equals."""
    joined = codings.join(titles, (titles.c.id == codings.c.title_id) & (titles.c.coder_id == codings.c.coder_id))
    wanted = (
        select(codings.c.review_id).select_from(joined).where(codings.c.title_id == title_id, codings.c.aspects > 0)
    )
    return list(connection.scalars(wanted.order_by(codings.c.aspects.desc(), codings.c.review_id).limit(limit)))


def _opinion(row: Any) -> Opinion:
    return Opinion(
        row.review_id, row.start, row.end, row.aspect, row.stance, row.score, row.certainty, row.severity, row.identity
    )


def counted(connection: Connection) -> dict[str, int]:
    """How many opinions each title has."""
    wanted = select(opinions.c.title_id, func.count()).select_from(_JOINED).group_by(opinions.c.title_id)
    return dict(connection.execute(wanted).all())

"""Filters → conditions on reviews, for a question and for a page of reviews alike."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from rag.errors import InputError
from rag.records import Filters, State
from rag.reviews import identity, ratings
from rag.reviews.schema import reviews
from rag.reviews.store import LIVE

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_LANG = re.compile(r"[A-Za-z]{2,20}(?:[-_][A-Za-z0-9]{2,8})*")


def conditions(
    connection: Connection, filters: Filters, title_ids: Sequence[str] | None, state: State = LIVE
) -> list[ColumnElement[bool]]:
    """What a review must meet; empty where nothing is narrowed. `title_ids` are the titles in scope, None for all.

    Raises InputError for a date, rating or language that is none, and for an outlet that signs no review in scope.
    """
    found: list[ColumnElement[bool]] = []
    if filters.since is not None:
        found.append(reviews.c.date >= _checked_date(filters.since))
    if filters.until is not None:
        # "~" comes behind every digit and dash, so that a month or a year holds all of its days.
        found.append(reviews.c.date <= _checked_date(filters.until) + "~")
    if filters.outlets:
        found.append(reviews.c.outlet.in_(_outlets(connection, filters.outlets, title_ids, state)))
    if filters.min_rating is not None or filters.max_rating is not None:
        found.append(reviews.c.id.in_(_rated(filters, title_ids, state)))
    if filters.lang is not None:
        found.append(_speaks(filters.lang))
    return found


def undated(connection: Connection, title_ids: Sequence[str] | None) -> int:
    """How many live reviews of these titles (None: of all) have no date, so that no span of time holds them."""
    here = [] if title_ids is None else [reviews.c.title_id.in_(title_ids)]
    wanted = select(func.count()).select_from(reviews).where(reviews.c.state == LIVE, reviews.c.date.is_(None), *here)
    return connection.scalar(wanted) or 0


def _checked_date(written: str) -> str:
    parts = _DATE.fullmatch(written.strip())
    try:
        if parts is None:
            raise ValueError
        date(int(parts[1]), int(parts[2] or 1), int(parts[3] or 1))
    except ValueError:
        raise InputError(f"“{written}” is no date.", "Write 2024, 2024-03 or 2024-03-15.") from None
    return written.strip()


def _outlets(connection: Connection, wanted: Sequence[str], title_ids: Sequence[str] | None, state: State) -> list[str]:
    """The outlets as they are stored, whatever the case in which they were asked for."""
    live = [reviews.c.state == state, reviews.c.outlet.is_not(None)]
    if title_ids is not None:
        live.append(reviews.c.title_id.in_(title_ids))
    by_folded: dict[str, list[str]] = {}
    for name in connection.scalars(select(reviews.c.outlet).distinct().where(*live)):
        by_folded.setdefault(identity.folded(name), []).append(name)
    for name in wanted:
        if identity.folded(name) not in by_folded:
            near = difflib.get_close_matches(identity.folded(name), list(by_folded), n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(by_folded[low][0] for low in near)}?" if near else None
            raise InputError(f"No review in scope is from the outlet “{name}”.", hint)
    return [stored for name in wanted for stored in by_folded[identity.folded(name)]]


def _rated(filters: Filters, title_ids: Sequence[str] | None, state: State) -> ColumnElement[bool]:
    """Ids of the reviews whose rating, as a share of its scale, lies within the bounds.

    A bare number stands on the smallest usual scale that holds every bare number of its title.
    """
    here = reviews.c.title_id.in_(title_ids) if title_ids is not None else reviews.c.rating_number.is_not(None)
    bare = (
        select(reviews.c.title_id, func.max(reviews.c.rating_number).label("top"))
        .where(here, reviews.c.rating_scale.is_(None), reviews.c.state == state)
        .group_by(reviews.c.title_id)
        .subquery()
    )
    scale = case(*((bare.c.top <= scale, scale) for scale in ratings.SCALES), else_=ratings.SCALES[-1])
    value = reviews.c.rating_number / func.coalesce(reviews.c.rating_scale, scale)
    within: list[ColumnElement[bool]] = [here]
    if filters.min_rating is not None:
        within.append(value >= _share(filters.min_rating) - 1e-9)
    if filters.max_rating is not None:
        within.append(value <= _share(filters.max_rating) + 1e-9)
    joined = reviews.join(bare, bare.c.title_id == reviews.c.title_id, isouter=True)
    return select(reviews.c.id).select_from(joined).where(*within)  # type: ignore[return-value]


def _share(written: str) -> float:
    found = ratings.share(written)
    if found is None:
        raise InputError(f"“{written}” is no rating that names its scale.", "Write 3/5, 8/10, 60% or B+.")
    return found


def _speaks(lang: str) -> ColumnElement[bool]:
    wanted = lang.strip().casefold().replace("_", "-")
    if not _LANG.fullmatch(wanted):
        raise InputError(f"“{lang}” is no language.", "Write its code: en, de, pt-BR.")
    stored = func.replace(func.lower(reviews.c.lang), "_", "-")
    return or_(stored == wanted, stored.startswith(f"{wanted}-"))

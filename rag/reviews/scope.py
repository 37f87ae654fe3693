"""The sentences a question is asked of: read from SQLite, with their stems and vectors.

A small scope is loaded whole. A large one is entered through the word index (FTS5) and the vector index, and
only the sentences these name are loaded.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    column,
    func,
    literal,
    or_,
    select,
    table,
    text,
    tuple_,
)

from rag import words
from rag.records import Sentence
from rag.reviews.journal import as_matrix
from rag.reviews.schema import reviews, sentences, vectors
from rag.reviews.store import LIVE

_PAGE = 4_096
_SEVERAL = 2
"""A word that stands in fewer sentences may be a slip itself."""


@dataclass(frozen=True)
class Scope:
    """Sentences with everything that ranks them, one entry each in all fields."""

    sentences: tuple[Sentence, ...]
    title_ids: tuple[str, ...]
    stems: tuple[tuple[str, ...], ...]
    vectors: NDArray[np.float32] | None
    """(sentences, dimensions), or None where some sentence has no vector yet."""


@dataclass(frozen=True)
class Selection:
    """Which reviews a question is asked of: those of some titles that meet some conditions."""

    title_ids: tuple[str, ...] | None = None
    """None: every title."""
    conditions: tuple[ColumnElement[bool], ...] = ()
    """On `reviews`."""

    @property
    def narrowed(self) -> bool:
        """Whether some reviews of its titles are left out."""
        return bool(self.conditions)

    def of_sentences(self) -> list[ColumnElement[bool]]:
        """What a sentence must meet. Only live reviews have sentences."""
        found: list[ColumnElement[bool]] = []
        if self.title_ids is not None:
            found.append(sentences.c.title_id.in_(self.title_ids))
        if self.conditions:
            found.append(sentences.c.review_id.in_(select(reviews.c.id).where(*self.of_reviews())))
        return found

    def of_reviews(self) -> list[ColumnElement[bool]]:
        """What a review must meet."""
        within = [] if self.title_ids is None else [reviews.c.title_id.in_(self.title_ids)]
        return [reviews.c.state == LIVE, *within, *self.conditions]

    def review_counts(self, connection: Connection) -> dict[str, int]:
        """How many reviews it holds, by title id; titles without any are left out."""
        counted = select(reviews.c.title_id, func.count()).where(*self.of_reviews()).group_by(reviews.c.title_id)
        return dict(connection.execute(counted).all())


def signed_by(names: Sequence[str]) -> ColumnElement[bool]:
    """The condition that one of these critics and outlets signs."""
    return or_(reviews.c.critic.in_(names), reviews.c.outlet.in_(names))


def is_larger(connection: Connection, selection: Selection, limit: int) -> bool:
    """Whether a selection holds more than `limit` sentences; counts no further than that."""
    counted = select(sentences.c.rowid).where(*selection.of_sentences()).limit(limit + 1).subquery()
    return (connection.scalar(select(func.count()).select_from(counted)) or 0) > limit


_ROW = select(
    sentences.c.review_id,
    sentences.c.title_id,
    sentences.c.ordinal,
    sentences.c.start,
    sentences.c.end,
    sentences.c.view,
    sentences.c.stems,
    vectors.c.vector,
).join(vectors, vectors.c.key == sentences.c.vector_key, isouter=True)
_words = table("words", column("rowid", Integer))  # FTS5's table; its stems are those of `sentences`
_MATCH = text("words MATCH :query")
_ID = sentences.c.review_id.concat(".").concat(sentences.c.ordinal)
_ORDER = (sentences.c.review_id, sentences.c.ordinal)
# A list of pairs among the parameters is found by no index, and a statement that grows with it is made anew each time.
_places = func.json_each(bindparam("places")).table_valued("value")
_PLACED = tuple_(*_ORDER).in_(select(*(func.json_extract(_places.c.value, f"$[{place}]") for place in (0, 1))))


def load(connection: Connection, selection: Selection) -> Scope:
    """All sentences of a selection but noise."""
    wanted = _ROW.where(sentences.c.vector_key.is_not(None), *selection.of_sentences())
    return _scope(connection, wanted.order_by(*_ORDER))


def load_named(connection: Connection, selection: Selection, ids: Sequence[str]) -> Scope:
    """The sentences of a selection with these ids; ids that are gone or stand elsewhere are left out."""
    places = [(review, int(ordinal)) for review, _, ordinal in (name.rpartition(".") for name in sorted(set(ids)))]
    wanted = _ROW.where(sentences.c.vector_key.is_not(None), *selection.of_sentences(), _PLACED)
    return _scope(connection, wanted.order_by(*_ORDER), {"places": json.dumps(places)})


def nearest(connection: Connection, selection: Selection, query: NDArray[np.float32], k: int) -> list[str]:
    """Ids of the `k` sentences of a selection that are nearest to a unit vector, every one of them compared.

    Reads the selection's vectors by pages: slow in a large library, and exact.
    """
    found: list[tuple[float, str]] = []
    wanted = (
        select(sentences.c.rowid, sentences.c.review_id, sentences.c.ordinal, vectors.c.vector)
        .join(vectors, vectors.c.key == sentences.c.vector_key)
        .where(*selection.of_sentences())
        .order_by(sentences.c.rowid)
        .limit(_PAGE)
    )
    last = 0
    while rows := connection.execute(wanted.where(sentences.c.rowid > last)).all():
        last = rows[-1].rowid
        scores = as_matrix([row.vector for row in rows]) @ query
        page = [(-float(score), f"{row.review_id}.{row.ordinal}") for score, row in zip(scores, rows, strict=True)]
        found = heapq.nsmallest(k, [*found, *page])
    return [name for _, name in found]


def _scope(connection: Connection, wanted: Select[tuple[object, ...]], given: Mapping[str, str] | None = None) -> Scope:
    rows = connection.execute(wanted, given).all()
    blobs = [row.vector for row in rows]
    return Scope(
        tuple(Sentence(r.review_id, r.ordinal, r.start, r.end, r.view) for r in rows),
        tuple(r.title_id for r in rows),
        tuple(tuple(r.stems.split()) for r in rows),
        None if any(blob is None for blob in blobs) else as_matrix(blobs),
    )


def sentences_of(connection: Connection, review_ids: Sequence[str]) -> dict[str, list[Sentence]]:
    """Every sentence of these reviews in order, noise included."""
    wanted = select(sentences).where(sentences.c.review_id.in_(review_ids)).order_by(*_ORDER)
    found: dict[str, list[Sentence]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.review_id, []).append(Sentence(row.review_id, row.ordinal, row.start, row.end, row.view))
    return found


def with_words(connection: Connection, stems: Sequence[str], selection: Selection, limit: int) -> list[str]:
    """Ids of the sentences that hold any of these stems, the most telling first (FTS5's bm25)."""
    if not stems:
        return []
    within = selection.of_sentences()
    if not within:
        # Rows are looked up for the best alone.
        best = select(_words.c.rowid).where(_MATCH).order_by(text("rank"), _words.c.rowid).limit(limit).subquery()
        wanted = select(_ID).select_from(best.join(sentences, sentences.c.rowid == best.c.rowid))
    else:
        joined = _words.join(sentences, sentences.c.rowid == _words.c.rowid)
        ordered = (text("words.rank"), _words.c.rowid)
        wanted = select(_ID).select_from(joined).where(_MATCH, *within).order_by(*ordered).limit(limit)
    return list(connection.scalars(wanted, {"query": " OR ".join(_quoted(stem) for stem in stems)}))


def mentioning(
    connection: Connection, phrases: Sequence[frozenset[str]], required: frozenset[str], selection: Selection
) -> dict[str, int]:
    """How many reviews hold a sentence with all stems of one phrase, by title id.

    `required` stems must stand in that sentence or in the one before it.
    """
    query = " OR ".join("(" + " AND ".join(_quoted(stem) for stem in sorted(phrase)) + ")" for phrase in phrases)
    before = sentences.alias("before")
    found = (
        select(sentences.c.title_id, func.count(sentences.c.review_id.distinct()))
        .select_from(
            _words.join(sentences, sentences.c.rowid == _words.c.rowid).join(
                before,
                (before.c.review_id == sentences.c.review_id) & (before.c.ordinal == sentences.c.ordinal - 1),
                isouter=True,
            )
            if required
            else _words.join(sentences, sentences.c.rowid == _words.c.rowid)
        )
        .where(_MATCH, *selection.of_sentences())
        .group_by(sentences.c.title_id)
    )
    both = literal(" ") + sentences.c.stems + literal(" ") + func.coalesce(before.c.stems, "") + literal(" ")
    for stem in sorted(required):
        found = found.where(both.contains(f" {stem} ", autoescape=True))
    return dict(connection.execute(found, {"query": query}).all())


def document_counts(connection: Connection, stems: Sequence[str]) -> dict[str, int]:
    """In how many sentences of the whole library each stem stands."""
    if not stems:
        return {}
    statement = text("SELECT term, doc FROM word_counts WHERE term IN :terms").bindparams(
        bindparam("terms", expanding=True)
    )
    return {str(term): int(held) for term, held in connection.execute(statement, {"terms": list(stems)})}


def holds_phrase(connection: Connection, stems: Sequence[str]) -> bool:
    """Whether these stems stand side by side in a sentence of the library."""
    found = select(_words.c.rowid).where(_MATCH).limit(1)
    return connection.scalar(found, {"query": _quoted(" ".join(stems))}) is not None


def frequent_stems(connection: Connection, first: str) -> list[str]:
    """The stems that begin with a letter and stand in several sentences of the library."""
    statement = text("SELECT term FROM word_counts WHERE term >= :first AND term < :after AND doc >= :least")
    found = connection.scalars(statement, {"first": first, "after": chr(ord(first) + 1), "least": _SEVERAL})
    return [str(term) for term in found]


def written(connection: Connection, stem: str) -> str | None:
    """A word with this stem, as a sentence of the library writes it."""
    view = select(sentences.c.view).join(_words, _words.c.rowid == sentences.c.rowid).where(_MATCH).limit(1)
    found = connection.scalar(view, {"query": _quoted(stem)})
    return next((word for word in words.tokens(found or "") if words.stem(word) == stem), None)


def _quoted(stem: str) -> str:
    """A stem as an FTS5 string: nothing in it is syntax."""
    return '"' + stem.replace('"', '""') + '"'

"""The sentences a question is asked of: read from SQLite, with their stems and vectors.

A small scope is loaded whole. A large one is entered through the word index (FTS5) and the vector index, and
only the sentences these name are loaded.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, bindparam, func, or_, select, text, tuple_

from rag.records import Sentence
from rag.reviews.journal import as_matrix
from rag.reviews.schema import reviews, sentences, vectors
from rag.reviews.store import LIVE


@dataclass(frozen=True)
class Scope:
    """Sentences with everything that ranks them, one entry each in all fields."""

    sentences: tuple[Sentence, ...]
    title_ids: tuple[str, ...]
    stems: tuple[tuple[str, ...], ...]
    vectors: NDArray[np.float32] | None
    """(sentences, dimensions), or None where some sentence has no vector yet."""


def people(connection: Connection, title_ids: Sequence[str]) -> list[str]:
    """Every critic and outlet that signs a live review of these titles."""
    live = (reviews.c.title_id.in_(title_ids), reviews.c.state == LIVE)
    found = {
        name
        for column in (reviews.c.critic, reviews.c.outlet)
        for name in connection.scalars(select(column).distinct().where(*live, column.is_not(None)))
    }
    return sorted(found)


def live_reviews(connection: Connection, title_ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """The live reviews of these titles as `{review id: title id}`; where names are given, only by these people."""
    wanted = select(reviews.c.id, reviews.c.title_id).where(reviews.c.title_id.in_(title_ids), reviews.c.state == LIVE)
    if names:
        wanted = wanted.where(or_(reviews.c.critic.in_(names), reviews.c.outlet.in_(names)))
    return {review: title for review, title in connection.execute(wanted)}  # noqa: C416 - mypy knows no dict of rows


def size(connection: Connection, title_ids: Sequence[str]) -> int:
    """How many sentences, noise left out, these titles' reviews hold."""
    wanted = select(func.count()).where(sentences.c.title_id.in_(title_ids), sentences.c.vector_key.is_not(None))
    return connection.scalar(wanted) or 0


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
_ORDER = (sentences.c.review_id, sentences.c.ordinal)


def load(connection: Connection, title_ids: Sequence[str]) -> Scope:
    """All sentences of these titles but noise."""
    wanted = _ROW.where(sentences.c.title_id.in_(title_ids), sentences.c.vector_key.is_not(None))
    return _scope(connection, wanted.order_by(*_ORDER))


def load_named(connection: Connection, ids: Sequence[str]) -> Scope:
    """The sentences with these ids; ids that are gone are left out."""
    keys = [(review, int(ordinal)) for review, _, ordinal in (i.rpartition(".") for i in sorted(set(ids)))]
    parts = [
        _scope(
            connection,
            _ROW.where(tuple_(sentences.c.review_id, sentences.c.ordinal).in_(keys[i : i + 400])).where(
                sentences.c.vector_key.is_not(None)
            ),
        )
        for i in range(0, len(keys), 400)
    ]
    return _joined(parts)


def _scope(connection: Connection, wanted: Select[tuple[object, ...]]) -> Scope:
    rows = connection.execute(wanted).all()
    blobs = [row.vector for row in rows]
    return Scope(
        tuple(Sentence(r.review_id, r.ordinal, r.start, r.end, r.view) for r in rows),
        tuple(r.title_id for r in rows),
        tuple(tuple(r.stems.split()) for r in rows),
        None if any(blob is None for blob in blobs) else as_matrix(blobs),
    )


def _joined(parts: Sequence[Scope]) -> Scope:
    matrices = [part.vectors for part in parts if part.sentences]
    whole = [m for m in matrices if m is not None]
    return Scope(
        tuple(s for part in parts for s in part.sentences),
        tuple(t for part in parts for t in part.title_ids),
        tuple(s for part in parts for s in part.stems),
        np.concatenate(whole) if whole and len(whole) == len(matrices) else None,
    )


def within(scope: Scope, review_ids: Container[str]) -> Scope:
    """The part of a scope that stands in these reviews."""
    rows = [row for row, sentence in enumerate(scope.sentences) if sentence.review_id in review_ids]
    if len(rows) == len(scope.sentences):
        return scope
    return Scope(
        tuple(scope.sentences[row] for row in rows),
        tuple(scope.title_ids[row] for row in rows),
        tuple(scope.stems[row] for row in rows),
        None if scope.vectors is None else scope.vectors[rows],
    )


def sentences_of(connection: Connection, review_ids: Sequence[str]) -> dict[str, list[Sentence]]:
    """Every sentence of these reviews in order, noise included."""
    wanted = select(sentences).where(sentences.c.review_id.in_(review_ids)).order_by(*_ORDER)
    found: dict[str, list[Sentence]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.review_id, []).append(Sentence(row.review_id, row.ordinal, row.start, row.end, row.view))
    return found


def with_words(connection: Connection, stems: Sequence[str], title_ids: Sequence[str] | None, limit: int) -> list[str]:
    """Ids of the sentences that hold any of these stems, the most telling first (FTS5's bm25)."""
    if not stems:
        return []
    within = "" if title_ids is None else "AND s.title_id IN :titles"
    statement = text(
        "SELECT s.review_id || '.' || s.ordinal FROM words JOIN sentences s ON s.rowid = words.rowid "
        f"WHERE words MATCH :query {within} ORDER BY bm25(words), s.rowid LIMIT :limit"
    )
    values: dict[str, object] = {"query": " OR ".join(_quoted(stem) for stem in stems), "limit": limit}
    if title_ids is not None:
        statement = statement.bindparams(bindparam("titles", expanding=True))
        values["titles"] = list(title_ids)
    return list(connection.scalars(statement, values))


def mentioning(
    connection: Connection, alternatives: Sequence[frozenset[str]], title_ids: Sequence[str]
) -> list[tuple[str, str, frozenset[str]]]:
    """Sentences that hold all stems of one alternative: `(title id, review id, stems with the sentence before)`."""
    query = " OR ".join("(" + " AND ".join(_quoted(stem) for stem in sorted(a)) + ")" for a in alternatives)
    statement = text(
        "SELECT s.title_id, s.review_id, s.stems || ' ' || coalesce(b.stems, '') FROM words "
        "JOIN sentences s ON s.rowid = words.rowid "
        "LEFT JOIN sentences b ON b.review_id = s.review_id AND b.ordinal = s.ordinal - 1 "
        "WHERE words MATCH :query AND s.title_id IN :titles"
    ).bindparams(bindparam("titles", expanding=True))
    rows = connection.execute(statement, {"query": query, "titles": list(title_ids)})
    return [(title, review, frozenset(stems.split())) for title, review, stems in rows]


def document_counts(connection: Connection, stems: Sequence[str]) -> tuple[dict[str, int], int]:
    """Over the whole library: `({stem: sentences that hold it}, how many sentences there are)`."""
    statement = text("SELECT term, doc FROM word_counts WHERE term IN :terms").bindparams(
        bindparam("terms", expanding=True)
    )
    rows = connection.execute(statement, {"terms": list(stems)})
    return {str(term): int(held) for term, held in rows}, connection.scalar(
        select(func.count()).select_from(sentences)
    ) or 0


def _quoted(stem: str) -> str:
    """A stem as an FTS5 string: nothing in it is syntax."""
    return '"' + stem.replace('"', '""') + '"'

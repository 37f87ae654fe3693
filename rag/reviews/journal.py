"""What is left to do after reviews are stored: embed their sentences, then index them.

Each review in the journal waits for one step, `embed` or `index`. A run that was killed leaves it here, and the
next one goes on. Vectors are kept in SQLite, one for each distinct view, so an index can be rebuilt from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, exists, func, insert, literal, select, update

from rag.reviews.schema import pending, sentences, unindex, vectors
from rag.reviews.store import Store, get_meta, set_meta

_EMBEDDER = "embedder"


def embedder_identity(store: Store) -> str | None:
    """Who made the stored vectors; None while there are none."""
    with store.reading() as connection:
        return get_meta(connection, _EMBEDDER)


def waiting(store: Store) -> dict[str, int]:
    """How many reviews wait for each step."""
    with store.reading() as connection:
        rows = connection.execute(select(pending.c.step, func.count()).group_by(pending.c.step))
        return dict(rows.all())


def count_indexed(store: Store) -> int:
    """How many sentences should stand in the index: those with a vector whose review waits for nothing."""
    wanted = (
        select(func.count())
        .select_from(sentences)
        .join(vectors, vectors.c.key == sentences.c.vector_key)
        .where(sentences.c.review_id.not_in(select(pending.c.review_id)))
    )
    with store.reading() as connection:
        return connection.scalar(wanted) or 0


def views_to_embed(store: Store) -> list[tuple[str, str]]:
    """Every distinct `(vector key, view)` of a waiting review that has no vector yet, in a steady order."""
    wanted = (
        select(sentences.c.vector_key, func.min(sentences.c.view))
        .join(pending, pending.c.review_id == sentences.c.review_id)
        .where(pending.c.step == "embed", sentences.c.vector_key.is_not(None))
        .where(sentences.c.vector_key.not_in(select(vectors.c.key)))
        .group_by(sentences.c.vector_key)
        .order_by(func.min(sentences.c.rowid))
    )
    with store.reading() as connection:
        return [(key, view) for key, view in connection.execute(wanted)]


def keep_vectors(store: Store, embedder: str, keys: Sequence[str], matrix: NDArray[np.float32]) -> None:
    """Store vectors (one row of `matrix` for each key) under the identity of what made them."""
    rows = [{"key": key, "vector": vector.tobytes()} for key, vector in zip(keys, matrix, strict=True)]
    with store.writing() as connection:
        set_meta(connection, _EMBEDDER, embedder)
        connection.execute(insert(vectors).prefix_with("OR REPLACE"), rows)


def embedding_done(store: Store) -> None:
    """Let every review whose sentences all have vectors wait for the index."""
    lacking = (
        select(sentences.c.review_id)
        .join(pending, pending.c.review_id == sentences.c.review_id)
        .where(sentences.c.vector_key.is_not(None), sentences.c.vector_key.not_in(select(vectors.c.key)))
    )
    with store.writing() as connection:
        ready = update(pending).where(pending.c.step == "embed", pending.c.review_id.not_in(lacking))
        connection.execute(ready.values(step="index"))


def next_to_index(store: Store, limit: int) -> tuple[list[str], list[str], NDArray[np.float32]]:
    """Up to `limit` reviews that wait for the index: `(their ids, sentence ids, vectors)`."""
    with store.reading() as connection:
        wanted = select(pending.c.review_id).where(pending.c.step == "index").order_by(pending.c.review_id)
        reviews = list(connection.scalars(wanted.limit(limit)))
        rows = connection.execute(
            select(sentences.c.review_id, sentences.c.ordinal, vectors.c.vector)
            .join(vectors, vectors.c.key == sentences.c.vector_key)
            .where(sentences.c.review_id.in_(reviews))
            .order_by(sentences.c.review_id, sentences.c.ordinal)
        ).all()
    ids = [f"{row.review_id}.{row.ordinal}" for row in rows]
    return reviews, ids, as_matrix([row.vector for row in rows])


def indexed(store: Store, reviews: Sequence[str]) -> None:
    """These reviews stand in the index."""
    with store.writing() as connection:
        connection.execute(delete(pending).where(pending.c.review_id.in_(reviews)))


def to_unindex(store: Store) -> list[str]:
    """Sentences that must leave the index."""
    with store.reading() as connection:
        return list(connection.scalars(select(unindex.c.sentence_id).order_by(unindex.c.sentence_id)))


def unindexed(store: Store, ids: Sequence[str]) -> None:
    """These sentences have left the index."""
    with store.writing() as connection:
        for start in range(0, len(ids), 500):
            connection.execute(delete(unindex).where(unindex.c.sentence_id.in_(ids[start : start + 500])))


def start_over(store: Store, *, embed: bool) -> None:
    """Let every live review wait again: for its vectors (which are forgotten) or only for the index."""
    with store.writing() as connection:
        connection.execute(delete(unindex))
        connection.execute(delete(pending))
        if embed:
            connection.execute(delete(vectors))
        every = select(sentences.c.review_id).distinct()
        connection.execute(insert(pending).from_select(["review_id", "step"], every.add_columns(literal("embed"))))
    embedding_done(store)


def pages_of_vectors(store: Store, size: int) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """Every sentence that has a vector, by pages of `(sentence ids, vectors)`."""
    last = 0
    while True:
        with store.reading() as connection:
            rows = connection.execute(
                select(sentences.c.rowid, sentences.c.review_id, sentences.c.ordinal, vectors.c.vector)
                .join(vectors, vectors.c.key == sentences.c.vector_key)
                .where(sentences.c.rowid > last)
                .order_by(sentences.c.rowid)
                .limit(size)
            ).all()
        if not rows:
            return
        last = rows[-1].rowid
        yield [f"{row.review_id}.{row.ordinal}" for row in rows], as_matrix([row.vector for row in rows])


def pages_of_ids(store: Store, size: int) -> Iterator[list[tuple[str, bool]]]:
    """Every sentence that has a vector, by pages of `(sentence id, whether it should stand in the index by now)`."""
    waits = exists().where(pending.c.review_id == sentences.c.review_id)
    last = 0
    while True:
        with store.reading() as connection:
            rows = connection.execute(
                select(sentences.c.rowid, sentences.c.review_id, sentences.c.ordinal, (~waits).label("settled"))
                .join(vectors, vectors.c.key == sentences.c.vector_key)
                .where(sentences.c.rowid > last)
                .order_by(sentences.c.rowid)
                .limit(size)
            ).all()
        if not rows:
            return
        last = rows[-1].rowid
        yield [(f"{row.review_id}.{row.ordinal}", bool(row.settled)) for row in rows]


def some_vectors(store: Store, limit: int) -> list[tuple[str, NDArray[np.float32]]]:
    """A few sentences that should stand in the index, spread over the library, with their vectors."""
    with store.reading() as connection:
        last = connection.scalar(select(func.max(sentences.c.rowid))) or 0
        rows = connection.execute(
            select(sentences.c.review_id, sentences.c.ordinal, vectors.c.vector)
            .join(vectors, vectors.c.key == sentences.c.vector_key)
            .where(sentences.c.rowid % max(1, last // limit) == 0)
            .where(sentences.c.review_id.not_in(select(pending.c.review_id)))
            .order_by(sentences.c.rowid)
            .limit(limit)
        ).all()
    return [(f"{row.review_id}.{row.ordinal}", np.frombuffer(row.vector, np.float32)) for row in rows]


def as_matrix(blobs: Sequence[bytes]) -> NDArray[np.float32]:
    """Stored vectors as one matrix, a row each."""
    if not blobs:
        return np.zeros((0, 0), np.float32)
    return np.frombuffer(b"".join(blobs), np.float32).reshape(len(blobs), -1)

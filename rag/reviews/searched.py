"""What of a review is searched and counted: its sentences and opinions. They are there while it is live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from rag import words
from rag.records import Sentence
from rag.reviews import coded, identity
from rag.reviews.schema import pending, sentences, unindex
from rag.reviews.split import sentences as split

_ADD_SENTENCES = insert(sentences)
_ADD_PENDING = insert(pending).prefix_with("OR REPLACE")
_FORGET = delete(pending).where(pending.c.review_id == bindparam("gone"))
_UNINDEX = (
    insert(unindex)
    .prefix_with("OR IGNORE")
    .from_select(
        ["sentence_id"],
        select(sentences.c.review_id.concat(".").concat(sentences.c.ordinal)).where(
            sentences.c.review_id == bindparam("gone")
        ),
    )
)
_DELETE = delete(sentences).where(sentences.c.review_id == bindparam("gone"))


def enter(connection: Connection, review_id: str, title_id: str, text: str, lang: str | None) -> None:
    """Split a review, store its sentences, and let it wait for its vectors."""
    rows = [_row(tile, title_id) for tile in split(review_id, text, lang)]
    if rows:
        connection.execute(_ADD_SENTENCES, rows)
    connection.execute(_ADD_PENDING, {"review_id": review_id, "step": "embed"})
    coded.touch(connection, {title_id: {coded.WHOLE}})


def _row(tile: Sentence, title_id: str) -> dict[str, object]:
    """What is noise has no stems and no vector."""
    return {
        "review_id": tile.review_id,
        "title_id": title_id,
        "ordinal": tile.ordinal,
        "start": tile.start,
        "end": tile.end,
        "view": tile.view,
        "stems": " ".join(words.stems(tile.view)),
        "vector_key": None if tile.noise else identity.digest("view", tile.view),
    }


def leave(connection: Connection, review_ids: Iterable[str]) -> None:
    """Take reviews out of every search and count; the journal remembers which sentences must leave the index."""
    gone: Sequence[dict[str, str]] = [{"gone": review_id} for review_id in review_ids]
    if gone:
        coded.leave(connection, [row["gone"] for row in gone])
        for statement in (_UNINDEX, _DELETE, _FORGET):
            connection.execute(statement, gone)

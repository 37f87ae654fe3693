"""Small reviews, written for one test, and how they are looked at below the library's verbs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from rag.library import Library
from rag.records import Citation
from rag.reviews.store import Reading, Store

_numbers = count(1)

Row = str | dict[str, str]


def put(library: Library, *rows: Row, title: str = "Salt", kind: str = "film") -> str:
    """Add reviews, a text or its fields each, as a source of their own; the batch."""
    number = next(_numbers)
    path = library.path.parent / f"source-{number}.jsonl"
    # With a mark of its own: a file of the same bytes as another is the same source.
    objects = ({**({"text": row} if isinstance(row, str) else row), "mark": number} for row in rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in objects))
    return library.add([path], title=title, kind=kind).batch


def ids_by_text(library: Library, title: str = "Salt") -> dict[str, str]:
    """The id of each live review of a title."""
    return {review.text: review.id for review in library.reviews(title, limit=10_000)[0]}


@contextmanager
def reading(library: Library) -> Iterator[Reading]:
    """What is stored, at one moment."""
    store = Store(library.path)
    try:
        with store.reading() as found:
            yield found
    finally:
        store.close()


def assert_exact(library: Library, citation: Citation) -> None:
    """A quote is a slice of its stored review."""
    assert library.review(citation.review_id).text[citation.start : citation.end] == citation.quote

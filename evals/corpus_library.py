"""Our corpus in a library, stored as a user would store it: its reviews in files, a file a kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from corpus.built import review_record
from corpus.planted import votes
from corpus.reader import Review, Title
from rag import taxonomy
from rag.export import ExportFormat
from rag.library import Library
from rag.records import Progress

Names = Mapping[str, str]
"""The library's id of a review → the corpus's."""


class NotStored(Exception):
    """The library does not hold the reviews as they were written."""


def add_reviews(
    titles: Iterable[Title],
    reviews: Iterable[Review],
    library: Library,
    folder: Path,
    on_progress: Callable[[Progress], None],
) -> Names:
    """Store the reviews; kinds without a taxonomy are `general`. Raises NotStored."""
    kinds, kept = {title.slug: title.kind for title in titles}, list(reviews)
    for kind in sorted(set(kinds.values())):
        file = folder / f"{kind}.jsonl"
        records = [_record(review) for review in kept if kinds[review.slug] == kind]
        file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
        known = kind if kind in taxonomy.kinds() else taxonomy.GENERAL
        library.add([file], kind=known, on_progress=on_progress)
    return names_in(library, kept)


def names_in(library: Library, reviews: Iterable[Review]) -> Names:
    """Which review of the library is which of the corpus. Raises NotStored."""
    by_text = {(review.title, review.text): review.id for review in reversed(votes(reviews))}
    exported = json.loads("".join(library.export(ExportFormat.json)))
    titles = {title.id: title.name for title in library.titles()}
    found = {r["id"]: by_text.get((titles[r["title_id"]], r["text"]), "") for r in exported["reviews"]}
    if "" in found.values() or len(found) != len(by_text):
        raise NotStored("The library does not hold the reviews as they were written.")
    return found


def _record(review: Review) -> dict[str, object]:
    """A line of the file; the id is left out, as scraped reviews have none."""
    return {key: value for key, value in review_record(review).items() if key != "id"}

"""What `doctor` looks at: is what is stored whole, does every offset hold, does the index hold what it should?"""

from __future__ import annotations

from collections.abc import Callable

from rag.errors import LibraryDamaged
from rag.records import Check
from rag.reviews import journal
from rag.reviews import store as stores
from rag.reviews.changes import SCRUB
from rag.reviews.store import Store
from rag.search.base import Index


def check_store(store: Store) -> list[Check]:
    """The database itself, the tiling of every review, and what the journal holds."""
    with store.reading() as reading:
        problems = stores.integrity(reading)
        counts = stores.counts(reading)
        untiled = stores.reviews_not_tiled(reading)
        half_purged = stores.get_meta(reading, SCRUB) is not None
    checks = [
        Check("database", "damaged", f"SQLite reports: {problems[0]}. Restore a backup.")
        if problems
        else Check("database", "ok", f"{counts['reviews']} reviews, {counts['sentences']} sentences"),
        Check(
            "sentences",
            "damaged",
            f"{len(untiled)} reviews are not covered by their sentences: {untiled[0]} …",
        )
        if untiled
        else Check("sentences", "ok", "every review is covered by its sentences without gap or overlap"),
    ]
    if half_purged:
        text = "Purged text may still lie in freed pages: a purge was broken off. Finish it with: pullquote rebuild"
        checks.append(Check("purge", "note", text))
    waiting = journal.waiting(store)
    if waiting:
        steps = ", ".join(f"{count} wait for the step “{step}”" for step, count in sorted(waiting.items()))
        checks.append(Check("journal", "note", f"Of the reviews, {steps}. Go on with: pullquote rebuild"))
    else:
        checks.append(Check("journal", "ok", "nothing is left to do"))
    return checks


def check_index(store: Store, index: Callable[[], Index]) -> Check:
    """Whether the index holds a vector for every sentence that has one and waits for nothing."""
    wanted = journal.count_indexed(store)
    try:
        opened = index()
        held = opened.count()
    except LibraryDamaged as error:
        return Check("index", "damaged", f"{error.message} {error.hint}")
    if held < wanted:
        return Check("index", "damaged", f"It holds {held} of {wanted} vectors. Mend it with: pullquote rebuild")
    return Check("index", "ok", f"{held} vectors in {opened.address}")

"""Changing what is stored: every edit keeps text and id, every removal can be undone, every purge leaves nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rag.errors import InputError, LibraryLocked, UnknownBatch, UnknownReview, UnknownTitle
from rag.library import HISTORY, Library
from rag.records import Filters
from tests.doubles import ListIndex
from tests.written import put

LONG = "The keeper walks down to the pier and forgives her brother, and I did not believe a word of it, nor did she. "
SECRET = "The zebrawood lantern smelled of quicklime and my knees gave way. "


@pytest.fixture
def index() -> ListIndex:
    return ListIndex()


@pytest.fixture
def library(open_library: Callable[..., Library], index: ListIndex) -> Library:
    return open_library(index=index)


def add(library: Library, path: Path, text: str, title: str | None = "Salt") -> str:
    path.write_text(text, "utf-8")
    return library.add([path], title=title).batch


def ids(library: Library, title: str = "Salt", *, removed: bool = False) -> list[str]:
    return sorted(review.id for review in library.reviews(title, removed=removed, limit=100)[0])


def quoted(library: Library, question: str = "Is the harbour in it?") -> set[str]:
    return {citation.quote for citation in library.ask(question).citations}


# ── edit ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_renamed_title_keeps_its_id_and_is_found_by_its_old_name(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "a.txt", "The harbour glows.")
    before = library.title("Salt")
    after, _ = library.edit_title("salt", name="The Salt  Ladder")
    assert (after.id, after.name, library.title("Salt").id) == (before.id, "The Salt Ladder", before.id)
    report = library.add([tmp_path / "a.txt"], title="Salt")
    assert (report.added, report.unchanged, len(library.titles())) == (0, 1, 1)


def test_a_name_that_another_title_has_is_refused_with_the_way_to_merge(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "a.txt", "The harbour glows.")
    add(library, tmp_path / "b.txt", "The lamp glows.", "Lamp")
    with pytest.raises(InputError) as caught:
        library.edit_title("Salt", name="lamp")
    assert "--into" in str(caught.value.hint)


def test_merged_titles_are_one_and_equal_votes_count_once(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "a.txt", LONG)
    add(library, tmp_path / "b.txt", LONG + "\n", "Salt Ladder")
    add(library, tmp_path / "c.txt", "The harbour sleeps.", "Salt Ladder")
    gone = library.title("Salt Ladder").id
    title, joined = library.edit_title("Salt Ladder", into="Salt")
    assert (title.name, title.reviews, joined) == ("Salt", 2, 1)
    assert library.title("Salt Ladder").id == library.title(gone).id == title.id
    sources = {source for review in library.reviews("Salt")[0] for source in review.sources}
    assert sources == {str(tmp_path / name) for name in ("a.txt", "b.txt", "c.txt")}
    assert library.add([tmp_path / "b.txt", tmp_path / "c.txt"], title="Salt Ladder").unchanged == 2
    assert quoted(library) == {"The harbour sleeps."}


def test_a_moved_review_is_asked_with_its_new_title(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "a.txt", "The harbour glows.")
    add(library, tmp_path / "b.txt", "The lamp glows.", "Lamp")
    (review,) = ids(library)
    assert library.edit_review(review, title="Lamp").id == review
    assert [title.name for title in library.titles()] == ["Lamp"]
    found = library.ask("Is the harbour in it?", titles=["Lamp"])
    assert ([c.review_id for c in found.citations], found.reviews) == ([review], 2)


def test_corrections_show_at_once_and_survive_adding_the_file_again(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "x.csv", "text,critic,outlet,date\nThe harbour glows.,Jon,Post,2024-01-02\n")
    (review,) = ids(library)
    changed = library.edit_review(review, critic="Joan", outlet="", date="3 March 2025")
    assert (changed.critic, changed.outlet, changed.date, changed.text) == (
        "Joan",
        None,
        "2025-03-03",
        "The harbour glows.",
    )
    assert library.add([tmp_path / "x.csv"], title="Salt").unchanged == 1
    assert library.ask("Is the harbour in it?").citations[0].critic == "Joan"


@pytest.mark.parametrize("wrong", [{"date": "soon"}, {"critic": "x" * 400}, {"outlet": "a\x1b[2Jb"}, {}])
def test_a_correction_that_says_nothing_usable_is_refused(
    library: Library, tmp_path: Path, wrong: dict[str, str]
) -> None:
    add(library, tmp_path / "a.txt", "The harbour glows.")
    (review,) = ids(library)
    with pytest.raises(InputError):
        library.edit_review(review, **wrong)  # type: ignore[arg-type]


def test_unknown_names_are_said(library: Library, tmp_path: Path) -> None:
    batch = add(library, tmp_path / "a.txt", "The harbour glows.")
    with pytest.raises(UnknownTitle):
        library.edit_title("Sugar", name="x")
    with pytest.raises(UnknownReview):
        library.edit_review("0123", critic="x")
    with pytest.raises(UnknownBatch) as caught:
        library.remove(batch="yesterday")
    assert batch in str(caught.value.hint)
    with pytest.raises(InputError):
        library.remove()
    generation = library.generation
    for nothing in (lambda: library.restore("Salt"), lambda: library.remove(purge=True)):
        with pytest.raises(InputError):
            nothing()
    assert library.generation == generation
    assert all(check.state == "ok" for check in library.doctor() if check.name not in ("model", "chat"))


# ── remove and restore ───────────────────────────────────────────────────────────────────────────


def test_a_removed_review_is_in_no_answer_and_stays_removed_when_its_file_is_added_again(
    library: Library, index: ListIndex, tmp_path: Path
) -> None:
    add(library, tmp_path / "a.txt", "The harbour glows.")
    add(library, tmp_path / "b.txt", "The harbour sleeps.")
    glows = next(r.id for r in library.reviews("Salt")[0] if "glows" in r.text)
    assert library.remove(glows).reviews == (glows,)
    assert quoted(library) == {"The harbour sleeps."}
    assert (index.count(), library.review(glows).state, ids(library, removed=True)) == (1, "removed", [glows])
    report = library.add([tmp_path / "a.txt"], title="Salt")
    assert (report.added, report.unchanged) == (0, 1)
    assert any("removed earlier" in note.text for note in report.notes)
    assert library.restore(glows).reviews == (glows,)
    assert quoted(library) == {"The harbour glows.", "The harbour sleeps."}
    assert index.count() == 2


def test_a_title_comes_back_without_what_was_removed_by_itself(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "x.csv", "text\nThe harbour glows.\nThe harbour sleeps.\nThe harbour sings.\n")
    first, *rest = ids(library)
    library.remove(first)
    library.remove("Salt")
    assert library.titles() == []
    assert library.restore("Salt").reviews == tuple(rest)
    assert ids(library, removed=True) == [first]


def test_a_batch_is_undone_whole_and_can_be_done_again(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    add(library, path, "The harbour glows.")
    (old,) = ids(library)
    (tmp_path / "b.txt").write_text("The harbour sings.")
    path.write_text("The harbour sleeps.")
    batch = library.add([path, tmp_path / "b.txt"], title="Salt").batch
    new = ids(library)
    done = library.remove(batch=batch)
    assert (sorted(done.reviews), done.returned, ids(library)) == (new, (old,), [old])
    assert quoted(library) == {"The harbour glows."}
    done = library.restore(batch=batch)
    assert (sorted(done.reviews), done.returned, ids(library)) == (new, (old,), new)
    assert quoted(library) == {"The harbour sleeps.", "The harbour sings."}


def versions(library: Library, path: Path, *texts: str) -> list[str]:
    """Add a file again and again with other texts; the batches."""
    return [add(library, path, text) for text in texts]


def live_texts(library: Library) -> list[str]:
    return sorted(review.text for title in library.titles() for review in library.reviews(title.name)[0])


@pytest.mark.parametrize(
    ("undone", "redone", "live"),
    [("21", "21", "two"), ("21", "12", "two"), ("32", "3", "three"), ("32", "2", "two"), ("3", "3", "three")],
)
def test_undoing_and_redoing_batches_leaves_one_text_of_each_review(
    library: Library, tmp_path: Path, undone: str, redone: str, live: str
) -> None:
    count = max(map(int, undone))
    batches = versions(library, tmp_path / "a.txt", *("one two three".split()[:count]))
    for place in undone:
        library.remove(batch=batches[int(place) - 1])
    for place in redone:
        library.restore(batch=batches[int(place) - 1])
    assert live_texts(library) == [live]


def test_purging_a_text_in_the_middle_keeps_the_others_in_order(library: Library, tmp_path: Path) -> None:
    batches = versions(library, tmp_path / "a.txt", "one", "two", "three")
    library.remove(batch=batches[1], purge=True)
    library.remove(batch=batches[2])
    assert live_texts(library) == ["one"]


def test_equal_votes_stay_one_however_they_come_together(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "a.txt", LONG, "Lamp")
    add(library, tmp_path / "b.txt", LONG + "\n")
    (held,) = ids(library)
    library.remove(held)
    library.edit_title("Lamp", into="Salt")
    library.restore(held)
    assert len(ids(library)) == 1
    add(library, tmp_path / "x.csv", "text,critic\nGood.,Ann\nGood.,Bob\n")
    bob = next(r.id for r in library.reviews("Salt")[0] if r.critic == "Bob")
    with pytest.raises(InputError):
        library.edit_review(bob, critic="ann")
    assert library.review(bob).critic == "Bob"


def test_a_vote_that_another_batch_brought_too_outlives_the_undoing_of_the_first(
    library: Library, tmp_path: Path
) -> None:
    first = add(library, tmp_path / "a.csv", "text,critic\nFine.,Ann\n")
    second = add(library, tmp_path / "b.csv", "text,critic\nFine.,Ann\nGood.,Bob\n")
    with pytest.raises(InputError):
        library.remove(batch=first)
    assert live_texts(library) == ["Fine.", "Good."]
    library.remove(batch=second)
    assert live_texts(library) == ["Fine."]


def test_another_text_under_the_same_key_does_not_bring_a_removed_review_back(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    versions(library, path, "one", "two")
    (held,) = ids(library)
    library.remove(held)
    versions(library, path, "two!", "one")
    assert library.titles() == []
    library.restore(held)
    assert live_texts(library) == ["two"]


# ── purge ────────────────────────────────────────────────────────────────────────────────────────


def held(folder: Path, *needles: str) -> list[str]:
    """Files below a folder that hold any of these texts, in UTF-8 or UTF-16."""
    wanted = [needle.encode(code) for needle in needles for code in ("utf-8", "utf-16-le")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(needle in path.read_bytes() for needle in wanted)]


@pytest.mark.parametrize("name", ["review", "title", "batch", "all"])
def test_what_is_purged_is_in_no_file_of_the_library(library: Library, tmp_path: Path, name: str) -> None:
    add(library, tmp_path / "keep.txt", "The harbour glows.", "Lamp")
    path = tmp_path / "a.txt"
    add(library, path, SECRET + "It hurt.")
    batch = add(library, path, SECRET + "It still hurts.")
    (review,) = ids(library)
    (library.path / HISTORY).write_text(f"# today\n+{SECRET}\n")
    (library.path / "library.db.before-0002").write_text(SECRET)
    assert held(library.path, "zebrawood", "quicklim")
    if name == "all":
        library.remove(review)
        library.remove(purge=True)
    elif name == "batch":
        library.remove(batch=batch, purge=True)
        (old,) = ids(library)  # what the batch had replaced is live again, and is purged by its own name
        library.remove(old, purge=True)
    else:
        library.remove({"review": review, "title": "Salt"}[name], purge=True)
    library.close()
    assert held(library.path, "zebrawood", "quicklim") == []
    with Library.open(library.path, embedder=library.embedder, index=ListIndex()) as again:
        assert [title.name for title in again.titles()] == ["Lamp"]
        assert again.add([path], title="Salt").added == 1


def test_a_purge_leaves_no_freed_page(library: Library) -> None:
    """Some builds of SQLite wipe what is deleted, others leave it in freed pages until the file is written anew."""
    put(library, *({"text": f"The zebrawood of night {n} is quicklimed. " * 40, "critic": f"C{n}"} for n in range(50)))
    put(library, "The harbour glows.", title="Lamp")
    library.remove("Salt", purge=True)
    library.close()
    with closing(sqlite3.connect(library.path / "library.db")) as database:
        assert database.execute("PRAGMA freelist_count").fetchone() == (0,)


def test_a_purge_while_somebody_reads_says_so_and_is_finished_later(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "a.txt", SECRET)
    add(library, tmp_path / "b.txt", "The harbour glows.")
    secret = next(r.id for r in library.reviews("Salt")[0] if "zebra" in r.text)
    reader = sqlite3.connect(library.path / "library.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM reviews").fetchall()
    with pytest.raises(LibraryLocked) as caught:
        library.remove(secret, purge=True)
    assert "rebuild" in str(caught.value.hint)
    assert quoted(library) == {"The harbour glows."}
    assert any(check.state == "note" and "purge" in check.text for check in library.doctor())
    reader.close()
    library.rebuild()
    library.close()
    assert held(library.path, "zebrawood") == []


# ── backup ───────────────────────────────────────────────────────────────────────────────────────


def test_a_backup_taken_while_somebody_writes_is_a_whole_library(
    library: Library, open_library: Callable[..., Library], tmp_path: Path
) -> None:
    add(library, tmp_path / "a.txt", "The harbour glows.")
    writer = sqlite3.connect(library.path / "library.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM sentences")
    size = library.backup(tmp_path / "salt.db")
    writer.execute("ROLLBACK")
    writer.close()
    assert size == (tmp_path / "salt.db").stat().st_size
    with pytest.raises(InputError):
        library.backup(tmp_path / "salt.db")
    folder = tmp_path / "again"
    folder.mkdir()
    (tmp_path / "salt.db").rename(folder / "library.db")
    again = open_library(folder, embedder=library.embedder)
    embedded = len(library.embedder.embedded)  # type: ignore[union-attr]
    again.rebuild()
    assert quoted(again) == {"The harbour glows."}
    assert len(library.embedder.embedded) == embedded + 2  # type: ignore[union-attr]  # the question only
    assert all(check.state == "ok" for check in again.doctor() if check.name not in ("model", "chat"))


# ── filters ──────────────────────────────────────────────────────────────────────────────────────

RATED = """text,critic,outlet,date,rating,lang
The harbour glows.,Ann,Post,2023-05-01,5,en
The harbour sleeps.,Bob,Courier,2024-02-29,2,en-GB
The harbour sings.,Cem,post,2024-03-01,4/5,tr
The harbour hums.,Dora,,,B+,
"""


@pytest.mark.parametrize(
    ("filters", "critics"),
    [
        (Filters(since="2024"), "Bob Cem"),
        (Filters(until="2024-02"), "Ann Bob"),
        (Filters(since="2024-02-29", until="2024-02-29"), "Bob"),
        (Filters(outlets=("POST",)), "Ann Cem"),
        (Filters(min_rating="80%"), "Ann Cem Dora"),
        (Filters(max_rating="2/5"), "Bob"),
        (Filters(lang="en"), "Ann Bob"),
        (Filters(lang="TR", min_rating="8/10"), "Cem"),
    ],
)
def test_filters_narrow_questions_and_pages_alike(
    library: Library, tmp_path: Path, filters: Filters, critics: str
) -> None:
    add(library, tmp_path / "x.csv", RATED)
    page, total = library.reviews("Salt", filters=filters)
    assert ({r.critic for r in page}, total) == (set(critics.split()), len(critics.split()))
    found = library.ask("Is the harbour in it?", filters=filters)
    assert {c.critic for c in found.citations} == set(critics.split())
    assert found.reviews == total
    assert library.ask("And who liked it?", previous=found).reviews == total


def test_filters_that_leave_nothing_end_in_an_honest_silence(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "x.csv", RATED)
    found = library.ask("Is the harbour in it?", filters=Filters(since="2030"))
    assert (found.status, found.reviews, found.reason) == ("abstained", 0, "There are no reviews in scope.")


@pytest.mark.parametrize(
    "wrong", [Filters(since="soon"), Filters(until="2024-13"), Filters(outlets=("Pots",)), Filters(min_rating="4"),
              Filters(lang="'; --")]
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused(library: Library, tmp_path: Path, wrong: Filters) -> None:
    add(library, tmp_path / "x.csv", RATED)
    with pytest.raises(InputError):
        library.ask("Is the harbour in it?", filters=wrong)

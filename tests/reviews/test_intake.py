"""Votes: what adding the same thing again, elsewhere, or changed, does to the count of reviews."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.library import Library
from rag.records import AddReport, Review

LONG = "The keeper walks down to the pier and forgives her brother, and I did not believe a word of it, nor did she. "


def outcome(report: AddReport) -> tuple[int, int, int, int]:
    return report.added, report.unchanged, report.superseded, report.duplicates


def live(library: Library, title: str = "Salt") -> list[Review]:
    return library.reviews(title, limit=100)[0]


def add(library: Library, path: Path, text: str) -> AddReport:
    path.write_text(text, "utf-8")
    return library.add([path], title="Salt")


def test_adding_a_folder_twice_changes_nothing(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "Salt"
    folder.mkdir()
    (folder / "a.txt").write_text(LONG)
    (folder / "b.txt").write_text("Great!")
    assert outcome(library.add([folder])) == (2, 0, 0, 0)
    generation_before = [review.id for review in live(library)]
    assert outcome(library.add([folder])) == (0, 2, 0, 0)
    assert [review.id for review in live(library)] == generation_before


def test_short_unsigned_texts_are_votes_of_their_own_and_counted_per_source(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    assert outcome(add(library, path, "text\nGreat!\nGreat!\nGreat!\n")) == (3, 0, 0, 0)
    assert outcome(add(library, path, "text\nGreat!\nGreat!\nGreat!\nGreat!\n")) == (1, 3, 0, 0)
    assert outcome(add(library, tmp_path / "y.csv", "text\nGreat!\nGreat!\n")) == (2, 0, 0, 0)
    assert len(live(library)) == 6


def test_identical_bytes_under_another_name_are_the_same_source(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "x.csv", "text\nGreat!\nFine.\n")
    assert outcome(add(library, tmp_path / "copy.csv", "text\nGreat!\nFine.\n")) == (0, 2, 0, 0)


def test_a_reprint_is_one_vote_and_both_sources_are_kept(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "x.csv", f'text,critic,outlet\n"{LONG}",Mara Quill,Post\n')
    assert outcome(add(library, tmp_path / "y.csv", f'text,outlet\n"{LONG}",Courier\n')) == (0, 0, 0, 1)
    (review,) = live(library)
    assert review.sources == (str(tmp_path / "x.csv"), str(tmp_path / "y.csv"))


def test_equal_short_texts_are_one_vote_only_by_the_same_author(library: Library, tmp_path: Path) -> None:
    add(library, tmp_path / "x.csv", "text,critic\nGreat!,Ann\nGreat!,Bob\nGreat!,ann\n")
    assert sorted(str(review.critic) for review in live(library)) == ["Ann", "Bob"]


def test_a_changed_one_review_file_supersedes_its_old_text(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    add(library, path, "The harbour glows.")
    (old,) = live(library)
    assert outcome(add(library, path, "The harbour glows, and I slept.")) == (0, 0, 1, 0)
    (new,) = live(library)
    assert new.text == "The harbour glows, and I slept."
    assert library.review(old.id).text == "The harbour glows."  # history
    assert outcome(add(library, path, "The harbour glows.")) == (0, 0, 1, 0)
    assert [review.text for review in live(library)] == [old.text]


def test_an_id_column_names_a_review_across_edits_of_the_file(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    add(library, path, "id,text\n1,The harbour glows.\n2,I slept.\n")
    assert outcome(add(library, path, "id,text\n1,The harbour glows.\n2,I slept twice.\n")) == (0, 1, 1, 0)
    assert sorted(review.text for review in live(library)) == ["I slept twice.", "The harbour glows."]


def test_a_row_number_names_nothing(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    add(library, path, "text\nThe harbour glows.\nI slept.\n")
    assert outcome(add(library, path, "text\nA new first row.\nThe harbour glows.\nI slept.\n")) == (1, 2, 0, 0)


def test_a_url_that_all_rows_share_names_none_of_them(library: Library, tmp_path: Path) -> None:
    page = "https://shop.example/salt"
    add(library, tmp_path / "x.csv", f"text,url\nThe harbour glows.,{page}\nI slept.,{page}\n")
    assert len(live(library)) == 2


def test_a_near_duplicate_is_a_vote_of_its_own_and_flagged(library: Library, tmp_path: Path) -> None:
    longer = LONG + "The sea is grey and heavy and close enough to wet your sleeves."
    add(library, tmp_path / "a.txt", longer)
    add(library, tmp_path / "b.txt", longer.replace("grey and heavy", "grey, heavy"))
    assert len(live(library)) == 2
    first, second = (review.near_duplicate_of for review in live(library))
    assert {first, second} > {None}


@pytest.mark.parametrize("name", ["Salt", "salt ", "The  Ladder"])
def test_a_title_is_one_by_any_of_its_names(library: Library, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "title.toml").write_text('name = "Salt"\naliases = ["The Ladder"]\n')
    (folder / "a.txt").write_text("The harbour glows.")
    library.add([folder])
    (tmp_path / "b.txt").write_text("I slept.")
    library.add([tmp_path / "b.txt"], title=name)
    assert [(title.name, title.reviews) for title in library.titles()] == [("Salt", 2)]


def test_the_kind_is_guessed_from_the_reviews_and_said(library: Library, tmp_path: Path) -> None:
    report = add(library, tmp_path / "x.csv", "text\nA film of great calm.\nThis movie is slow.\n")
    assert report.titles[0].kind == "film"
    assert any("taken for a film" in note.text for note in report.notes)
    (tmp_path / "soap.csv").write_text("text\nIt smells of pine.\n")
    assert library.add([tmp_path / "soap.csv"]).titles[0].kind == "general"


def test_a_dry_run_reports_and_stores_nothing(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text\nThe harbour glows.\n")
    report = library.add([path], title="Salt", dry_run=True)
    assert outcome(report) == (1, 0, 0, 0)
    assert not library.path.exists()
    library.add([path], title="Salt")
    before = library.generation
    path.write_text("text\nThe harbour glows.\nI slept.\n")
    assert outcome(library.add([path], title="Salt", dry_run=True)) == (1, 1, 0, 0)
    assert (len(live(library)), library.generation) == (1, before)


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (
            "1,A one.\n2,B two.\n3,C three.\n",
            "1,B two.\n2,C three.\n",
            {"B two.", "C three."},
        ),  # a row deleted, renumbered
        ("1,A one.\n2,B two.\n", "1,B two.\n2,A one.\n", {"A one.", "B two."}),  # swapped
        ("1,A one.\n2,B two.\n", "1,N new.\n2,A one.\n3,B two.\n", {"N new.", "A one.", "B two."}),  # one put before
        ("1,A one.\n2,B two.\n", "1,A one.\n2,B two again.\n", {"A one.", "B two again."}),
    ],
)
def test_what_stands_in_a_file_is_live_after_it_was_read(
    library: Library, tmp_path: Path, before: str, after: str, kept: set[str]
) -> None:
    path = tmp_path / "x.csv"
    add(library, path, f"id,text\n{before}")
    add(library, path, f"id,text\n{after}")
    found = {review.text for review in live(library)}
    assert kept <= found
    again = add(library, path, f"id,text\n{after}")
    assert (again.added, again.superseded, {review.text for review in live(library)}) == (0, 0, found)


def test_a_copy_is_the_same_source_however_often_either_is_added(library: Library, tmp_path: Path) -> None:
    text = "text\nGreat!\nFine.\n"
    for name in ("a.csv", "b.csv", "b.csv", "a.csv", "b.csv"):
        add(library, tmp_path / name, text)
    assert len(live(library)) == 2
    assert outcome(add(library, tmp_path / "b.csv", text + "Great!\n")) == (3, 0, 0, 0)  # no copy any more
    assert outcome(add(library, tmp_path / "a.csv", text)) == (0, 2, 0, 0)


def test_one_product_page_in_the_reviews_of_two_critics_names_neither(library: Library, tmp_path: Path) -> None:
    page = "https://shop.example/kettle"
    add(library, tmp_path / "a.csv", f"text,critic,url\nIt boils.,Ann,{page}\n")
    assert outcome(add(library, tmp_path / "b.csv", f"text,critic,url\nIt leaks.,Bob,{page}\n")) == (1, 0, 0, 0)
    assert outcome(add(library, tmp_path / "c.csv", f"text,critic,url\nIt boils over.,Ann,{page}\n")) == (1, 0, 0, 0)


def test_a_name_beats_an_alias(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "title.toml").write_text('name = "Prometheus"\naliases = ["Alien", "", "Pro"]\n')
    (folder / "a.txt").write_text("The film glows.")
    (tmp_path / "x.csv").write_text("film,text\nAlien,The film bites.\n")
    library.add([tmp_path / "x.csv"])
    library.add([folder])
    assert {title.name: title.reviews for title in library.titles()} == {"Alien": 1, "Prometheus": 1}
    assert library.title("alien").name == "Alien"
    assert library.title("PRO").name == "Prometheus"


def test_a_known_file_under_another_title_stays_and_that_is_said(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text\nThe harbour glows.\n")
    library.add([path], title="Slat")
    report = library.add([path], title="Salt")
    assert [title.name for title in library.titles()] == ["Slat"]
    assert any("added under this title before" in note.text for note in report.notes)


def test_a_vote_whose_id_is_taken_by_one_that_was_moved_or_corrected_is_stored_beside_it(
    library: Library, tmp_path: Path
) -> None:
    add(library, tmp_path / "x.csv", "text,critic\nGreat!,Jon\n")
    (first,) = live(library)
    library.edit_review(first.id, critic="Joan")
    assert outcome(add(library, tmp_path / "y.csv", "text,critic,n\nGreat!,Jon,1\n")) == (1, 0, 0, 0)
    assert {review.critic for review in live(library)} == {"Joan", "Jon"}
    add(library, tmp_path / "z.csv", f'text,critic\n"{LONG}",Ann\n')
    moved = next(review for review in live(library) if review.critic == "Ann")
    (tmp_path / "lamp.txt").write_text("The lamp glows.")
    library.add([tmp_path / "lamp.txt"], title="Lamp")
    library.edit_review(moved.id, title="Lamp")
    assert outcome(add(library, tmp_path / "w.csv", f'text,critic,n\n"{LONG}",Ann,1\n')) == (1, 0, 0, 0)
    assert library.review(moved.id).title_id == library.title("Lamp").id
    assert len(live(library)) == 3

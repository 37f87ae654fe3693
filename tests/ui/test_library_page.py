from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from rag.library import Library
from rag.records import AddReport, Column, Note, Progress, Rejected, Review
from rag.reviews import lock
from ui import messages_library, review_table, upload
from ui.messages import FAULT
from ui.upload import Adding, Parcel, Sent

pytestmark = pytest.mark.usefixtures("forget_libraries")

MESSY = (
    "Reviewer says,Penned by,Stars,Film\n"
    '"The ending drags, and nothing is learned at all.",=Eve(1),3/5,Salt\n'
    '"I loved the ending; it was tender and true.",Ann,5/5,Salt\n'
    ",,,\n"
    '"",Bob,1/5,Salt\n'
)


def _html(page: AppTest) -> str:
    return "\n".join(body for element in page.get("html") if "<style" not in (body := element.proto.body))


def _press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def _send(page: AppTest, name: str, content: str | bytes) -> AppTest:
    raw = content.encode() if isinstance(content, str) else content
    return page.file_uploader[0].upload(name, raw, "text/plain").run()


def _add(page: AppTest, label: str) -> AppTest:
    _press(page, label)
    deadline = time.monotonic() + 60
    while "adding" in page.session_state and time.monotonic() < deadline:
        time.sleep(0.1)
        page.run()
    return page


def _titles(library: Path) -> dict[str, int]:
    with Library.open(library) as opened:
        return {title.name: title.reviews for title in opened.titles()}


# ── adding ───────────────────────────────────────────────────────────────────────────────────────


def test_without_a_library_there_is_an_upload_and_the_first_one_makes_it(visit_page: Any, tmp_path: Path) -> None:
    library = tmp_path / "library"
    page = visit_page(library, "library.py")
    assert "No reviews yet" in _html(page)
    _send(page, "messy.csv", MESSY)
    assert "2 reviews would be added, 1 can’t be used." in _html(page)
    assert "messy.csv, line 5: it has no text" in _html(page)
    assert not library.exists() or not list(library.glob("library.db"))
    _add(page, "Add 2 reviews")
    assert "Added 2 reviews, 1 could not be used." in _html(page)
    assert "1 title · 2 reviews" in _html(page)
    assert not page.exception
    assert _titles(library) == {"Salt": 2}


def test_an_empty_library_is_offered_an_upload_too(visit_page: Any, make_library: Any) -> None:
    library = make_library({"title": "A", "text": "The ending drags."})
    with Library.open(library) as opened:
        opened.remove("A")
    page = visit_page(library, "library.py")
    assert "No reviews yet" in _html(page)
    assert page.file_uploader
    _press(page, "Bring back")
    assert "Restored 1 review." in _html(page)
    assert "1 title · 1 review<" in _html(page)


def test_columns_are_chosen_before_anything_is_stored(visit_page: Any, tmp_path: Path) -> None:
    page = _send(visit_page(tmp_path / "library", "library.py"), "messy.csv", MESSY)
    by_label = {box.label: box for box in page.selectbox}
    assert by_label["Reviewer says"].value == "text"
    assert by_label["Penned by"].value == upload.LEAVE_OUT
    by_label["Penned by"].select("critic").run()
    _add(page, "Add 2 reviews")
    with Library.open(tmp_path / "library") as opened:
        found, _ = opened.reviews("Salt")
    assert {review.critic for review in found} == {"=Eve(1)", "Ann"}


def test_a_field_is_read_from_one_column_and_without_a_text_nothing_is_added(visit_page: Any, tmp_path: Path) -> None:
    page = _send(visit_page(tmp_path / "library", "library.py"), "messy.csv", MESSY)
    boxes = {box.label: box for box in page.selectbox}
    boxes["Film"].select("text").run()
    boxes = {box.label: box for box in page.selectbox}
    assert boxes["Reviewer says"].value == upload.LEAVE_OUT
    boxes["Film"].select(upload.LEAVE_OUT).run()
    assert "No column holds the reviews." in _html(page)
    assert next(button for button in page.button if button.label == "Add 0 reviews").disabled


def test_title_and_kind_are_taken(visit_page: Any, tmp_path: Path) -> None:
    page = visit_page(tmp_path / "library", "library.py")
    _send(page, "Some Book.txt", "I read it in one night, and the last chapter let me down badly.")
    page.text_input[0].set_value("The Other Book")
    next(box for box in page.selectbox if box.label == "Kind").select("book").run()
    assert "The Other Book" in _html(page)
    _add(page, "Add 1 review")
    with Library.open(tmp_path / "library") as opened:
        assert [(title.name, title.kind) for title in opened.titles()] == [("The Other Book", "book")]


def test_an_upload_is_undone_and_put_back(visit_page: Any, make_library: Any) -> None:
    library = make_library({"title": "Film A", "text": "The ending drags."})
    page = _add(_send(visit_page(library, "library.py"), "messy.csv", MESSY), "Add 2 reviews")
    _press(page, "Undo this upload")
    assert "The upload is undone." in _html(page)
    assert _titles(library) == {"Film A": 1}
    _send(page, "messy.csv", MESSY)
    assert "were removed earlier and stay so" in _html(page)
    _press(page, "Put them back")
    assert _titles(library) == {"Film A": 1, "Salt": 2}
    assert not page.exception


def test_what_can_not_be_read_is_said_with_its_reason(visit_page: Any, tmp_path: Path) -> None:
    page = _send(visit_page(tmp_path / "library", "library.py"), "report.csv", b"%PDF-1.7 no table at all")
    assert "it is a PDF; save its text as a text file" in _html(page)
    assert next(button for button in page.button if button.label == "Add 0 reviews").disabled
    assert not page.exception


def test_a_library_that_somebody_writes_says_so(visit_page: Any, make_library: Any) -> None:
    library = make_library({"title": "Film A", "text": "The ending drags."})
    page = visit_page(library, "library.py")
    with lock.writing(library, "add"):
        _send(page, "messy.csv", MESSY)
        assert "Another process is writing this library" in _html(page)
        _press(page, "Rename")
        assert "Wait for it to end, then try again." in _html(page)
    _press(page, "Try again")
    assert "2 reviews would be added" in _html(page)
    assert not page.exception


def test_a_damaged_library_is_a_sentence(visit_page: Any, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "library.db").write_bytes(b"no database at all" * 100)
    page = visit_page(tmp_path / "library", "library.py")
    assert "That did not work" in _html(page)
    assert not page.exception


def test_files_with_other_columns_have_choices_of_their_own(tmp_path: Path) -> None:
    one, two, three = (Sent(name, name, b"") for name in "abc")
    said, by = Column("Said", "text", "x"), Column("By", "critic", "y")
    made = upload.parcels([(one, (said, by)), (two, ()), (three, (said, Column("By", None, "z")))])
    assert [parcel.ids for parcel in made] == [("a", "c"), ("b",)]
    assert made[0].columns == (said, by)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"Said": "text", "By": "critic"}, None),
        ({}, None),
        ({"By": "outlet"}, {"text": "Said", "outlet": "By", "critic": ""}),
        ({"Said": "", "By": "text"}, {"text": "By", "critic": ""}),
    ],
)
def test_a_choice_is_told_to_the_library_only_where_it_is_one(
    chosen: dict[str, str], expected: dict[str, str] | None
) -> None:
    columns = (Column("Said", "text", "x"), Column("By", "critic", "y"))
    made = upload.column_map(columns, chosen)
    assert made == (None if expected is None else dict.fromkeys(upload.FIELDS, "") | expected)


@given(some.text(alphabet=some.characters() | some.sampled_from("/\\.:<>\u202e\x00 "), max_size=300))
def test_a_name_is_safe_and_keeps_its_ending(name: str) -> None:
    made = upload.safe_name(f"{name}.csv")
    assert made.endswith(".csv")
    assert not set(made) & set('/\\:<>"|?*\x00\u202e')
    assert not made.startswith((".", "-", " "))
    assert len(made.encode()) < 200


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("C:\\Users\\me\\The Salt Ladder.CSV", "The Salt Ladder.csv"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("title.toml", "reviews.toml"),
        ("...", "reviews"),
        ("Фильм.xlsx", "Фильм.xlsx"),
    ],
)
def test_names_as_they_are_sent(name: str, expected: str) -> None:
    assert upload.safe_name(name) == expected


def test_refused_rows_start_no_formula() -> None:
    made = upload.refused_csv([Rejected("=a.csv", 3, "@bad\nline"), Rejected("b", None, "no")])
    rows = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")))
    assert rows == [["file", "line", "reason"], ["'=a.csv", "3", "'@bad\nline"], ["b", "", "no"]]


def test_a_newer_upload_of_a_file_replaces_the_reviews_with_its_ids(tmp_path: Path) -> None:
    rows = 'id,text,critic,title\n1,"{}",Ann,Salt\n2,"The score is lovely and carries it.",Bob,Salt\n'
    for text in ("The ending drags badly.", "The ending drags badly, I wrote; I was wrong."):
        report = upload.read(tmp_path / "library", [Sent("1", "export.csv", rows.format(text).encode())])
    assert (report.added, report.superseded, report.unchanged) == (0, 1, 1)
    with Library.open(tmp_path / "library") as library:
        found, total = library.reviews("Salt")
    assert total == 2
    assert {one.sources for one in found} == {("upload:export.csv",)}


def test_files_of_one_name_that_hold_a_review_each_are_two_votes(tmp_path: Path) -> None:
    for text in (b"The ending drags, and badly so.", b"I loved the ending with all my heart."):
        upload.read(tmp_path / "library", [Sent("1", "review.txt", text)], title="Salt")
    assert _titles(tmp_path / "library") == {"Salt": 2}


def test_nothing_of_an_upload_stays_on_the_disk_and_its_place_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    report = upload.read(tmp_path / "library", [Sent("1", "messy.csv", MESSY.encode())], dry_run=True)
    assert [(one.file, one.line) for one in report.rejected] == [("messy.csv", 5)]
    assert str(tmp_path) not in repr(report)
    assert list((tmp_path / "temp").iterdir()) == []


@pytest.mark.parametrize(
    ("progress", "seconds", "expected"),
    [
        (Progress("read", 1_200, None), 9.0, (0.0, "Reading: 1,200 reviews")),
        (Progress("embed", 300, 900), 6.0, (1 / 3, "Embedding: 300 of 900 sentences, about 12 s left")),
        (Progress("index", 1, 100), 2.0, (0.01, "Indexing: 1 of 100 reviews, about 3 min left")),
        (Progress("code", 100, 100), 9.0, (1.0, "Coding: 100 of 100 reviews")),
    ],
)
def test_progress_says_how_long_it_will_take(progress: Progress, seconds: float, expected: tuple[float, str]) -> None:
    share, words = upload.said(progress, seconds)
    assert (share, words) == (pytest.approx(expected[0]), expected[1])


def test_a_fault_while_adding_is_a_sentence(
    visit_page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    page = _send(visit_page(tmp_path / "library", "library.py"), "messy.csv", MESSY)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(upload, "read", broken)
    _add(page, "Add 2 reviews")
    assert FAULT in _html(page)
    assert "secret" not in _html(page)
    assert "secret" in caplog.text
    assert not page.exception


def test_work_that_goes_on_is_shown_and_outlives_a_click(
    visit_page: Any, make_library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = make_library({"title": "Film A", "text": "The ending drags."})
    page = visit_page(library, "library.py")
    work = Adding(library, [(Parcel((Sent("1", "m.csv", MESSY.encode()),), ()), None)], None, None)
    reading = upload.read
    monkeypatch.setattr(upload, "read", lambda *a, **k: (time.sleep(2), reading(*a, **k))[1])
    page.session_state["adding"] = work
    work.start()
    page.run()
    assert "Adding your reviews." in _html(page)
    page.run()
    work.wait(30)
    page.run()
    assert "Added 2 reviews" in _html(page)
    assert _titles(library) == {"Film A": 1, "Salt": 2}


# ── looking through ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def many(make_library: Any) -> Path:
    rows = [
        {
            "title": "Film A",
            "critic": f"Critic {number:03}",
            "outlet": "Gazette" if number % 2 else "The Post",
            "date": f"2024-{number % 12 + 1:02}-01",
            "rating": f"{number % 5 + 1}/5",
            "text": f"The ending of number {number} drags on.",
        }
        for number in range(60)
    ]
    return Path(make_library(*rows, {"title": "Film B", "text": "Another film altogether."}))


def _table(page: AppTest) -> Any:
    return page.dataframe[0].value


def test_reviews_are_paged_searched_and_filtered(visit_page: Any, many: Path) -> None:
    page = visit_page(many, "library.py")
    assert "1–50 of 60 reviews" in _html(page)
    assert len(_table(page)) == 50
    _press(page, "Next page")
    assert "51–60 of 60 reviews" in _html(page)
    page.text_input(key="library_query").set_value("number 7 ").run()
    assert "1–1 of 1 review<" in _html(page)
    page.text_input(key="library_query").set_value("")
    page.text_input(key="library_outlet").set_value("gazette")
    page.text_input(key="library_min_rating").set_value("4/5").run()
    assert "1–12 of 12 reviews" in _html(page)
    assert set(_table(page)["Outlet"]) == {"Gazette"}
    page.pills(key="library_title").set_value(_id_of(many, "Film B"))
    page.text_input(key="library_outlet").set_value("")
    page.text_input(key="library_min_rating").set_value("").run()
    assert "1–1 of 1 review<" in _html(page)
    assert not page.exception


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("since", "soon", "is no date"),
        ("outlet", "Gazete", "Did you mean Gazette?"),
        ("min_rating", "lots", "is no rating that names its scale"),
        ("lang", "!", "is no language"),
    ],
)
def test_a_filter_that_is_none_is_said_in_words(
    visit_page: Any, make_library: Any, key: str, value: str, said: str
) -> None:
    library = make_library({"title": "Film A", "outlet": "Gazette", "text": "The ending drags."})
    page = visit_page(library, "library.py")
    page.text_input(key=f"library_{key}").set_value(value).run()
    assert said in _html(page)
    assert not page.exception


def test_a_review_is_read_corrected_removed_and_brought_back(visit_page: Any, make_library: Any) -> None:
    library = make_library({"title": "Film A", "text": "The ending drags."}, {"title": "Film B", "text": "Fine film."})
    page = visit_page(library, "library.py")
    _open_first(page)
    assert "Unsigned review" in _html(page)
    by_label = {box.label: box for box in page.text_input}
    by_label["Critic"].set_value("Ann Lee")
    by_label["Date"].set_value("2024-03-15")
    _press(page, "Save")
    assert "Saved." in _html(page)
    assert "Ann Lee" in _html(page)
    {box.label: box for box in page.text_input}["Date"].set_value("the day before")
    _press(page, "Save")
    assert "is no date that can be read for certain" in _html(page)
    next(box for box in page.selectbox if box.label == "Title").select(_id_of(library, "Film B"))
    {box.label: box for box in page.text_input}["Date"].set_value("2024-03-15")
    _press(page, "Save")
    assert _titles(library) == {"Film B": 2}
    _open_first(page)
    _press(page, "Remove this review")
    assert "Removed 1 review." in _html(page)
    page.toggle(key="library_removed").set_value(True).run()
    _open_first(page)
    assert "Removed: it is in no answer." in _html(page)
    _press(page, "Bring this review back")
    assert _titles(library) == {"Film B": 2}
    assert not page.exception


def _open_first(page: AppTest) -> None:
    box = page.selectbox(key="library_review")
    box.select_index(1).run()


def test_titles_are_renamed_merged_given_a_kind_and_removed(visit_page: Any, make_library: Any) -> None:
    library = make_library({"title": "Film A", "text": "The ending drags."}, {"title": "Film B", "text": "Fine film."})
    page = visit_page(library, "library.py")
    {box.label: box for box in page.text_input}["New name"].set_value("Film C")
    _press(page, "Rename")
    assert "“Film C” (film): 1 review." in _html(page)
    next(box for box in page.selectbox if box.label == "Kind").select("book")
    _press(page, "Change kind")
    assert "“Film C” (book): 1 review." in _html(page)
    _press(page, "Merge into it")
    assert list(_titles(library).values()) == [2]
    _press(page, "Remove this title")
    assert "Removed 2 reviews." in _html(page)
    assert "No reviews yet" in _html(page)
    box = next(box for box in page.selectbox if box.label == "Removed titles")
    assert box.options == ["Film B (2 reviews)"]
    _press(page, "Bring back")
    assert list(_titles(library).values()) == [2]
    assert not page.exception


def test_a_title_whose_reviews_went_one_by_one_comes_back_whole(make_library: Any) -> None:
    rows = (
        {"title": "A", "text": "The ending drags."},
        {"title": "A", "text": "A fine film."},
        {"title": "B", "text": "Good."},
    )
    with Library.open(make_library(*rows)) as library:
        for review in library.reviews("A")[0]:
            library.remove(review.id)
        assert [(one.name, one.reviews) for one in library.titles(removed=True)] == [("A", 2)]
        assert len(library.restore("A").reviews) == 2
        assert library.titles(removed=True) == []


def test_a_review_of_a_megabyte_is_shown_in_steps() -> None:
    review = Review("r", "t", "x" * 1_000_000)
    lengths = [review_table.shown_length(review, steps) for steps in range(5)]
    assert lengths[0] == review_table.WINDOW
    assert lengths == sorted(lengths)
    assert lengths[-1] == len(review.text)
    assert len(review_table.opening(review)) <= 141


def test_more_of_a_long_review_is_asked_for(visit_page: Any, make_library: Any) -> None:
    text = "The boat came and went, and nobody spoke of it again. " * 200
    page = visit_page(make_library({"title": "Film A", "text": text}), "library.py")
    _open_first(page)
    assert "The first 4,000 of 10,799 characters." in _html(page) or "The first 4,000 of 10,800" in _html(page)
    _press(page, "Show more")
    assert "The first" not in _html(page)


def test_hostile_reviews_and_files_are_text(
    visit_page: Callable[..., AppTest], hostile_library: Path, hostile: dict[str, str]
) -> None:
    page = visit_page(hostile_library, "library.py")
    page.pills(key="library_title").set_value(_id_of(hostile_library, hostile["title"])).run()
    _open_first(page)
    name = "<img src=x> ![x](http://127.0.0.2:9/n.png).jsonl"
    _send(page, name, json.dumps({**hostile, "![c](http://127.0.0.2:9/c.png)": "<b>x</b>"}))
    assert not any(acting in _html(page) for acting in ("<img", "<script", "<b>", "<b ", "<i>5", "\u202e"))
    labels = [box.label for box in page.selectbox] + [button.label for button in page.button]
    assert not any(acting in "".join(labels) for acting in ("![", "<", "\u202e"))
    assert [one.value for one in page.markdown] == []
    assert not page.exception


def _id_of(library: Path, name: str) -> str:
    with Library.open(library) as opened:
        return opened.title(name).id


def test_advice_for_a_terminal_is_left_out() -> None:
    notes = (
        Note("a.csv", "the column 'Said' was taken for the text, because it alone holds sentences; else say --map"),
        Note("Film", "taken for a film by its reviews’ words; say otherwise with --kind"),
        Note("removed", "2 were removed earlier and stay so; see: pullquote restore --help"),
    )
    shown = messages_library.would_add(AddReport("b", 1, 0, 0, 0, (), (), (), notes, dry_run=True))
    assert "--" not in shown
    assert "pullquote" not in shown
    assert "2 were removed earlier and stay so<" in shown

"""Reading: files become records, what can't be used is named with file, line and reason, the rest is kept."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import InputError
from rag.records import Note, Record, Rejected
from rag.reviews import columns, formats
from rag.reviews.read import Item, ReadOptions, Source, read


def read_items(path: Path, **options: object) -> list[Item]:
    return list(read([path], ReadOptions(**options)))  # type: ignore[arg-type]


def records(items: list[Item]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def rejected(items: list[Item]) -> list[Rejected]:
    return [item for item in items if isinstance(item, Rejected)]


def test_a_text_file_is_one_review_and_keeps_every_character(tmp_path: Path) -> None:
    path = tmp_path / "The Salt Ladder.txt"
    path.write_bytes("One.\r\nTwo — İ 😀\r\n".encode())
    (record,) = records(read_items(path))
    assert record.text == "One.\r\nTwo — İ 😀\r\n"
    assert (record.title, record.key) == ("The Salt Ladder", f"path:{path.resolve()}")


def test_front_matter_fills_the_fields_and_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "---\ncritic: Mara Quill\noutlet: The Harbour Post\ndate: 2025-03-02\ntitle: Salt\n---\nIt glows.\n"
    )
    (record,) = records(read_items(path))
    assert (record.critic, record.outlet, record.date, record.title) == (
        "Mara Quill", "The Harbour Post", "2025-03-02", "Salt",
    )  # fmt: skip
    assert record.text == "It glows.\n"


@pytest.mark.parametrize(
    "text", ["---\nno end", "---\n- a\n- list\n---\nx", "---\na: {b: c}\n---\nx", "---\n: :\n\t---\nx"]
)
def test_what_only_looks_like_front_matter_stays_text(text: str) -> None:
    assert formats.split_front_matter(text) == ({}, text)


def test_the_title_of_a_folder_comes_from_title_toml_else_its_name(tmp_path: Path) -> None:
    for name in ("named", "plain"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("It glows.")
    (tmp_path / "named" / "title.toml").write_text('name = "The Salt Ladder"\nkind = "film"\naliases = ["Salt"]\n')
    items = read_items(tmp_path)
    by_title = {record.title: record for record in records(items)}
    assert set(by_title) == {"The Salt Ladder", "plain"}
    assert (by_title["The Salt Ladder"].kind, by_title["The Salt Ladder"].aliases) == ("film", ("Salt",))
    assert [note.text for note in items if isinstance(note, Note)] == [
        "no title was given for 1 of its reviews; “plain” was used"
    ]


def test_a_broken_title_toml_is_reported_and_the_reviews_are_kept(tmp_path: Path) -> None:
    (tmp_path / "title.toml").write_text("name = ")
    (tmp_path / "a.txt").write_text("It glows.")
    items = read_items(tmp_path)
    assert len(records(items)) == 1
    assert "not TOML" in rejected(items)[0].reason


def test_columns_are_recognised_by_common_names(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Review ID,Movie Title,User,Publication,Stars,Review Text,Link\n7,Salt,Ann,Post,4,It glows.,\n")
    items = read_items(path)
    (record,) = records(items)
    assert (record.title, record.critic, record.outlet, record.rating, record.text) == (
        "Salt",
        "Ann",
        "Post",
        "4",
        "It glows.",
    )
    assert record.key == f"id:{path.resolve()}#7"
    (source,) = [item for item in items if isinstance(item, Source)]
    assert {c.column: c.field for c in source.columns}["Stars"] == "rating"
    assert source.columns[5].example == "It glows."


def test_a_map_overrides_and_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text,opinion,user\nplot,It glows.,Ann\n")
    (record,) = records(read_items(path, column_map={"text": "opinion", "critic": ""}))
    assert (record.text, record.critic) == ("It glows.", None)


@pytest.mark.parametrize(("field", "column"), [("texts", "opinion"), ("text", "nowhere")])
def test_a_map_that_names_nothing_is_an_error(tmp_path: Path, field: str, column: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text("opinion\nIt glows.\n")
    with pytest.raises(InputError, match="--map"):
        read_items(path, column_map={field: column})


def test_bad_rows_are_named_with_line_and_reason_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('text,user\n"It glows,\nstill.",Ann\n,Bob\nfine,Cy,extra\n"  ",Di\nI slept.,Eve\n')
    items = read_items(path)
    assert [record.text for record in records(items)] == ["It glows,\nstill.", "I slept."]
    assert [(bad.line, bad.reason) for bad in rejected(items)] == [
        (4, "it has no text"),
        (5, "it has 3 cells, and the header names 2 columns"),
        (6, "it has no text"),
    ]


def test_jsonl_with_every_sort_of_wrong_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = [
        '{"text": "It glows.", "rating": 4}',
        "{",
        "[1]",
        '{"text": null}',
        '{"text": "a\\u0000b"}',
        '{"text": "a\\ud800b"}',
        "",
    ]
    path.write_text("\n".join(lines))
    items = read_items(path)
    assert [(record.text, record.rating) for record in records(items)] == [("It glows.", "4")]
    assert [bad.line for bad in rejected(items)] == [2, 3, 4, 5, 6]
    assert "NUL" in rejected(items)[3].reason
    assert "surrogate" in rejected(items)[4].reason


def test_a_table_without_text_column_says_which_columns_it_has(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("name,stars\nSalt,4\n")
    (bad,) = rejected(read_items(path))
    assert "--map text=COLUMN (it has name, stars)" in bad.reason


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b""), ("a.csv", b""), ("a.jsonl", b"\n\n"), ("a.csv", b"text\n")]
)
def test_empty_files_give_one_line_each(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert len(rejected(read_items(tmp_path / name))) == 1


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfa\x00\x01")
    (tmp_path / "b.docx").write_bytes(b"PK")
    os.mkfifo(tmp_path / "c.txt")
    (tmp_path / "d.txt").symlink_to("/etc/hostname")
    reasons = {Path(bad.file).name: bad.reason for bad in rejected(read_items(tmp_path))}
    assert "UTF-8" in reasons["a.txt"]
    assert ".docx" in reasons["b.docx"]
    assert "regular" in reasons["c.txt"]
    assert "out of the folder" in reasons["d.txt"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_obeyed(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.csv").write_text("text;user\nEs glänzt.;Ann\n", encoding=encoding)
    (record,) = records(read_items(tmp_path / "x.csv"))
    assert (record.text, record.critic) == ("Es glänzt.", "Ann")


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        read_items(tmp_path / "nowhere")


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_any_table_that_csv_can_write_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list, mark: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=mark)
    writer.writerows([("text", "user"), *rows])
    path.write_text(buffer.getvalue(), "utf-8", newline="")
    usable = [text for text, _ in rows if any(c.isalnum() for c in text)]
    assert [r.text for r in records(read_items(path))] == [t for t in usable if columns.validate({"text": t}).text]


@given(st.text())
def test_a_row_is_valid_or_refused_with_a_reason(text: str) -> None:
    try:
        assert columns.validate({"text": text}).text == text
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2025-03-02", "2025-03-02"),
        ("2025-03-02T10:00:00Z", "2025-03-02"),
        ("2025/03/02", "2025-03-02"),
        ("2 March 2025", "2025-03-02"),
        ("March 2, 2025", "2025-03-02"),
        ("03/02/2025", None),  # March or February?
        ("yesterday", None),
        (None, None),
    ],
)
def test_dates_are_read_only_where_they_are_certain(written: str | None, iso: str | None) -> None:
    assert columns.iso_date(written) == iso


@pytest.mark.parametrize(
    ("head", "ending"), [('{"text": "x"}', ".jsonl"), ("user,text\na,b", ".csv"), ("It glows, and how.", ".txt")]
)
def test_standard_input_is_told_by_its_first_line(head: str, ending: str) -> None:
    assert formats.sniff(head) == ending


def test_json_values_that_are_no_strings_are_kept_as_json(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps({"text": "It glows.", "user": ["a", "b"], "rating": 4.5}))
    (record,) = records(read_items(tmp_path / "x.jsonl"))
    assert (record.critic, record.rating) == ('["a", "b"]', "4.5")

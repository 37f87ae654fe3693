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
from rag.reviews import cells, columns, dates
from rag.reviews.formats import detect, limits
from rag.reviews.formats.text import split_front_matter
from rag.reviews.read import Item, ReadOptions, Source, read, read_all, save_stdin


def read_items(path: Path, **options: object) -> list[Item]:
    return list(read([path], ReadOptions(**options)))  # type: ignore[arg-type]


def records(items: list[Item]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def notes(items: list[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Note)]


def piped(folder: Path, content: bytes, **options: object) -> list[Item]:
    said = ReadOptions(**options)  # type: ignore[arg-type]
    return list(read_all([Path("-")], said, save_stdin(io.BytesIO(content), folder)))


def rejected(items: list[Item]) -> list[Rejected]:
    return [item for item in items if isinstance(item, Rejected)]


def test_a_text_file_is_one_review_and_keeps_every_character(tmp_path: Path) -> None:
    path = tmp_path / "The Salt Ladder.txt"
    path.write_bytes("One.\r\nTwo — İ 😀 Cafe\u0301\r\n".encode())
    (record,) = records(read_items(path))
    assert record.text == "One.\r\nTwo — İ 😀 Cafe\u0301\r\n"
    assert (record.title, record.key) == ("The Salt Ladder", f"path:{path.resolve()}")


def test_front_matter_fills_the_fields_and_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    head = "critic: Mara Quill\noutlet: The Harbour Post\ndate: 2025-03-02\ntitle: Salt\n"
    path.write_text(f"---\n{head}---\nIt glows.\n")
    (record,) = records(read_items(path))
    found = (record.critic, record.outlet, record.date, record.title, record.text)
    assert found == ("Mara Quill", "The Harbour Post", "2025-03-02", "Salt", "It glows.\n")


@pytest.mark.parametrize(
    "text", ["---\nno end", "---\n- a\n- list\n---\nx", "---\n: :\n\t---\nx", f"---\na: {'[' * 8_000}\n---\nx"]
)
def test_what_only_looks_like_front_matter_stays_text(text: str) -> None:
    assert split_front_matter(text) == ({}, text)


def test_the_title_of_a_folder_comes_from_title_toml_else_its_name(tmp_path: Path) -> None:
    for name in ("named", "plain"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("It glows.")
    (tmp_path / "named" / "title.toml").write_text('name = "The Salt Ladder"\nkind = "film"\naliases = ["Salt"]\n')
    items = read_items(tmp_path)
    by_title = {record.title: record for record in records(items)}
    assert set(by_title) == {"The Salt Ladder", "plain"}
    assert (by_title["The Salt Ladder"].kind, by_title["The Salt Ladder"].aliases) == ("film", ("Salt",))
    assert notes(items) == ["no title was given for 1 of its reviews; “plain” was used"]


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
    found = (record.title, record.critic, record.outlet, record.rating, record.text)
    assert found == ("Salt", "Ann", "Post", "4", "It glows.")
    assert record.key == f"id:{path.resolve()}#7"
    (source,) = [item for item in items if isinstance(item, Source)]
    assert {c.column: c.field for c in source.columns}["Stars"] == "rating"
    assert source.columns[5].example == "It glows."


def test_a_map_overrides_and_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text,opinion,user\nplot,It glows.,Ann\n")
    (record,) = records(read_items(path, column_map={"text": "opinion", "critic": ""}))
    assert (record.text, record.critic) == ("It glows.", None)


def test_a_map_of_an_unknown_field_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no field 'texts'"):
        read([tmp_path], ReadOptions(column_map={"texts": "opinion"}))


def test_a_map_of_a_column_that_one_table_lacks_costs_that_table_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("opinion,who\nIt glows.,Ann\n")
    (tmp_path / "b.csv").write_text("Body\nI slept.\n")
    (tmp_path / "c.csv").write_text("")
    (tmp_path / "d.txt").write_text("It drags.")
    items = read_items(tmp_path, column_map={"text": "Body"})
    assert [record.text for record in records(items)] == ["I slept.", "It drags."]
    assert [bad.reason for bad in rejected(items)] == [
        "--map text=Body: the table has no column 'Body'; it has opinion, who",
        "it is empty",
    ]


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
    wrong = ["{", "[1]", '{"text": null}', '{"text": "a\\u0000b"}', '{"text": "a\\ud800b"}', ""]
    path.write_text("\n".join(['{"text": "It glows.", "rating": 4}', *wrong]))
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
    assert "binary" in reasons["a.txt"]
    assert ".docx" in reasons["b.docx"]
    assert "pipe" in reasons["c.txt"]
    assert "out of the folder" in reasons["d.txt"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_obeyed(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "x.csv").write_text("text;user\nEs glänzt.;Ann\n", encoding=encoding)
    (record,) = records(read_items(tmp_path / "x.csv"))
    assert (record.text, record.critic) == ("Es glänzt.", "Ann")


def is_valid(text: str) -> bool:
    try:
        return bool(columns.validate({"text": text}).text)
    except ValueError:
        return False


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
    said = [cells.unwrapped(cells.mended(text), "\n") for text, _ in rows]
    usable = [text for text in said if is_valid(text)]
    assert [r.text for r in records(read_items(path))] == usable


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
        ("17.08.2024", "2024-08-17"),
        ("03.02.2025", "2025-02-03"),  # with dots the day is first
        ("3.2.2025 14:30", "2025-02-03"),
        ("03.02.25", None),  # may begin with the year
        ("17/08/2024", "2024-08-17"),
        ("8/17/2024, 4:05 PM", "2024-08-17"),
        ("05/05/2024", "2024-05-05"),
        ("31.02.2024", None),
        ("45352", None),  # days, in a workbook only
        ("yesterday", None),
        ("20250302", "2025-03-02"),
        ("2025-03-02 (updated)", "2025-03-02"),
        ("1612112012345", None),  # milliseconds, not the year 1612
        ("1612112012", None),
        (None, None),
    ],
)
def test_dates_are_read_only_where_they_are_certain(written: str | None, iso: str | None) -> None:
    assert dates.iso_date(written) == iso


@pytest.mark.parametrize(
    ("head", "is_table", "form"),
    [
        ('{"text": "x"}', False, "json"),
        ('{"text": "x"}\n{"text": "y"}', False, "jsonl"),
        ('{"Body": "x"}\n{"Body": "y"}', True, "jsonl"),
        ('[\n  {"text": "x"}\n]', False, "json"),
        ("[Spoilers] It glows.", False, "text"),
        ("user,text\na,b", False, "delimited"),
        ("Critic\tReview Text\nAnn\tIt glows.", False, "delimited"),
        ('"Reviewer";"Comments"\nAnn;x', False, "delimited"),
        ("who,Body of it\nAnn,It glows.", True, "delimited"),
        ("It glows, and how.", False, "text"),
        ("It is rich in style, content, and wit.", False, "text"),
        ("<!DOCTYPE html><p>It glows.</p>", False, "html"),
        ("<3 this film", False, "text"),
    ],
)
def test_standard_input_is_told_by_what_it_holds(tmp_path: Path, head: str, is_table: bool, form: str) -> None:
    (tmp_path / "stdin").write_text(head)
    assert detect.look_into(tmp_path / "stdin", named=False, is_table=is_table).format == form


def test_json_values_that_are_no_strings_are_kept_as_json_and_lists_of_strings_joined(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps({"text": "It glows.", "user": ["a", "b"], "rating": 4.5}))
    (record,) = records(read_items(tmp_path / "x.jsonl"))
    assert (record.critic, record.rating) == ("a, b", "4.5")


@pytest.mark.parametrize(("name", "line"), [("x.csv", 3), ("x.jsonl", 2)])
def test_what_was_read_before_an_unreadable_row_is_kept(tmp_path: Path, name: str, line: int) -> None:
    rows = ["It glows.", "x" * (limits.MAX_RECORD + 1), "I slept."]
    lines = ["text", *rows] if name == "x.csv" else [json.dumps({"text": row}) for row in rows]
    (tmp_path / name).write_text("\n".join(lines))
    items = read_items(tmp_path / name)
    assert [record.text for record in records(items)] == ["It glows."]
    assert [(bad.line, "a line is longer than" in bad.reason) for bad in rejected(items)] == [(line, True)]


def test_a_file_that_is_unreadable_from_its_first_row_says_why(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("x" * (limits.MAX_RECORD + 1))
    (bad,) = rejected(read_items(tmp_path / "x.jsonl"))
    assert (bad.line, "a line is longer than" in bad.reason) == (1, True)


def test_a_file_name_that_is_not_utf8_is_written_with_escapes(tmp_path: Path) -> None:
    for name in (b"caf\xe9.txt", b"caf\xe9.csv", b"caf\xe9.d\xe9c"):
        (tmp_path / os.fsdecode(name)).write_text("It glows.")
    (tmp_path / os.fsdecode(b"salt\xe9")).mkdir()
    (tmp_path / os.fsdecode(b"salt\xe9") / "a.txt").write_text("It drags.")
    for items in (read_items(tmp_path), list(read(sorted(tmp_path.iterdir()), ReadOptions()))):
        assert all(str(item).encode() for item in items)
        assert sum(r.source.endswith("caf\\xe9.txt") for r in records(items)) == 1
        assert any(r.title == "salt\\xe9" for r in records(items))
        assert {Path(bad.file).name for bad in rejected(items)} == {"caf\\xe9.d\\xe9c"}


def test_deep_nesting_costs_no_more_than_the_row_or_the_block_that_has_it(tmp_path: Path) -> None:
    deep = [f'{{"text": "It glows.", "x": {"[" * n}{"]" * n}}}' for n in (1, *range(900, 1_010), 100_000)]
    (tmp_path / "x.jsonl").write_text("\n".join([*deep, '{"text": "I slept."}']))
    items = read_items(tmp_path / "x.jsonl")
    assert len(records(items)) + len(rejected(items)) == len(deep) + 1
    assert records(items)[-1].text == "I slept."
    (tmp_path / "title.toml").write_text(f'name = "Salt"\naliases = {"[" * 9_000}{"]" * 9_000}\n')
    (tmp_path / "a.txt").write_text(f"---\na: {'[' * 8_000}\n---\nIt glows.")
    items = read_items(tmp_path)
    assert next(Path(bad.file).name for bad in rejected(items)) == "title.toml"
    assert any(record.text.startswith("---") for record in records(items))


def test_a_link_to_itself_is_refused_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text("It glows.")
    assert [type(item) for item in read_items(tmp_path, title="Salt")] == [Rejected, Source, Record]


def test_a_json_array_on_standard_input_is_read(tmp_path: Path) -> None:
    (record,) = records(piped(tmp_path, b'[\n{"text": "It glows."}\n]', title="Salt"))
    assert (record.text, record.line, record.source) == ("It glows.", 2, "-")


def test_what_is_wrong_with_standard_input_is_said_of_it(tmp_path: Path) -> None:
    for content in (b"", b"%PDF-1.7", b"[]"):
        assert [bad.file for bad in rejected(piped(tmp_path, content, title="Salt"))] == ["-"]


def test_a_table_on_standard_input_is_known_by_its_map(tmp_path: Path) -> None:
    (record,) = records(piped(tmp_path, b"who,said\nAnn,It glows.\n", title="Salt", column_map={"text": "said"}))
    assert (record.text, record.source) == ("It glows.", "-")


def test_only_a_url_names_a_record_of_standard_input_for_good(tmp_path: Path) -> None:
    assert [record.key for record in records(piped(tmp_path, b"It glows.", title="Salt"))] == [None]
    table = b"id,text,url\n1,It glows.,\n2,I slept.,https://a.example/2\n"
    assert [record.key for record in records(piped(tmp_path, table, title="Salt"))] == [None, "url:https://a.example/2"]


def test_a_missing_path_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        read_all([tmp_path, tmp_path / "nowhere"], ReadOptions(), None)


def test_lone_files_belong_to_the_title_of_their_folder(tmp_path: Path) -> None:
    (tmp_path / "title.toml").write_text('name = "The Salt Ladder"\naliases = [7]\n')
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in paths:
        path.write_text("It glows.")
    items = list(read(paths, ReadOptions()))
    assert [record.title for record in records(items)] == ["The Salt Ladder"] * 2
    assert notes(items) == ["1 of its aliases is no name"]


def test_blanks_in_a_given_title_are_folded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("It glows.")
    assert records(read_items(tmp_path, title=" A \n B"))[0].title == "A B"


@pytest.mark.parametrize("title", ["", "   ", "a\0b", "a\ud800b"])
def test_a_title_that_is_no_name_is_an_error(tmp_path: Path, title: str) -> None:
    with pytest.raises(InputError, match="--title"):
        read_all([tmp_path], ReadOptions(title=title), None)


def test_aliases_are_folded_and_what_is_no_name_is_left_out_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "title.toml").write_text('name = "Salt"\naliases = ["The  Salt", " ", 7, "a\\u0000b", ["x"]]\n')
    (tmp_path / "a.txt").write_text("It glows.")
    items = read_items(tmp_path)
    assert records(items)[0].aliases == ("The Salt",)
    assert notes(items) == ["4 of its aliases are no names"]


def test_front_matter_keeps_its_strings_and_leaves_the_rest_out() -> None:
    text = "---\ncritic: Ann\ntags: [film, drama]\nx: {y: z}\n---\nIt glows."
    assert split_front_matter(text) == ({"critic": "Ann"}, "It glows.")


def test_a_field_that_is_too_long_is_left_empty_and_counted(tmp_path: Path) -> None:
    url = "https://a.example/" + "x" * 1_500
    rows = [{"text": "It glows.", "url": url, "user": "A" * 301}, {"text": "I slept.", "url": url * 2}]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)))
    items = read_items(tmp_path / "x.jsonl", title="Salt")
    assert [(record.url, record.critic) for record in records(items)] == [(url, None), (None, None)]
    assert notes(items) == ["2 values are too long for their field and are left empty"]


@pytest.mark.parametrize("text", ["👍👍", "!!", "★★★★", "❤️"])
def test_a_review_without_a_letter_is_a_review(text: str) -> None:
    assert columns.validate({"text": text}).text == text


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u00a0", "\ufe0f", "\x07"])
def test_what_shows_nothing_is_no_review(text: str) -> None:
    with pytest.raises(ValueError, match="no text"):
        columns.validate({"text": text})


def test_a_library_among_the_reviews_is_left_aside(tmp_path: Path) -> None:
    (tmp_path / "mine" / "deeper").mkdir(parents=True)
    (tmp_path / "mine" / "library.db").touch()
    for folder in (".", "mine", "mine/deeper"):
        (tmp_path / folder / "a.txt").write_text("It glows.")
    items = read_items(tmp_path, title="Salt")
    assert (len(records(items)), rejected(items)) == (1, [])
    assert notes(items) == ["it is a Pullquote library, not reviews, and was left aside"]
    assert len(rejected(read_items(tmp_path / "mine"))) == 1


def test_a_title_column_that_seems_to_hold_headlines_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Title,text\n" + "".join(f"Headline {n % 8},It glows {n}.\n" for n in range(10)))
    (note,) = notes(read_items(path))
    assert note.startswith("the column 'Title' gives 8 titles for 10 reviews; ")
    assert notes(read_items(path, title="Salt")) == []
    assert "headlines" not in "".join(notes(read_items(path, column_map={"title": ""})))
    path.write_text("Title,text\n" + "".join(f"Headline {n % 7},It glows {n}.\n" for n in range(10)))
    assert notes(read_items(path)) == []

"""Formats: what a file holds decides how it is read, whatever it is called, and what can't be read gets one line."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import socket
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.records import Note, Record, Rejected
from rag.reviews import columns
from rag.reviews.formats import limits
from rag.reviews.formats.detect import ENDINGS
from rag.reviews.read import Item, ReadOptions, read, read_all, save_stdin

ROWS = [
    ("text", "user", "stars"),
    ("The harbour glows, and so do I.", "Ann", 4),
    ("I slept through the last act.", "Bo", 2),
]
TEXTS = [text for text, _, _ in ROWS[1:]]


def items_of(path: Path, **options: object) -> list[Item]:
    return list(read([path], ReadOptions(**options)))  # type: ignore[arg-type]


def texts(items: list[Item]) -> list[str]:
    return [item.text for item in items if isinstance(item, Record)]


def reasons(items: list[Item]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Rejected)]


def notes(items: list[Item]) -> str:
    return "\n".join(item.text for item in items if isinstance(item, Note))


def workbook(sheets: dict[str, list[tuple[object, ...]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def parquet(**named: object) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(named), held)
    return held.getvalue()


def delimited(mark: str) -> bytes:
    return "\n".join(mark.join(f'"{cell}"' for cell in row) for row in ROWS).encode()


OBJECTS = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
FILES = {
    "csv": delimited(","),
    "semicolons": delimited(";"),
    "tsv": delimited("\t"),
    "json": json.dumps(OBJECTS, indent=1).encode(),
    "held": json.dumps({"page": 1, "reviews": OBJECTS, "next": None}).encode(),
    "jsonl": "\n".join(map(json.dumps, OBJECTS)).encode(),
    "workbook": workbook({"S": ROWS}),
    "parquet": parquet(text=TEXTS, user=["Ann", "Bo"], stars=[4.0, 2.0]),
}


@pytest.mark.parametrize("ending", [".csv", ".txt", ".json", ".xls", ".jsonl"])
@pytest.mark.parametrize("held", FILES)
def test_the_content_decides_whatever_the_name_says(tmp_path: Path, held: str, ending: str) -> None:
    path = tmp_path / f"x{ending}"
    path.write_bytes(FILES[held])
    items = items_of(path)
    found = [(item.text, item.critic, item.rating) for item in items if isinstance(item, Record)]
    assert found == [(text, user, str(stars)) for text, user, stars in ROWS[1:]]


@pytest.mark.parametrize("held", FILES)
def test_standard_input_is_any_format(tmp_path: Path, held: str) -> None:
    saved = save_stdin(io.BytesIO(FILES[held]), tmp_path)
    assert texts(list(read_all([Path("-")], ReadOptions(title="Salt"), saved))) == TEXTS


def test_a_name_that_lies_is_noted(tmp_path: Path) -> None:
    (tmp_path / "x.xls").write_bytes(FILES["csv"])
    assert "its name ends in .xls, but it holds a table of delimited text" in notes(items_of(tmp_path / "x.xls"))


PACKED = io.BytesIO()
with zipfile.ZipFile(PACKED, "w") as _zip:
    _zip.writestr("word/document.xml", "<x/>")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "save a workbook as .xlsx"),
        (gzip.compress(b"text\nIt glows."), "gzip; unpack"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
        (b"SQLite format 3\0" + b"\0" * 100, "SQLite"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "picture"),
        (PACKED.getvalue(), "Word"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged zip"),
        (bytes(range(256)) * 20, "binary"),
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"PAR1" + b"\0" * 50 + b"PAR1", "no whole Parquet"),
    ],
)
@pytest.mark.parametrize("ending", [".csv", ".txt", ".xlsx", ".html", ".json"])
def test_what_is_not_read_gets_one_line_with_what_to_do(tmp_path: Path, content: bytes, said: str, ending: str) -> None:
    path = tmp_path / f"x{ending}"
    path.write_bytes(content)
    (reason,) = reasons(items_of(path))
    assert said in reason


def test_a_web_page_in_place_of_a_table_is_no_review(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("<!DOCTYPE html><html><body>Please log in.</body></html>")
    assert "web page, not a table" in reasons(items_of(tmp_path / "x.csv"))[0]


# ── web pages ────────────────────────────────────────────────────────────────────────────────────

PAGE = """<!doctype html><html lang="en"><head><title>Salt: a review</title><meta name="author" content="Mara Quill">
<meta property="og:site_name" content="The Harbour Post"><meta property="article:published_time" content="2025-03-02">
<style>p{color:red}</style><script>var tracked = true</script></head><body><nav><a href="/">Home</a><a>Films</a></nav>
<article><p>The first act is slow &amp; the second slower. I stayed for the kitchen scenes.</p>
<p>The ending arrives ten minutes late.<br>And then it arrives again.</p></article>
<footer>All rights reserved. <a href="p">Privacy</a></footer></body></html>"""


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.txt", "a.md"])
def test_of_a_page_the_article_is_stored_with_its_paragraphs_as_lines(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(PAGE)
    items = items_of(tmp_path / name)
    (record,) = [item for item in items if isinstance(item, Record)]
    assert record.text == (
        "The first act is slow & the second slower. I stayed for the kitchen scenes.\n\n"
        "The ending arrives ten minutes late.\nAnd then it arrives again."
    )
    assert (record.critic, record.outlet, record.date, record.lang) == (
        "Mara Quill",
        "The Harbour Post",
        "2025-03-02",
        "en",
    )
    assert record.title == "a"
    assert "its article was taken" in notes(items)


def test_a_page_without_an_article_gives_all_its_text_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><body><footer>It glows, and it hums.</footer><script>x</script></body></html>"
    )
    items = items_of(tmp_path / "a.html")
    assert texts(items) == ["It glows, and it hums."]
    assert "all its text was taken" in notes(items)


@pytest.mark.parametrize("hostile", ["<div>" * 500_000, "<p " + 'a="" b ' * 200_000 + ">x", "<a '" * 500_000])
def test_a_page_that_no_browser_wrote_is_refused_at_once(tmp_path: Path, hostile: str) -> None:
    (tmp_path / "a.html").write_text(f"<html><body>{hostile}It glows.")
    assert "no browser wrote that" in reasons(items_of(tmp_path / "a.html"))[0]


def test_a_page_is_read_in_the_encoding_it_names(tmp_path: Path) -> None:
    page = '<html><head><meta charset="iso-8859-9"></head><body><p>Şarkı güzel.</p></body></html>'
    (tmp_path / "a.html").write_bytes(page.encode("iso-8859-9"))
    assert texts(items_of(tmp_path / "a.html")) == ["Şarkı güzel."]


def test_a_page_added_again_is_the_same_record_however_its_text_is_extracted(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(PAGE)
    (tmp_path / "b.html").write_text(PAGE.replace("<style>", "<style >"))
    one, other = (item for item in items_of(tmp_path) if isinstance(item, Record))
    assert one.text == other.text
    assert one.digest != other.digest


# ── workbooks and Parquet ────────────────────────────────────────────────────────────────────────


def test_of_a_workbook_the_first_sheet_with_reviews_is_read_and_its_values_are_plain(tmp_path: Path) -> None:
    rows = [
        ("Review", "Date", "Stars"),
        ("It glows.", datetime(2025, 3, 2), 4.0),
        (None, None, 3),
        ("I slept.", None, 2.5),
    ]
    path = tmp_path / "x.xlsx"
    path.write_bytes(workbook({"Cover": [("Prepared by", "Ann")], "Data": rows, "Old": rows}))
    items = items_of(path)
    found = [(item.text, item.date, item.rating, item.line) for item in items if isinstance(item, Record)]
    assert found == [("It glows.", "2025-03-02", "4", 2), ("I slept.", None, "2.5", 4)]
    assert "its sheet “Data” was read; not read: Cover, Old" in notes(items)
    assert reasons(items) == ["it has no text"]


def rewritten(book: bytes, part: str, change: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name).decode()
            for before, after in change.items() if name == part else ():
                content = content.replace(before, after, 1)
            new.writestr(name, content)
    return held.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
LAUGHS = "<!DOCTYPE x [<!ENTITY a 'lol'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 20}'>" for n in range(8)
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"<worksheet": f"{LAUGHS}]><worksheet", "The harbour glows": "&i;"}, "damaged"),
        (
            {
                "<worksheet": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><worksheet',
                "<v>4</v>": "<v>&e;</v>",
            },
            "damaged",
        ),
        ({'r="C2"': 'r="ZZZZZZ2"'}, "damaged"),
        ({"<sheetData>": "<sheetData>" + " " * 30_000_000}, "zip bomb"),
    ],
)
def test_a_hostile_workbook_is_refused(tmp_path: Path, change: dict[str, str], said: str) -> None:
    (tmp_path / "x.xlsx").write_bytes(rewritten(FILES["workbook"], SHEET, change))
    items = items_of(tmp_path / "x.xlsx")
    assert said in reasons(items)[-1]


def test_nested_columns_of_parquet_become_text(tmp_path: Path) -> None:
    content = parquet(
        text=[b"It glows.", None],
        user=[["Ann", "Bo"], ["Cy"]],
        rating=[float("nan"), 4.0],
        date=[datetime(2025, 3, 2, 10), None],
    )
    (tmp_path / "x.parquet").write_bytes(content)
    items = items_of(tmp_path / "x.parquet")
    (record,) = [item for item in items if isinstance(item, Record)]
    assert (record.text, record.critic, record.rating, record.date) == ("It glows.", "Ann, Bo", None, "2025-03-02")
    assert reasons(items) == ["it has no text"]


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "found", "said"),
    [
        ('[{"text": "a b"}, {"text": "c", "rating": NaN}]', ["a b", "c"], ""),
        ('{"meta": {"n": [1, 2]}, "data": [{"text": "a"}], "more": [{"text": "b"}]}', ["a"], "taken from “data”"),
        ('{"text": "a", "images": [{"text": "b"}]}', ["a"], ""),
        ('{"text": "a",\n "user": {"name": "Ann"}}', ["a"], ""),
        ('[{"text": "a"}, 7, {"text": "b"}]', ["a", "b"], "it is a number, not an object in braces"),
        ('[{"text": "a"}, {"text": ', ["a"], "nothing was read from here on"),
        ('[{"text": "a"}', ["a"], "it breaks off"),
        ('["a", "b"]', [], "not an object in braces"),
        ("7", [], "it holds a number"),
        ("[]", [], "it holds no rows"),
        ("[" * 400_000, [], "nested too deep"),
    ],
)
def test_json_is_an_array_an_object_that_holds_one_or_one_object(
    tmp_path: Path, content: str, found: list[str], said: str
) -> None:
    (tmp_path / "x.json").write_text(content)
    items = items_of(tmp_path / "x.json")
    assert texts(items) == found
    assert said in "\n".join([notes(items), *reasons(items)])


def test_a_record_of_json_knows_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a":\n[\n {"text": "It\\nglows."},\n {"text": "b"}\n]}')
    assert [item.line for item in items_of(tmp_path / "x.json") if isinstance(item, Record)] == [3, 4]


@given(
    st.lists(
        st.fixed_dictionaries({"text": st.text("abc é\n", min_size=1).filter(str.strip), "x": st.floats()}), max_size=6
    )
)
def test_any_json_that_python_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, objects: list[dict]
) -> None:
    path = tmp_path_factory.mktemp("json") / "x.json"
    path.write_text(json.dumps(objects, indent=1))
    assert texts(items_of(path)) == [found["text"] for found in objects]


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", [".txt", ".csv", ".jsonl", ".html"])
def test_a_file_that_is_too_large_is_refused_by_its_size_alone(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x{ending}"
    path.write_bytes(FILES["csv"] if ending == ".csv" else FILES["jsonl"] if ending == ".jsonl" else b"<p>It glows.")
    os.truncate(path, limits.MAX_FILE + 1)  # a hole, which takes no room
    (reason,) = reasons(items_of(path))
    assert "bytes" in reason or "binary" in reason


@pytest.mark.parametrize(
    ("name", "first"), [("x.csv", "text\n"), ("x.jsonl", '{"text": "It glows."}\n'), ("x.json", '[{"text": "')]
)
def test_a_line_of_hundreds_of_megabytes_costs_bounded_memory(tmp_path: Path, name: str, first: str) -> None:
    with (tmp_path / name).open("w") as file:
        file.write(first)
        for _ in range(200):
            file.write("x" * 1_000_000)
    script = (
        "import sys; from pathlib import Path; from rag.reviews.read import *\n"
        "found = list(read([Path(sys.argv[1])], ReadOptions()))\n"
        "print([item.reason for item in found if isinstance(item, Rejected)], Path('/proc/self/status').read_text())"
    )
    run = subprocess.run([sys.executable, "-c", script, tmp_path / name], capture_output=True, text=True, check=True)
    said, _, status = run.stdout.partition("\n")
    if peak := re.search(r"VmHWM:\s+(\d+) kB", status):
        assert int(peak[1]) < 160_000
    assert "longer than 10,000,000 characters" in said


def test_pipes_sockets_devices_and_links_get_one_line_each(tmp_path: Path) -> None:
    reviews, outside = tmp_path / "reviews", tmp_path / "outside"
    reviews.mkdir()
    outside.mkdir()
    (outside / "a.csv").write_bytes(FILES["csv"])
    os.mkfifo(reviews / "pipe.csv")
    (reviews / "device.csv").symlink_to("/dev/zero")
    (reviews / "loop.csv").symlink_to(reviews / "loop.csv")
    (reviews / "linked.csv").symlink_to(outside / "a.csv")
    (reviews / "folder").symlink_to(outside)
    (reviews / "round").symlink_to(reviews)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(reviews / "socket.csv"))
        items = items_of(reviews)
        lone = [
            item
            for path in sorted(reviews.iterdir())
            if path.name in ("pipe.csv", "socket.csv")
            for item in items_of(path)
        ]
    assert texts(items) == []
    assert {Path(item.file).name: item.reason.split(":")[0] for item in items if isinstance(item, Rejected)} == {
        "pipe.csv": "it is a pipe, not a file; hand it over on standard input",
        "socket.csv": "it is a socket, not a regular file",
        "device.csv": "it is a device, not a regular file",
        "loop.csv": reasons_start(items, "loop.csv"),
        "linked.csv": "it is a link that leads out of the folder",
        "folder": "it is a link to a folder, and links are not followed",
        "round": "it is a link to a folder, and links are not followed",
    }
    assert len(reasons(lone)) == 2


def reasons_start(items: list[Item], name: str) -> str:
    (reason,) = [item.reason for item in items if isinstance(item, Rejected) and Path(item.file).name == name]
    assert reason.startswith("it can't be reached")
    return reason.split(":")[0]


def test_folders_that_lie_too_deep_and_files_too_many_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path.joinpath(*["d"] * (limits.MAX_DEPTH + 2))
    deep.mkdir(parents=True)
    (deep / "a.txt").write_text("It glows.")
    (tmp_path / "b.txt").write_text("I slept.")
    items = items_of(tmp_path, title="Salt")
    assert (texts(items), len(reasons(items))) == (["I slept."], 1)
    monkeypatch.setattr(limits, "MAX_FILES", 0)
    assert "over 0 files" in reasons(items_of(tmp_path, title="Salt"))[0]


def test_a_file_that_vanishes_gets_one_line(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_bytes(FILES["csv"])
    found: Iterator[Item] = read([tmp_path], ReadOptions(title="Salt"))
    first = next(found)
    (tmp_path / "b.csv").unlink()
    items = [first, *found]
    assert (len(texts(items)), len(reasons(items))) == (4, 1)


def test_very_many_rejected_rows_are_counted_rather_than_listed(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text,user\nIt glows.,Ann\n" + ",Bo\n" * (limits.MAX_REPORTED + 7))
    said = reasons(items_of(tmp_path / "x.csv"))
    assert (len(said), said[-1]) == (limits.MAX_REPORTED + 1, "7 more of its rows were rejected")


def test_a_large_table_is_read_as_it_streams(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text,user\n" + "It glows and hums.,Ann\n" * 50_000)
    found = read([path], ReadOptions(title="Salt"))
    next(found)
    assert isinstance(next(item for item in found if not isinstance(item, Note)), Record)
    path.write_text("text,user\n")  # what was not read yet is gone: nothing had been held
    assert sum(isinstance(item, Record) for item in found) < 49_999


def valid(item: Item) -> bool:
    text = str(item)
    return bool(text.encode()) and (
        not isinstance(item, Record) or columns.validate({"text": item.text}).text == item.text
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(sorted(ENDINGS)),
    st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))),
    st.sampled_from(
        [b"", *FILES.values(), PAGE.encode(), b"\xff\xfe", b"PK\x03\x04", b"PAR1", b"---\n", b"[{", b'a,"']
    ),
    st.integers(0, 2_000),
)
def test_any_bytes_under_any_name_are_read_or_refused(
    tmp_path: Path, ending: str, bytes_: bytes, base: bytes, at: int
) -> None:
    path = tmp_path / f"x{ending}"
    path.write_bytes(base[:at] + bytes_ + base[at:])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        items = items_of(path)
    assert all(map(valid, items))
    assert any(isinstance(item, Record | Rejected) for item in items)

"""Workbooks and Parquet, whole, damaged and hostile; each is made here."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rag.reviews.formats import limits
from tests.reviews.formats.helpers import PROSE, told

ROWS: list[list[Any]] = [
    ["Review", "Stars", "Date"],
    ["It glows.", 4.0, datetime(2025, 3, 2)],
    ["I slept.", 3.5, date(2025, 3, 3)],
]


def workbook(**sheets: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    made.save(packed)
    return packed.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook with parts of it changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def with_sheet(xml: bytes) -> bytes:
    return repacked(workbook(Reviews=ROWS), lambda name, part: xml if "sheet1" in name else part)


SIZE = '<dimension ref="A1:C9"/>'


def sheet(rows: str, before: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    data = f"{SIZE}<sheetData>{rows}</sheetData>"
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{space}">{data}</worksheet>'.encode()


def cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


@pytest.mark.parametrize("ending", [".xlsx", ".xls", ".csv", ".txt"])
def test_a_workbook_is_read_under_any_name(tmp_path: Path, ending: str) -> None:
    found = told(tmp_path / f"x{ending}", workbook(Reviews=ROWS))
    assert [(r.text, r.rating, r.date, r.line) for r in found.records] == [
        ("It glows.", "4", "2025-03-02", 2),
        ("I slept.", "3.5", "2025-03-03", 3),
    ]
    assert found.noted("it holds a workbook") == (ending in (".csv", ".txt"))


def test_the_sheet_with_the_reviews_is_read_and_the_others_named(tmp_path: Path) -> None:
    found = told(tmp_path / "x.xlsx", workbook(Info=[["made by", "Ann"]], Data=ROWS, Empty=[]))
    assert found.texts == ["It glows.", "I slept."]
    assert found.notes == ["its sheet “Data” was read; not read: Info, Empty"]


@pytest.mark.parametrize(
    "sheets", [{"Empty": []}, {"Empty": [], "Blank": [["", " "]]}, {"Head": [["Review", "Stars"]]}]
)
def test_a_workbook_without_rows_says_so(tmp_path: Path, sheets: dict[str, Any]) -> None:
    assert told(tmp_path / "x.xlsx", workbook(**sheets)).reason == "it holds no rows"


def test_a_formula_gives_the_value_that_was_saved_with_it(tmp_path: Path) -> None:
    rows = f"<row>{cell('Review')}{cell('Stars')}</row><row>{cell('It glows.')}<c><f>1+3</f><v>4</v></c></row>"
    assert told(tmp_path / "x.xlsx", with_sheet(sheet(rows))).records[0].rating == "4"


def test_days_since_1900_are_dates_in_a_workbook(tmp_path: Path) -> None:
    content = workbook(Data=[["text", "date"], ["It glows.", 45352], ["I slept.", 12], ["No.", "2024-03-02"]])
    assert [record.date for record in told(tmp_path / "x.xlsx", content).records] == ["2024-03-01", None, "2024-03-02"]
    table = "text,date\nIt glows.,45352\n"
    assert told(tmp_path / "x.csv", table).records[0].date is None


def test_days_of_a_workbook_that_counts_from_1904_are_not_taken_for_others(tmp_path: Path) -> None:
    content = workbook(Data=[["text", "date"], ["It glows.", 45352]])
    old = repacked(content, lambda name, part: part.replace(b"<workbookPr ", b'<workbookPr date1904="1" '))
    assert old != content
    assert told(tmp_path / "x.xlsx", old).records[0].date is None


def test_entities_in_a_workbook_are_no_way_to_fill_the_memory(tmp_path: Path) -> None:
    names = "abcdefghijkl"
    laughs = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in itertools.pairwise(names))
    before = f'<!DOCTYPE x [<!ENTITY a "ha">{laughs}]>'
    xml = sheet(f"<row>{cell('Review')}</row><row>{cell('&l;')}</row>", before)
    assert "damaged" in told(tmp_path / "x.xlsx", with_sheet(xml)).reasons[-1]


def test_a_declared_bomb_is_not_unpacked(tmp_path: Path) -> None:
    assert "as a zip bomb does" in told(tmp_path / "x.xlsx", with_sheet(b" " * (limits.MIN_BOMB + 1))).reason


def test_of_an_undeclared_bomb_no_more_than_is_declared_is_unpacked(tmp_path: Path) -> None:
    size = limits.MIN_BOMB + 1
    hidden = with_sheet(b" " * size).replace(size.to_bytes(4, "little"), (3_000).to_bytes(4, "little"))
    assert "damaged" in told(tmp_path / "x.xlsx", hidden).reason


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MAX_PARTS", 3, "over 3 parts"),
        ("MAX_INFLATED", 100, "unpacks to over 100 bytes"),
    ],
)
def test_the_limits_of_a_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: int, words: str
) -> None:
    content = workbook(Reviews=ROWS)
    told(tmp_path / "x.xlsx", content)
    monkeypatch.setattr(limits, name, value)
    reason = told(tmp_path / "x.xlsx").reason
    assert words in reason or "zip archive" in reason


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    content = workbook(Reviews=ROWS)
    assert "damaged" in told(tmp_path / "x.xlsx", content[: len(content) // 2]).reason
    for place in range(30, len(content) - 60, len(content) // 40):
        found = told(tmp_path / "x.xlsx", content[:place] + bytes(60) + content[place + 60 :])
        assert found.texts or found.reasons


def test_a_sheet_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    rows = f"<row>{cell('Review')}</row>" + "".join(f"<row>{cell(text)}</row>" for text in PROSE)
    found = told(tmp_path / "x.xlsx", with_sheet(sheet(rows)[:-40]))
    assert found.texts == list(PROSE[:2])
    assert "the sheet is damaged" in found.reasons[0]


def test_delimited_text_under_a_workbooks_name_is_read_as_that(tmp_path: Path) -> None:
    for ending in (".xlsx", ".xls"):
        found = told(tmp_path / f"x{ending}", "text,user\nIt glows.,Ann\n")
        assert found.texts == ["It glows."]
        assert found.noted("it holds a table of delimited text and was read as that")


def test_what_is_no_workbook_at_all_is_refused_by_its_name(tmp_path: Path) -> None:
    assert told(tmp_path / "x.xlsx", "It glows, and how.").reason == "it is text, and no xlsx file"


def test_the_old_format_of_office_is_refused_with_what_to_do(tmp_path: Path) -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    assert "save a workbook as .xlsx" in told(tmp_path / "x.xls", content).reason


def parquet(**columns: list[Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


NESTED = parquet(
    text=["It glows.", None, "I slept."],
    stars=[4.0, None, 3.5],
    date=[date(2025, 3, 2), None, date(2025, 3, 3)],
    who=[{"name": "Ann"}, None, {"name": "Bo"}],
    tags=[["a", "b"], [], None],
)


@pytest.mark.parametrize("name", ["x.parquet", "x.csv"])
def test_parquet_is_read_with_its_nulls_and_nested_columns(tmp_path: Path, name: str) -> None:
    found = told(tmp_path / name, NESTED, column_map={"critic": "who", "outlet": "tags"})
    assert [(r.text, r.rating, r.date, r.critic, r.outlet, r.line) for r in found.records] == [
        ("It glows.", "4", "2025-03-02", '{"name": "Ann"}', "a, b", 1),
        ("I slept.", "3.5", "2025-03-03", '{"name": "Bo"}', None, 3),
    ]
    assert [(bad.line, bad.reason) for bad in found.rejected] == [(2, "it has no text")]


def test_strings_that_parquet_calls_bytes_are_read(tmp_path: Path) -> None:
    found = told(tmp_path / "x.parquet", parquet(text=["Es glänzt.".encode(), b"Es gl\xe4nzt."]))
    assert found.texts == ["Es glänzt."]
    assert "does not belong to the file's encoding" in found.reasons[0]


def test_damaged_parquet_is_refused_in_one_line(tmp_path: Path) -> None:
    assert "no whole Parquet file" in told(tmp_path / "x.parquet", NESTED[:-30]).reason
    assert "no whole Parquet file" in told(tmp_path / "x.parquet", NESTED[:40] + bytes(60) + NESTED[100:]).reason
    assert "no whole Parquet file" in told(tmp_path / "x.parquet", b"PAR1").reason


def test_a_row_group_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PARQUET_GROUP", 10)
    assert "unpacks to over 10 bytes" in told(tmp_path / "x.parquet", NESTED).reason

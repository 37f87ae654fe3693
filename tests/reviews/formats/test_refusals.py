"""What is not read is refused quickly and in one line; nothing that is read raises."""

from __future__ import annotations

import gzip
import io
import os
import re
import socket
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.records import Note, Record, Rejected
from rag.reviews.formats import detect, limits
from rag.reviews.read import ReadOptions, Source, read
from tests.reviews.formats.helpers import piped, told
from tests.reviews.formats.test_binary import NESTED, ROWS, workbook

ENDINGS = sorted(detect.ENDINGS)


def zipped(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(name, "x")
    return packed.getvalue()


@pytest.mark.parametrize("ending", [".txt", ".csv", ".json", ".html", ".xlsx", ".parquet"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b" \r\n\t \n", "it is empty"),
        (b"\xef\xbb\xbf\n", "it is empty"),
        (bytes(range(256)) * 20, "binary data"),
        (bytes(70_000), "binary data"),
        (b"%PDF-1.7 x", "a PDF"),
        (gzip.compress(b"text,user\n", mtime=0), "gzip"),
        (zipped("a.txt"), "zip archive"),
        (zipped("word/document.xml"), "Word document"),
        (b"PK\x03\x04 broken", "damaged zip"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"SQLite format 3\0" + bytes(80), "SQLite"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git LFS"),
    ],
)
def test_what_is_no_text_of_reviews_is_named(tmp_path: Path, ending: str, content: bytes, words: str) -> None:
    assert words in told(tmp_path / f"x{ending}", content).reason


def test_what_is_no_file_is_refused_in_a_folder_and_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "reviews"
    folder.mkdir()
    (tmp_path / "outside.txt").write_text("It glows.")
    (folder / "fine.txt").write_text("It glows.")
    os.mkfifo(folder / "pipe.txt")
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "out.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "gone.txt").symlink_to(folder / "nowhere.txt")
    (folder / "up").symlink_to(folder)
    monkeypatch.chdir(folder)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.txt")
        found = told(folder)
        by_name = {name: told(folder / name).reason for name in ("pipe.txt", "zero.txt", "socket.txt")}
    reasons = {Path(bad.file).name: bad.reason for bad in found.rejected}
    assert found.texts == ["It glows."]
    assert reasons.keys() == {"pipe.txt", "zero.txt", "out.txt", "loop.txt", "gone.txt", "up", "socket.txt"}
    assert {name: reasons[name] for name in by_name} == by_name
    assert "hand it over on standard input" in reasons["pipe.txt"]
    assert "device" in reasons["zero.txt"]
    assert "socket" in reasons["socket.txt"]
    assert "out of the folder" in reasons["out.txt"]
    assert "links are not followed" in reasons["up"]
    assert "can't be reached" in reasons["loop.txt"]
    assert "can't be reached" in reasons["gone.txt"]


def test_a_file_that_can_no_longer_be_read_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("It glows.")
    look_into = detect.look_into

    def vanishing(path: Path, **given: bool) -> detect.Found:
        if path.name == "a.txt":
            path.unlink()
        return look_into(path, **given)

    monkeypatch.setattr(detect, "look_into", vanishing)
    found = told(tmp_path)
    assert found.texts == ["It glows."]
    assert [bad.reason.split(":")[0] for bad in found.rejected] == ["it could not be read"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_two_gigabytes_of_nothing_are_refused_at_once(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x{ending}"
    path.touch()
    os.truncate(path, 2_000_000_000)
    started = time.monotonic()
    assert "binary data" in told(path).reason
    assert time.monotonic() - started < 5  # reading it would take longer


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".json", ".jsonl", ".txt", ".html"])
def test_a_line_without_end_is_one_refusal(tmp_path: Path, ending: str) -> None:
    reason = told(tmp_path / f"x{ending}", b"x" * (2 * limits.MAX_RECORD)).reason
    assert re.search(r"at most 1,000,000 are read|longer than 10,000,000|20,000,000 bytes", reason)


@pytest.mark.parametrize(
    ("name", "value", "ending", "content", "words"),
    [
        ("MAX_FILE", 10, ".csv", "text,user\nIt glows.,Ann\n", "it has over 10 bytes"),
        ("MAX_TEXT_FILE", 5, ".txt", "It glows.", "over 5 bytes"),
        ("MAX_PAGE", 5, ".html", "<p>It glows.</p>", "over 5 bytes"),
        ("MAX_COLUMNS", 3, ".csv", "a,b,text,d\n1,2,It glows.,4\n", "it has 4 columns; at most 3 are read"),
        ("MAX_TEXT", 5, ".txt", "It glows.", "its text has 9 characters; at most 5 are read"),
        ("MAX_RECORD", 20, ".jsonl", '{"text": "It glows, and how it does."}', "a line is longer than 20 characters"),
    ],
)
def test_a_limit_refuses_what_is_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: int, ending: str, content: str, words: str
) -> None:
    monkeypatch.setattr(limits, name, value)
    assert words in told(tmp_path / f"x{ending}", content).reason


def test_the_limits_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_DEPTH", 2)
    deep = tmp_path / "one" / "two" / "three"
    deep.mkdir(parents=True)
    for folder in (tmp_path, *list(deep.parents)[:2], deep):
        (folder / "a.txt").write_text("It glows.")
    found = told(tmp_path)
    assert (len(found.texts), found.reasons) == (3, ["it lies over 2 folders deep"])
    monkeypatch.setattr(limits, "MAX_FILES", 2)
    found = told(tmp_path)
    assert (len(found.texts), found.reasons[1:]) == (2, ["it holds over 2 files; from here on nothing was read"])


def test_of_very_many_bad_rows_the_first_are_named_and_the_others_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_REPORTED", 2)
    found = told(tmp_path / "x.csv", "text,user\nIt glows.,Ann\n" + ",Bo\n" * 7)
    assert found.reasons == ["it has no text", "it has no text", "5 more of its rows were rejected"]


@pytest.mark.parametrize(
    "content",
    [
        b"text,user\nIt glows.,Ann\n",
        b'[{"text": "It glows."}]',
        b"<html><body><p>It glows.</p></body></html>",
        workbook(Reviews=ROWS[:2]),
        NESTED,
        "text,user\nIt glows.,Ann\n".encode("utf-16"),
    ],
    ids=["csv", "json", "html", "xlsx", "parquet", "utf-16"],
)
def test_standard_input_is_read_by_its_content(tmp_path: Path, content: bytes) -> None:
    found = piped(tmp_path, content)
    assert found.texts[0] == "It glows."
    assert {record.source for record in found.records} == {"-"}


STARTS = (
    b"",
    b"text,user\n",
    b'[{"text":',
    b"<html><p>",
    b"PK\x03\x04",
    b"PAR1",
    b"\xff\xfe",
    b"---\n",
    b"sep=",
    b'{"a":[{',
)


@settings(max_examples=100)
@given(
    st.sampled_from(ENDINGS), st.sampled_from(STARTS), st.binary(max_size=200) | st.text(max_size=60).map(str.encode)
)
def test_no_bytes_under_any_name_raise(
    tmp_path_factory: pytest.TempPathFactory, ending: str, start: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{ending}"
    path.write_bytes(start + rest)
    items = list(read([path], ReadOptions(title="Salt")))
    assert items
    assert all(isinstance(item, Source | Record | Rejected | Note) for item in items)
    for item in items:
        if isinstance(item, Record):
            item.text.encode()

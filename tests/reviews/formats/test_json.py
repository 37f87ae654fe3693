"""JSON in every form that reviews come in, read as a stream."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from rag.reviews.formats import detect, json_records
from rag.reviews.formats.rows import Opened, RawRow
from tests.reviews.formats.helpers import lines_of, told

TWO = [{"text": "It glows."}, {"text": "I slept."}]
TEXTS = ["It glows.", "I slept."]


@pytest.mark.parametrize("ending", [".json", ".jsonl"])
@pytest.mark.parametrize(
    "content",
    [
        json.dumps(TWO),
        json.dumps(TWO, indent=2),
        lines_of(*TWO),
        json.dumps({"reviews": TWO, "made": 2025}, indent=1),
        "[" + json.dumps(TWO[0]) + "]\n[" + json.dumps(TWO[1]) + "]",
    ],
    ids=["array", "indented", "lines", "object", "two arrays"],
)
def test_every_form_is_read_under_either_name(tmp_path: Path, ending: str, content: str) -> None:
    assert told(tmp_path / f"x{ending}", content).texts == TEXTS


@pytest.mark.parametrize("content", [json.dumps({"made": 2025, "reviews": TWO}), "".join(map(json.dumps, TWO))])
def test_a_document_on_one_line_is_read(tmp_path: Path, content: str) -> None:
    assert told(tmp_path / "x.json", content).texts == TEXTS


def test_a_single_object_is_one_review_whatever_it_is_called(tmp_path: Path) -> None:
    for name, indent in (("x.json", None), ("x.jsonl", None), ("x.jsonl", 2)):
        (record,) = told(tmp_path / name, json.dumps({"text": "It glows.", "stars": 4}, indent=indent)).records
        assert (record.text, record.rating) == ("It glows.", "4")


def test_of_an_object_that_holds_lists_the_first_is_read_and_the_others_named(tmp_path: Path) -> None:
    found = told(tmp_path / "x.json", json.dumps({"tags": ["a"], "reviews": TWO, "shops": [{"name": "b"}]}))
    assert found.texts == TEXTS
    assert found.notes == [
        "its records were taken from “reviews”",
        "its list “shops” was not read, because “reviews” was",
    ]


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_nan_is_nothing(tmp_path: Path, name: str) -> None:
    found = told(tmp_path / name, '{"text": "It glows.", "rating": NaN}\n{"text": NaN}\n{"text": "I slept."}')
    assert found.texts == TEXTS
    assert found.records[0].rating is None
    assert found.reasons == ["it has no text"]


def test_what_is_no_object_in_an_array_costs_itself(tmp_path: Path) -> None:
    found = told(tmp_path / "x.json", '[{"text":"It glows."},\n7,\n"x", null,\n[1],\n{"text":"I slept."}]')
    assert found.texts == TEXTS
    assert [(bad.line, bad.reason.split(",")[0]) for bad in found.rejected] == [
        (2, "it is a number"),
        (3, "it is a string"),
        (3, "it is null"),
        (4, "it is a list"),
    ]
    assert found.lines == [1, 5]


@pytest.mark.parametrize(
    ("rest", "line"),
    [
        (',\n oops {"text": "I slept."}]', 2),
        (',\n\n{"text": "I sle', 3),
        ("] trailing", 1),
        (',\n{"text": "x", "y": ' + "[" * 100_000 + "]" * 100_000 + "}]", 2),
        ("", 1),
        (' {"text": "I slept."}]', 1),
    ],
    ids=["garbage", "truncated", "trailing", "deep", "unclosed", "no comma"],
)
def test_what_was_read_before_json_breaks_off_is_kept(tmp_path: Path, rest: str, line: int) -> None:
    found = told(tmp_path / "x.json", '[{"text": "It glows."}' + rest)
    assert found.texts == ["It glows."]
    (bad,) = found.rejected
    assert bad.line == line
    assert bad.reason.startswith(("it is not JSON: ", "it is nested too deep"))
    assert "(char" not in bad.reason  # a place in the piece that was held, not in the file


@pytest.mark.parametrize(("content", "what"), [("17", "a number"), ('"a"', "a string"), ("null", "null")])
def test_json_that_holds_no_records_says_what_it_holds(tmp_path: Path, content: str, what: str) -> None:
    assert f"it holds {what} where JSON of reviews is" in told(tmp_path / "x.json", content).reason


def test_a_large_array_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with path.open("w") as file:
        file.write("[")
        for n in range(30_000):
            file.write(("," if n else "") + json.dumps({"text": f"It glows {n}. " + "x" * 1_000}) + "\n")
        file.write("]")
    assert path.stat().st_size > 30_000_000
    assert detect.look_into(path).format == "json"
    tracemalloc.start()
    try:
        rows = sum(isinstance(row, RawRow) for row in json_records.read(Opened(path)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == 30_000
    assert peak < 3_000_000


def test_a_number_of_very_many_digits_costs_its_row(tmp_path: Path) -> None:
    found = told(
        tmp_path / "x.jsonl", '{"text": "It glows."}\n{"text": "x", "n": ' + "9" * 5_000 + "}\n" + lines_of(TWO[1])
    )
    assert found.texts == TEXTS
    assert [bad.line for bad in found.rejected] == [2]


def test_a_value_may_span_the_pieces_it_is_read_in(tmp_path: Path) -> None:
    long = "x" * 200_000
    found = told(tmp_path / "x.json", json.dumps([{"text": long}, {"text": "y", "rating": 12345}], indent=70))
    assert found.texts == [long, "y"]
    assert found.records[1].rating == "12345"

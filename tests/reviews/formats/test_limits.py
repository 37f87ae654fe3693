"""The limits that are told are those that hold."""

from __future__ import annotations

import re
from pathlib import Path

from rag.reviews.column_names import KNOWN_NAMES
from rag.reviews.formats import detect, limits

TOLD = (Path(__file__).parents[3] / "docs" / "reading.md").read_text("utf-8")


def test_the_table_of_limits_is_the_module_of_limits() -> None:
    told = {name: int(value.replace(",", "")) for name, value in re.findall(r"\| `(M\w+)` \| ([\d,]+) \|", TOLD)}
    assert told == {name: value for name, value in vars(limits).items() if name.startswith("M")}


def test_every_ending_is_told() -> None:
    assert set(re.findall(r"\.[a-z]+\b", TOLD)) >= set(detect.ENDINGS)


def test_the_numbers_of_known_names_are_told() -> None:
    (told,) = re.findall(r"fields, 14 other languages:\s+([^.]+)\.", TOLD)
    found = {name: int(count) for name, count in re.findall(r"(\w+)\s+\((\d+)(?: names)?\)", told)}
    assert found == {field: len(names) for field, names in KNOWN_NAMES.items()}

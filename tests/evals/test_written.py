"""Sentences written for training: what a line says is what is learned, and a wrong line is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evals.written import SEVERE, Written, parsed, written_sentences
from rag import taxonomy
from rag.taxonomy import OVERALL

Read = Callable[..., list[Written]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads files of these names and texts."""

    def write(**files: str) -> list[Written]:
        for name, text in files.items():
            (tmp_path / f"{name.replace('_', '-')}.txt").write_text(text, "utf-8")
        return written_sentences(tmp_path)

    return write


def test_a_line_is_its_labels_and_its_sentence(read: Read) -> None:
    found = read(
        film="# by hand\n\n+acting -sound | Fine cast | grating score.\n. | He takes the tram.\n0ending |  It ends. \n"
    )

    assert found == [
        Written("film", "Fine cast | grating score.", frozenset({"acting", "sound"}), frozenset({"positive", "negative"})),
        Written("film", "He takes the tram.", frozenset(), frozenset()),
        Written("film", "It ends.", frozenset({"ending"}), frozenset({"neutral"})),
    ]  # fmt: skip


def test_in_reviews_a_line_follows_the_one_above_it_in_its_block(read: Read) -> None:
    found = read(film_reviews=". | One.\n. | Two.\n. | Three.\n\n. | Four.\n# a new one\n. | Five.\n. | Six.\n")

    assert [one.kind for one in found] == ["film"] * 6
    assert [one.follows for one in found] == [False, True, True, False, False, True]


def test_elsewhere_lines_stand_alone(read: Read) -> None:
    assert not any(one.follows for one in read(film=". | One.\n. | Two.\n"))


def test_a_further_file_of_reviews_is_of_the_same_kind(read: Read) -> None:
    found = read(book_reviews_2=". | One.\n. | Two.\n")

    assert [(one.kind, one.follows) for one in found] == [("book", False), ("book", True)]


def test_a_severe_complaint_stands_with_its_kind_and_category(read: Read) -> None:
    found = read(severe="place illness -food | We lay in bed for days.\napp none -speed | It murders the battery.\n")

    assert [(one.kind, one.severity, set(one.aspects)) for one in found] == [
        ("place", "illness", {"food"}),
        ("app", None, {"speed"}),
    ]


def test_files_are_read_in_the_order_of_their_names(read: Read) -> None:
    assert [one.kind for one in read(game=". | One.\n", app=". | Two.\n")] == ["app", "game"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("film", "+acting It glows."),  # no bar
        ("film", "+acting |It glows."),
        ("film", "+acting |  "),
        ("film", " | It glows."),  # no labels
        ("film", "acting | It glows."),  # no sign
        ("film", "+ | It glows."),  # no aspect
        ("film", ". +acting | It glows."),  # no opinion, and one
        ("severe", "place | It glows."),
        ("severe", "place none | It glows."),
    ],
)
def test_a_wrong_line_is_named_with_its_file_and_number(read: Read, name: str, line: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}.txt:3: "):
        read(**{name: f"# two lines\n# before it\n{line}\n"})


def test_labels_of_no_opinion_are_none() -> None:
    assert parsed(["."]) == parsed([]) == (frozenset(), frozenset())


def test_every_sentence_that_is_here_is_labelled_with_aspects_that_its_kind_has() -> None:
    categories = {category.id for category in taxonomy.severities()} | {None}
    for one in written_sentences():
        known = {aspect.id for aspect in taxonomy.load(one.kind).aspects} | {OVERALL}
        assert one.aspects <= known, one.text
        assert one.severity in categories, one.text
        assert bool(one.aspects) == bool(one.stances), one.text


def test_of_each_category_there_are_complaints_and_what_only_looks_like_one() -> None:
    severe = [one.severity for one in written_sentences() if one.severity]

    assert set(severe) == {category.id for category in taxonomy.severities()}
    assert SEVERE == "severe"

"""How far two readers agree, and what the check says of their files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import loader, second_reading
from corpus.agreement import agreement
from corpus.planted import Span
from corpus.reader import CorpusError
from corpus.second_reading import FIRST, SECOND, SETTLED, agreements, draw, lines, marked, problems, read, sheet

DEV = loader.load("dev")
ONE, TWO, THREE = Span("inn/01", 0, 5), Span("inn/01", 6, 9), Span("inn/02", 0, 4)
KINDS = {"inn": "place"}
PLANTED = {ONE: frozenset({"-food", "!illness"}), TWO: frozenset[str](), THREE: frozenset({"+service"})}


def write(folder: Path, first: str, second: str, settled: str = "") -> Path:
    for name, text in ((FIRST, first), (SECOND, second), (SETTLED, settled)):
        (folder / name).write_text(text, "utf-8")
    return folder


def test_kappa_by_hand() -> None:
    # 35 of 50 agree; by chance (25 × 30 + 25 × 20) / 2500 = .5 would; (.7 − .5) / .5
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15

    found = agreement(pairs)

    assert (found.units, found.agreed) == (50, 35)
    assert found.kappa == pytest.approx(0.4)


def test_kappa_is_undefined_where_chance_explains_all() -> None:
    assert agreement([("no", "no")] * 9).kappa is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_kappa_is_symmetric_and_one_for_perfect_agreement(pairs: list[tuple[str, str]]) -> None:
    kappa = agreement(pairs).kappa

    assert kappa == agreement([(b, a) for a, b in pairs]).kappa
    if kappa is not None:
        assert kappa <= 1
    if len({a for a, _ in pairs}) > 1:
        assert agreement([(a, a) for a, _ in pairs]).kappa == 1


def test_drawing_twice_gives_the_same_tenth() -> None:
    planted = marked([DEV])

    drawn = draw(planted)

    assert drawn == draw(planted)
    assert len(drawn) == len(planted) // 10
    assert set(drawn) <= set(planted)


def test_the_sheet_shows_the_words_and_no_label() -> None:
    span = next(span for span, marks in marked([DEV]).items() if "sarcasm" in marks)

    shown = sheet([span], [DEV])

    assert f"--- {span.review} {span.start}:{span.end} ---" in shown
    assert "{" not in shown
    assert "sarcasm" not in shown


def test_marks_written_are_read_again(tmp_path: Path) -> None:
    write(tmp_path, lines(PLANTED), "")

    assert read(FIRST, tmp_path).marks == PLANTED


@pytest.mark.parametrize("line", ["inn/01 none", "inn/01 0:5", "inn/01 0-5 none", "none"])
def test_a_line_that_is_none_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    write(tmp_path, f"inn/02 0:4 none\n{line}\n", "")

    with pytest.raises(CorpusError, match=r"readings/first.txt: line 2"):
        read(FIRST, tmp_path)


AGREED = lines(PLANTED)
DISPUTED = AGREED.replace("inn/01 6:9 none", "inn/01 6:9 -price")


@pytest.mark.parametrize(
    ("second", "settled", "complaint"),
    [
        (AGREED, "", None),
        (DISPUTED, "inn/01 6:9 none; a fact\n", None),
        (DISPUTED, "", "6:9 is disputed and not settled"),
        (DISPUTED, "inn/01 6:9 none\n", "6:9 has no reason"),
        (DISPUTED, "inn/01 6:9 -price; it is blame\n", "6:9 is labelled otherwise than it was read or settled"),
        (AGREED.replace("inn/02 0:4", "inn/02 0:3"), "", "stands in one of first.txt and second.txt only"),
        (DISPUTED.replace("-price", "-smell"), "inn/01 6:9 none; a fact\n", "unknown mark '-smell'"),
        (DISPUTED.replace("-price", "-acting"), "inn/01 6:9 none; a fact\n", "unknown mark '-acting'"),
        (DISPUTED.replace("-price", "sarcasm"), "inn/01 6:9 none; a fact\n", "unknown mark 'sarcasm'"),
        (AGREED, "inn/09 6:9 none; a fact\n", "inn/09 6:9 was not read again"),
    ],
)
def test_disagreements_must_be_settled(tmp_path: Path, second: str, settled: str, complaint: str | None) -> None:
    write(tmp_path, AGREED, second, settled)

    found = list(problems(PLANTED, KINDS, tmp_path))

    assert found == [] if complaint is None else any(complaint in problem for problem in found)


def test_a_text_that_changed_under_its_reading_is_named(tmp_path: Path) -> None:
    write(tmp_path, AGREED, AGREED)

    moved = {ONE: PLANTED[ONE], TWO: PLANTED[TWO]}

    assert list(problems(moved, KINDS, tmp_path)) == ["readings: inn/02 0:4 is no sentence of the corpus any more"]


def test_too_few_sentences_are_refused(tmp_path: Path) -> None:
    write(tmp_path, AGREED, AGREED)
    many = PLANTED | {Span("inn/03", n, n + 1): frozenset[str]() for n in range(40)}

    assert any("3 sentences of 43" in problem for problem in problems(many, KINDS, tmp_path))


def test_agreement_is_counted_per_label() -> None:
    second = {ONE: frozenset({"-food", "sarcasm"}), TWO: frozenset({"-price"}), THREE: frozenset({"-service"})}

    found = agreements(PLANTED, second, KINDS)

    assert (found["opinion or none"].units, found["opinion or none"].agreed) == (3, 2)
    stance = found["stance, where both find an opinion"]
    assert (stance.units, stance.agreed) == (2, 1)
    assert found["severe complaint"].agreed == 2
    assert found["sarcasm"].agreed == 2
    # Three sentences with the eight aspects of a place each; they differ on one price.
    assert (found["aspects, all together"].units, found["aspects, all together"].agreed) == (24, 23)


def test_the_committed_readings_cover_a_tenth_and_are_settled() -> None:
    both = [DEV, loader.load("test")]
    kinds = {title.slug: title.kind for corpus in both for title in corpus.titles}

    assert list(problems(marked(both), kinds)) == []
    assert second_reading.read(SETTLED).why

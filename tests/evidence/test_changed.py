"""What changed since the last summary: sides and severe complaints before counts, and nothing where nothing did."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evidence.changed import since
from rag.findings import Consensus, Finding, Minority, Overall
from rag.records import EngineStamp, Title, Totals
from tests.some_findings import counts, finding


def consensus(reviews: int, findings: Sequence[Finding] = (), minorities: Sequence[Minority] = ()) -> Consensus:
    return Consensus(
        title=Title("salt", "Salt", "film"),
        totals=Totals(reviews, reviews, 0, 0, 0),
        overall=Overall(0, 0, 0, 0, None, None),
        whole=finding("overall", counts(), "the whole"),
        statement=(),
        findings=tuple(findings),
        disagreements=(),
        minorities=tuple(minorities),
        slices=(),
        cells=(),
        citations=(),
        engine=EngineStamp("extractive", None, None, None, None, {}, "0", 1),
        coder=None,
        measured=(),
        made="2026-01-01T00:00:00+00:00",
    )


def danger(reviews: int) -> Minority:
    return Minority("danger", "danger", reviews, ())


def test_the_same_summary_has_nothing_to_say() -> None:
    same = consensus(9, [finding("acting", counts(5, 1))], [danger(2)])

    assert since(same, same) == ()


def test_the_number_of_reviews_is_said_with_its_change() -> None:
    assert since(consensus(9), consensus(12)) == ("12 reviews, 3 more than before.",)
    assert since(consensus(9), consensus(8)) == ("8 reviews, 1 fewer than before.",)


def test_an_aspect_comes_goes_and_changes_sides() -> None:
    before = consensus(
        20, [finding("acting", counts(8)), finding("ending", counts(4, 4)), finding("plot", counts(0, 5))]
    )
    now = consensus(20, [finding("acting", counts(8, 6)), finding("ending", counts(0, 6)), finding("music", counts(2))])

    assert since(before, now) == (
        "The acting: it divides; before: praised.",
        "The ending: criticised; before: it divides.",
        "The music: not mentioned before.",
        "The plot: not mentioned any more.",
    )


def test_a_side_that_nobody_has_is_said_so() -> None:
    before, now = consensus(9, [finding("plot", counts(3))]), consensus(9, [finding("plot", counts(3, 1, 0, 4))])

    assert since(before, now) == ("The plot: no side has it; before: praised.",)


def test_counts_are_said_of_the_side_that_more_are_on() -> None:
    before = consensus(20, [finding("acting", counts(6, 2, 1)), finding("plot", counts(1, 5))])
    now = consensus(20, [finding("acting", counts(9, 2, 1)), finding("plot", counts(1, 7))])

    # 6 + 1 of 9, then 9 + 1 of 12; 5 of 6, then 7 of 8.
    assert since(before, now) == (
        "The acting: praised by 10 of 12, before by 7 of 9.",
        "The plot: criticised by 7 of 8, before by 5 of 6.",
    )


def test_severe_complaints_that_come_grow_or_go_are_always_told() -> None:
    none, one, two = consensus(9), consensus(9, [], [danger(1)]), consensus(9, [], [danger(2)])

    assert since(none, one) == ("Severe complaints (danger): 1, before 0.",)
    assert since(one, two) == ("Severe complaints (danger): 2, before 1.",)
    assert since(two, none) == ("Severe complaints (danger): 0, before 2.",)


def test_what_matters_most_comes_first() -> None:
    before = consensus(9, [finding("acting", counts(5)), finding("plot", counts(3))])
    now = consensus(12, [finding("acting", counts(7)), finding("plot", counts(0, 4))], [danger(1)])

    assert [line.partition(":")[0].partition(",")[0] for line in since(before, now)] == [
        "12 reviews",
        "Severe complaints (danger)",
        "The plot",
        "The acting",
    ]


def test_there_are_ten_lines_at_most() -> None:
    many = [finding(f"part-{number}", counts(3)) for number in range(30)]

    found = since(consensus(9), consensus(12, many, [danger(1)]))

    assert len(found) == 10
    assert found[1] == "Severe complaints (danger): 1, before 0."

"""Two runs in pairs: what is told apart, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import comparing
from evals.comparing import compare
from evals.measures import MEASURES, columns
from evals.runs import Cell
from evals.suites import Rule

RECALL = {"evidence_recall": Rule(margin=0.05, powered=True)}
TITLES, EACH = 12, 10


def cells(score: Callable[[int, int], float | None], metric: str = "evidence_recall") -> dict[str, Cell]:
    """Cases of some titles, each with the score of its title's and its own number."""
    found = {}
    for title in range(TITLES):
        for number in range(EACH):
            name = f"{title}:{number}"
            found[name] = Cell(name, f"title {title}", name, "c", "same", {metric: score(title, number)})
    return found


def half(title: int, number: int) -> float:
    return float((title + number) % 2)


def one(before: dict[str, Cell], after: dict[str, Cell], rules: dict[str, Rule] = RECALL) -> comparing.Compared:
    (found,) = compare(rules, before, after)
    return found


def test_the_same_run_is_the_same() -> None:
    found = one(cells(half), cells(half))

    assert (found.verdict, found.changed, found.smallest) == ("same", (), None)
    assert found.difference is not None and (found.difference.low, found.difference.high) == (0, 0)


def test_a_clear_fall_is_worse_and_names_the_cases_that_fell_most_first() -> None:
    after = cells(lambda title, number: half(title, number) * (0.0 if number < 4 else 0.9))
    found = one(cells(half), after)

    assert found.verdict == "worse"
    assert found.changed[0].endswith((":0", ":1", ":2", ":3"))
    assert found.before is not None and found.after is not None and found.after.value < found.before.value == 0.5


def test_a_small_fall_within_the_margin_is_not_worse_and_a_rise_neither() -> None:
    assert one(cells(half), cells(lambda t, n: half(t, n) * 0.99)).verdict == "not worse"
    assert one(cells(lambda t, n: half(t, n) * 0.5), cells(half)).verdict == "not worse"


def test_what_swings_too_much_can_t_be_told() -> None:
    found = one(cells(half), cells(lambda t, n: half(t, n) * (0.4 if t % 2 else 1.0) + (0.0 if t % 2 else 0.25)))

    assert found.verdict == "cannot tell" and "may have fallen" in found.why
    assert found.smallest is not None and found.smallest > 0.05


def test_where_less_is_better_a_rise_is_worse() -> None:
    rules = {"count_error": Rule(margin=0.05)}
    before = cells(lambda t, n: 0.1, "count_error")
    assert one(before, cells(lambda t, n: 0.3, "count_error"), rules).verdict == "worse"
    assert one(before, cells(lambda t, n: 0.0, "count_error"), rules).verdict == "not worse"


@pytest.mark.parametrize(("value", "verdict"), [(1.0, "held"), (0.99, "broken")])
def test_a_hard_metric_has_no_tolerance_in_any_case(value: float, verdict: str) -> None:
    rules = {"quotes_verbatim": Rule(hard=True)}
    after = cells(lambda t, n: value if (t, n) == (3, 3) else 1.0, "quotes_verbatim")
    found = one(cells(lambda t, n: 1.0, "quotes_verbatim"), after, rules)

    assert found.verdict == verdict and (("3:3" in found.why) is (verdict == "broken"))


def test_a_case_of_another_wording_and_one_that_failed_are_not_compared() -> None:
    before, after = cells(half), cells(half)
    after["0:0"] = Cell("0:0", "title 0", "0:0", "c", "reworded", {"evidence_recall": 0.0})
    after["0:1"] = Cell("0:1", "title 0", "0:1", "c", "same", error="it broke")

    assert one(before, after).verdict == "same"


def test_the_smallest_difference_known_from_before_is_said_where_two_runs_hardly_differ() -> None:
    (found,) = compare(RECALL, cells(half), cells(half), {"evidence_recall": 0.04})
    assert found.smallest == 0.04


def test_with_few_titles_cases_are_resampled() -> None:
    few = {name: cell for name, cell in cells(half).items() if cell.cluster in ("title 0", "title 1")}
    figure = comparing.figure(MEASURES["evidence_recall"], [*few.values()])

    assert figure is not None and figure.clusters == 2 * EACH


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.5, 1.0, None])), max_size=30))
def test_columns_add_up_to_what_a_mean_is_made_of(found: list[tuple[str, float | None]]) -> None:
    summed = columns(MEASURES["ndcg"], [(cluster, {"ndcg": value}) for cluster, value in found])
    values = [value for _, value in found if value is not None]

    assert sum(total for total, _ in summed.values()) == pytest.approx(sum(values))
    assert sum(n for _, n in summed.values()) == len(values)


def test_abstention_f1_of_all_titles_together_is_of_summed_counts() -> None:
    told = {"abstention_true": 1.0, "abstention_false": 1.0, "abstention_missed": 0.0}
    quiet = dict.fromkeys(told, 0.0)
    kept = {f"{n}": Cell(f"{n}", f"t{n}", "", "c", "d", told if n < 2 else quiet) for n in range(8)}
    figure = comparing.figure(MEASURES["abstention_f1"], [*kept.values()])

    assert figure is not None and figure.value == pytest.approx(2 * 2 / (2 * 2 + 2))

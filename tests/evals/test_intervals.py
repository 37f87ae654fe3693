"""Intervals by cluster: wider than by question where answers go wrong together, honest at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from evals.intervals import clustered, clustered_mean


def f1(hits, wrong, missed):  # type: ignore[no-untyped-def]
    return 2 * hits / (2 * hits + wrong + missed)


def test_the_same_values_give_the_same_interval() -> None:
    values = {title: [float(title % 3 == 0), 1.0] for title in range(12)}

    assert clustered_mean(values) == clustered_mean(values)


def test_the_value_is_the_mean_over_questions_not_over_titles() -> None:
    found = clustered_mean({"a": [1.0, 1.0, 1.0], "b": [0.0], "c": [None, None]})

    assert found is not None
    assert found.value == 0.75
    assert found.clusters == 2


def test_clusters_that_go_wrong_together_widen_the_interval() -> None:
    together = clustered_mean({title: [float(title % 2)] * 10 for title in range(12)})
    apart = clustered_mean({title: [0.0, 1.0] * 5 + [float(title % 2)] for title in range(12)})

    assert together is not None
    assert apart is not None
    assert together.high - together.low > 4 * (apart.high - apart.low)  # type: ignore[operator]


def test_it_covers_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    covered, widest = 0, 0.0
    for _ in range(60):
        rates = random.beta(6, 2, size=20)
        found = clustered_mean({n: list(random.binomial(1, rate, 8).astype(float)) for n, rate in enumerate(rates)})
        assert found is not None
        covered += found.low <= 0.75 <= found.high  # type: ignore[operator]
        widest = max(widest, found.high - found.low)  # type: ignore[operator]
    assert covered >= 50
    # A mean of 20 titles with a spread of about .2 each has a standard error near .045.
    assert widest < 0.3


def test_all_right_is_not_certain() -> None:
    found = clustered_mean({title: [1.0, 1.0] for title in range(20)})

    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    # Clopper and Pearson for 20 of 20: .025 ** (1 / 20)
    assert found.low == pytest.approx(0.025 ** (1 / 20))


def test_equal_clusters_have_no_spread() -> None:
    found = clustered_mean({title: [1.0, 0.0] for title in range(9)})

    assert found is not None
    assert (found.low, found.high) == (0.5, 0.5)


def test_one_cluster_has_no_interval_and_none_no_value() -> None:
    one = clustered_mean({"a": [1.0, 0.0]})

    assert one is not None
    assert (one.value, one.low, one.high) == (0.5, None, None)
    assert clustered_mean({}) is None
    assert clustered_mean({"a": [None]}) is None


def test_a_ratio_of_sums_is_resampled_as_a_whole() -> None:
    found = clustered({title: (2, title % 2, 1) for title in range(16)}, f1)

    assert found is not None
    assert found.value == pytest.approx(64 / (64 + 8 + 16))
    assert found.low < found.value < found.high  # type: ignore[operator]


def test_where_some_resamples_leave_it_undefined_no_interval_is_claimed() -> None:
    found = clustered({0: (1, 0, 1), 1: (0, 0, 0), 2: (0, 0, 0)}, f1)

    assert found is not None
    assert (found.low, found.high) == (None, None)
    assert clustered({0: (0, 0, 0), 1: (0, 0, 0)}, f1) is None

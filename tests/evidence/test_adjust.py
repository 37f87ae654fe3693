"""Adjusted shares: the EM finds what scipy finds, the line draws it in, and few reviews are left alone."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit

from rag.evidence.adjust import LEAST, METHOD, Calibration, adjusted, em_share
from rag.findings import Adjusted

PLAIN = Calibration(scale=1, offset=0, prior=0.5, intercept=0, slope=1, between=0.0, sampling=0.0, width=2)

logits = st.lists(st.floats(-6, 6), min_size=1, max_size=60).map(np.array)


def most_likely_share(found: np.ndarray, fitted: Calibration) -> float:
    """Where the likelihood of the scores is greatest, with half a review on each side; the mean probability there."""
    ratio = np.exp(fitted.scale * found + fitted.offset) * (1 - fitted.prior) / fitted.prior

    def loss(share: float) -> float:
        prior = 0.5 * np.log(share) + 0.5 * np.log(1 - share)
        return -float(np.log(share * ratio + 1 - share).sum() + prior)

    share = minimize_scalar(loss, bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-10}).x
    return float((share * ratio / (share * ratio + 1 - share)).mean())


@given(logits, st.floats(0.5, 2), st.floats(-0.5, 0.5), st.floats(0.3, 0.7))
def test_the_em_finds_the_most_likely_share(found: np.ndarray, scale: float, offset: float, prior: float) -> None:
    fitted = replace(PLAIN, scale=scale, offset=offset, prior=prior)

    assert em_share(found, fitted) == pytest.approx(most_likely_share(found, fitted), abs=2e-3)


def test_the_em_recovers_a_share_that_is_far_from_the_prior() -> None:
    # Scores of 8,000 reviews, a fifth of which are for it: log-odds ±1 ± noise are calibrated for halves.
    random = np.random.default_rng(0)
    right = random.random(8_000) < 0.2
    # Two normals of unit variance whose means are 2 apart have log-odds 2x.
    found = 2 * (np.where(right, 1.0, -1.0) + random.normal(size=right.size))

    # Counting those above 0 gives 0.2 × 0.84 + 0.8 × 0.16 = 0.296.
    assert (found > 0).mean() == pytest.approx(0.296, abs=0.02)
    assert expit(found).mean() == pytest.approx(0.296, abs=0.05)
    assert em_share(found, PLAIN) == pytest.approx(right.mean(), abs=0.01)


@given(logits)
def test_who_turns_every_score_round_gets_the_rest(found: np.ndarray) -> None:
    assert em_share(-found, PLAIN) == pytest.approx(1 - em_share(found, PLAIN), abs=2e-3)


def test_a_few_reviews_are_not_adjusted() -> None:
    assert adjusted(np.zeros(LEAST - 1), PLAIN) is None
    assert adjusted(np.zeros(LEAST), PLAIN) == Adjusted(0.5, 0.5, 0.5, METHOD)


def test_the_line_draws_in_and_the_interval_is_of_both_variances() -> None:
    fitted = replace(PLAIN, intercept=0.1, slope=0.6, between=0.0009, sampling=0.04)

    found = adjusted(np.zeros(25), fitted)

    # 0.1 + 0.6 × 0.5 = 0.4; 2 × √(0.0009 + 0.04 / 25) = 2 × √0.0025 = 0.1
    assert found is not None
    assert (found.low, found.value, found.high) == pytest.approx((0.3, 0.4, 0.5))


@given(
    st.lists(st.floats(-20, 20), min_size=LEAST, max_size=60).map(np.array),
    st.floats(-2, 2), st.floats(-2, 2), st.floats(0, 1), st.floats(0, 1), st.floats(0, 4),
)  # fmt: skip
def test_an_adjusted_share_lies_in_its_interval_and_is_a_share(
    found: np.ndarray, intercept: float, slope: float, between: float, sampling: float, width: float
) -> None:
    share = adjusted(found, Calibration(1.5, 0.2, 0.6, intercept, slope, between, sampling, width))

    assert share is not None
    assert 0 <= share.low <= share.value <= share.high <= 1


def test_more_reviews_make_it_surer() -> None:
    fitted = replace(PLAIN, between=0.001, sampling=0.05)
    few, many = (adjusted(np.zeros(size), fitted) for size in (20, 2_000))

    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low


def test_a_calibration_comes_from_its_card_and_other_keys_do_no_harm() -> None:
    assert Calibration.of({**asdict(PLAIN), "titles": 12}) == PLAIN

"""Calibration: fitted on titles with known shares it finds what they were made with, and what scipy finds."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from scipy.optimize import minimize

from evals.calibration import by_group, fit_calibration
from rag.evidence.adjust import LEAST, Calibration, adjusted, em_share

TITLES, SIZE = 40, 60


def made_up(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Reviews of titles whose shares go from a tenth to nine tenths; a score is right in some four of five."""
    random = np.random.default_rng(seed)
    shares = np.linspace(0.1, 0.9, TITLES)
    labels = random.random((TITLES, SIZE)) < shares[:, None]
    logits = np.where(labels, 1.0, -1.0) + random.normal(size=labels.shape) + 0.3
    groups = np.repeat([f"title {number}" for number in range(TITLES)], SIZE)
    return logits.ravel(), labels.ravel(), groups


@pytest.fixture(scope="module")
def fitted() -> Calibration:
    return fit_calibration(*made_up())


def test_scale_and_offset_are_the_most_likely_ones(fitted: Calibration) -> None:
    logits, labels, _ = made_up()

    def loss(at: np.ndarray) -> float:
        told = at[0] * logits + at[1]
        return float(np.logaddexp(0, np.where(labels, -told, told)).sum())

    found = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8}).x

    assert (fitted.scale, fitted.offset) == pytest.approx(tuple(found), abs=1e-3)
    # Two normals of unit variance at 1.3 and -0.7: log-odds 2x - 0.6 where both are as frequent.
    assert (fitted.scale, fitted.offset) == pytest.approx((2, -0.6), abs=0.25)


def test_the_prior_is_the_share_of_all(fitted: Calibration) -> None:
    assert fitted.prior == pytest.approx(made_up()[1].mean())


def test_the_line_is_the_least_squares_line_over_the_titles(fitted: Calibration) -> None:
    logits, labels, groups = made_up()
    told = [em_share(logits[rows], fitted) for rows in by_group(groups).values()]
    right = [labels[rows].mean() for rows in by_group(groups).values()]

    slope, intercept = np.polyfit(told, right, 1)

    assert (fitted.slope, fitted.intercept) == pytest.approx((slope, intercept), abs=1e-6)


def test_the_intervals_hold_nineteen_of_twenty_titles(fitted: Calibration) -> None:
    logits, labels, groups = made_up()
    held = []
    for rows in by_group(groups).values():
        found = adjusted(logits[rows], fitted)
        assert found is not None
        held.append(found.low - 1e-9 <= labels[rows].mean() <= found.high + 1e-9)

    assert np.mean(held) >= 0.95 - 1 / TITLES
    assert fitted.between >= 0
    assert fitted.sampling >= 0


def test_titles_that_were_not_seen_come_nearer_by_it(fitted: Calibration) -> None:
    logits, labels, groups = made_up(seed=1)
    errors, plain = [], []
    for rows in by_group(groups).values():
        found = adjusted(logits[rows], fitted)
        assert found is not None
        errors.append(abs(found.value - labels[rows].mean()))
        plain.append(abs((logits[rows] > 0).mean() - labels[rows].mean()))

    assert np.mean(errors) < np.mean(plain)


def test_titles_with_few_reviews_draw_no_line(fitted: Calibration) -> None:
    logits, labels, groups = made_up()
    few = np.array(["small"] * (LEAST - 1))
    # Scores of nothing, all of which are for it: scale and offset learn from them, the line does not.
    more = fit_calibration(
        np.append(logits, np.zeros(len(few))), np.append(labels, np.ones(len(few), bool)), np.append(groups, few)
    )
    told = [em_share(logits[rows], more) for rows in by_group(groups).values()]
    slope, _ = np.polyfit(told, [labels[rows].mean() for rows in by_group(groups).values()], 1)

    assert more.slope == pytest.approx(slope, abs=1e-6)


def test_it_goes_through_a_card_unchanged(fitted: Calibration) -> None:
    assert Calibration.of(asdict(fitted)) == fitted


def test_rows_are_found_by_group() -> None:
    found = by_group(np.array(["b", "a", "b"]))

    assert {name: rows.tolist() for name, rows in found.items()} == {"a": [1], "b": [0, 2]}

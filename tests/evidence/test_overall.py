"""For or against the whole: what a review says, whatever the order, and how sure it is of it."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import adjust, overall
from rag.evidence.adjust import Calibration
from rag.records import DraftOpinion, Opinion, Stance

PLAIN = Calibration(
    scale=1, offset=0, prior=0.5, intercept=0, slope=1, between=0.0001, sampling=0.04, width=2
)  # fmt: skip


def draft(stance: Stance, score: float, certainty: float = 1.0) -> DraftOpinion:
    return DraftOpinion("r.0", "acting", stance, score, certainty)


def opinion(score: float, certainty: float = 1.0, aspect: str = "acting", start: int = 0) -> Opinion:
    return Opinion("r", start, start + 9, aspect, "positive" if score > 0 else "negative", score, certainty, None, "c")


units = st.floats(0, 1)
drafts = st.lists(
    st.one_of(
        st.builds(draft, st.just("positive"), units, units),
        st.builds(draft, st.just("negative"), units.map(lambda one: -one), units),
        st.builds(draft, st.sampled_from(["mixed", "neutral"]), st.floats(-1, 1), units),
    ),
    max_size=8,
)


@given(drafts, st.integers(0, 99))
def test_what_a_review_does_never_depends_on_the_order_of_its_opinions(said: list[DraftOpinion], seed: int) -> None:
    shuffled = random.Random(seed).sample(said, len(said))

    assert overall.stance_on(shuffled) == overall.stance_on(said)


def test_sums_at_the_border_do_not_depend_on_the_order_either() -> None:
    # As floats 0.1 + 0.2 + 0.3 is a little more than 0.3 + 0.2 + 0.1, and that little is at the border of this blame.
    blame = [draft("negative", -1.0)]
    praise = [draft("positive", one) for one in (0.1, 0.2, 0.3)]

    assert overall.stance_on([*blame, *praise]) == overall.stance_on([*blame, *reversed(praise)])


@pytest.mark.parametrize(
    ("said", "stance"),
    [
        ([], "neutral"),
        ([("neutral", 0.05)], "neutral"),
        ([("positive", 0.2)], "positive"),
        ([("negative", -0.2)], "negative"),
        ([("mixed", 0.0)], "mixed"),
        ([("neutral", 0.0), ("negative", -0.9)], "negative"),
        ([("positive", 0.8), ("negative", -0.5)], "mixed"),  # 0.5 is more than six tenths of 0.8
        ([("positive", 0.8), ("negative", -0.4)], "positive"),  # 0.4 is less
        ([("positive", 0.3), ("negative", -0.8)], "negative"),
        ([("positive", 0.8), ("negative", -0.25), ("negative", -0.25)], "mixed"),  # two doubts are one clear word
        ([("positive", 0.5), ("mixed", 0.1)], "mixed"),  # praise 0.5 + 1, blame 1
    ],
)
def test_a_doubtful_remark_does_not_undo_a_clear_one(said: list[tuple[Stance, float]], stance: Stance) -> None:
    assert overall.stance_on(draft(*one) for one in said) == stance


def test_a_remark_weighs_its_certainty_times_its_clarity() -> None:
    # Praise 0.5 × 0.8 = 0.4, blame 0.25 × 0.9 = 0.225, which is less than six tenths of it.
    assert overall.stance_on([draft("positive", 0.8, 0.5), draft("negative", -0.9, 0.25)]) == "positive"
    # Blame 0.3 × 0.9 = 0.27, which is more.
    assert overall.stance_on([draft("positive", 0.8, 0.5), draft("negative", -0.9, 0.3)]) == "mixed"


def test_the_score_of_a_review_is_the_mean_by_certainty() -> None:
    # (0.8 × 0.9 - 0.4 × 0.3) / (0.9 + 0.3) = (0.72 - 0.12) / 1.2 = 0.5
    assert overall.review_score([opinion(0.8, 0.9), opinion(-0.4, 0.3, start=20)]) == 0.5
    assert overall.review_score([]) == 0.0
    assert overall.review_score([opinion(0.8, 0.0)]) == 0.0


def test_a_verdict_on_the_whole_counts_twice() -> None:
    # (0.9 × 1 + -0.6 × 2) / 3 = -0.1
    assert overall.review_score([opinion(0.9), opinion(-0.6, aspect="overall", start=20)]) == -0.1


def test_a_sentence_on_two_aspects_counts_once() -> None:
    # One sentence at 0 with 0.6, surer on one of its aspects: (0.6 × 1 - 0.3 × 0.5) / 1.5 = 0.3
    twice = [opinion(0.6, 0.4), opinion(0.6, 1.0, aspect="sound"), opinion(-0.3, 0.5, start=20)]

    assert overall.review_score(twice) == 0.3
    assert overall.review_score([twice[1], twice[2], twice[0]]) == 0.3


@given(st.lists(st.builds(opinion, st.floats(-1, 1), units, st.sampled_from(["acting", "overall"]), st.integers(0, 9))))
def test_a_score_lies_between_the_least_and_the_greatest(said: list[Opinion]) -> None:
    score = overall.review_score(said)

    assert min([0.0, *(one.score for one in said)]) - 1e-4 <= score <= max([0.0, *(one.score for one in said)]) + 1e-4


@pytest.mark.parametrize(
    ("score", "side"), [(0.2, "positive"), (0.19, "mixed"), (0, "mixed"), (-0.19, "mixed"), (-0.2, "negative")]
)
def test_a_score_near_nothing_is_between_the_sides(score: float, side: str) -> None:
    assert overall.verdict(score) == side


def test_sides_count_reviews_not_scores() -> None:
    assert overall.sides([(0.9, 3), (0.3, 1), (-0.5, 2), (0.0, 4)]) == {"positive": 4, "negative": 2, "mixed": 4}


def test_what_is_not_adjusted_says_why() -> None:
    def why(votes: list[tuple[float, bool, int]], fitted: Calibration | None = PLAIN) -> str | None:
        found, reason = overall.adjusted(votes, fitted)
        assert found is None
        return reason

    assert why([(0.5, False, 30)], None) == "how often this coder errs was not measured"
    assert why([(0.5, True, 30)]) == "every review has a rating of its own"
    assert why([]) == "there is nothing to count"
    assert why([(0.5, True, 30), (0.5, False, 7), (-0.5, False, 5)]) == (
        "it was measured for 20 reviews or more, and 12 have no rating of their own"
    )


def test_ratings_are_taken_at_their_word_and_the_rest_is_adjusted() -> None:
    rated, unrated = [(0.5, True, 6), (-0.5, True, 4)], [(0.9, False, 15), (-0.9, False, 15)]

    found, why = overall.adjusted([*rated, *unrated], PLAIN)
    alone, _ = overall.adjusted(unrated, PLAIN)

    assert why is None
    assert found is not None
    assert alone is not None
    # Ten reviews, six of them above, beside thirty whose share is `alone`.
    for whole, part in ((found.value, alone.value), (found.low, alone.low), (found.high, alone.high)):
        assert whole == pytest.approx((6 + 30 * part) / 40, abs=1e-4)


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.booleans(), st.integers(1, 9)), max_size=40),
    st.floats(-1, 1), st.floats(0, 2), st.floats(0, 0.1), st.floats(0, 1),
)  # fmt: skip
def test_an_adjusted_share_is_a_share_within_its_interval(
    votes: list[tuple[float, bool, int]], intercept: float, slope: float, between: float, sampling: float
) -> None:
    found, why = overall.adjusted(votes, Calibration(1.5, 0.1, 0.6, intercept, slope, between, sampling, 2.0))

    assert (found is None) == (why is not None)
    if found is not None:
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_score_of_one_has_log_odds_that_are_finite() -> None:
    found, _ = overall.adjusted([(1.0, False, 20), (-1.0, False, 20)], PLAIN)

    assert found is not None
    assert found.value == pytest.approx(0.5, abs=1e-3)
    assert found.method == adjust.METHOD
    assert np.isfinite([found.low, found.high]).all()

"""Measuring a coder: what is planted against what is read, review by review and side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from corpus.labels import Label, Stance
from corpus.loader import Corpus
from corpus.reader import Review, Title
from evals.coding import CodedReview, code_corpus, found_on, measured, planted_on, to_code
from rag.engines.base import Vectors
from rag.records import DraftOpinion
from tests.small_heads import small_heads


def review(number: int, *stances: Stance, aspect: str = "food") -> Review:
    labels = tuple(Label(0, 3, aspect, stance) for stance in stances)
    return Review(f"salt/{number:02}", "Salt", f"Hm {number}.", labels, "Post", "2025-01-01")


def draft(stance: Stance, score: float, aspect: str = "food") -> DraftOpinion:
    return DraftOpinion("r.0", aspect, stance, score, 1.0)


def coded(one: Review, *drafts: DraftOpinion, failed: bool = False) -> CodedReview:
    return CodedReview(one, (), drafts, failed)


PRAISE, BLAME = draft("positive", 0.9), draft("negative", -0.9)


def test_a_review_is_on_both_sides_where_both_are_planted_or_read() -> None:
    assert planted_on(review(1), "food") == set()
    assert planted_on(review(1, "neutral"), "food") == {"mentioned"}
    assert planted_on(review(1, "positive", "neutral"), "food") == {"mentioned", "praised"}
    assert planted_on(review(1, "positive", "negative"), "food") == {"mentioned", "praised", "criticised"}
    assert planted_on(review(1, "positive"), "service") == set()

    one = review(1)
    assert found_on(coded(one), "food") == set()
    assert found_on(coded(one, PRAISE, BLAME), "food") == {"mentioned", "praised", "criticised"}
    assert found_on(coded(one, PRAISE, draft("negative", -0.2)), "food") == {"mentioned", "praised"}
    assert found_on(coded(one, draft("neutral", 0.0)), "food") == {"mentioned"}
    assert found_on(coded(one, PRAISE), "service") == set()


def test_precision_and_recall_are_of_the_reviews_that_could_be_judged() -> None:
    right = coded(review(1, "positive"), PRAISE)
    missed = coded(review(2, "positive"))
    wrong_side = coded(review(3, "negative"), PRAISE)
    failed = coded(review(4, "positive"), failed=True)

    rows = measured([right, missed, wrong_side, failed], {"salt": "place"}, "made up")

    found = {(row["aspect"], row["what"]): row for row in rows}
    assert set(found) == {("food", "mentioned"), ("food", "praised"), ("food", "criticised")}
    assert {row["n"] for row in rows} == {3}
    # Read as praise: the first and the third, of which one is; planted as praise: the first two, one of them read.
    praised = found["food", "praised"]
    assert [(praised[of]["k"], praised[of]["n"]) for of in ("precision", "recall")] == [(1, 2), (1, 2)]
    mentioned = found["food", "mentioned"]
    assert [(mentioned[of]["k"], mentioned[of]["n"]) for of in ("precision", "recall")] == [(2, 2), (2, 3)]
    # No blame is read, so there is no precision.
    criticised = found["food", "criticised"]
    assert criticised["precision"] is None
    assert (criticised["recall"]["k"], criticised["recall"]["n"]) == (0, 1)
    assert {row["on"] for row in rows} == {"made up"}


def certain(texts: Sequence[str]) -> Vectors:
    """Clauses of the review below are opinions, and praise; no example is near to anything."""
    said = np.array([text in ("The soup glows,", "but the waiter was rude.") for text in texts], np.float32)
    return said[:, None] * np.array([4, 4, -9], np.float32)


def test_a_corpus_is_coded_as_the_program_does() -> None:
    text = "The soup glows, but the waiter was rude."
    reviews = (
        Review("salt/01", "Salt", text, (), "Post", "2025-01-01"),
        Review("salt/02", "Salt", text, (), "Reprint", "2025-01-01"),
        Review("salt/03", "Salt", "Die Suppe ist gut.", (), "Post", "2025-01-01", lang="de"),
    )
    corpus = Corpus("dev", (Title("salt", "Salt", "place", ()),), reviews, ())

    english, german = code_corpus(small_heads(), corpus, certain)

    assert english.review.id == "salt/01"
    assert [unit.text for unit in english.units] == ["The soup glows,", "but the waiter was rude."]
    assert [draft.unit for draft in english.drafts] == ["salt/01.0", "salt/01.1"]
    assert found_on(english, "service") == {"mentioned", "praised"}
    assert not english.failed
    assert german.failed
    assert not german.drafts


def test_a_rating_is_a_share_of_its_scale_or_of_the_smallest_that_holds_it() -> None:
    def rating(written: str | None) -> float | None:
        return to_code("r", "It glows.", None, written, certain).rating

    assert rating("3/5") == 0.6
    assert rating("B+") == 0.83
    assert rating("4") == 0.8
    assert rating("7") == 0.7
    assert rating(None) is None
    assert rating("lovely") is None

"""Support: a claim says nothing that what it cites does not say."""

from __future__ import annotations

import math

import pytest

from rag.evidence import support

PASSAGE = "Odile Farrant plays the keeper with a stillness that frightened me for 20 minutes."


def test_reporting_words_and_allowed_names_need_no_support() -> None:
    verdict = support.check("Mara Quill (The Harbour Post) writes: “”", [PASSAGE], ["Mara Quill", "The Harbour Post"])
    assert verdict.holds
    assert verdict.score == 1.0


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        ("The stillness frightened 12 reviewers", "12"),
        ("The stillness frightened three reviewers", "three"),
        ("Most critics found the stillness frightening", "Most"),
        ("Everyone was frightened by the stillness", "Everyone"),
        ("The stillness of Renata frightened a critic", "Renata"),
    ],
)
def test_numbers_quantifiers_and_names_of_its_own_are_refused(claim: str, fault: str) -> None:
    verdict = support.check(claim, [PASSAGE], [])
    assert not verdict.holds
    assert any(fault in found for found in verdict.faults)


@pytest.mark.parametrize("who", [
    "A fifth of critics", "A tenth of the reviewers", "½ of the critics", "Every critic", "Each reviewer",
    "Lots of critics", "Scores of critics", "Tens of critics", "No critic", "Critics unanimously",
])  # fmt: skip
def test_fractions_and_quantifiers_over_reviewers_are_refused(who: str) -> None:
    said = f"{who} found the stillness frightened them"
    assert any("counts something" in fault for fault in support.check(said, [PASSAGE], [], similarity=0.6).faults)
    assert support.check(said, [f"{PASSAGE} {who} said so."], [], similarity=0.6).holds


def test_what_stands_in_the_passage_may_be_said() -> None:
    assert support.check("Farrant’s stillness frightened a critic for 20 minutes", [PASSAGE], []).holds


@pytest.mark.parametrize(
    ("stances", "holds"),
    [((0.8, -0.7), False), ((-0.8, 0.7), False), ((0.8, 0.7), True), ((0.8, None), True), ((0.3, -0.7), True)],
)
def test_praise_of_what_is_blamed_is_refused(stances: tuple[float, float | None], holds: bool) -> None:
    verdict = support.check("The stillness frightened", [PASSAGE], [], similarity=0.8, stances=stances)
    assert verdict.holds is holds
    assert any("it praises what the cited passage blames" in fault for fault in verdict.faults) is not holds


def test_words_that_are_not_there_sink_a_claim() -> None:
    assert not support.check("The songs are clumsy and loud", [PASSAGE], []).holds


def test_the_score_is_a_logistic_regression_over_similarity_and_shared_words() -> None:
    # No word is shared: 1 / (1 + e^-(10.9 × 0.3 - 3)) = 1 / (1 + e^-0.27); then half of the two content words.
    alone = support.check("The songs are clumsy", [PASSAGE], [], similarity=0.3)
    shared = support.check("The stillness is clumsy", [PASSAGE], [], similarity=0.3)
    assert alone.score == pytest.approx(1 / (1 + math.exp(-0.27)), abs=1e-4) and not alone.holds
    assert shared.score == pytest.approx(1 / (1 + math.exp(-(0.27 + 1.8))), abs=1e-4) and shared.holds


def test_what_is_near_in_meaning_may_share_no_word() -> None:
    assert support.check("The songs are clumsy", [PASSAGE], [], similarity=0.5).holds
    assert not support.check("The songs are clumsy", [PASSAGE], [], similarity=0.1).holds

"""Support: a claim says nothing that what it cites does not say."""

from __future__ import annotations

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


def test_what_stands_in_the_passage_may_be_said() -> None:
    assert support.check("Farrant’s stillness frightened a critic for 20 minutes", [PASSAGE], []).holds


def test_words_that_are_not_there_sink_a_claim() -> None:
    assert not support.check("The songs are clumsy and loud", [PASSAGE], []).holds
    assert support.check("The songs are clumsy", [PASSAGE], [], similarity=0.9).score == 0.45

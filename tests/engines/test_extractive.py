"""The offline engine: it points and names, and its own words are a closed set."""

from __future__ import annotations

import re

from rag.engines.base import AnswerRequest
from rag.engines.extractive import QUOTES, ExtractiveEngine
from rag.records import DraftClaim, DraftEnd, Evidence, Passage, Plan, Sentence

PLAN = Plan("end", "ending", None, "what", "end", ("end",))


def evidence(number: int, review: str, critic: str | None, outlet: str | None = None, score: float = 1.0) -> Evidence:
    passage = Passage(Sentence(review, number, 0, 5, "x"), "t", None, 0.0, score, mentions=True)
    return Evidence(f"S{number}", passage, 0, "It ends.", critic, outlet, "Salt")


def draft(*items: Evidence, cancelled: bool = False) -> list[DraftClaim | DraftEnd]:
    request = AnswerRequest("?", PLAN, items, lambda: cancelled)
    return list(ExtractiveEngine().draft_answer(request))  # type: ignore[arg-type]


def test_each_claim_names_who_said_it_and_quotes_by_id() -> None:
    claims = draft(evidence(1, "a", "Mara Quill", "Post"), evidence(2, "b", None), evidence(3, "c", None, "Courier"))
    assert [(c.text, c.ids) for c in claims if isinstance(c, DraftClaim)] == [
        ("Mara Quill (Post) writes: “{quote}”", ("S1",)),
        ("An unsigned review says: “{quote}”", ("S2",)),
        ("A review in Courier notes: “{quote}”", ("S3",)),
    ]
    assert claims[-1] == DraftEnd(complete=True)


def test_a_second_quote_of_a_review_follows_its_first() -> None:
    claims = draft(
        evidence(5, "a", "Mara Quill"), evidence(2, "b", None), evidence(3, "a", "Mara Quill"), evidence(4, "b", None)
    )
    assert [c.ids for c in claims if isinstance(c, DraftClaim)] == [("S3",), ("S5",), ("S2",), ("S4",)]
    assert claims[3].text.startswith("The same review adds")  # type: ignore[union-attr]


def test_a_far_weaker_second_quote_is_left_out_and_there_are_never_too_many() -> None:
    weak = draft(evidence(1, "a", None), evidence(2, "a", None, score=-1.0))
    assert len(weak) == 2
    assert len(draft(*(evidence(n, f"r{n}", None) for n in range(20)))) == QUOTES + 1


def test_a_critic_called_like_a_placeholder_changes_nothing() -> None:
    (claim, _) = draft(evidence(1, "a", "{quote} {who}"))
    assert isinstance(claim, DraftClaim)
    assert len(re.findall(r"\{quote\}", claim.text)) == 1


def test_it_stops_when_told_to() -> None:
    assert draft(evidence(1, "a", None), cancelled=True) == [DraftEnd(complete=False)]

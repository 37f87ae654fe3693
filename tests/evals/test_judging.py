"""A judge is measured before it measures."""

from __future__ import annotations

from evals import judging
from evals.support_pairs import support_pairs

RIGHT = {(pair.claim, pair.passage): pair.kind == "true" for pair in support_pairs("dev")}


def test_a_judge_that_knows_agrees_and_one_that_always_nods_does_so_by_chance() -> None:
    knowing = judging.measured(lambda claim, passages: RIGHT[claim, passages[0]], "knows")
    nodding = judging.measured(lambda claim, passages: True, "nods")
    silent = judging.measured(lambda claim, passages: None, "silent")

    assert (knowing.told["agreed"], knowing.told["heard"], knowing.told["kappa"]) == (judging.PAIRS, judging.PAIRS, 1.0)
    assert nodding.told["kappa"] == 0 and 0.4 < nodding.told["agreed"] / judging.PAIRS < 0.6
    assert (silent.told["heard"], silent.told["kappa"]) == (0, None)


def test_only_claims_in_a_models_own_words_are_judged_without_what_they_quote() -> None:
    seen: list[tuple[str, list[str]]] = []

    def supports(claim: str, passages: list[str]) -> bool:
        seen.append((claim, passages))
        return claim.startswith("It")

    judge = judging.Judge(supports, {})  # type: ignore[arg-type]
    found = {
        "citations": [{"id": 1, "quote": "Dull."}, {"id": 2, "quote": "Long."}],
        "claims": [
            {"kind": "paraphrase", "text": "It bores.", "citations": [1, 2]},
            {"kind": "paraphrase", "text": "They nap: “Dull.”", "citations": [1]},
            {"kind": "quote", "text": "Ana writes: “Dull.”", "citations": [1]},
            {"kind": "count", "text": "All 3.", "citations": []},
        ],
    }
    assert judge.scores(found) == {"supported": 0.5}
    assert seen == [("It bores.", ["Dull.", "Long."]), ("They nap: “”", ["Dull."])]
    assert judge.scores({"statement": ["Fine."]}) == {"supported": None}

"""The offline coder, with heads of a word or two: what it reads in units follows from log-odds given by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import taxonomy
from rag.engines import coding, heads
from rag.engines.base import CodingRequest
from rag.engines.coding import NEUTRAL, OPINION_FROM, RATING_MIDDLE, draft_opinions, example_texts, may_be_severe, tell
from rag.engines.heads import OPINION, SEVERE, STANCE
from rag.library import Library
from rag.records import DraftOpinion, DraftOpinions
from rag.taxonomy import OTHER, OVERALL
from tests.small_heads import EATING, PLAIN, Said, request, small_heads

RATED = {**PLAIN, STANCE: {"own": 1.0, "other": 10.0, "bias": 0.0}}
"""Ten log-odds for a rating that is a whole scale above the middle."""


def read(*reviews: list[Said], whole: float = -9) -> DraftOpinions:
    return draft_opinions(small_heads(), request(*reviews, whole=whole))


def one(said: Said, **given: float) -> DraftOpinion:
    (found,) = read([said], **given).opinions
    return found


def aspects(found: DraftOpinions) -> list[tuple[str, str]]:
    """The unit of each opinion, and what it is on."""
    return [(draft.unit, draft.aspect) for draft in found.opinions]


def test_a_unit_is_on_the_aspect_it_speaks_of_and_leans_as_its_log_odds_say() -> None:
    found = one(("The soup glows.", 2.0, 3.0))

    assert (found.unit, found.aspect, found.stance, found.severity) == ("r0.0", "food", "positive", None)
    # tanh(3 / 2); and as sure as both 1 / (1 + e⁻²) of an opinion and 1 / (1 + e⁻¹) of the aspect.
    assert found.score == pytest.approx(np.tanh(1.5), abs=1e-4)
    assert found.certainty == pytest.approx(0.8808 * 0.7311, abs=1e-4)
    assert one(("The soup is grey.", 2.0, -3.0)).stance == "negative"


@pytest.mark.parametrize("opinion", [-3.0, 0.0, OPINION_FROM])
def test_what_may_be_plot_holds_no_opinion(opinion: float) -> None:
    assert read([("The soup is served.", opinion, 3.0)]) == DraftOpinions(())


@pytest.mark.parametrize(
    ("score", "stance"),
    [
        (0.0, "neutral"),
        (NEUTRAL - 0.01, "neutral"),
        (0.01 - NEUTRAL, "neutral"),
        (NEUTRAL + 0.01, "positive"),
        (-NEUTRAL - 0.01, "negative"),
    ],
)
def test_a_score_near_nothing_takes_no_side(score: float, stance: str) -> None:
    # A score is tanh(log-odds / 2).
    found = one(("The soup.", 2.0, 2 * float(np.arctanh(score))))

    assert found.score == pytest.approx(score, abs=1e-4)
    assert found.stance == stance


def test_a_unit_is_on_two_aspects_at_most_the_likeliest_first() -> None:
    found = read([("Soup, waiter, bill: lovely.", 2.0, 3.0)], whole=5).opinions

    # The whole is likeliest; of three that are equally likely the first stays.
    assert [draft.aspect for draft in found] == [OVERALL, "food"]
    assert len({draft.score for draft in found}) == 1
    assert found[0].certainty > found[1].certainty


def test_what_fits_no_aspect_is_other() -> None:
    found = one(("The parking glows.", 2.0, 3.0))

    assert found.aspect == OTHER
    assert found.certainty == pytest.approx(0.8808 * 0.5, abs=1e-4)


def test_a_limit_of_its_own_makes_an_aspect_harder_to_meet() -> None:
    asked = request([("The soup glows.", 2.0, 3.0)])

    assert draft_opinions(small_heads(food=0.9), asked).opinions[0].aspect == "food"
    assert draft_opinions(small_heads(food=1.1), asked).opinions[0].aspect == OTHER


def test_an_example_that_is_near_tells_an_aspect_without_its_words() -> None:
    asked = request([("It warmed me through.", 0.6, 0.8)])
    near = replace(asked, examples={**asked.examples, "food": np.array([[0.6, 0.8, 0]], np.float32)})

    assert draft_opinions(small_heads(), near).opinions[0].aspect == "food"
    assert draft_opinions(small_heads(), asked).opinions[0].aspect == OTHER


def test_a_pronoun_carries_the_aspect_before_as_far_as_pronouns_go() -> None:
    found = read(
        [("The soup came.", -3.0, 0.0), ("It glows!", 2.0, 3.0), ("They were proud of it.", 2.0, 3.0), ("Parking is dear.", 2.0, -3.0), ("It is.", 2.0, -3.0)]
    )  # fmt: skip

    assert aspects(found) == [("r0.1", "food"), ("r0.2", "food"), ("r0.3", OTHER), ("r0.4", OTHER)]


def test_a_pronoun_that_names_its_aspect_carries_none() -> None:
    assert aspects(read([("The soup!", 2.0, 1.0), ("His waiter smiled.", 2.0, 1.0)])) == [
        ("r0.0", "food"),
        ("r0.1", "service"),
    ]


def test_a_pronoun_carries_nothing_out_of_another_review_or_from_the_whole() -> None:
    assert aspects(read([("The soup!", 2.0, 1.0)], [("It glows!", 2.0, 3.0)])) == [("r0.0", "food"), ("r1.0", OTHER)]
    whole = request([("Go there.", 2.0, 3.0), ("It glows!", 2.0, 3.0)])
    whole.vectors[0, 2] = 5

    assert aspects(draft_opinions(small_heads(), whole)) == [("r0.0", OVERALL), ("r0.1", OTHER)]


def test_a_carried_aspect_is_half_as_sure() -> None:
    carried = read([("The soup came.", -3.0, 0.0), ("It glows!", 2.0, 3.0)]).opinions[0]

    assert carried.certainty == pytest.approx(0.8808 * 0.5, abs=1e-4)


def test_a_language_that_the_heads_do_not_know_fails_and_yields_nothing() -> None:
    asked = request([("The soup glows.", 2.0, 3.0)], lang="de")

    found = draft_opinions(small_heads(), asked)

    assert found.opinions == ()
    assert found.failed == {"r0.0": "its language is de"}


@pytest.mark.parametrize("lang", ["en", "en-gb"])
def test_every_english_is_known(lang: str) -> None:
    assert draft_opinions(small_heads(), request([("The soup!", 2.0, 1.0)], lang=lang)).failed == {}


def test_units_of_one_language_are_read_beside_those_of_another() -> None:
    foreign = request([("The soup glows.", 2.0, 3.0), ("The waiter smiles.", 2.0, 3.0)])
    units = [replace(foreign.units[0], lang="fr"), foreign.units[1]]

    found = draft_opinions(small_heads(), replace(foreign, units=units))

    assert aspects(found) == [("r0.1", "service")]
    assert found.failed.keys() == {"r0.0"}


def test_a_rating_moves_the_stance_both_ways() -> None:
    def lean(rating: float | None) -> float:
        asked = request([("The soup.", 2.0, 0.0)], rating=rating)
        return draft_opinions(small_heads(RATED), asked).opinions[0].score

    # Log-odds of ten times the distance from the middle, halved: tanh(5 × 0.45), tanh(5 × -0.55).
    assert lean(1.0) == pytest.approx(np.tanh(5 * (1 - RATING_MIDDLE)), abs=1e-4)
    assert lean(0.0) == pytest.approx(np.tanh(-5 * RATING_MIDDLE), abs=1e-4)
    assert lean(RATING_MIDDLE) == lean(None) == 0


def test_opinion_is_what_its_head_and_the_likeliest_aspect_say_together() -> None:
    together = small_heads({**PLAIN, OPINION: {"own": 1.0, "other": 2.0, "bias": -0.5}})

    # 0 + 2 × 1 - 0.5 with an aspect, 0 - 2 × 1 - 0.5 without.
    found = tell(together, request([("The soup.", 0.0, 0.0), ("The door.", 0.0, 0.0)]))

    assert found.opinion.tolist() == pytest.approx([1.5, -2.5])


def test_a_severe_complaint_is_blame_however_drily_it_is_told() -> None:
    found = one(("The soup caught fire.", -0.5, 0.5))

    # As sure as a half, though less sure that it is an opinion: 0.5 × 0.7311.
    assert (found.aspect, found.stance, found.score, found.severity) == ("food", "negative", -1.0, "danger")
    assert found.certainty == pytest.approx(0.5 * 0.7311, abs=1e-4)


@pytest.mark.parametrize(("opinion", "lean"), [(-2.5, 0.0), (3.0, 3.5)])
def test_what_is_clearly_plot_or_clearly_praise_is_no_complaint(opinion: float, lean: float) -> None:
    assert all(draft.severity is None for draft in read([("The soup caught fire.", opinion, lean)]).opinions)
    assert not may_be_severe(np.float32(opinion), np.float32(lean))


def test_a_category_with_a_limit_is_told_from_there_on() -> None:
    strict = small_heads(**{f"{SEVERE}danger": 2.5})

    (found,) = draft_opinions(strict, request([("The soup caught fire.", 2.0, -1.0)])).opinions

    assert found.severity is None


@pytest.mark.parametrize(
    "text",
    [
        "The soup is a classic in both the good and the bad sense.",
        "Soup for better or worse.",
        "The soup is a mixed bag.",
        "The soup is hit-or-miss.",
    ],
)
def test_what_says_that_it_goes_both_ways_is_mixed(text: str) -> None:
    found = one((text, 2.0, 3.0))

    assert (found.aspect, found.stance) == ("food", "mixed")
    assert one(("In both bowls was soup.", 2.0, 3.0)).stance == "positive"


def test_a_severe_complaint_is_not_mixed() -> None:
    assert one(("A mixed bag: the soup caught fire.", 2.0, -3.0)).stance == "negative"


def test_nothing_is_read_in_no_units() -> None:
    assert draft_opinions(small_heads(), request()) == DraftOpinions(())


TEXTS = ["The soup glows.", "It glows.", "The waiter and the bill.", "Parking.", "The soup caught fire.", "A mixed bag.", ""]  # fmt: skip
saids = st.tuples(st.sampled_from(TEXTS), st.floats(-4, 4), st.floats(-4, 4))
reviews = st.lists(st.lists(saids, min_size=1, max_size=5), max_size=4)


@given(reviews, st.none() | st.floats(0, 1), st.floats(-3, 3))
def test_opinions_are_in_the_order_of_the_units_and_within_their_bounds(
    said: list[list[Said]], rating: float | None, whole: float
) -> None:
    asked = request(*said, rating=rating, whole=whole)

    found = draft_opinions(small_heads(RATED), asked).opinions

    order = [unit.id for unit in asked.units]
    assert [order.index(draft.unit) for draft in found] == sorted(order.index(draft.unit) for draft in found)
    assert len({(draft.unit, draft.aspect) for draft in found}) == len(found)
    for draft in found:
        assert -1 <= draft.score <= 1
        assert 0 < draft.certainty <= 1
        assert draft.aspect in {OTHER, OVERALL, *(aspect.id for aspect in EATING.aspects)}
        if draft.stance != "mixed":
            assert draft.score * {"positive": 1, "negative": -1, "neutral": 0}[draft.stance] >= 0
            assert draft.stance != "neutral" or abs(draft.score) <= NEUTRAL
        assert draft.severity is None or draft.score == -1
    assert max((order.count(draft.unit) for draft in found), default=0) <= coding.MOST_ASPECTS


@given(reviews, st.integers(0, 4))
def test_what_is_read_in_a_review_does_not_depend_on_the_reviews_beside_it(said: list[list[Said]], cut: int) -> None:
    together = draft_opinions(small_heads(), request(*said)).opinions
    head, tail = (draft_opinions(small_heads(), request(*part)).opinions for part in (said[:cut], said[cut:]))

    def told(found: tuple[DraftOpinion, ...], first: int = 0) -> list[tuple[str, ...]]:
        rows = []
        for draft in found:
            review, _, unit = draft.unit.partition(".")
            rows.append((f"r{int(review[1:]) + first}.{unit}", draft.aspect, draft.stance, str(draft.severity)))
        return rows

    assert told(together) == told(head) + told(tail, min(cut, len(said)))


def test_a_request_brings_the_examples_of_every_aspect_and_category() -> None:
    place = taxonomy.load("place")

    found = example_texts(place)

    assert list(found) == [a.id for a in place.aspects] + [SEVERE + c.id for c in taxonomy.severities()]
    assert all(texts for texts in found.values())


def test_the_shipped_heads_read_words_where_vectors_say_nothing() -> None:
    width = len(heads.load().heads[STANCE].vector)
    nothing = np.zeros(width, np.float32)

    assert coding.stance_of("A wonderful, superb, moving film.", nothing) > 0
    assert coding.stance_of("A dull, awful, tedious mess.", nothing) < 0


def test_the_shipped_heads_fail_what_is_not_english_and_judge_the_rest() -> None:
    place = taxonomy.load("place")
    width = len(heads.load().heads[STANCE].vector)
    small = request([("Schrecklich.", 0, 0), ("The soup was awful, tasteless and cold.", 0, 0)])
    units = [replace(small.units[0], lang="de"), small.units[1]]
    examples = {name: np.zeros((1, width), np.float32) for name in example_texts(place)}

    found = draft_opinions(heads.load(), CodingRequest(units, np.zeros((2, width), np.float32), place, examples))

    assert found.failed == {"r0.0": "its language is de"}
    assert {draft.unit for draft in found.opinions} <= {"r0.1"}


@pytest.mark.usefixtures("needs_model")
@pytest.mark.parametrize(("text", "severity"), [
    ("We all had food poisoning and vomited all night.", "illness"),
    ("The receptionist was racist to us.", "abuse"),
    ("It caught fire after two weeks.", "danger"),
    ("Nobody got sick.", None),
    ("The hospital is a wonderful building.", None),
])  # fmt: skip
def test_what_is_severe_and_named_is_told_of_a_place(text: str, severity: str | None, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(text)
    with Library.open(tmp_path / "library") as library:
        library.add([tmp_path / "a.txt"], title="Alma", kind="place")
        found = [one.category for one in library.summary("Alma").minorities]
    assert found == ([severity] if severity else [])

"""Fitting: limits that make counts right, few false alarms, and units that know what is planted in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from corpus.labels import Label, Stance
from corpus.loader import Corpus
from corpus.reader import Review, Title
from evals.fitting import FALSE_ALARMS, RAW, UnseenUnit, fitted, unseen_units
from evals.planted import planted_sentences
from rag import taxonomy
from rag.engines.base import Vectors
from rag.engines.coding import RATING_MIDDLE
from rag.engines.heads import OPINION, SEVERE, STANCE, Combination
from tests.small_heads import small_heads

OTHERS = {category.id: -9.0 for category in taxonomy.severities() if category.id != "danger"}


def unit(number: int, *, food: float = -5.0, danger: float = -9.0, planted: str = "", praise: bool | None = None,
         severity: str | None = None, title: str = "salt", rating: float = 0.0) -> UnseenUnit:  # fmt: skip
    """What is planted is told for certain: log-odds of opinion and of stance are 4 or -4."""
    return UnseenUnit(
        review=f"{title}/{number}",
        title=title,
        opinion=4.0 if planted else -4.0,
        stance=4.0 if praise else -4.0,
        aspects={"food": food, "price": -5.0},
        severities={**OTHERS, "danger": danger},
        rating=rating,
        planted=frozenset({planted} - {""}),
        praise=praise,
        severity=severity,
    )


PLOT = [unit(100 + number) for number in range(12)]
# Twelve reviews whose log-odds on the food are 12 to 1. Eight judge it, though not the first eight; four the price.
JUDGING = [
    unit(number, food=12.0 - number, planted="food" if number in (*range(7), 11) else "price", praise=number % 2 == 0)
    for number in range(12)
]


def test_as_many_reviews_are_told_to_judge_an_aspect_as_do() -> None:
    limit = fitted([*JUDGING, *PLOT])["limits"]["food"]

    # The ninth greatest is 12 - 8, and only what lies above a limit is told.
    assert limit == 4.0
    assert sum(one.aspects["food"] > limit for one in JUDGING) == sum("food" in one.planted for one in JUDGING) == 8


def test_a_review_counts_once_by_its_clearest_unit() -> None:
    again = [replace(one, aspects={**one.aspects, "food": one.aspects["food"] - 0.5}) for one in JUDGING]

    assert fitted([*JUDGING, *again, *PLOT])["limits"]["food"] == 4.0


def test_what_is_no_opinion_does_not_raise_a_limit() -> None:
    loud = [replace(one, aspects={"food": 20.0, "price": -5.0}) for one in PLOT]

    # Plot that speaks of the food all the time, and is told to be plot by what the opinion's head says.
    found = fitted([*JUDGING, *loud])

    assert found["limits"]["food"] == 4.0


def test_an_aspect_that_few_judge_has_the_middle_limit_of_the_others() -> None:
    assert fitted([*JUDGING, *PLOT])["limits"]["price"] == 4.0


def test_where_no_aspect_is_judged_by_enough_there_is_no_limit() -> None:
    found = fitted([*JUDGING[:6], *PLOT])

    assert found["limits"]["food"] == found["limits"]["price"] == 0.0


def test_opinion_and_stance_lean_on_what_tells_them() -> None:
    # Ratings say what the words do; half of the words say the opposite.
    rated = [replace(one, rating=0.4 if one.praise else -0.4, stance=4.0 * (-1) ** number)
             for number, one in enumerate(JUDGING * 3)]  # fmt: skip
    random = np.random.default_rng(0)
    shuffled = [replace(one, stance=float(random.choice([-4.0, 4.0]))) for one in rated]

    combined = fitted([*shuffled, *PLOT])["combined"]

    assert set(combined) == {OPINION, STANCE}
    assert combined[STANCE]["other"] > 5 * abs(combined[STANCE]["own"])
    opinion = Combination(**combined[OPINION])
    told = opinion.of(np.float32([4, -4]), np.float32([6, -5]))
    assert told[0] > 0 > told[1]


def severe(titles: int) -> list[UnseenUnit]:
    """A title each, with something in it that sounds as dangerous as its number is small; only the first is."""
    return [
        unit(number, danger=float(titles - number), planted="food", praise=False, title=f"title {number}",
             severity=None if number else "danger")
        for number in range(titles)
    ]  # fmt: skip


PRAISE = [unit(number, planted="food", praise=True) for number in range(12)]


def test_false_alarms_are_as_few_as_is_wanted() -> None:
    units = severe(9)

    limits = fitted([*units, *PRAISE, *PLOT])["limits"]

    # Of ten titles (the praise is of one more) three may show what is none: of 8, 7, 6, 5 … the fourth is the limit.
    assert int(FALSE_ALARMS * 10) == 3
    assert {limits[SEVERE + name] for name in units[0].severities} == {5.0}
    shown = [one for one in units if one.severities["danger"] > 5.0]
    assert [one.severity for one in shown] == ["danger", None, None, None]


def test_what_is_clearly_praise_is_no_false_alarm() -> None:
    loud = [replace(one, severities={**one.severities, "danger": 50.0}) for one in PRAISE]

    assert fitted([*severe(9), *loud, *PLOT])["limits"][SEVERE + "danger"] == 5.0


# ── units of a corpus ────────────────────────────────────────────────────────────────────────────

TEXT = "The soup glows, but the waiter was rude. We parked. The lamp caught fire at once."


def label(said: str, aspect: str, stance: Stance, severity: str | None = None, text: str = TEXT) -> Label:
    start = text.index(said)
    return Label(start, start + len(said), aspect, stance, severity)


LABELS = (
    label("The soup glows", "food", "positive"),
    label("the waiter was rude", "service", "negative"),
    label("The lamp caught fire at once", "atmosphere", "negative", "danger"),
)
SALT = Corpus(
    "dev",
    (Title("salt", "Salt", "place", ()), Title("goat", "Goat", "place", ())),
    (
        Review("salt/01", "Salt", TEXT, LABELS, "Post", "2025-01-01", rating="5/5"),
        Review("salt/02", "Salt", TEXT, LABELS, "Courier", "2025-01-01"),
        Review("salt/03", "Salt", "Die Suppe ist gut.", (), "Post", "2025-01-01", lang="de"),
        Review("goat/01", "Goat", "The soup is grey.", (), "Post", "2025-01-01"),
    ),
    (),
)  # fmt: skip


def embed(texts: Sequence[str]) -> Vectors:
    """Log-odds of opinion by length; no example is near to anything."""
    return np.array([(len(text) / 10, 0, 0) for text in texts], np.float32).reshape(-1, 3)


def test_units_know_what_is_planted_in_them_and_what_heads_say() -> None:
    found = unseen_units(small_heads(RAW["combined"]), SALT, embed, ["salt"])

    assert [(set(one.planted), one.praise, one.severity) for one in found] == [
        ({"food"}, True, None),
        ({"service"}, False, None),
        (set(), None, None),
        ({"atmosphere"}, False, "danger"),
    ]
    assert [one.opinion for one in found] == pytest.approx([len(t) / 10 for t in (
        "The soup glows,", "but the waiter was rude.", "We parked.", "The lamp caught fire at once.")])  # fmt: skip
    assert found[1].aspects["service"] > found[2].aspects["service"]
    assert found[3].severities["danger"] > found[2].severities["danger"]
    assert [one.rating for one in found] == pytest.approx([1 - RATING_MIDDLE] * 4)


def test_reprints_other_languages_and_other_titles_are_left_out() -> None:
    found = unseen_units(small_heads(), SALT, embed, ["salt"])

    assert {(one.review, one.title) for one in found} == {("salt/01", "salt")}


def test_planted_sentences_know_their_severity_and_what_they_follow() -> None:
    found = planted_sentences(SALT)

    assert [(one.title, one.text, one.severity, one.follows) for one in found] == [
        ("salt", "The soup glows, but the waiter was rude.", None, False),
        ("salt", "We parked.", None, True),
        ("salt", "The lamp caught fire at once.", "danger", True),
        ("goat", "The soup is grey.", None, False),
    ]
    assert found[0].aspects == {"food", "service"}
    assert found[0].stances == {"positive", "negative"}

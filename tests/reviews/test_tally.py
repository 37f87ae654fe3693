"""Tallies: every number agrees with ten lines of plain Python over the opinions, and no review votes twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from rag.findings import MINOR_SIDE
from rag.library import Library
from rag.records import Counts, Filters, Opinion, Stance, Totals
from rag.reviews import coded, tally
from rag.reviews import filters as filtering
from rag.reviews.scope import Selection
from rag.reviews.store import Reading
from tests.doubles import BlindCoder, Said, TableCoder
from tests.written import Row, ids_by_text, put, reading

ASPECTS = ("ending", "acting", "sound", "overall", "other")
Open = Callable[..., Library]


# ── against plain Python ─────────────────────────────────────────────────────────────────────────


def recount(opinions: Iterable[Opinion], key: Callable[[Opinion], str]) -> dict[str, Counts]:
    sides: dict[tuple[str, str], list[float]] = {}
    for one in opinions:
        weight = one.certainty * (1 if one.stance == "mixed" else abs(one.score))
        vote = sides.setdefault((key(one), one.review_id), [0, 0])
        vote[0] += weight if one.stance in ("positive", "mixed") else 0
        vote[1] += weight if one.stance in ("negative", "mixed") else 0
    found: dict[str, Counter[str]] = {}
    for (name, _), (praise, blame) in sides.items():
        praises, blames = praise > 0 and praise >= MINOR_SIDE * blame, blame > 0 and blame >= MINOR_SIDE * praise
        side = "mixed" if praises and blames else "positive" if praises else "negative" if blames else "neither"
        found.setdefault(name, Counter()).update([side, "mentioning"])
    return {name: Counts(c["mentioning"], c["positive"], c["negative"], c["mixed"]) for name, c in found.items()}


def drawn_reviews(seed: int) -> tuple[list[dict[str, str]], dict[str, list[Said]]]:
    """Sixty reviews with opinions drawn at random; quarters, so that sums are exact and halves are met."""
    drawn = random.Random(seed)
    rows, table = [], {}
    for number in range(60):
        said = [f"Line {line} of review {number} is written here." for line in range(drawn.randint(1, 5))]
        date = f"202{drawn.choice('345')}-0{drawn.randint(1, 9)}-15"
        rows.append({"text": " ".join(said), "critic": f"Critic {number}", **({"date": date} if number % 4 else {})})
        table.update({sentence: drawn_opinions(drawn) for sentence in said if drawn.random() < 0.8})
    return rows, table


def drawn_opinions(drawn: random.Random) -> list[Said]:
    signs: dict[Stance, float] = {"positive": 1, "negative": -1, "mixed": 1, "neutral": 0}
    found: list[Said] = []
    for aspect in drawn.sample(ASPECTS, drawn.randint(1, 3)):
        stance = drawn.choice(tuple(signs))
        score = signs[stance] * drawn.choice([0.25, 0.5, 0.75, 1.0])
        severity = ["fraud"] if drawn.random() < 0.1 else []
        found.append((aspect, stance, score, drawn.choice([0.25, 0.5, 1.0]), *severity))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("seed", range(4))
def test_every_count_agrees_with_ten_lines_of_plain_python(open_library: Open, seed: int) -> None:
    rows, table = drawn_reviews(seed)
    library = open_library(engine=TableCoder(table))
    put(library, *rows[:40])
    put(library, *rows[40:], title="Lamp")
    salt, lamp = (library.title(name).id for name in ("Salt", "Lamp"))
    dates = {review.id: review.date for review in library.reviews("Salt", limit=100)[0]}
    with reading(library) as found:
        opinions = {title: list(tally.in_title(found, title)) for title in (salt, lamp)}
        for title, own in opinions.items():
            assert tally.by_aspect(found, title) == recount(own, lambda one: one.aspect)
            coded = len({one.review_id for one in own})
            reviews = 40 if title == salt else 20
            assert tally.totals(found, [title]) == {title: Totals(reviews, coded, reviews - coded, 0, 0)}
        of_ending = [one for own in opinions.values() for one in own if one.aspect == "ending"]
        by_title = {one.review_id: title for title, own in opinions.items() for one in own}
        assert tally.by_title(found, "ending", Selection()) == recount(of_ending, lambda one: by_title[one.review_id])
        for length in (4, 7):
            dated = [one for one in opinions[salt] if dates[one.review_id]]
            expected = recount(dated, lambda one: f"{one.aspect} {str(dates[one.review_id])[:length]}")  # noqa: B023
            periods = tally.by_period(found, salt, ASPECTS, length)
            assert {f"{aspect} {period}": counts for (aspect, period), counts in periods.items()} == expected
        severe = {one.review_id for one in opinions[salt] if one.severity == "fraud"}
        assert severe and tally.severe(found, salt, "fraud") == len(severe)
        assert tally.counted(found) == {title: len(own) for title, own in opinions.items()}


# ── one vote ─────────────────────────────────────────────────────────────────────────────────────


def ending_of(open_library: Open, *said: Sequence[Said]) -> Counts:
    """What is counted of one review whose sentences say this of the ending."""
    texts = [f"Sentence number {number} is written here." for number in range(len(said))]
    library = open_library(engine=TableCoder(dict(zip(texts, said, strict=True))))
    put(library, " ".join(texts))
    with reading(library) as found:
        return tally.by_aspect(found, library.title("Salt").id).get("ending", Counts())


def praise(score: float = 1.0, certainty: float = 1.0) -> list[Said]:
    return [("ending", "positive", score, certainty)]


def blame(score: float = -1.0, certainty: float = 1.0) -> list[Said]:
    return [("ending", "negative", score, certainty)]


BOTH_WAYS: list[Said] = [("ending", "mixed", 0.0, 0.9)]
NEITHER: list[Said] = [("ending", "neutral", 0.0, 0.9)]


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ([praise(), praise(), praise()], Counts(1, 1, 0, 0)),
        ([blame(), blame()], Counts(1, 0, 1, 0)),
        ([praise(), blame()], Counts(1, 0, 0, 1)),
        ([BOTH_WAYS], Counts(1, 0, 0, 1)),
        ([NEITHER], Counts(1, 0, 0, 0)),
        ([NEITHER, praise()], Counts(1, 1, 0, 0)),
        ([[("acting", "positive", 1.0, 1.0)]], Counts(0, 0, 0, 0)),
    ],
)
def test_a_review_votes_once_per_aspect_and_side(
    open_library: Open, said: Sequence[Sequence[Said]], counts: Counts
) -> None:
    assert ending_of(open_library, *said) == counts


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ([praise(1.0), blame(-MINOR_SIDE)], Counts(1, 0, 0, 1)),
        ([praise(1.0), blame(-MINOR_SIDE + 0.01)], Counts(1, 1, 0, 0)),
        ([praise(1.0, 0.25), blame(-1.0, 1.0)], Counts(1, 0, 1, 0)),
        ([praise(0.3), praise(0.3), blame(-1.0)], Counts(1, 0, 0, 1)),
        ([BOTH_WAYS, praise(1.0, 0.6)], Counts(1, 0, 0, 1)),
        ([BOTH_WAYS, praise(), praise()], Counts(1, 1, 0, 0)),
    ],
)
def test_a_doubtful_remark_beside_a_clear_one_is_no_second_side(
    open_library: Open, said: Sequence[Sequence[Said]], counts: Counts
) -> None:
    assert ending_of(open_library, *said) == counts


# ── who is counted ───────────────────────────────────────────────────────────────────────────────

TABLE: dict[str, list[Said]] = {
    "The ending is lovely.": praise(0.8, 0.9),
    "The ending is a lovely one.": praise(0.6, 0.9),
    "The ending is dreadful.": blame(-0.8, 0.9),
}
GERMAN = "Der Film hat mir sehr gut gefallen und die Musik war wirklich wunderbar, aber das Ende ist schwach."


@pytest.fixture
def library(open_library: Open) -> Library:
    return open_library(engine=TableCoder(TABLE))


def counted(library: Library, title: str = "Salt") -> Counts:
    with reading(library) as found:
        return tally.by_aspect(found, library.title(title).id).get("ending", Counts())


def test_totals_sum_up_whatever_became_of_the_reviews(library: Library, open_library: Open) -> None:
    put(library, "The ending is lovely.", "A keeper lives by the sea.", GERMAN)
    put(open_library(engine=BlindCoder()), "The ending is dreadful.", "And so it was.")
    title = library.title("Salt").id
    with reading(library) as found:
        totals = tally.totals(found, [title, "nowhere"])
    assert totals == {title: Totals(5, 1, 1, 1, 2), "nowhere": Totals(0, 0, 0, 0, 0)}
    one = totals[title]
    assert one.reviews == one.coded + one.no_opinion + one.failed + one.uncoded
    assert one.read == 2


def test_a_removed_review_is_not_counted_until_it_comes_back(library: Library) -> None:
    put(library, "The ending is lovely.", "The ending is dreadful.")
    dreadful = ids_by_text(library)["The ending is dreadful."]
    library.remove(dreadful)
    assert counted(library) == Counts(1, 1, 0, 0)
    library.restore(dreadful)
    assert counted(library) == Counts(2, 1, 1, 0)
    library.remove(dreadful, purge=True)
    assert counted(library) == Counts(1, 1, 0, 0)


def test_a_superseded_review_is_not_counted(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in ("The ending is lovely.", "The ending is dreadful."):
        path.write_text(text)
        library.add([path], title="Salt", kind="film")
    assert counted(library) == Counts(1, 0, 1, 0)


def test_a_moved_review_is_counted_where_it_went(library: Library) -> None:
    put(library, "The ending is lovely.", "The ending is dreadful.")
    put(library, "The ending is a lovely one.", title="Lamp")
    library.edit_review(ids_by_text(library)["The ending is dreadful."], title="Lamp")
    assert (counted(library), counted(library, "Lamp")) == (Counts(1, 1, 0, 0), Counts(2, 1, 1, 0))


def test_counts_are_narrowed_by_the_same_conditions_as_a_question(library: Library) -> None:
    put(
        library,
        {"text": "The ending is lovely.", "date": "2023-05-01", "outlet": "Post"},
        {"text": "The ending is dreadful.", "date": "2024-05-01", "outlet": "Courier"},
        {"text": "A keeper lives by the sea.", "date": "2024-06-01", "outlet": "Post"},
    )
    title = library.title("Salt").id

    def selected(found: Reading, filters: Filters) -> Selection:
        return Selection((title,), tuple(filtering.conditions(found, filters, [title])))

    with reading(library) as found:
        late, post = (selected(found, one) for one in (Filters(since="2024"), Filters(outlets=("Post",))))
        assert tally.by_title(found, "ending", late) == {title: Counts(1, 0, 1, 0)}
        assert tally.by_aspect(found, title, ["ending"], post) == {"ending": Counts(1, 1, 0, 0)}
        assert tally.totals(found, [title], late) == {title: Totals(2, 1, 1, 0, 0)}
        assert sum(vote.reviews for vote in tally.votes(found, title, late, scale=10)) == 1
        assert [one.aspect for one in tally.in_scope(found, "ending", late)] == ["ending"]


# ── the whole ────────────────────────────────────────────────────────────────────────────────────


def voted(library: Library) -> dict[tuple[float, bool], int]:
    with reading(library) as found:
        votes = tally.votes(found, library.title("Salt").id, scale=coded.bare_scale(found, library.title("Salt").id))
    return {(round(vote.score, 2), vote.rated): vote.reviews for vote in votes}


@pytest.mark.parametrize(
    ("ratings", "scores"),
    [
        (["3/5"], [0.2]),
        (["80%"], [0.6]),
        (["B+"], [0.66]),
        (["★★☆☆☆"], [-0.2]),
        (["0/10"], [-1.0]),
        (["4"], [0.6]),
        (["4", "9"], [-0.2, 0.8]),
        (["4", "65"], [-0.92, 0.3]),
        (["4", "9/10"], [0.6, 0.8]),
    ],
)
def test_a_rating_of_any_scale_is_a_vote(library: Library, ratings: list[str], scores: list[float]) -> None:
    put(library, *({"text": f"Review {n} is here.", "rating": rating} for n, rating in enumerate(ratings)))
    assert voted(library) == {(score, True): 1 for score in scores}


def test_a_review_without_a_rating_votes_by_its_words_and_one_that_says_nothing_does_not(library: Library) -> None:
    put(
        library,
        "The ending is lovely.",
        "The ending is dreadful.",
        "A keeper lives by the sea.",
        {"text": "The ending is a lovely one.", "rating": "1/5"},
        {"text": GERMAN, "rating": "5/5"},
    )
    assert voted(library) == {(0.8, False): 1, (-0.8, False): 1, (-0.6, True): 1}


def test_a_rating_and_words_that_clearly_disagree_contradict_each_other(library: Library) -> None:
    rows: list[Row] = [
        {"text": "The ending is lovely.", "rating": "1/5"},
        {"text": "The ending is dreadful.", "rating": "10/10"},
        {"text": "The ending is a lovely one.", "rating": "3/6"},
        {"text": "A keeper lives by the sea.", "rating": "1/5"},
    ]
    put(library, *rows)
    known = ids_by_text(library)
    with reading(library) as found:
        votes = tally.votes(found, library.title("Salt").id, scale=5.0, clear=0.2)
    flagged = sorted(name for vote in votes for name in vote.contrary)
    assert flagged == sorted(known[text] for text in ("The ending is lovely.", "The ending is dreadful."))


def test_votes_fall_into_the_periods_of_their_dates(library: Library) -> None:
    put(
        library,
        {"text": "The ending is lovely.", "date": "2023-05-01"},
        {"text": "The ending is dreadful.", "date": "2023-05-31"},
        {"text": "The ending is a lovely one.", "date": "2024-01-01", "rating": "5/5"},
        {"text": "The ending is dreadful.", "critic": "Ann"},
    )
    title = library.title("Salt").id
    with reading(library) as found:
        assert tally.dates(found, title) == ("2023-05-01", "2024-01-01")
        votes = {length: tally.votes(found, title, scale=5.0, period=length) for length in (4, 7)}
    scores = {length: [(vote.period, vote.score) for vote in own] for length, own in votes.items()}
    assert scores == {
        4: [(None, -0.8), ("2023", -0.8), ("2023", 0.8), ("2024", 1.0)],
        7: [(None, -0.8), ("2023-05", -0.8), ("2023-05", 0.8), ("2024-01", 1.0)],
    }


# ── what is quoted ───────────────────────────────────────────────────────────────────────────────


def test_the_most_telling_opinions_come_clearest_first_one_a_review_of_its_own_side(open_library: Open) -> None:
    table = {
        "The ending is good enough.": praise(0.5, 0.8),
        "The ending is wonderful.": praise(0.9, 0.9),
        "The ending is fine by me.": praise(0.75, 0.8),
        "The ending is awful all the same.": blame(-0.9, 0.9),
        "The ending has one nice shot.": praise(0.25, 0.5),
    }
    library = open_library(engine=TableCoder(table))
    twice = "The ending is good enough. The ending is wonderful."
    blaming = "The ending is awful all the same. The ending has one nice shot."
    put(library, twice, "The ending is fine by me.", blaming)
    title, known = library.title("Salt").id, ids_by_text(library)

    def told(found: Reading, side: str, limit: int = 9) -> list[tuple[str, int]]:
        telling = tally.telling(found, title, "ending", side, limit)  # type: ignore[arg-type]
        return [(one.review_id, one.start) for one in telling]

    with reading(library) as found:
        clearest = (known[twice], twice.index("The ending is wonderful"))
        assert told(found, "praised") == [clearest, (known["The ending is fine by me."], 0)]
        assert told(found, "praised", limit=1) == [clearest]
        assert told(found, "criticised") == [(known[blaming], 0)]


def test_complaints_are_counted_by_review_and_told_once_a_review(open_library: Open) -> None:
    fire: list[Said] = [("other", "negative", -1.0, 0.9, "danger"), ("ending", "negative", -1.0, 0.4, "danger")]
    table = {
        "The plug caught fire.": fire,
        "So did the curtain.": fire[:1],
        "They kept the money.": [(*fire[0][:4], "fraud")],
    }
    library = open_library(engine=TableCoder(table))  # type: ignore[arg-type]
    put(library, "The plug caught fire. So did the curtain.", "They kept the money.", "A keeper lives by the sea.")
    title = library.title("Salt").id
    with reading(library) as found:
        assert {name: tally.severe(found, title, name) for name in ("danger", "fraud", "abuse")} == {
            "danger": 1,
            "fraud": 1,
            "abuse": 0,
        }
        (told,) = tally.complaints(found, title, "danger", 9)
    assert (told.start, told.aspect, told.certainty) == (0, "other", 0.9)


def test_the_reviews_with_most_aspects_and_the_busiest_author_are_known(open_library: Open) -> None:
    both: list[Said] = [("ending", "positive", 0.8, 0.9), ("acting", "negative", -0.8, 0.9)]
    library = open_library(engine=TableCoder({**TABLE, "It has both.": both}))
    put(
        library,
        {"text": "The ending is lovely.", "critic": "Ann"},
        {"text": "It has both.", "critic": "Bob"},
        {"text": "A keeper lives by the sea.", "critic": "Ann"},
        "The ending is dreadful.",
    )
    title, known = library.title("Salt").id, ids_by_text(library)
    with reading(library) as found:
        telling = tally.most_telling_reviews(found, title, 2)
        assert telling[0] == known["It has both."]
        assert telling[1] == min(known["The ending is lovely."], known["The ending is dreadful."])
        assert tally.busiest_author(found, title) == ("Ann", 2)
        said = tally.said_of(found, title, "acting")
    assert said == {known["It has both."]: ["It has both."]}

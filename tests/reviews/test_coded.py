"""Opinions as they are kept: one coder's at a time, gone with their review, each change marked where it touches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from rag.library import Library
from rag.records import Opinion
from rag.reviews import coded, tally
from rag.reviews.coded import WHOLE, Coding
from rag.reviews.store import Reading, Store
from tests.doubles import BlindCoder, WordCoder
from tests.written import ids_by_text, put, reading

Open = Callable[..., Library]
LOVELY, DREADFUL = "The ending is lovely.", "The music is dreadful."
OTHER_CODER = "somebody else"


@pytest.fixture
def library(open_library: Open) -> Library:
    library = open_library(engine=WordCoder())
    put(library, LOVELY, DREADFUL)
    return library


def opinions(library: Library, title: str = "Salt") -> list[Opinion]:
    with reading(library) as found:
        return list(tally.in_title(found, library.title(title).id))


def touched_since(library: Library, generation: int, title: str = "Salt") -> set[str]:
    with reading(library) as found:
        touches = coded.touches(found, library.title(title).id)
    return {aspect for aspect, number in touches.items() if number > generation}


def rows(library: Library, table: str) -> int:
    with sqlite3.connect(library.path / "library.db") as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    connection.close()
    return int(count)


def written(library: Library, change: Callable[[Reading], None]) -> None:
    store = Store(library.path)
    with store.writing() as writing:
        change(writing)
    store.close()


def test_an_opinion_stands_at_the_words_that_hold_it(library: Library) -> None:
    known = ids_by_text(library)
    found = {one.review_id: one for one in opinions(library)}
    ending = found[known[LOVELY]]
    assert (ending.aspect, ending.stance, ending.score, ending.certainty) == ("ending", "positive", 0.8, 0.9)
    assert LOVELY[ending.start : ending.end] == LOVELY
    assert ending.coder.startswith("extractive@words/code/film@sha256:")


def test_keeping_twice_is_keeping_once(library: Library) -> None:
    title, before = library.title("Salt").id, opinions(library)
    coding = Coding(before[0].review_id, "coded", None, 0.8, before[:1])
    for _ in range(2):
        written(library, lambda writing: coded.keep(writing, title, coded.coder_id(writing, before[0].coder), [coding]))
    assert opinions(library) == before
    assert (rows(library, "opinions"), rows(library, "codings")) == (2, 2)


def test_another_coder_counts_only_once_it_is_activated_and_then_alone(library: Library) -> None:
    title, before = library.title("Salt").id, opinions(library)
    theirs = Opinion(before[0].review_id, 0, 5, "acting", "positive", 1.0, 1.0, None, OTHER_CODER)

    def keep(writing: Reading) -> None:
        number = coded.coder_id(writing, OTHER_CODER)
        coded.keep(writing, title, number, [Coding(theirs.review_id, "coded", None, 1.0, [theirs])])

    written(library, keep)
    assert opinions(library) == before
    generation = library.generation
    written(library, lambda writing: coded.activate(writing, title, coded.coder_id(writing, OTHER_CODER)))
    assert opinions(library) == [theirs]
    # What only the first coder found has changed as well: it is gone.
    assert touched_since(library, generation) == {WHOLE, "acting", "ending", "sound"}
    assert rows(library, "opinions") == rows(library, "codings") == 1
    with reading(library) as found:
        assert coded.active(found) == {title: OTHER_CODER}
        assert coded.uncoded(found) == {title: 1}
        assert tally.totals(found, [title])[title].uncoded == 1


def test_a_coder_has_one_number_however_often_it_is_asked_for(library: Library) -> None:
    numbers = []
    for _ in range(2):
        written(library, lambda writing: numbers.append(coded.coder_id(writing, OTHER_CODER)))
    with reading(library) as found:
        assert numbers == [coded.known_coders(found)[OTHER_CODER]] * 2


def test_a_review_that_leaves_takes_its_opinions_along(library: Library) -> None:
    lovely = ids_by_text(library)[LOVELY]
    library.remove(lovely)
    assert [one.aspect for one in opinions(library)] == ["sound"]
    assert (rows(library, "opinions"), rows(library, "codings")) == (1, 1)
    library.restore(lovely)
    assert sorted(one.aspect for one in opinions(library)) == ["ending", "sound"]
    library.remove("Salt", purge=True)
    assert (rows(library, "opinions"), rows(library, "codings"), rows(library, "touched")) == (0, 0, 0)


def test_a_change_marks_what_it_touches_and_nothing_else(library: Library) -> None:
    known, before = ids_by_text(library), library.generation
    assert touched_since(library, before) == set()
    put(library, "The acting is lovely.")
    assert touched_since(library, before) == {WHOLE, "acting"}
    before = library.generation
    library.edit_review(known[LOVELY], critic="Ann")
    assert touched_since(library, before) == {WHOLE, "ending"}
    before = library.generation
    library.remove(known[DREADFUL])
    assert touched_since(library, before) == {WHOLE, "sound"}


def test_a_severe_complaint_marks_its_category(library: Library) -> None:
    before = library.generation
    put(library, "The fire in the music room was mentioned.")
    assert touched_since(library, before) == {WHOLE, "sound", f"{coded.SEVERE}danger"}


def test_a_moved_review_marks_both_titles(library: Library) -> None:
    put(library, "The acting is dreadful.", title="Lamp")
    before = library.generation
    library.edit_review(ids_by_text(library)[LOVELY], title="Lamp")
    assert touched_since(library, before) == {WHOLE, "ending"}
    assert touched_since(library, before, "Lamp") == {WHOLE, "ending"}


def test_a_change_of_kind_forgets_all_that_was_coded_and_marks_it(library: Library) -> None:
    before = library.generation
    written(library, lambda writing: coded.forget_title(writing, library.title("Salt").id))
    assert touched_since(library, before) == {WHOLE, "ending", "sound"}
    assert opinions(library) == []
    with reading(library) as found:
        assert coded.active(found) == {}


def test_a_coder_gets_a_review_with_its_rating_as_a_share_and_its_sentences_without_noise(
    library: Library, open_library: Open
) -> None:
    text = "The ending is lovely. Advertisement\n\nThe music is dreadful."
    put(
        open_library(engine=BlindCoder()),
        {"text": text, "rating": "8"},
        {"text": "Fine by me.", "rating": "B"},
        title="Lamp",
    )
    title = library.title("Lamp").id
    with reading(library) as found:
        waiting = {one.text: one for one in coded.next_to_code(found, title, 0, 10)}
        assert [len(coded.next_to_code(found, title, 0, limit)) for limit in (1, 2)] == [1, 2]
        assert coded.count_to_code(found, title, 0) == 2
    assert {said.rating for said in waiting.values()} == {0.8, 0.75}
    one = waiting[text]
    assert [text[start:end].strip() for start, end, _ in one.sentences] == [LOVELY, DREADFUL]
    assert len(one.vectors) == 2


def test_a_review_whose_sentences_wait_for_vectors_waits_for_its_coder(library: Library) -> None:
    lovely, title = ids_by_text(library)[LOVELY], library.title("Salt").id
    with sqlite3.connect(library.path / "library.db") as connection:
        connection.execute("INSERT INTO pending VALUES (?, 'embed')", (lovely,))
    connection.close()
    with reading(library) as found:
        assert [one.text for one in coded.next_to_code(found, title, 0, 10)] == [DREADFUL]
        assert coded.count_to_code(found, title, 0) == 1


def test_why_reviews_could_not_be_judged_is_counted(library: Library) -> None:
    for lang, number in (("de", 2), ("fr", 1)):
        put(library, *({"text": f"Nummer {n} {lang}.", "lang": lang} for n in range(number)))
    with reading(library) as found:
        failures = coded.failures(found, library.title("Salt").id)
    assert failures == {"its language is de": 2, "its language is fr": 1}
    assert list(failures) == ["its language is de", "its language is fr"]


def test_summaries_are_kept_behind_each_other_and_the_last_is_the_latest(library: Library) -> None:
    title = library.title("Salt").id
    for number in (1, 2):
        written(library, lambda writing: coded.keep_summary(writing, title, "2025-01-01", number, {"number": number}))  # noqa: B023
    with reading(library) as found:
        assert coded.latest_summary(found, title) == {"number": 2}
        assert coded.latest_summary(found, "nowhere") is None
    assert rows(library, "summaries") == 2

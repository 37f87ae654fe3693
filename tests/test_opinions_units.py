"""Units: what the coder judges stands in the review as it says, and has the vector of its own words."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.opinions import units_of, vectors_of
from rag.reviews.coded import ToCode
from rag.reviews.split import sentences
from tests.doubles import WordEmbedder

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
PIECES = st.lists(
    st.sampled_from(
        ["It is funny, but it feels hollow. ", "The soup glows. ", "I like it ", "but it ends too soon; ", "a long way off. ",
         "  \n", "\r\n\r\n", "Advertisement", "<br> <br> <br> ", ", but ", "&amp; ", "– – – ", "; . . . ", "😀 ", "İ", "<i>So</i> be it. "]
    ),
    max_size=20,
).map("".join)  # fmt: skip


def stored(text: str, name: str = "r", lang: str | None = "en", rating: float | None = None) -> ToCode:
    """As a library holds it: each sentence that is no noise with a vector, which here is its number."""
    spans = [(tile.start, tile.end, tile.view) for tile in sentences(name, text) if not tile.noise]
    vectors = np.arange(1, len(spans) + 1, dtype=np.float32)[:, None] * np.ones(WordEmbedder.dimensions, np.float32)
    return ToCode(name, text, lang, rating, spans, vectors)


@given(ANY_TEXT | PIECES)
def test_every_unit_is_a_slice_of_its_review_without_blanks_at_its_ends(text: str) -> None:
    for unit in units_of(stored(text)):
        said = text[unit.start : unit.end]
        assert said
        assert said == said.strip()


@given(ANY_TEXT | PIECES)
def test_units_follow_one_another_and_each_knows_the_one_before(text: str) -> None:
    units = units_of(stored(text))

    assert [unit.id for unit in units] == [f"r.{number}" for number in range(len(units))]
    assert [unit.before for unit in units] == ["", *(unit.text for unit in units)][: len(units)]
    assert all(before.end <= after.start for before, after in pairwise(units))


@given(ANY_TEXT | PIECES)
def test_every_sentence_is_covered_by_its_units(text: str) -> None:
    review = stored(text)
    units = units_of(review)

    for start, end, _ in review.sentences:
        inside = [unit for unit in units if start <= unit.start and unit.end <= end]
        covered = "".join(text[unit.start : unit.end] for unit in inside)
        assert "".join(covered.split()) == "".join(text[start:end].split())


def test_a_sentence_that_turns_is_two_units() -> None:
    units = units_of(stored("The soup glows.  It is funny, but it feels hollow."))

    assert [unit.text for unit in units] == ["The soup glows.", "It is funny,", "but it feels hollow."]
    assert [(unit.start, unit.end) for unit in units] == [(0, 15), (17, 29), (30, 50)]


def test_a_unit_is_read_as_it_is_viewed_and_stands_where_it_was_written() -> None:
    text = "It is <i>so</i> funny &amp; warm,\n but it feels hollow &amp; long."

    first, second = units_of(stored(text))

    assert (first.text, second.text) == ("It is so funny & warm,", "but it feels hollow & long.")
    assert text[first.start : first.end] == "It is <i>so</i> funny &amp; warm,"


def test_noise_is_no_unit() -> None:
    units = units_of(stored("The harbour glows.\nShare this article\nIt ends well."))

    assert [unit.text for unit in units] == ["The harbour glows.", "It ends well."]
    assert units[1].before == "The harbour glows."


def test_a_unit_knows_the_rating_and_the_language_of_its_review() -> None:
    german = "Ein wunderbarer Film, der von Anfang bis Ende fesselt und dessen Schauspieler allesamt großartig spielen."

    assert [(unit.rating, unit.lang) for unit in units_of(stored("It glows.", lang=None, rating=0.6))] == [(0.6, "en")]
    assert {unit.lang for unit in units_of(stored(german, lang=None))} == {"de"}
    assert {unit.lang for unit in units_of(stored("It glows.", lang="fr"))} == {"fr"}


def test_sentences_keep_their_stored_vectors_and_clauses_get_their_own() -> None:
    embedder = WordEmbedder()
    batch = [stored("The soup glows. It is funny, but it feels hollow.")]
    units = units_of(batch[0])

    found = vectors_of(units, batch, embedder)

    assert found[0].tolist() == [1.0] * WordEmbedder.dimensions
    assert np.allclose(found[1:], WordEmbedder().embed(["It is funny,", "but it feels hollow."]))
    assert embedder.embedded == ["It is funny,", "but it feels hollow."]


@given(st.lists(PIECES, max_size=4))
def test_every_unit_has_a_row_and_nothing_known_is_embedded_again(texts: list[str]) -> None:
    embedder = WordEmbedder()
    batch = [stored(text, f"r{number}") for number, text in enumerate(texts)]
    units = [unit for review in batch for unit in units_of(review)]

    found = vectors_of(units, batch, embedder)

    whole = {view for review in batch for _, _, view in review.sentences}
    assert len(found) == len(units)
    assert sorted(embedder.embedded) == sorted({unit.text for unit in units} - whole)
    for unit, row in zip(units, found, strict=True):
        if unit.text not in whole:
            assert np.allclose(row, WordEmbedder().embed([unit.text])[0])

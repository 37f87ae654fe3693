"""Citing: every quote is an exact slice, one to three sentences, and never half of what was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import cite
from rag.evidence.cite import Refused, Span
from rag.records import Review
from rag.reviews import split

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=300)
SENTENCES = st.lists(
    st.sampled_from(
        ["It glows. ", "But it ends. ", "However, no. ", "Advertisement\n", "İ 😀 Yes it is.\r\n", "And yet. "]
    ),
    min_size=1,
    max_size=12,
).map("".join)


def cited(text: str, ordinals: list[int]) -> list[Span] | Refused:
    tiles = split.sentences("r", text)
    return cite.cite([tiles[n] for n in ordinals], {"r": tiles}, {"r": text})


@given(ANY_TEXT | SENTENCES, st.data())
def test_a_span_is_a_slice_that_holds_every_cited_sentence(text: str, data: st.DataObject) -> None:
    tiles = split.sentences("r", text)
    chosen = data.draw(st.lists(st.sampled_from(tiles), min_size=1, max_size=4))
    spans = cite.cite(chosen, {"r": tiles}, {"r": text})
    if isinstance(spans, Refused):
        assert spans.why
        return
    for span in spans:
        quote = text[span.start : span.end]
        assert quote == quote.strip()
        assert sum(t.start < span.end and t.end > span.start for t in tiles) <= cite.MAX_SENTENCES
    for sentence in chosen:
        words = text[sentence.start : sentence.end].strip()
        assert any(words in text[span.start : span.end] for span in spans)


@pytest.mark.parametrize(
    ("text", "ordinals", "quotes"),
    [
        ("I wanted to love it. But the last act gave me no chance.", [0], ["I wanted to love it. But the last act gave me no chance."]),
        ("I wanted to love it. But the last act gave me no chance.", [1], ["I wanted to love it. But the last act gave me no chance."]),
        ("The cast is fine. The sea is grey.", [0], ["The cast is fine."]),
        ("One is here. Two is here. Three is here.", [0, 1], ["One is here. Two is here."]),
        ("One is here. Two is here. Three is here.", [2, 0], ["One is here.", "Three is here."]),
        ("It was fun. However, it drags. Yet I stayed.", [1], ["It was fun. However, it drags. Yet I stayed."]),
        ("The butter melts. It was fun.", [1], ["It was fun."]),
    ],
)  # fmt: skip
def test_adjacent_sentences_join_and_reversals_are_cited_whole(
    text: str, ordinals: list[int], quotes: list[str]
) -> None:
    spans = cited(text, ordinals)
    assert not isinstance(spans, Refused)
    assert [text[span.start : span.end] for span in spans] == quotes


def test_what_could_only_be_cited_with_more_than_three_sentences_is_refused() -> None:
    spans = cited("It was fun. But it drags. Yet I stayed. However, I slept.", [0])
    assert isinstance(spans, Refused) and "at most 3" in spans.why


def test_page_noise_is_never_cited() -> None:
    assert isinstance(cited("It glows.Advertisement So it does.", [1]), Refused)
    assert isinstance(cited("It glows.Advertisement But not for long.", [0]), list)


def test_the_context_is_what_stands_beside_the_quote() -> None:
    review = Review("r", "t", "a" * 300 + "QUOTE" + "b" * 10)
    found = cite.citation(1, review, Span("r", 300, 305), None)
    assert (found.before, found.quote, found.after) == ("a" * 200, "QUOTE", "b" * 10)

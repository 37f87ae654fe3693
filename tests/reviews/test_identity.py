"""Identity: what is the same review, and what only looks like it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.reviews import identity

LONG = "The lighthouse keeper walks down to the pier and forgives her brother, and I did not believe a word of it. "


def test_a_review_is_named_by_title_text_and_author() -> None:
    base = identity.review_id("t", LONG, "Mara Quill")
    assert base == identity.review_id("t", f"  {LONG}\n", "mara  quill")
    others = {
        identity.review_id("u", LONG, "Mara Quill"),
        identity.review_id("t", LONG + "!", "Mara Quill"),
        identity.review_id("t", LONG, "Ola Brandt"),
        identity.review_id("t", LONG, None),
    }
    assert len(others | {base}) == 5


def test_the_ordinal_tells_apart_votes_that_would_have_one_id() -> None:
    for text, critic in (("Great!", None), ("Great!", "Ann"), (LONG, None)):
        assert identity.review_id("t", text, critic, 1) != identity.review_id("t", text, critic, 2)


def test_a_title_whose_id_is_taken_is_numbered() -> None:
    first = identity.title_id("The Salt Ladder", set())
    assert identity.title_id("The Salt Ladder", {first}) == f"{first}-2"


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_digests_tell_their_parts_apart(one: list[str], other: list[str]) -> None:
    assert (identity.digest(*one) == identity.digest(*other)) == (one == other)


def test_near_duplicates_share_a_key_and_are_told_from_other_texts() -> None:
    original = LONG + "The sea is grey and heavy, and close enough to wet your sleeves; nobody will forget it soon."
    edited = original.replace("nobody will", "I will not")
    other = "A comedy about a goat that eats a chapel should be funnier than this one, and shorter by an hour at least, I say."
    assert identity.are_near_duplicates(original, edited)
    assert set(identity.near_keys(original)) & set(identity.near_keys(edited))
    assert not identity.are_near_duplicates(original, other)
    assert identity.near_keys("Great!") == ()

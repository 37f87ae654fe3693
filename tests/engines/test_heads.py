"""Heads: bags of words by hash, log-odds that add up, and weights that come back as they were packed."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import taxonomy, words
from rag.engines import heads
from rag.engines.heads import Head, Heads, Signs, Vocabulary, grams, score, score_aspect, signs


def known(*found: str) -> Vocabulary:
    """These grams, each weighing one."""
    return Vocabulary(
        np.array(sorted(zlib.crc32(f.encode()) for f in found), np.uint32), np.ones(len(found), np.float32)
    )


def weights(vocabulary: Vocabulary, **by_gram: float) -> heads.Floats:
    at = {int(gram): place for place, gram in enumerate(vocabulary.grams)}
    found = np.zeros(len(at), np.float32)
    for gram, weight in by_gram.items():
        found[at[zlib.crc32(gram.replace("_", " ").encode())]] = weight
    return found


def test_grams_are_words_and_pairs_of_neighbours_without_their_text() -> None:
    assert grams("Not good.") == [zlib.crc32(b) for b in (b"not", b"good", b"not good")]
    assert grams("") == []


def test_a_bag_has_length_one_and_leaves_out_what_is_not_known() -> None:
    bags = known("not", "good", "not good").bags(["Not good, Zanzibar", "Zanzibar", ""])

    assert bags.rows.tolist() == [0, 0, 0]
    assert (bags.texts, bags.width) == (3, 3)
    assert float(np.linalg.norm(bags.values)) == pytest.approx(1)


def test_what_is_said_twice_weighs_more_but_not_twice() -> None:
    vocabulary = known("good", "long")
    bags = vocabulary.bags(["good good long"])
    by_gram = dict(zip(vocabulary.grams[bags.columns].tolist(), bags.values.tolist(), strict=True))

    assert by_gram[zlib.crc32(b"good")] / by_gram[zlib.crc32(b"long")] == pytest.approx(1 + np.log(2))


def test_log_odds_are_the_sum_of_vector_words_and_bias() -> None:
    vocabulary = known("not", "good", "not good")
    head = Head(np.array([2, 0], np.float32), weights(vocabulary, good=3, not_good=-9), bias=0.5)
    bags = vocabulary.bags(["good", "not good", ""])
    vectors = np.array([[1, 0], [0, 1], [0, 1]], np.float32)

    found = score(head, vectors, bags)

    assert found.tolist() == pytest.approx([2 + 3 + 0.5, (3 - 9) / np.sqrt(3) + 0.5, 0.5])


def test_an_aspect_is_told_by_its_words_and_its_examples_too() -> None:
    head = Head(np.array([1, 0], np.float32), np.empty(0, np.float32), bias=-1, mention=2, similarity=4)
    shown = Signs(np.array([1, 0], np.float32), np.array([0.5, -0.25], np.float32))

    assert score_aspect(head, np.eye(2, dtype=np.float32), shown).tolist() == pytest.approx([1 + 2 + 2 - 1, -1 - 1])


def test_signs_are_words_of_the_taxonomy_and_the_nearest_example() -> None:
    food = taxonomy.load("place").aspect("food")
    assert food is not None
    texts = ["The pizza came late.", "We parked."]
    vectors = np.array([[1, 0], [0, 1]], np.float32)

    found = signs(food, [frozenset(words.stems(t)) for t in texts], vectors, np.array([[0, 1], [0.6, 0.8]], np.float32))

    assert found.mentions.tolist() == [1, 0]
    assert found.similarity.tolist() == pytest.approx([0.6, 1])


@given(st.lists(st.text()))
def test_any_texts_give_a_bag_each_within_the_vocabulary(texts: list[str]) -> None:
    bags = known("a", "b", "a b").bags(texts)

    assert bags.dot(np.ones(3, np.float32)).shape == (len(texts),)
    assert bool(np.isfinite(bags.values).all())
    assert bags.rows.tolist() == sorted(bags.rows.tolist())


def test_packed_heads_come_back_with_three_digits() -> None:
    vocabulary = known("good", "bad")
    one = Head(np.array([0.1234, -2], np.float32), weights(vocabulary, good=1.5, bad=-1.5), 0.25)
    two = Head(np.array([1, 1], np.float32), np.empty(0, np.float32), -1, mention=2, similarity=3)
    before = Heads(vocabulary, {"food": two, "stance": one}, {"digest": "0" * 64})

    names, arrays = heads.pack(before)
    after = heads.unpack(arrays, {"heads": names, "digest": "0" * 64})

    bags, vectors = vocabulary.bags(["good", "bad good"]), np.array([[1, 0], [0.6, 0.8]], np.float32)
    assert after.logits("stance", vectors, bags) == pytest.approx(before.logits("stance", vectors, bags), abs=2e-3)
    assert (after.heads["food"].mention, after.heads["food"].similarity) == (2, 3)
    assert after.identity == "heads@sha256:000000000000"

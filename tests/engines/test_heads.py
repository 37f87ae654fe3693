"""Heads: bags of words by hash, log-odds that add up, and weights that come back as they were packed."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import taxonomy, words
from rag.engines import heads
from rag.engines.heads import (
    NEAR,
    OPINION,
    SEVERE,
    STANCE,
    Combination,
    Head,
    Heads,
    Signs,
    grams,
    score,
    score_aspect,
    signs,
)
from rag.taxonomy import Aspect
from tests.small_heads import known, small_heads, weights


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


def some_signs(*rows: list[float]) -> Signs:
    """Words, examples, words of the sentence before, examples of the sentence before; a row a text."""
    return Signs(*np.array(rows, np.float32).T)


def test_an_aspect_is_told_by_its_words_and_its_examples_too() -> None:
    vocabulary = known("soup")
    head = Head(
        np.array([1, 0], np.float32), weights(vocabulary, soup=8), -1, 2, 4, mention_before=16, similarity_before=32
    )
    shown = some_signs([1, 0.5, 0, 0], [0, -0.25, 0, 0], [0, 0, 1, 0.5])

    found = score_aspect(head, np.array([[1, 0], [0, 1], [0, 1]], np.float32), vocabulary.bags(["soup", "", ""]), shown)

    assert found.tolist() == pytest.approx([1 + 8 + 2 + 4 * 0.5 - 1, -4 * 0.25 - 1, 16 + 32 * 0.5 - 1])


def test_signs_are_words_of_the_taxonomy_and_the_nearest_example() -> None:
    food = Aspect("food", "the food", "", ((frozenset({"soup"}),),), signals=(frozenset({"pizza"}),))
    texts = ["The pizza came late.", "We parked.", "Soups!"]
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    examples = np.array([[0, 1], [0.6, 0.8]], np.float32)

    found = signs(food, [frozenset(words.stems(t)) for t in texts], vectors, examples, np.array([False, True, False]))

    assert found.mentions.tolist() == [1, 0, 1]
    # The nearest: 1 × 0.6, 1 × 1, and 0.36 + 0.64.
    assert found.similarity.tolist() == pytest.approx([0.6, 1, 1])
    # Only the second text follows one of its own review.
    assert found.mentions_before.tolist() == [0, 1, 0]
    assert found.similarity_before.tolist() == pytest.approx([0, 0.6, 0])


def test_a_phrase_counts_only_where_all_its_words_stand() -> None:
    wine = Aspect("drinks", "the drinks", "", ((frozenset({"wine", "list"}),),))
    nothing = np.zeros((2, 2), np.float32)
    stems = [frozenset({"wine", "list", "a"}), frozenset({"wine"})]

    assert signs(wine, stems, nothing, nothing, np.array([False, True])).mentions.tolist() == [1, 0]


def test_without_examples_nothing_is_near() -> None:
    found = signs(
        Aspect("food", "the food", "", ()), [frozenset()], np.ones((1, 2), np.float32),
        np.empty((0, 2), np.float32), np.array([False]),
    )  # fmt: skip

    assert (found.mentions.tolist(), found.similarity.tolist()) == ([0], [-1])


def test_an_aspect_that_no_head_was_trained_on_is_told_by_its_words_or_a_near_example() -> None:
    heads_of_none = small_heads()
    bags = heads_of_none.aspect_vocabulary.bags([""] * 3)

    found = heads_of_none.aspect_logits(
        "parking", np.zeros((3, 3), np.float32), bags, some_signs([1, 0, 0, 0], [0, NEAR + 0.2, 0, 0], [0, 0.1, 0, 0])
    )

    # 2 × 1 - 1; (0.75 - 0.55) × 10; the greater of -1 and (0.1 - 0.55) × 10.
    assert found.tolist() == pytest.approx([1, 2, -1])


def test_an_aspect_with_a_head_is_told_by_its_head() -> None:
    nothing = known()
    one = Heads(nothing, nothing, {"parking": Head(np.zeros(1, np.float32), np.empty(0, np.float32), 0.5)}, {})

    found = one.aspect_logits("parking", np.ones((1, 1), np.float32), nothing.bags([""]), some_signs([1, 1, 1, 1]))

    assert found.tolist() == [0.5]


def test_two_things_combine_in_a_line() -> None:
    assert Combination(own=2, other=0.5, bias=-1).of(np.float32([1, 0]), np.float32([4, 0])).tolist() == [3, -1]


def test_a_limit_that_is_not_in_the_card_is_none() -> None:
    assert small_heads(food=0.75).limit("food") == 0.75
    assert small_heads(food=0.75).limit("price") == 0


@given(st.lists(st.text()))
def test_any_texts_give_a_bag_each_within_the_vocabulary(texts: list[str]) -> None:
    bags = known("a", "b", "a b").bags(texts)

    assert bags.dot(np.ones(3, np.float32)).shape == (len(texts),)
    assert bool(np.isfinite(bags.values).all())
    assert bags.rows.tolist() == sorted(bags.rows.tolist())


def test_packed_heads_come_back_with_three_digits() -> None:
    vocabulary, of_aspects = known("good", "bad"), known("soup", "good", "fresh")
    stance = Head(np.array([0.1234, -2], np.float32), weights(vocabulary, good=1.5, bad=-1.5), 0.25)
    food = Head(np.array([1, 1], np.float32), weights(of_aspects, soup=2.5), -1, 2, 3, 4, 5)
    before = Heads(vocabulary, of_aspects, {"food": food, "stance": stance}, {"digest": "0" * 64})

    names, arrays = heads.pack(before)
    after = heads.unpack(arrays, {"heads": names, "digest": "0" * 64})

    texts, vectors = ["good", "bad good soup"], np.array([[1, 0], [0.6, 0.8]], np.float32)
    bags, shown = vocabulary.bags(texts), some_signs([1, 0.5, 0, 0.25], [0, 0, 1, 0])
    assert after.logits("stance", vectors, bags) == pytest.approx(before.logits("stance", vectors, bags), abs=2e-3)
    soups = of_aspects.bags(texts)
    assert after.aspect_logits("food", vectors, soups, shown) == pytest.approx(
        before.aspect_logits("food", vectors, soups, shown), abs=2e-3
    )
    assert (after.heads["food"].mention, after.heads["food"].similarity_before) == (2, 5)
    assert after.identity == "heads@sha256:000000000000"


def test_an_identity_names_the_digest_of_its_card() -> None:
    assert heads.identity({"digest": "ab" * 32}) == "heads@sha256:abababababab"
    assert heads.load().identity == heads.identity(heads.model_card())


def test_the_heads_know_the_vectors_of_one_model() -> None:
    assert heads.knows(heads.model_card()["embedder"] + "/int8")
    assert not heads.knows("words")


def test_the_shipped_heads_are_as_wide_as_their_vocabularies_and_finite() -> None:
    shipped = heads.load()

    assert {OPINION, STANCE, taxonomy.OVERALL} <= shipped.heads.keys()
    assert {SEVERE + category.id for category in taxonomy.severities()} <= shipped.heads.keys()
    for name, head in shipped.heads.items():
        known_words = shipped.vocabulary if name in (OPINION, STANCE) else shipped.aspect_vocabulary
        assert len(head.grams) == len(known_words.grams) == len(known_words.idf)
        assert np.isfinite([head.bias, head.mention, head.similarity, *head.vector, *head.grams]).all()
    assert len({len(head.vector) for head in shipped.heads.values()}) == 1


def test_the_shipped_heads_are_of_aspects_that_there_are_and_their_card_says_how_to_use_them() -> None:
    shipped = heads.load()
    aspects = {aspect.id for kind in taxonomy.kinds() for aspect in taxonomy.load(kind).aspects}
    rest = {OPINION, STANCE, taxonomy.OVERALL, *(SEVERE + category.id for category in taxonomy.severities())}

    assert shipped.heads.keys() <= aspects | rest
    assert shipped.card["limits"].keys() <= (aspects | rest) - {OPINION, STANCE}
    for name in (OPINION, STANCE):
        assert np.isfinite(shipped.combined(name, np.float32([1]), np.float32([1]))).all()


def test_words_alone_tell_praise_from_blame() -> None:
    shipped = heads.load()
    nothing = np.zeros((2, len(shipped.heads[STANCE].vector)), np.float32)
    praise, blame = shipped.logits(
        STANCE, nothing, shipped.vocabulary.bags(["A superb, moving, wonderful film.", "A dull, awful, tedious mess."])
    )

    assert praise > blame

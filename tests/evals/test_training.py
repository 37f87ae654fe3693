"""Training: heads learn what tells the labels apart, and folds part nothing that belongs together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus import loader
from evals import labelled
from evals.planted import planted_sentences
from evals.training import fit, fit_aspect, fit_few, folds, vocabulary
from rag.engines.heads import Signs, grams, score, score_aspect

PRAISE = ["a good film", "good and warm", "so good", "good work here"] * 3
BLAME = ["a bad film", "bad and cold", "so bad", "bad work here"] * 3
TEXTS = PRAISE + BLAME
LABELS = np.array([True] * len(PRAISE) + [False] * len(BLAME))


def test_a_head_learns_words_where_vectors_say_nothing() -> None:
    known = vocabulary(TEXTS)
    head = fit(np.zeros((len(TEXTS), 2), np.float32), known.bags(TEXTS), LABELS)

    found = score(head, np.zeros((2, 2), np.float32), known.bags(["good soup", "bad soup"]))

    assert found[0] > 0 > found[1]


def test_a_head_learns_from_vectors_where_words_say_nothing() -> None:
    vectors = np.where(LABELS[:, None], [[1.0, 0.0]], [[0.0, 1.0]]).astype(np.float32)
    known = vocabulary(["same words"] * len(TEXTS))
    head = fit(vectors, known.bags(["same words"] * len(TEXTS)), LABELS)

    assert ((score(head, vectors, known.bags(["other"] * len(TEXTS))) > 0) == LABELS).all()


SILENT = np.zeros(len(LABELS), np.float32)
NO_VECTORS = np.zeros((len(LABELS), 2), np.float32)
NO_WORDS = [""] * len(LABELS)


@pytest.mark.parametrize("sign", ["mentions", "similarity", "mentions_before", "similarity_before"])
def test_an_aspect_head_weighs_each_sign_of_the_taxonomy(sign: str) -> None:
    nothing = Signs(SILENT, SILENT, SILENT, SILENT)
    shown = replace(nothing, **{sign: LABELS.astype(np.float32)})
    bags = vocabulary(TEXTS).bags(NO_WORDS)
    head = fit_aspect(NO_VECTORS, bags, shown, LABELS)

    weighed = {"mentions": head.mention, "similarity": head.similarity,
               "mentions_before": head.mention_before, "similarity_before": head.similarity_before}  # fmt: skip
    assert weighed.pop(sign) > 0
    assert list(weighed.values()) == pytest.approx([0, 0, 0])
    assert ((score_aspect(head, NO_VECTORS, bags, shown) > 0) == LABELS).all()


def test_an_aspect_head_may_lean_more_on_examples_than_on_one_word() -> None:
    nothing, told = vocabulary(TEXTS).bags(NO_WORDS), LABELS.astype(np.float32)

    by_words = fit_aspect(NO_VECTORS, nothing, Signs(told, SILENT, SILENT, SILENT), LABELS)
    by_examples = fit_aspect(NO_VECTORS, nothing, Signs(SILENT, told, SILENT, SILENT), LABELS)

    assert by_examples.similarity > by_words.mention > 0


def test_an_aspect_head_learns_words_and_vectors_too() -> None:
    nothing = Signs(SILENT, SILENT, SILENT, SILENT)
    known, vectors = vocabulary(TEXTS), np.where(LABELS[:, None], [[1.0, 0.0]], [[0.0, 1.0]]).astype(np.float32)

    by_words = fit_aspect(NO_VECTORS, known.bags(TEXTS), nothing, LABELS)
    by_vectors = fit_aspect(vectors, known.bags(NO_WORDS), nothing, LABELS)

    assert ((score_aspect(by_words, NO_VECTORS, known.bags(TEXTS), nothing) > 0) == LABELS).all()
    assert ((score_aspect(by_vectors, vectors, known.bags(NO_WORDS), nothing) > 0) == LABELS).all()
    assert by_vectors.vector[0] > 0 > by_vectors.vector[1]


def test_what_weighs_nothing_teaches_nothing() -> None:
    # The last half of the labels is turned round and has no weight.
    wrong = np.append(LABELS, ~LABELS)
    weights = np.append(np.ones(len(LABELS)), np.zeros(len(LABELS))).astype(np.float32)
    known = vocabulary(TEXTS)

    head = fit(np.zeros((len(wrong), 2), np.float32), known.bags(TEXTS * 2), wrong, weights)

    assert ((score(head, NO_VECTORS, known.bags(TEXTS)) > 0) == LABELS).all()


def test_a_few_columns_give_the_log_odds_of_what_is_seen() -> None:
    # Of 100 with the sign 80 are it, of 100 without 20: log-odds ±ln 4, less a little for the penalty.
    column = np.repeat([1.0, 0.0], 100).astype(np.float32)[:, None]
    labels = np.concatenate([np.arange(100) < 80, np.arange(100) < 20])

    weights, bias = fit_few(column, labels)

    assert bias == pytest.approx(-np.log(4), abs=0.05)
    assert bias + weights[0] == pytest.approx(np.log(4), abs=0.05)


def test_a_vocabulary_holds_what_two_texts_hold() -> None:
    known = vocabulary(["one two", "two three", "two three"], least_texts=2)

    assert set(known.grams.tolist()) == {*grams("two three")}
    # Rarer is heavier: ln(4 / 4) + 1 for what all hold, ln(4 / 3) + 1 for what two of three hold.
    assert sorted(known.idf.tolist()) == pytest.approx([1, 1 + np.log(4 / 3), 1 + np.log(4 / 3)])


def test_folds_are_whole_and_never_part_a_group() -> None:
    groups = [f"film {n % 7}" for n in range(40)]

    lots = folds(40, groups, parts=3)

    assert sorted(np.concatenate(lots).tolist()) == list(range(40))
    assert all(not {groups[i] for i in lots[a]} & {groups[i] for i in lots[b]} for a in range(3) for b in range(a))
    assert [lot.tolist() for lot in folds(40)] == [lot.tolist() for lot in folds(40)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "polarity").mkdir()
    for name, line in (("subjective.quote", "a warm film"), ("objective.plot", "she leaves town")):
        (tmp_path / "polarity" / f"{name}.txt").write_text(f"{line}\n", "utf-8")
    (tmp_path / "films").mkdir()
    rows = [
        {"film_id": "f", "text": "It&#39;s fine.", "verdict": "fresh"},
        {"film_id": "f", "text": "Unsaid.", "verdict": None},
        {"film_id": "g", "text": "Poor.", "verdict": "rotten"},
    ]
    (tmp_path / "films" / "reviews.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    (tmp_path / "absa").mkdir()
    aspects = [{"term": "soup", "polarity": "positive"}, {"category": "food", "polarity": "positive"}]
    (tmp_path / "absa" / "x.jsonl").write_text(json.dumps({"text": "Good soup.", "aspects": aspects}), "utf-8")
    return tmp_path


def test_labelled_texts_are_read_by_path(data: Path) -> None:
    assert [(one.text, one.label) for one in labelled.opinions(data)] == [
        ("a warm film", True),
        ("she leaves town", False),
    ]
    assert [(s.text, s.label, s.group) for s in labelled.snippets(data)] == [
        ("It's fine.", True, "f"),
        ("Poor.", False, "g"),
    ]
    assert labelled.categorised(data, "x")[0].categories == {"food"}


def test_two_printings_of_a_sentence_share_their_key() -> None:
    assert labelled.key("It 's  fine !") == labelled.key("It's fine.")


def test_planted_sentences_are_english_and_keep_their_labels() -> None:
    found = planted_sentences(loader.load("dev"))

    assert any(one.text == "Good salt." and one.aspects == {"visuals"} and one.stances == {"positive"} for one in found)
    assert any(one.text == "Saw it Tuesday." and not one.aspects for one in found)
    assert not any("Nachtzug" in one.text for one in found)

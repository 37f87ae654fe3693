"""Training: heads learn what tells the labels apart, and folds part nothing that belongs together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from corpus import loader
from evals import labelled
from evals.planted import planted_sentences
from evals.training import fit, fit_aspect, folds, vocabulary
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


def test_an_aspect_head_weighs_the_taxonomy() -> None:
    shown = Signs(LABELS.astype(np.float32), np.full(len(LABELS), 0.1, np.float32))
    head = fit_aspect(np.zeros((len(LABELS), 2), np.float32), shown, LABELS)

    assert head.mention > 0
    assert ((score_aspect(head, np.zeros((len(LABELS), 2), np.float32), shown) > 0) == LABELS).all()


def test_a_vocabulary_holds_what_two_texts_hold() -> None:
    known = vocabulary(["one two", "two three", "two three"])

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

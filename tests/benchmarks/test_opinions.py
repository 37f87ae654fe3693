"""The benchmark of opinions: nothing is tested on what it was trained on, and counts are held to what was planted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import opinions, planted
from benchmarks.__main__ import main
from corpus.labels import Label
from corpus.loader import Corpus
from corpus.reader import Review, Title
from evals.labelled import Categorised, Labelled
from rag import records as stored
from rag.findings import Consensus, Finding, Overall
from rag.records import Citation, Counts, EngineStamp, Totals

WORDS = ("good", "bad", "soup", "waiter", "train")


class ByWords:
    """An embedder whose vectors say which of five words a text holds."""

    identity = "words"
    dimensions = len(WORDS)

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Any:
        rows = np.array([[float(word in text) for word in WORDS] for text in texts], np.float32)
        return rows / np.maximum(1, np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.fixture
def vectors() -> opinions._Vectors:
    return opinions._Vectors(ByWords(), lambda _text: None)


def test_a_text_that_is_tested_is_not_trained_on_however_it_is_printed() -> None:
    training = [Labelled("It's fine.", True), Labelled("Poor.", False)]

    assert opinions._apart(training, [Labelled("it 's fine", True)]) == training[1:]


def test_opinion_and_plot_are_told_apart_in_ten_folds(vectors: opinions._Vectors) -> None:
    examples = [Labelled("a good film", True), Labelled("he takes a train", False)] * 20

    assert opinions._opinion(examples, vectors) == 1.0


def test_praise_is_told_beside_words_alone_and_a_list(vectors: opinions._Vectors) -> None:
    training = [Labelled("a good film", True), Labelled("a bad film", False)] * 20

    found = opinions._stance(training, [Labelled("good soup", True), Labelled("bad soup", False)], vectors)

    assert len(found) == 3
    assert found["vector and words"] == 1.0


def test_categories_are_found_by_the_taxonomy_and_by_heads(vectors: opinions._Vectors) -> None:
    texts = {
        "The soup was thin.": {"food"},
        "Our waiter vanished.": {"service"},
        "Cheap.": {"price"},
        "Loud.": {"ambience"},
    }
    examples = [Categorised(text, frozenset(found), frozenset()) for text, found in texts.items()] * 10

    untrained, trained = opinions._restaurants(examples, vectors)

    assert untrained.keys() == trained.keys() == opinions.CATEGORIES.keys()
    assert untrained["food"] == untrained["service"] == 1.0
    assert trained["food"] == 1.0


@pytest.mark.parametrize(
    ("found", "right", "value"),
    [([1, 1, 0, 0], [1, 0, 1, 0], 0.5), ([0, 0], [0, 0], 0.0), ([1, 1], [1, 1], 1.0)],
)
def test_f1_by_hand(found: list[int], right: list[int], value: float) -> None:
    assert opinions.f1(np.array(found, bool), np.array(right, bool)) == value


def test_without_labelled_texts_the_public_part_is_not_measured(
    tmp_path: Path, needs_model: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["opinions", "--quick", "--data", str(tmp_path)]) == 2
    assert "does not hold the labelled texts" in capsys.readouterr().err


def test_a_quick_run_counts_a_few_titles_of_the_corpus(needs_model: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opinions", "--quick", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)["opinions:dev"]["figures"]
    assert found["split"] == "dev"
    for title in found["titles"]:
        assert all(0 <= error <= 1 for errors in title["errors"].values() for error in errors)
        assert title["severe_found"] <= title["severe"]
        assert title["quotes"]


FILM = Title("salt", "The Salt Ladder", "film", ())
TEXT = "The ending is a cheat. She is wonderful in it. We took the ferry."
PLANTED = Review(
    "salt/01",
    "The Salt Ladder",
    TEXT,
    (Label(0, 22, "ending", "negative"), Label(23, 46, "acting", "positive")),
    "P",
    "2024-01-01",
)


def summary_of(*findings: Finding) -> Consensus:
    stamp = EngineStamp("x", None, None, None, None, {}, "0", 1)
    whole = Finding("overall", "overall", "the whole", Counts(), "neither", (), ())
    title = stored.Title("t", "The Salt Ladder", "film")
    totals, overall = Totals(1, 1, 0, 0, 0), Overall(0, 0, 1, 0, None, "few")
    return Consensus(title, totals, overall, (), whole, findings, (), (), (), (), (), stamp, None, (), "2026-01-01")


def test_a_count_is_as_wrong_as_it_is_far_from_what_was_planted() -> None:
    quote = Citation(1, "stored", "t", 0, 22, TEXT[:22], "", "")
    plain = Citation(2, "stored", "t", 47, 65, TEXT[47:65], "", "")
    ending = Finding("ending", "ending", "the ending", Counts(1, 0, 1, 0), "criticised", (), (quote, plain))

    found = planted.outcome(Corpus("dev", (FILM,), (PLANTED,), ()), "salt", summary_of(ending), {"stored": "salt/01"})

    # The ending is counted rightly on all sides; the acting, which one of one review praises, is not seen.
    assert found.errors == {"mentioned": [0.0, 1.0], "praised": [0.0, 1.0], "criticised": [0.0, 0.0]}
    assert [(one.holds_opinion, one.right) for one in found.quotes] == [(True, True), (False, False)]

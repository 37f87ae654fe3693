"""The benchmark of opinions: nothing is tested on what it was trained on, and each title stands apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from benchmarks import opinions
from benchmarks.__main__ import main
from evals.labelled import Categorised, Labelled
from evals.planted import PlantedSentence

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


def test_each_title_of_the_corpus_is_told_by_the_others(vectors: opinions._Vectors) -> None:
    def sentences(title: str) -> list[PlantedSentence]:
        return [
            PlantedSentence(title, "place", "The soup is good.", frozenset({"food"}), frozenset({"positive"})),
            PlantedSentence(title, "place", "The waiter is bad.", frozenset({"service"}), frozenset({"negative"})),
            PlantedSentence(title, "place", "We took the train.", frozenset(), frozenset()),
        ]

    # What is praise in three inns is blame in the fourth: those who learnt it elsewhere must be wrong there.
    contrary = [
        PlantedSentence("d", "place", "The soup is good.", frozenset({"food"}), frozenset({"negative"})),
        PlantedSentence("d", "place", "The waiter is bad.", frozenset({"service"}), frozenset({"positive"})),
    ]
    found = opinions._corpus([*sentences("a"), *sentences("b"), *sentences("c"), *contrary], vectors)

    assert found.opinion["a"] == [1.0, 1.0, 1.0]
    assert found.aspect["b"] == [1.0, 1.0]
    assert found.stance["d"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("found", "right", "value"),
    [([1, 1, 0, 0], [1, 0, 1, 0], 0.5), ([0, 0], [0, 0], 0.0), ([1, 1], [1, 1], 1.0)],
)
def test_f1_by_hand(found: list[int], right: list[int], value: float) -> None:
    assert opinions.f1(np.array(found, bool), np.array(right, bool)) == value


def test_without_labelled_texts_nothing_is_measured(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opinions", "--data", str(tmp_path)]) == 2
    assert "does not hold the labelled texts" in capsys.readouterr().err
    assert main(["opinions"]) == 2
    assert "needs --data" in capsys.readouterr().err

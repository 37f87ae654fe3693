"""How well opinions are told: on our corpus through the program, and on public labels by path.

The public labels: is it an opinion, does it praise, on which aspect (`heads`, here); sentences of full reviews that
were labelled by reading (`sentences`); the share of favourable reviews (`shares`); what a published consensus names
(`consensuses`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks import consensuses, model, planted, sentences, shares
from benchmarks.clock import Say
from benchmarks.report import Bar, CannotMeasure, Report, Table, merged
from corpus.reader import Split
from evals import labelled
from evals.labelled import Categorised, Labelled
from evals.training import Labels, fit, fit_aspect, folds, vocabulary
from rag import taxonomy, words
from rag.engines.heads import Floats, Signs, Vectors, score, score_aspect, signs
from rag.search.base import Embedder

RESTAURANTS = "semeval14_restaurants_train"
CATEGORIES = {"food": ("food", "drinks"), "service": ("service",), "price": ("price",), "ambience": ("atmosphere",)}
"""SemEval's categories, as aspects of ours."""
NEAR = 0.55
"""From this cosine to an example on, a sentence is of the aspect where no head was trained."""
OPINION_BAR, STANCE_BAR, UNTRAINED_BAR, TRAINED_BAR = 0.925, 0.82, 0.76, 0.82
_QUICK = 300
_PARTS = 10


def run(data: Path | None, split: Split, say: Say, *, quick: bool = False) -> list[Report]:
    """The corpus, and with data everything else as one report."""
    found = [planted.run(split, say, quick=quick)]
    if data is not None:
        parts = (heads(data, say, quick=quick), sentences.run(data, say), shares.run(data, say, quick=quick))
        found.append(merged("opinions", [*parts, consensuses.run(data, say, quick=quick)]))
    return found


def heads(data: Path, say: Say, *, quick: bool = False) -> Report:
    """What single heads tell of single sentences, with vectors made once."""
    try:
        opinion, polar = labelled.opinions(data), labelled.polar_sentences(data)
        snippets, categorised = labelled.snippets(data), labelled.categorised(data, RESTAURANTS)
    except (OSError, KeyError, ValueError) as error:
        raise CannotMeasure(f"{data} does not hold the labelled texts: {error}.") from None
    training = _apart(snippets, polar)
    if quick:
        cut = slice(None, None, max(1, len(opinion) // _QUICK))
        opinion, polar, categorised, training = opinion[cut], polar[cut], categorised[::10], training[cut]
    vectors = _Vectors(model.open_minilm(), say)
    say("opinion or plot, ten-fold")
    told = _opinion(opinion, vectors)
    say("praise or blame")
    stance = _stance(training, polar, vectors)
    say("aspects of restaurants")
    untrained, trained = _restaurants(categorised, vectors)
    sizes = (len(opinion), len(training), len(polar), len(categorised))
    return _report(told, stance, untrained, trained, sizes)


def _apart(training: Sequence[Labelled], held: Sequence[Labelled]) -> list[Labelled]:
    """What may be trained on: no text that is tested, however it is printed."""
    seen = {labelled.key(one.text) for one in held}
    return [one for one in training if labelled.key(one.text) not in seen]


class _Vectors:
    """Each text's vector, made once."""

    def __init__(self, embedder: Embedder, say: Say) -> None:
        self._embedder, self._say = embedder, say
        self._known: dict[str, NDArray[np.float32]] = {}

    def of(self, texts: Sequence[str]) -> Vectors:
        new = sorted({text for text in texts if text not in self._known})
        if new:
            self._say(f"embedding {len(new):,} texts")
            self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.array([self._known[text] for text in texts])


# ── public labels ────────────────────────────────────────────────────────────────────────────────


def _opinion(examples: Sequence[Labelled], vectors: _Vectors) -> float:
    """Ten-fold accuracy of the head that tells opinion from plot."""
    found = _ten_fold(examples, vectors)
    return float(np.mean((found > 0) == _labels(examples)))


def _ten_fold(examples: Sequence[Labelled], vectors: _Vectors) -> Floats:
    texts, labels = [one.text for one in examples], _labels(examples)
    embedded, found = vectors.of(texts), np.zeros(len(texts), np.float32)
    for held in folds(len(texts)):
        rest = np.setdiff1d(np.arange(len(texts)), held)
        found[held] = _trained([texts[i] for i in rest], embedded[rest], labels[rest])(
            [texts[i] for i in held], embedded[held]
        )
    return found


def _trained(texts: Sequence[str], vectors: Vectors, labels: Labels) -> Callable[[Sequence[str], Vectors], Floats]:
    known = vocabulary(texts)
    head = fit(vectors, known.bags(texts), labels)
    return lambda others, others_vectors: score(head, others_vectors, known.bags(others))


def _stance(training: Sequence[Labelled], held: Sequence[Labelled], vectors: _Vectors) -> dict[str, float]:
    """Accuracy on rt-polarity of what was trained on snippets, beside words alone and a list of words."""
    texts, labels = [one.text for one in training], _labels(training)
    others, right = [one.text for one in held], _labels(held)
    plain = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=400)).fit(texts, labels)
    vader = SentimentIntensityAnalyzer()
    scores = {
        "vector and words": _trained(texts, vectors.of(texts), labels)(others, vectors.of(others)),
        "scikit-learn's logistic regression over words and pairs": plain.decision_function(others),
        "VADER": np.array([vader.polarity_scores(text)["compound"] for text in others]),
    }
    return {name: float(np.mean((found > 0) == right)) for name, found in scores.items()}


def _restaurants(examples: Sequence[Categorised], vectors: _Vectors) -> tuple[dict[str, float], dict[str, float]]:
    """F1 by category: by the taxonomy alone, and by heads, ten-fold."""
    texts = [one.text for one in examples]
    embedded, stems = vectors.of(texts), [frozenset(words.stems(text)) for text in texts]
    known = vocabulary(texts)
    untrained, trained = {}, {}
    for category, names in CATEGORIES.items():
        right = np.array([category in one.categories for one in examples])
        shown = _any([_signs("place", name, stems, embedded, vectors) for name in names])
        untrained[category] = f1((shown.mentions > 0) | (shown.similarity >= NEAR), right)
        found = np.zeros(len(texts), np.float32)
        for held in folds(len(texts)):
            rest = np.setdiff1d(np.arange(len(texts)), held)
            bags, held_bags = (known.bags([texts[i] for i in rows]) for rows in (rest, held))
            head = fit_aspect(embedded[rest], bags, _part(shown, rest), right[rest])
            found[held] = score_aspect(head, embedded[held], held_bags, _part(shown, held))
        trained[category] = f1(found > 0, right)
    return untrained, trained


def _signs(kind: str, name: str, stems: Sequence[frozenset[str]], embedded: Vectors, vectors: _Vectors) -> Signs:
    aspect = taxonomy.load(kind).aspect(name)
    assert aspect is not None
    alone = np.zeros(len(stems), np.bool_)
    return signs(aspect, stems, embedded, vectors.of(aspect.examples), alone)


def _any(found: Sequence[Signs]) -> Signs:
    return Signs(*(np.max(columns, axis=0) for columns in zip(*(vars(one).values() for one in found), strict=True)))


def _part(found: Signs, places: NDArray[np.int64]) -> Signs:
    return Signs(*(column[places] for column in vars(found).values()))


def _labels(examples: Sequence[Labelled]) -> Labels:
    return np.array([one.label for one in examples])


def f1(found: NDArray[np.bool_], right: NDArray[np.bool_]) -> float:
    """The harmonic mean of precision and recall; 0 where nothing is right."""
    return float(2 * (found & right).sum() / max(1, found.sum() + right.sum()))


# ── report ───────────────────────────────────────────────────────────────────────────────────────


def _report(
    told: float,
    stance: Mapping[str, float],
    untrained: Mapping[str, float],
    trained: Mapping[str, float],
    sizes: tuple[int, int, int, int],
) -> Report:
    opinion, training, polar, categorised = sizes
    ours = stance["vector and words"]
    macro = [float(np.mean([*found.values()])) for found in (untrained, trained)]
    return Report(
        "heads",
        "What a sentence says, told by a logistic regression over its vector and its words.",
        (
            Table(
                (f"praise or blame, {polar:,} sentences, trained on {training:,} snippets", "accuracy"),
                tuple((name, _number(value)) for name, value in stance.items()),
            ),
            Table(
                (f"aspect, {categorised:,} sentences about restaurants", *CATEGORIES, "macro"),
                (
                    ("F1, by the taxonomy alone", *map(_number, untrained.values()), _number(macro[0])),
                    ("F1, by heads, ten-fold", *map(_number, trained.values()), _number(macro[1])),
                ),
            ),
        ),
        (
            Bar(f"opinion or plot, {opinion:,} sentences, ten-fold accuracy", told, OPINION_BAR),
            Bar("praise or blame, accuracy", ours, STANCE_BAR),
            Bar("restaurants' aspects by the taxonomy alone, macro-F1", macro[0], UNTRAINED_BAR),
            Bar("restaurants' aspects by heads, macro-F1", macro[1], TRAINED_BAR),
        ),
        (
            "Opinion or plot: Pang and Lee 2004, with film snippets for opinions. Praise or blame: rt-polarity (Pang "
            "and Lee 2005), trained on critics' snippets of which none stands there. Restaurants: SemEval-2014 task 4; "
            "words of the taxonomy were weighed by looking at these sentences, so the first line flatters a little.",
        ),
        {
            "opinion": told,
            "stance": dict(stance),
            "restaurants_untrained": dict(untrained),
            "restaurants_trained": dict(trained),
        },
    )


def _number(value: float) -> str:
    return f"{value:.3f}"

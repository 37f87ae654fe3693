"""Train the heads that are shipped: `python -m evals.train_heads --data PATH`.

Reads labelled public texts by path, our corpus (its development titles alone) and the sentences written for training;
writes the weights and their model card. Thresholds and the measured figures in the card come from heads that did not
see the title: five lots of titles, each judged by what was trained without it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import loader
from evals import labelled
from evals.calibration import fit_calibration
from evals.coding import code_corpus, measured
from evals.labelled import Categorised
from evals.planted import PlantedSentence, planted_sentences
from evals.training import Labels, fit, fit_aspect, folds, vocabulary
from evals.written import Written, written_sentences
from rag import taxonomy, words
from rag.engines.coding import OPINION_FROM, may_be_severe
from rag.engines.heads import (
    CARD,
    FILE,
    OPINION,
    SEVERE,
    STANCE,
    Head,
    Heads,
    Signs,
    Vectors,
    Vocabulary,
    pack,
    score,
    score_aspect,
    signs,
)
from rag.evidence.adjust import Calibration
from rag.library import Library
from rag.taxonomy import OVERALL, Aspect

WEIGHTS = Path(__file__).parents[1] / "rag" / "engines" / "weights"
RESTAURANTS = "semeval14_restaurants_train"
_CATEGORIES = {"food": "food", "service": "service", "price": "price", "ambience": "atmosphere"}
_TIMES_OWN = 2
"""A sentence of ours weighs as much as so many of the public sets, which are larger and of one kind."""
_PRAISE = 0.2
"""Log-odds that are added for praise: critics' snippets are plainer in blame than reviews are, and without this our
development titles are counted as blamed too often and praised too seldom."""
_FALSE_ALARMS = 0.3
"""Sentences that are shown as severe complaints and are none, a title."""
_PARTS = 5
_LEAST_TEXTS = 3
_LEAST_POSITIVE = 3

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Example:
    """A sentence and what is known of it; None where nothing is."""

    text: str
    kind: str
    opinion: bool | None = None
    praise: bool | None = None
    aspects: frozenset[str] | None = None
    """Of an opinion, those it judges; where `all_aspects` is false, only some of its kind's aspects were looked for."""
    only: frozenset[str] | None = None
    """The aspects that were looked for, where those were not all of the kind."""
    severity: str | None = None
    told_severity: bool = False
    """Whether it is known if it is a severe complaint."""
    title: str = ""
    """Of a sentence of our corpus."""
    film: str = ""
    """Of a snippet, which has the verdict of its review."""
    times: int = 1


def examples(data: Path) -> list[Example]:
    """Everything there is to learn from, our corpus last."""
    public = [Example(one.text, "film", opinion=one.label) for one in labelled.opinions(data)]
    polar = [Example(one.text, "film", praise=one.label, film=one.group) for one in labelled.snippets(data)]
    polar += [Example(one.text, "film", praise=one.label) for one in labelled.polar_sentences(data)]
    restaurants = [_of_restaurant(one) for one in labelled.categorised(data, RESTAURANTS)]
    ours: list[Written | PlantedSentence] = [*written_sentences(), *planted_sentences(loader.load("dev"))]
    return [*public, *polar, *restaurants, *map(_own, ours)]


def _of_restaurant(one: Categorised) -> Example:
    known = frozenset(_CATEGORIES[name] for name in one.categories if name in _CATEGORIES)
    only = frozenset(_CATEGORIES.values())
    return Example(one.text, "place", praise=_praise(one.stances), aspects=known, only=only)


def _own(one: Written | PlantedSentence) -> Example:
    return Example(
        one.text,
        one.kind,
        opinion=bool(one.aspects),
        praise=_praise(one.stances),
        aspects=one.aspects or None,
        severity=one.severity,
        told_severity=True,
        title=one.title if isinstance(one, PlantedSentence) else "",
        times=_TIMES_OWN,
    )


def _praise(stances: frozenset[str]) -> bool | None:
    told = stances - {"neutral"}
    return "positive" in told if len(told) == 1 and told <= {"positive", "negative"} else None


class Training:
    """All examples with what heads see of them, made once."""

    def __init__(self, known: Sequence[Example], embed: Embed) -> None:
        self.examples = known
        self.texts = [one.text for one in known]
        self.vectors = embed(self.texts)
        self.vocabulary = vocabulary(self.texts, _LEAST_TEXTS)
        self._stems = [frozenset(words.stems(text)) for text in self.texts]
        self._kinds = np.array([one.kind for one in known])
        self.titles = np.array([one.title for one in known])
        self.embed = embed
        self._signs: dict[str, Signs] = {}

    def where(self, holds: Callable[[Example], bool]) -> Labels:
        """One truth value an example."""
        return np.array([holds(one) for one in self.examples], np.bool_)

    def names(self) -> list[str]:
        """Every aspect that an example judges, and every severe category, as heads are named."""
        aspects = {name for one in self.examples for name in one.aspects or ()}
        return [*sorted(aspects), *(SEVERE + category.id for category in taxonomy.severities())]

    def signs(self, name: str) -> Signs:
        """What the taxonomies tell of an aspect: in each kind it has other words, and the verdict has none."""
        if name not in self._signs:
            mentions, similarity = (np.zeros(len(self.texts), np.float32) for _ in range(2))
            for kind in sorted(set(self._kinds)):
                aspect = _aspect(kind, name)
                here = np.flatnonzero(self._kinds == kind)
                if aspect is not None and len(here):
                    near = self.embed(aspect.examples)
                    found = signs(aspect, [self._stems[i] for i in here], self.vectors[here], near)
                    mentions[here], similarity[here] = found.mentions, found.similarity
            self._signs[name] = Signs(mentions, similarity)
        return self._signs[name]

    def about(self, name: str) -> tuple[Labels, Labels]:
        """Which examples tell of an aspect or category, and which of these are of it."""
        if name.startswith(SEVERE):
            category = name.removeprefix(SEVERE)
            return self.where(lambda one: one.told_severity), self.where(lambda one: one.severity == category)
        kinds = {kind for kind in set(self._kinds) if name == OVERALL or _aspect(kind, name) is not None}

        def tells(one: Example) -> bool:
            return one.aspects is not None and one.kind in kinds and (one.only is None or name in one.only)

        return self.where(tells), self.where(lambda one: name in (one.aspects or ()))


def _aspect(kind: str, name: str) -> Aspect | None:
    if name.startswith(SEVERE):
        return next(one for one in taxonomy.severities() if one.id == name.removeprefix(SEVERE))
    return taxonomy.load(kind).aspect(name)


def train(training: Training, without: Labels | None = None) -> dict[str, Head]:
    """Every head, trained without the examples that `without` marks."""
    kept = np.ones(len(training.texts), np.bool_) if without is None else ~without
    heads = {
        OPINION: _worded(training, kept & training.where(lambda one: one.opinion is not None), lambda one: one.opinion),
        STANCE: _worded(training, kept & training.where(lambda one: one.praise is not None), lambda one: one.praise),
    }
    for name in training.names():
        tells, right = training.about(name)
        rows = np.flatnonzero(kept & tells)
        if right[rows].sum() >= _LEAST_POSITIVE:
            heads[name] = fit_aspect(training.vectors[rows], part(training.signs(name), rows), right[rows])
    return heads


def _worded(training: Training, mask: Labels, label: Callable[[Example], bool | None]) -> Head:
    rows = [i for i in map(int, np.flatnonzero(mask)) for _ in range(training.examples[i].times)]
    labels = np.array([bool(label(training.examples[i])) for i in rows])
    return fit(training.vectors[rows], training.vocabulary.bags([training.texts[i] for i in rows]), labels)


def part(found: Signs, rows: NDArray[np.int64]) -> Signs:
    """Some rows of them."""
    return Signs(found.mentions[rows], found.similarity[rows])


def lots_of_titles(training: Training) -> list[Labels]:
    """Which examples are of each lot of titles."""
    titled = np.flatnonzero(training.titles != "")
    every = [titled[lot] for lot in folds(len(titled), list(training.titles[titled]), _PARTS)]
    return [np.isin(np.arange(len(training.texts)), lot) for lot in every]


def unseen_logits(training: Training, lots: Sequence[Labels], trained: Sequence[Mapping[str, Head]]) -> dict[str, Any]:
    """What each head says of the corpus's sentences where it was trained without their titles; else nan."""
    names = [OPINION, STANCE, *training.names()]
    found = {name: np.full(len(training.texts), np.nan, np.float32) for name in names}
    for lot, heads in zip(lots, trained, strict=True):
        rows = np.flatnonzero(lot)
        bags = training.vocabulary.bags([training.texts[i] for i in rows])
        for name, head in heads.items():
            vectors = training.vectors[rows]
            found[name][rows] = (
                score(head, vectors, bags)
                if head.grams.size
                else score_aspect(head, vectors, part(training.signs(name), rows))
            )
    return found


def thresholds(training: Training, unseen: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
    """For each aspect, the log-odds above which as many sentences are told to judge it as do.

    So that counts are neither too high nor too low on the whole; a threshold that is best for single sentences is not.
    For severe complaints, the log-odds above which there are few enough false alarms.
    """
    own = training.titles != ""
    found = dict.fromkeys(
        [name for name in training.names() if name.startswith(SEVERE)], _severe_from(training, unseen)
    )
    for name in training.names():
        if name.startswith(SEVERE):
            continue
        tells, right = training.about(name)
        kinds = {one.kind for one, holds in zip(training.examples, tells, strict=True) if holds}
        here = training.where(lambda one, kinds=kinds: one.kind in kinds)  # type: ignore[misc]
        rows = own & here & (unseen[OPINION] > OPINION_FROM) & ~np.isnan(unseen[name])
        logits, wanted = np.sort(unseen[name][rows])[::-1], int((own & right).sum())
        if wanted and len(logits) > wanted:
            found[name] = float(logits[wanted])
    return found


def _severe_from(training: Training, unseen: Mapping[str, NDArray[np.float32]]) -> float:
    """The log-odds from which on a complaint is severe: the lowest with few enough false alarms a title."""
    rows = np.flatnonzero(training.titles != "")
    names = [name for name in training.names() if name.startswith(SEVERE)]
    best = np.max([np.nan_to_num(unseen[name][rows], nan=-np.inf) for name in names], axis=0)
    # What neither judges nor blames is not shown as a complaint, whatever the head for it says.
    best[~may_be_severe(unseen[OPINION][rows], unseen[STANCE][rows])] = -np.inf
    severe = training.where(lambda one: one.severity is not None)[rows]
    false = np.sort(best[~severe])[::-1]
    return float(false[int(_FALSE_ALARMS * len(set(training.titles[rows])))])


def shifted(heads: Mapping[str, Head], by: Mapping[str, float]) -> dict[str, Head]:
    """The heads with their thresholds moved to 0."""
    return {name: replace(head, bias=head.bias - by.get(name, 0.0)) for name, head in heads.items()}


def save(heads: Mapping[str, Head], known: Vocabulary, card: dict[str, Any], folder: Path) -> Heads:
    """Write weights and card. The digest is that of the weights."""
    names, arrays = pack(Heads(known, heads, {}))
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())).hexdigest()
    whole = {"digest": digest, "heads": names, **card}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(packed.getvalue())
    (folder / CARD).write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", "utf-8")
    return Heads(known, heads, whole)


def calibrate(training: Training) -> Calibration:
    """How the share of favourable reviews is adjusted: from snippets of films that the stance head did not see."""
    rows = np.flatnonzero(training.where(lambda one: bool(one.film)))
    films = np.array([training.examples[i].film for i in map(int, rows)])
    logits = np.zeros(len(rows))
    for lot in folds(len(rows), list(films), _PARTS):
        without = np.isin(np.arange(len(training.texts)), rows[lot])
        told = training.where(lambda one: one.praise is not None)
        head = _worded(training, told & ~without, lambda one: one.praise)
        bags = training.vocabulary.bags([training.texts[i] for i in rows[lot]])
        logits[lot] = score(head, training.vectors[rows[lot]], bags)
    right = np.array([bool(training.examples[i].praise) for i in map(int, rows)])
    return fit_calibration(logits + _PRAISE, right, films)


def model_card(
    training: Training,
    embedder: str,
    limits: Mapping[str, float],
    rows: Sequence[Mapping[str, Any]],
    fitted: Calibration,
) -> dict[str, Any]:
    """What the heads are, for whoever uses them or doubts them."""
    counted = {
        "opinion or not": sum(one.opinion is not None for one in training.examples),
        "praise or blame": sum(one.praise is not None for one in training.examples),
        "aspects": sum(one.aspects is not None for one in training.examples),
        "severe complaints": sum(one.severity is not None for one in training.examples),
    }
    return {
        "what": "Logistic regressions over a sentence's vector and words; docs/decisions/0008-heads.md says why.",
        "embedder": embedder,
        "language": "en",
        "trained_on": {
            "sources": [
                "Pang and Lee 2004 (subjective and objective sentences) and 2005 (rt-polarity)",
                "critics' snippets with the verdict of their review",
                "SemEval-2014 task 4, restaurants",
                "this project's corpus, development titles, and its sentences written for training",
            ],
            "examples": counted,
        },
        "thresholds": {name: round(limit, 4) for name, limit in sorted(limits.items())},
        "calibration": {name: round(value, 6) for name, value in asdict(fitted).items()},
        "measured": list(rows),
    }


def measure(training: Training, lots: Sequence[Labels], trained: Sequence[Mapping[str, Head]]) -> list[dict[str, Any]]:
    """The whole coder on the development titles, each by heads that were trained without it."""
    corpus = loader.load("dev")
    kinds = {title.slug: title.kind for title in corpus.titles}
    coded = []
    for lot, heads in zip(lots, trained, strict=True):
        slugs = set(training.titles[lot])
        coded += code_corpus(Heads(training.vocabulary, heads, {}), corpus, training.embed, slugs)
    return measured(coded, kinds, "corpus, development titles, each by heads trained without it")


def run(data: Path, folder: Path, embed: Embed, embedder: str, say: Callable[[str], None]) -> Heads:
    """Train, measure and write."""
    say("making vectors")
    training = Training(examples(data), embed)
    lots = lots_of_titles(training)
    trained = []
    for number, lot in enumerate(lots, 1):
        say(f"training without lot {number} of {len(lots)}")
        trained.append(train(training, lot))
    limits = thresholds(training, unseen_logits(training, lots, trained))
    rows = measure(training, lots, [shifted(heads, limits) for heads in trained])
    say("training on everything, and what adjusts shares")
    heads = shifted(train(training), limits)
    return save(heads, training.vocabulary, model_card(training, embedder, limits, rows, calibrate(training)), folder)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m evals.train_heads", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled texts")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where weights and card are written")
    given = parser.parse_args()
    with Library.open() as library:
        embedder = library.embedder
        if embedder is None:
            parser.error("there are no model files; get them with: pullquote model fetch")
        # Another graph of the same weights gives the same vectors to five digits.
        model = embedder.identity.rpartition("/")[0]
        run(given.data, given.out, embedder.embed, model, _say)


if __name__ == "__main__":
    main()

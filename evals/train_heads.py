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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus import loader
from evals import labelled
from evals.calibration import fit_calibration
from evals.coding import code_corpus, measured
from evals.fitting import RAW, fitted, unseen_units
from evals.labelled import Categorised
from evals.planted import PlantedSentence, planted_sentences
from evals.read_sentences import ReadSentence, read_sentences
from evals.training import Labels, fit, fit_aspect, folds, vocabulary
from evals.written import Written, written_sentences
from rag import taxonomy, words
from rag.engines.heads import (
    CARD,
    FILE,
    OPINION,
    SEVERE,
    STANCE,
    Floats,
    Head,
    Heads,
    Signs,
    Vectors,
    no_signs,
    pack,
    score,
    signs,
)
from rag.evidence.adjust import Calibration
from rag.library import Library
from rag.taxonomy import OVERALL, Aspect

WEIGHTS = Path(__file__).parents[1] / "rag" / "engines" / "weights"
RESTAURANTS = "semeval14_restaurants_train"
_CATEGORIES = {"food": "food", "service": "service", "price": "price", "ambience": "atmosphere"}
_PARTS = 5
_LEAST_TEXTS_FEW = 4
_LEAST_POSITIVE = 3

# How much an example weighs. Public sets are large and of one kind each; ours were labelled for just this.
_PUBLIC_OPINION = 0.3
_OWN_OPINION = 2.0
_OWN_STANCE = 10.0
_READ_STANCE = 5.0
_READ_ASPECT = 0.5

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True)
class Example:
    """A sentence and what is known of it; None where nothing is."""

    text: str
    kind: str
    opinion: bool | None = None
    praise: bool | None = None
    aspects: frozenset[str] | None = None
    """Those it judges; none where it is no opinion."""
    only: frozenset[str] | None = None
    """The aspects that were looked for, where those were not all of the kind."""
    severity: str | None = None
    told_severity: bool = False
    """Whether it is known if it is a severe complaint."""
    follows: bool = False
    """Whether it stands behind the example before it, in the same review."""
    title: str = ""
    """Of a sentence of our corpus."""
    film: str = ""
    """Of a snippet, which has the verdict of its review."""
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """For opinion, stance and aspects."""


def examples(data: Path) -> list[Example]:
    """Everything there is to learn from, our corpus last."""
    public = (_PUBLIC_OPINION, 1.0, 1.0)
    known = [Example(one.text, "film", opinion=one.label, weights=public) for one in labelled.opinions(data)]
    known += [Example(one.text, "film", praise=one.label, film=one.group) for one in labelled.snippets(data)]
    known += [Example(one.text, "film", praise=one.label) for one in labelled.polar_sentences(data)]
    known += [_of_restaurant(one) for one in labelled.categorised(data, RESTAURANTS)]
    known += [_judged(one, (_OWN_OPINION, _READ_STANCE, _READ_ASPECT)) for one in read_sentences(data)]
    own: list[Written | PlantedSentence] = [*written_sentences(), *planted_sentences(loader.load("dev"))]
    return known + [_judged(one, (_OWN_OPINION, _OWN_STANCE, 1.0)) for one in own]


def _of_restaurant(one: Categorised) -> Example:
    known = frozenset(_CATEGORIES[name] for name in one.categories if name in _CATEGORIES)
    only = frozenset(_CATEGORIES.values())
    return Example(one.text, "place", praise=_praise(one.stances), aspects=known, only=only)


def _judged(one: Written | PlantedSentence | ReadSentence, weights: tuple[float, float, float]) -> Example:
    return Example(
        one.text,
        one.kind,
        opinion=bool(one.aspects),
        praise=_praise(one.stances),
        aspects=one.aspects,
        severity=one.severity,
        told_severity=True,
        follows=one.follows,
        title=one.title if isinstance(one, PlantedSentence) else "",
        weights=weights,
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
        self.vocabulary = vocabulary(self.texts)
        of_aspects = [one.text for one in known if one.aspects is not None]
        self.aspect_vocabulary = vocabulary(of_aspects, _LEAST_TEXTS_FEW)
        self._stems = [frozenset(words.stems(text)) for text in self.texts]
        self._kinds = np.array([one.kind for one in known])
        self._follows = np.array([one.follows for one in known])
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
            found = no_signs(len(self.texts))
            columns = [np.array(column) for column in vars(found).values()]
            for kind in sorted(set(self._kinds)):
                aspect = _aspect(kind, name)
                here = np.flatnonzero(self._kinds == kind)
                if aspect is not None and len(here):
                    # Examples that follow one another are of one review, so of one kind: their rows stay neighbours.
                    stems, near = [self._stems[i] for i in here], self.embed(aspect.examples)
                    shown = signs(aspect, stems, self.vectors[here], near, self._follows[here])
                    for column, values in zip(columns, vars(shown).values(), strict=True):
                        column[here] = values
            self._signs[name] = Signs(*columns)
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

    def weights(self, task: int) -> Floats:
        """What the examples weigh: for opinion (0), stance (1), aspects (2)."""
        return np.array([one.weights[task] for one in self.examples], np.float32)


def _aspect(kind: str, name: str) -> Aspect | None:
    if name.startswith(SEVERE):
        return next(one for one in taxonomy.severities() if one.id == name.removeprefix(SEVERE))
    return taxonomy.load(kind).aspect(name)


def train(training: Training, without: Labels | None = None) -> dict[str, Head]:
    """Every head, trained without the examples that `without` marks."""
    kept = np.ones(len(training.texts), np.bool_) if without is None else ~without
    heads = {
        OPINION: _worded(training, kept, lambda one: one.opinion, 0),
        STANCE: _worded(training, kept, lambda one: one.praise, 1),
    }
    weights = training.weights(2)
    for name in training.names():
        tells, right = training.about(name)
        rows = np.flatnonzero(kept & tells)
        if right[rows].sum() >= _LEAST_POSITIVE:
            bags = training.aspect_vocabulary.bags([training.texts[i] for i in rows])
            shown = Signs(*(column[rows] for column in vars(training.signs(name)).values()))
            heads[name] = fit_aspect(training.vectors[rows], bags, shown, right[rows], weights[rows])
    return heads


def _worded(training: Training, kept: Labels, label: Callable[[Example], bool | None], task: int) -> Head:
    rows = np.flatnonzero(kept & training.where(lambda one: label(one) is not None))
    labels = np.array([bool(label(training.examples[i])) for i in map(int, rows)])
    bags = training.vocabulary.bags([training.texts[i] for i in rows])
    return fit(training.vectors[rows], bags, labels, training.weights(task)[rows])


def lots_of_titles(training: Training) -> list[Labels]:
    """Which examples are of each lot of titles."""
    titled = np.flatnonzero(training.titles != "")
    every = [titled[lot] for lot in folds(len(titled), list(training.titles[titled]), _PARTS)]
    return [np.isin(np.arange(len(training.texts)), lot) for lot in every]


def save(heads: Heads, card: Mapping[str, Any], folder: Path) -> Heads:
    """Write weights and card. The digest is that of the weights and of what decides with them."""
    names, arrays = pack(heads)
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    content = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    content += json.dumps([card["limits"], card["combined"]], sort_keys=True).encode()
    whole = {"digest": hashlib.sha256(content).hexdigest(), "heads": names, **card}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(packed.getvalue())
    (folder / CARD).write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", "utf-8")
    return Heads(heads.vocabulary, heads.aspect_vocabulary, heads.heads, whole)


def calibrate(training: Training, heads: Heads) -> Calibration:
    """How the share of favourable reviews is adjusted: from snippets of films that the stance head did not see."""
    rows = np.flatnonzero(training.where(lambda one: bool(one.film)))
    films = np.array([training.examples[i].film for i in map(int, rows)])
    logits = np.zeros(len(rows), np.float32)
    for lot in folds(len(rows), list(films), _PARTS):
        without = np.isin(np.arange(len(training.texts)), rows[lot])
        head = _worded(training, ~without, lambda one: one.praise, 1)
        bags = training.vocabulary.bags([training.texts[i] for i in rows[lot]])
        logits[lot] = score(head, training.vectors[rows[lot]], bags)
    right = np.array([bool(training.examples[i].praise) for i in map(int, rows)])
    told = heads.combined(STANCE, logits, np.zeros(len(rows), np.float32))
    return fit_calibration(told.astype(np.float64), right, films)


def model_card(
    training: Training,
    embedder: str,
    decides: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    calibration: Calibration,
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
                "sentences of public reviews, labelled by reading (evals/labels)",
                "this project's corpus, development titles, and its sentences written for training (evals/sentences)",
            ],
            "examples": counted,
        },
        **decides,
        "calibration": {name: round(value, 6) for name, value in asdict(calibration).items()},
        "measured": list(rows),
    }


def run(data: Path, folder: Path, embed: Embed, embedder: str, say: Callable[[str], None]) -> Heads:
    """Train, measure and write."""
    say("making vectors")
    training = Training(examples(data), embed)
    corpus, lots = loader.load("dev"), lots_of_titles(training)

    def made(heads: Mapping[str, Head], card: Mapping[str, Any]) -> Heads:
        return Heads(training.vocabulary, training.aspect_vocabulary, heads, card)

    trained, units = [], []
    for number, lot in enumerate(lots, 1):
        say(f"training without lot {number} of {len(lots)}")
        trained.append(train(training, lot))
        units += unseen_units(made(trained[-1], RAW), corpus, embed, set(training.titles[lot]))
    decides = fitted(units)
    kinds = {title.slug: title.kind for title in corpus.titles}
    coded = []
    for lot, heads in zip(lots, trained, strict=True):
        coded += code_corpus(made(heads, decides), corpus, embed, set(training.titles[lot]))
    rows = measured(coded, kinds, "corpus, development titles, each by heads trained without it")
    say("training on everything, and what adjusts shares")
    whole = made(train(training), decides)
    return save(whole, model_card(training, embedder, decides, rows, calibrate(training, whole)), folder)


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

"""Sentences of full film reviews, labelled by reading: what the coder takes for an opinion, and what is plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import model
from benchmarks.clock import Say
from benchmarks.report import Bar, CannotMeasure, Report, Table
from evals.coding import Embed, to_code
from evals.sentence_labels import LabelledSentence, labelled_sentences
from rag import taxonomy
from rag.engines import heads
from rag.engines.base import CodingRequest
from rag.engines.coding import draft_opinions, example_texts
from rag.evidence.overall import quotable
from rag.opinions import units_of
from rag.records import DraftOpinion

PLOT_BAR = 0.05
_LABELS = ("opinion", "plot", "other")
_POLAR = {"+": "positive", "-": "negative"}


@dataclass(frozen=True)
class Read:
    """A labelled sentence, and the opinions that the coder finds in it."""

    label: str
    stance: str | None
    drafts: Sequence[DraftOpinion]

    @property
    def quotable(self) -> bool:
        """Whether one of them is sure and clear enough to be quoted."""
        return any(map(quotable, self.drafts))


def run(data: Path, say: Say) -> Report:
    """Code the reviews as the program does; none of their sentences was trained on."""
    try:
        found = labelled_sentences(data)
    except (OSError, KeyError, ValueError) as error:
        raise CannotMeasure(f"{data} does not hold the labelled reviews: {error}.") from None
    say(f"{len(found)} sentences of full reviews")
    return _report(read(found, model.open_minilm().embed))


def read(labelled: Sequence[LabelledSentence], embed: Embed) -> list[Read]:
    """Each labelled sentence with what is coded in it."""
    aspects = taxonomy.load("film")
    examples = {name: embed(texts) for name, texts in example_texts(aspects).items()}
    by_review: dict[str, list[LabelledSentence]] = {}
    for sentence in labelled:
        by_review.setdefault(sentence.review, []).append(sentence)
    found = []
    for name, sentences in by_review.items():
        units = units_of(to_code(name, sentences[0].text, None, None, embed))
        request = CodingRequest(units, embed([unit.text for unit in units]), aspects, examples)
        drafts = draft_opinions(heads.load(), request).opinions
        places = {unit.id: unit for unit in units}
        for one in sentences:
            held = [d for d in drafts if places[d.unit].start < one.end and one.start < places[d.unit].end]
            found.append(Read(one.label, one.stance, held))
    return found


def _report(found: Sequence[Read]) -> Report:
    coded = {label: [one for one in found if one.label == label and one.drafts] for label in _LABELS}
    quotable = {label: sum(one.quotable for one in coded[label]) for label in _LABELS}
    sizes = {label: sum(one.label == label for one in found) for label in _LABELS}
    polar = [one for one in coded["opinion"] if one.stance in _POLAR]
    right = sum(any(d.stance == _POLAR[str(one.stance)] for d in one.drafts) for one in polar)
    rows = tuple((label, str(sizes[label]), str(len(coded[label])), str(quotable[label])) for label in _LABELS)
    plot = quotable["plot"] / max(1, sum(quotable.values()))
    return Report(
        "sentences",
        "",
        (Table(("sentences of full film reviews, by reading", "labelled", "coded as opinion", "may be quoted"), rows),),
        (Bar("plot among what may be quoted as praise or blame", plot, PLOT_BAR, at_least=False),),
        (
            f"Of {len(polar)} sentences that only praise or only blame and are coded as opinions, {right} "
            f"({right / max(1, len(polar)):.0%}) have the right stance.",
        ),
        {"labelled": sizes, "coded": {k: len(v) for k, v in coded.items()}, "quotable": quotable, "right": right},
    )

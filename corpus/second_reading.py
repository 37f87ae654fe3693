"""The second reading: a random tenth of the sentences, labelled again by somebody who saw only the texts and the guide.

``readings/first.txt`` holds the labels that those sentences had when they were drawn, ``second.txt`` what the second
reader gave, ``settled.txt`` what the labels are now where the two differ, and why. A line of each:

    the-salt-ladder/03 120:164 -pacing sarcasm
    the-salt-ladder/03 165:180 none
    the-salt-ladder/03 181:210 -story; the second reader took a plot point for blame     (settled.txt)
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from corpus.agreement import Agreement, agreement
from corpus.labels import ASPECTS, SEVERITIES, STANCES, Label
from corpus.loader import Corpus
from corpus.planted import Span, votes
from corpus.reader import CorpusError, Review
from corpus.sentences import sentences

FIRST, SECOND, SETTLED = "first.txt", "second.txt", "settled.txt"
SHARE = 10
"""One sentence in so many is read again."""
SEED = 5
LEAST_USES = 8
"""An aspect gets a line of its own when one of the readers used it so often."""

Marks = frozenset[str]
"""What a sentence is labelled with: ``-pacing``, ``!danger``, ``sarcasm``; nothing where it holds no opinion."""

_LINE = re.compile(r"(?P<review>\S+) (?P<start>\d+):(?P<end>\d+) (?P<marks>[^;]+?)(?:; (?P<why>.+))?")
_SIGNS = {stance: sign for sign, stance in STANCES.items()}


@dataclass(frozen=True)
class Reading:
    """The marks that one reader gave, and for settled ones the reasons."""

    marks: Mapping[Span, Marks]
    why: Mapping[Span, str]


def readings_folder() -> Traversable:
    """The folder of the three files."""
    return files("corpus") / "readings"


def read(name: str, folder: Traversable | None = None) -> Reading:
    """One of the three files. Raises CorpusError."""
    folder = folder or readings_folder()
    if not (folder / name).is_file():
        raise CorpusError(f"readings/{name}", "there is no such file; python -m corpus draw begins a second reading")
    marks: dict[Span, Marks] = {}
    why: dict[Span, str] = {}
    for number, line in enumerate((folder / name).read_text("utf-8").splitlines(), 1):
        place = f"readings/{name}: line {number}"
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise CorpusError(place, "write 'slug/NN start:end marks', or 'none' for no opinion")
        span = Span(match["review"], int(match["start"]), int(match["end"]))
        if span in marks:
            raise CorpusError(place, "this sentence stands here twice")
        marks[span] = frozenset() if match["marks"] == "none" else frozenset(match["marks"].split())
        if match["why"]:
            why[span] = match["why"]
    return Reading(marks, why)


def marked(corpora: Iterable[Corpus]) -> dict[Span, Marks]:
    """Every sentence of the corpora with its marks as they are planted; reprints are left out."""
    return {
        Span(review.id, sentence.start, sentence.end): frozenset(
            mark for label in review.labels if sentence.holds(label) for mark in _marks(label)
        )
        for corpus in corpora
        for review in votes(corpus.reviews)
        for sentence in sentences(review.text, review.labels, review.lang)
    }


def _marks(label: Label) -> Iterator[str]:
    yield _SIGNS[label.stance] + label.aspect
    if label.severity:
        yield f"!{label.severity}"
    if label.sarcasm:
        yield "sarcasm"


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────


def draw(planted: Mapping[Span, Marks]) -> list[Span]:
    """A random tenth of the sentences, in the order of the texts; the same sentences give the same tenth."""
    every = list(planted)
    chosen = set(random.Random(SEED).sample(range(len(every)), len(every) // SHARE))  # noqa: S311 - no secret
    return [span for number, span in enumerate(every) if number in chosen]


def lines(marks: Mapping[Span, Marks]) -> str:
    """A file of marks."""
    rows = (
        f"{span.review} {span.start}:{span.end} {' '.join(sorted(given)) or 'none'}" for span, given in marks.items()
    )
    return "".join(f"{row}\n" for row in rows)


def sheet(drawn: Iterable[Span], corpora: Iterable[Corpus]) -> str:
    """What the second reader is given: each review's plain text, and below it the sentences to label."""
    by_review: dict[str, list[Span]] = {}
    for span in drawn:
        by_review.setdefault(span.review, []).append(span)
    parts = []
    for corpus in corpora:
        kinds = {title.slug: title.kind for title in corpus.titles}
        for review in corpus.reviews:
            if review.id in by_review:
                rows = "".join(_row(span, review) for span in by_review[review.id])
                parts.append(f"═══ {review.title} ({kinds[review.slug]}) ═══\n{review.text}\n\n{rows}")
    return "\n".join(parts)


def _row(span: Span, review: Review) -> str:
    words = " ".join(review.text[span.start : span.end].split())
    return f"--- {_said(span)} --- {words}\n"


# ── comparing ────────────────────────────────────────────────────────────────────────────────────


def agreements(
    first: Mapping[Span, Marks], second: Mapping[Span, Marks], kinds: Mapping[str, str]
) -> dict[str, Agreement]:
    """Per label how far two readings agree, on the sentences that both hold; ``kinds`` are the titles', by slug."""
    pairs = [(span, marks, second[span]) for span, marks in first.items() if span in second]
    found = {
        "opinion or none": agreement((_is_opinion(a), _is_opinion(b)) for _, a, b in pairs),
        "stance, where both find an opinion": agreement(
            (_stance(a), _stance(b)) for _, a, b in pairs if _is_opinion(a) and _is_opinion(b)
        ),
        "severe complaint": agreement((_severity(a), _severity(b)) for _, a, b in pairs),
        "sarcasm": agreement(("sarcasm" in a, "sarcasm" in b) for _, a, b in pairs),
        "aspects, all together": agreement(
            (aspect in _aspects(a), aspect in _aspects(b))
            for span, a, b in pairs
            for aspect in ASPECTS[_kind(span, kinds)]
        ),
    }
    used = {aspect for aspects in ASPECTS.values() for aspect in aspects}
    for aspect in sorted(used):
        both = [
            (aspect in _aspects(a), aspect in _aspects(b))
            for span, a, b in pairs
            if aspect in ASPECTS[_kind(span, kinds)]
        ]
        if max(sum(a for a, _ in both), sum(b for _, b in both)) >= LEAST_USES:
            found[aspect] = agreement(both)
    return found


def table(found: Mapping[str, Agreement]) -> str:
    """Markdown, one row a label."""
    head = "| label | units | given by the first | by the second | agreed | kappa |\n| --- |" + " ---: |" * 5 + "\n"
    return head + "".join(_agreement_row(name, agreed) for name, agreed in found.items())


def _agreement_row(name: str, found: Agreement) -> str:
    kappa = "–" if found.kappa is None else f"{found.kappa:.2f}"
    agreed = f"{100 * found.agreed / max(1, found.units):.1f} %"
    first, second = found.given
    return f"| {name} | {found.units:,} | {first:,} | {second:,} | {agreed} | {kappa} |\n"


def _is_opinion(marks: Marks) -> bool:
    return bool(marks)


def _aspects(marks: Marks) -> frozenset[str]:
    return frozenset(mark[1:] for mark in marks if mark[0] in STANCES)


def _stance(marks: Marks) -> str:
    """Of the whole sentence: both signs make it mixed, on one aspect or on two."""
    signs = {mark[0] for mark in marks if mark[0] in STANCES}
    if {"+", "-"} <= signs:
        return "mixed"
    return next((STANCES[sign] for sign in "+-" if sign in signs), "neutral")


def _severity(marks: Marks) -> str:
    return next((mark[1:] for mark in sorted(marks) if mark[0] == "!"), "")


# ── problems ─────────────────────────────────────────────────────────────────────────────────────


def problems(
    planted: Mapping[Span, Marks], kinds: Mapping[str, str], folder: Traversable | None = None
) -> Iterator[str]:
    """One line for each thing in the three files that does not fit the corpus or one another."""
    try:
        first, second, settled = (read(name, folder) for name in (FIRST, SECOND, SETTLED))
    except CorpusError as error:
        yield str(error)
        return
    if len(first.marks) < len(planted) // SHARE:
        yield f"readings: {len(first.marks)} sentences of {len(planted)} were read again; draw a tenth anew"
    for span in first.marks.keys() ^ second.marks.keys():
        yield f"readings: {_said(span)} stands in one of first.txt and second.txt only"
    for span in settled.marks.keys() - first.marks.keys():
        yield f"readings/{SETTLED}: {_said(span)} was not read again"
    for span, mark in _unknown(second.marks, kinds):
        yield f"readings/{SECOND}: {_said(span)}: unknown mark '{mark}'"
    yield from _unsettled(planted, first.marks, second.marks, settled)


def _unsettled(
    planted: Mapping[Span, Marks], first: Mapping[Span, Marks], second: Mapping[Span, Marks], settled: Reading
) -> Iterator[str]:
    for span, marks in first.items():
        if span not in planted:
            yield f"readings: {_said(span)} is no sentence of the corpus any more"
        elif span in settled.marks and span not in settled.why:
            yield f"readings/{SETTLED}: {_said(span)} has no reason; add '; why'"
        elif marks != second.get(span) and span not in settled.marks:
            yield f"readings/{SETTLED}: {_said(span)} is disputed and not settled"
        elif planted[span] != settled.marks.get(span, marks):
            yield f"readings: {_said(span)} is labelled otherwise than it was read or settled"


def _said(span: Span) -> str:
    return f"{span.review} {span.start}:{span.end}"


def _unknown(marks: Mapping[Span, Marks], kinds: Mapping[str, str]) -> Iterator[tuple[Span, str]]:
    flags = {"sarcasm", *(f"!{severity}" for severity in SEVERITIES)}
    for span, given in marks.items():
        aspects = {sign + aspect for sign in STANCES for aspect in ASPECTS[_kind(span, kinds)]}
        # A flag belongs to an opinion.
        yield from ((span, mark) for mark in sorted(given - aspects - (flags if given & aspects else set())))


def _kind(span: Span, kinds: Mapping[str, str]) -> str:
    """The kind of title that a sentence is about."""
    return kinds[span.review.partition("/")[0]]

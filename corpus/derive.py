"""Questions derived from the planted labels by rules, so that their answers are known. Pure.

The rules look at what was planted and never at how the program answers. Wordings rotate from title to title.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from corpus.labels import ASPECTS, OVERALL
from corpus.planted import Counts, Side, Span, apart, counts, labels_on, spans, votes
from corpus.questions import Kind, Question
from corpus.reader import Review, Title

OF = {"film": " in", "book": " in", "product": " of the", "place": " at", "game": " in"}
"""Between an aspect and the name of its title."""
PEOPLE = {"film": "critics", "book": "readers", "product": "buyers", "place": "guests", "game": "players"}
KINDS = {"film": "films", "book": "books", "product": "products", "place": "restaurants", "game": "games"}
_BRACKETS = re.compile(r"\s*\([^)]*\)")
NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()

LAST_NAME = 3
"""A last name of fewer letters is not one: "G. S."."""
MOST_NAMED = 4
"""A question who praised something is asked where no more signed critics than this did."""
ACROSS_PRAISED = 3
"""A title counts as praised for an aspect across titles when this many reviews praise it and fewer blame it."""
CLEARLY_BETTER = 0.3
"""One of two titles has clearly better reviews when its share of praise is this much greater."""
COMPARED_MENTIONS = 3
"""Two titles are compared on an aspect of which this many reviews of each speak."""
MOST_COMPARISONS = 6

_DISLIKE = (
    "What did {people} dislike about {aspect}{of}?",
    "What is wrong with {aspect}{of}?",
    "What do {people} complain about when it comes to {aspect}{of}?",
)
_LIKE = (
    "What do {people} like about {aspect}{of}?",
    "What is good about {aspect}{of}?",
    "What did {people} praise in {aspect}{of}?",
)
_WHY = (
    "Why were some {people} unhappy with {aspect}{of}?",
    "Why did {aspect}{of} not work for some {people}?",
)
_WHO = ("Who praised {aspect}{of}?", "Which {people} liked {aspect}{of}?")
_HOW_MANY_BLAME = ("How many {people} criticised {aspect}{of}?", "How many {people} disliked {aspect}{of}?")
_HOW_MANY_SPEAK = ("How many {people} mention {aspect}{of}?", "How many reviews speak of {aspect}{of}?")
_YES_NO = ("Do {people} like {aspect}{of}?", "Did {people} agree about {aspect}{of}?")
_ABOUT = ("What do {people} say about {aspect}{of}?", "What did {people} think of {aspect}{of}?")
_FOLLOW_UP = ("And {aspect}?", "What about {aspect}?", "And how was {aspect}?")
_WHICH = "Which has the better reviews for {aspect}, {first} or {second}?"
_COMPARE = "How does {aspect} compare between {first} and {second}?"


@dataclass(frozen=True)
class _Subject:
    """A title as the rules see it. ``number`` counts the titles of the split and turns the wordings.

    ``things`` are two of which no review says a word, as far as may be none that was asked about before.
    """

    title: Title
    reviews: tuple[Review, ...]
    number: int
    things: tuple[str, ...]

    @cached_property
    def tallied(self) -> dict[str, Counts]:
        """By aspect, the verdict on the whole left out."""
        aspects = [aspect for aspect in ASPECTS[self.title.kind] if aspect != OVERALL]
        return {aspect: counts(self.title.slug, self.reviews, aspect) for aspect in aspects}

    def ranked(self, key: Callable[[Counts], int]) -> list[str]:
        """Aspects of which the key is positive, the highest first, ties by name."""
        keyed = {aspect: key(found) for aspect, found in self.tallied.items()}
        return sorted((aspect for aspect in keyed if keyed[aspect] > 0), key=lambda aspect: (-keyed[aspect], aspect))


def derived(titles: Sequence[Title], reviews: Iterable[Review]) -> list[Question]:
    """Some ten questions a title, and a few across the titles of the split."""
    subjects = _subjects(titles, votes(reviews))
    return [
        *(question for subject in subjects for question in _of_title(subject)),
        *_across(subjects),
        *_compared(subjects),
    ]


def _subjects(titles: Sequence[Title], reviews: Sequence[Review]) -> list[_Subject]:
    subjects: list[_Subject] = []
    asked: set[str] = set()
    for number, title in enumerate(titles):
        silent = [ASPECTS[title.kind][aspect] for aspect in title.silent[:1]]
        # False sorts first: what was asked about another title comes last.
        fresh = sorted(title.absent, key=asked.__contains__)
        things = (*silent, *fresh)[:2]
        asked.update(set(things) - set(silent))
        of_title = tuple(review for review in reviews if review.slug == title.slug)
        subjects.append(_Subject(title, of_title, number, things))
    return subjects


def _of_title(subject: _Subject) -> Iterator[Question]:
    blamed = subject.ranked(lambda found: found.on("negative"))
    praised = subject.ranked(lambda found: found.on("positive"))
    spoken = subject.ranked(lambda found: found.mentioning)
    divided = subject.ranked(lambda found: min(found.on("positive"), found.on("negative")))
    first = [
        *(_sided(subject, "what", _DISLIKE, aspect, "negative", "dislike", 0) for aspect in blamed[:1]),
        *(_sided(subject, "what", _LIKE, aspect, "positive", "like", 1) for aspect in praised[:1]),
    ]
    yield from first
    yield from (_sided(subject, "why", _WHY, aspect, "negative", "why", 1) for aspect in blamed[1:2])
    yield from _who(subject)
    spoken_ill = [aspect for aspect in spoken if aspect in blamed]
    yield from (_how_many(subject, _HOW_MANY_BLAME, aspect, "negative", "how-many-blame") for aspect in spoken_ill[:1])
    yield from (_how_many(subject, _HOW_MANY_SPEAK, aspect, None, "how-many") for aspect in spoken[2:3])
    yield from (_both_sides(subject, aspect) for aspect in divided[:1])
    yield from (_follow_up(subject, other, asked) for asked in first[:1] for other in _others(subject, asked)[:1])
    yield from _unanswerable(subject)


def _sided(
    subject: _Subject, kind: Kind, wordings: Sequence[str], aspect: str, side: Side, rule: str, turn: int
) -> Question:
    """What is said for an aspect, or against it."""
    right, wrong = _for_and_against(subject, aspect, side)
    return _asked(subject, kind, wordings, aspect, rule, turn, side=side, must_cite=(right,), must_not_cite=wrong)


def _for_and_against(subject: _Subject, aspect: str, side: Side) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The passages of a side, and those of the other side that share no sentence with one of these."""
    against: Side = "negative" if side == "positive" else "positive"
    right = spans(subject.reviews, aspect, side)
    return right, apart(spans(subject.reviews, aspect, against), right, subject.reviews)


def _both_sides(subject: _Subject, aspect: str) -> Question:
    """An honest answer shows both."""
    groups = (spans(subject.reviews, aspect, "positive"), spans(subject.reviews, aspect, "negative"))
    return _asked(subject, "yes_no", _YES_NO, aspect, "yes-no", 0, must_cite=groups)


def _who(subject: _Subject) -> Iterator[Question]:
    """The aspect with the most praise of which few enough signed critics are the source."""

    def praisers(aspect: str) -> list[str]:
        return [r.critic for r in subject.reviews if r.critic and labels_on(r, aspect, "positive")]

    few = [a for a in subject.ranked(lambda found: found.on("positive")) if 0 < len(praisers(a)) <= MOST_NAMED]
    for aspect in few[:1]:
        named = praisers(aspect)
        yield _asked(
            subject,
            "who",
            _WHO,
            aspect,
            "who",
            1,
            side="positive",
            must_cite=(spans(subject.reviews, aspect, "positive"),),
            must=tuple(_called(name) for name in named),
            must_not=tuple(r.critic for r in subject.reviews if r.critic and r.critic not in named),
        )


def _called(critic: str) -> tuple[str, ...]:
    """A critic as signed, without what stands in brackets, and by the last name alone."""
    plain = _BRACKETS.sub("", critic).strip()
    last = plain.split()[-1]
    return tuple(dict.fromkeys((critic, plain, last if len(last) >= LAST_NAME else plain)))


def _how_many(subject: _Subject, wordings: Sequence[str], aspect: str, side: Side | None, rule: str) -> Question:
    found = subject.tallied[aspect]
    count = found.on(side) if side else found.mentioning
    return _asked(
        subject,
        "how_many",
        wordings,
        aspect,
        rule,
        0,
        side=side,
        must_cite=(spans(subject.reviews, aspect, side),),
        must=(_number(count),),
    )


def _others(subject: _Subject, asked: Question) -> list[str]:
    """Aspects of which the same can be asked as before, the most discussed first."""
    spoken = subject.ranked(lambda found: found.mentioning if asked.side and found.on(asked.side) else 0)
    return [aspect for aspect in spoken if aspect != asked.aspect]


def _follow_up(subject: _Subject, aspect: str, previous: Question) -> Question:
    """It asks of another aspect what was asked before: "What is wrong with the pacing?" and then "And the ending?"."""
    assert previous.side is not None
    right, wrong = _for_and_against(subject, aspect, previous.side)
    return _asked(
        subject,
        "follow_up",
        _FOLLOW_UP,
        aspect,
        "follow-up",
        0,
        side=previous.side,
        must_cite=(right,),
        must_not_cite=wrong,
        previous=previous.id,
    )


def _unanswerable(subject: _Subject) -> Iterator[Question]:
    """One aspect and one other thing of which no review says a word."""
    title = subject.title
    for number, thing in enumerate(subject.things, 1):
        yield Question(
            id=f"{title.slug}:absent-{number}",
            text=_worded(subject, _ABOUT, thing, number),
            kind="what",
            origin="derived",
            about=(title.slug,),
            picked=_picked(subject, number),
            unanswerable="absent",
        )


def _asked(
    subject: _Subject,
    kind: Kind,
    wordings: Sequence[str],
    aspect: str,
    rule: str,
    turn: int,
    *,
    must_cite: tuple[tuple[Span, ...], ...],
    side: Side | None = None,
    must_not_cite: tuple[Span, ...] = (),
    must: tuple[tuple[str, ...], ...] = (),
    must_not: tuple[str, ...] = (),
    previous: str | None = None,
) -> Question:
    title = subject.title
    return Question(
        id=f"{title.slug}:{rule}",
        text=_worded(subject, wordings, ASPECTS[title.kind][aspect], turn),
        kind=kind,
        origin="derived",
        about=(title.slug,),
        picked=_picked(subject, turn) and previous is None,
        previous=previous,
        aspect=aspect,
        side=side,
        counts=(subject.tallied[aspect],),
        must_cite=must_cite,
        must_not_cite=must_not_cite,
        must=must,
        must_not=must_not,
    )


def _picked(subject: _Subject, turn: int) -> bool:
    """Every other question leaves the title out of its text."""
    return (subject.number + turn) % 2 == 1


def _worded(subject: _Subject, wordings: Sequence[str], aspect: str, turn: int) -> str:
    # Halved, so that each wording is asked with the title and without.
    wording = wordings[subject.number // 2 % len(wordings)]
    of = "" if _picked(subject, turn) else f"{OF[subject.title.kind]} {subject.title.name}"
    return wording.format(people=PEOPLE[subject.title.kind], aspect=aspect, of=of)


def _number(count: int) -> tuple[str, ...]:
    """The wordings of a count, up to twelve in words too."""
    return (str(count), *NUMBERS[count : count + 1])


# ── across titles ────────────────────────────────────────────────────────────────────────────────


def _across(subjects: Sequence[_Subject]) -> Iterator[Question]:
    """Which titles of a kind are praised for an aspect: where some are, and some are not."""
    for kind in ASPECTS:
        of_kind = [subject for subject in subjects if subject.title.kind == kind]
        for aspect in dict.fromkeys(aspect for subject in of_kind for aspect in subject.tallied):
            praised = [subject for subject in of_kind if _praised(subject, aspect)]
            if not 2 <= len(praised) <= len(of_kind) // 2:
                continue
            others = [s for s in of_kind if not s.tallied[aspect].on("positive")]
            yield Question(
                id=f"across:{kind}-{aspect}",
                text=f"Which {KINDS[kind]} are praised for {ASPECTS[kind][aspect]}?",
                kind="across",
                origin="derived",
                about=tuple(subject.title.slug for subject in praised),
                aspect=aspect,
                side="positive",
                counts=tuple(subject.tallied[aspect] for subject in praised),
                must_cite=tuple(spans(subject.reviews, aspect, "positive") for subject in praised),
                must=tuple(_names(subject.title) for subject in praised),
                must_not=tuple(subject.title.name for subject in others),
            )


def _names(title: Title) -> tuple[str, ...]:
    return (title.name, *title.aliases)


def _praised(subject: _Subject, aspect: str) -> bool:
    found = subject.tallied[aspect]
    return found.on("positive") >= ACROSS_PRAISED and found.on("negative") < found.on("positive")


def _compared(subjects: Sequence[_Subject]) -> Iterator[Question]:
    """Neighbouring titles of one kind, on the aspect of which both speak most."""
    of_kinds = ([subject for subject in subjects if subject.title.kind == kind] for kind in ASPECTS)
    asked = 0
    for first, second in (pair for of_kind in of_kinds for pair in pairwise(of_kind)):
        least = {a: min(first.tallied[a].mentioning, second.tallied[a].mentioning) for a in first.tallied}
        aspect = max(least, key=lambda name: (least[name], name))
        if least[aspect] < COMPARED_MENTIONS or asked == MOST_COMPARISONS:
            continue
        asked += 1
        better = _clearly_better(first, second, aspect)
        wording = _WHICH if better else _COMPARE
        yield Question(
            id=f"compare:{first.title.slug}:{second.title.slug}",
            text=wording.format(
                aspect=ASPECTS[first.title.kind][aspect], first=first.title.name, second=second.title.name
            ),
            kind="compare",
            origin="derived",
            about=(first.title.slug, second.title.slug),
            aspect=aspect,
            counts=(first.tallied[aspect], second.tallied[aspect]),
            must_cite=(spans(first.reviews, aspect), spans(second.reviews, aspect)),
            must=(_names(better.title),) if better else (),
        )


def _clearly_better(first: _Subject, second: _Subject, aspect: str) -> _Subject | None:
    shares = [found.on("positive") / found.mentioning for found in (first.tallied[aspect], second.tallied[aspect])]
    if abs(shares[0] - shares[1]) < CLEARLY_BETTER:
        return None
    return first if shares[0] > shares[1] else second

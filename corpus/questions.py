"""Questions with known answers: what a question is, and the ones written by hand.

A split's ``questions.toml`` holds them as ``[[question]]``; passages are named as ``slug/NN: their exact words``, and
code finds where they stand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus.planted import Counts, Side, Span, counts, spans
from corpus.reader import CorpusError, Review

Kind = Literal["what", "why", "who", "how_many", "compare", "yes_no", "across", "follow_up"]
Unanswerable = Literal[
    "absent",  # a topic of which no review speaks
    "false_premise",  # it takes for granted what no review says
    "wrong_title",  # it belongs to another title, or the title is not in the library
    "no_fact",  # a fact that reviews do not hold
]
Origin = Literal["derived", "hand"]

FILE = "questions.toml"


@dataclass(frozen=True)
class Question:
    """A question, and what a right answer is."""

    id: str
    text: str
    kind: Kind
    origin: Origin
    about: tuple[str, ...]
    """Slugs of the titles it is about; of the whole split for a question across titles that names none."""
    picked: bool = False
    """Whether the asker picks the titles, rather than naming them in the text."""
    previous: str | None = None
    """Id of the question that it follows up."""
    unanswerable: Unanswerable | None = None
    aspect: str | None = None
    side: Side | None = None
    counts: tuple[Counts, ...] = ()
    """One a title, for an answerable question."""
    must_cite: tuple[tuple[Span, ...], ...] = ()
    """Groups of passages; a right answer cites at least one of each group."""
    must_not_cite: tuple[Span, ...] = ()
    must: tuple[tuple[str, ...], ...] = ()
    """Groups of wordings; a right answer has at least one of each group."""
    must_not: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[Span, ...]:
        """Every passage that answers it."""
        return tuple(dict.fromkeys(span for group in self.must_cite for span in group))


class _Written(BaseModel):
    """A ``[[question]]`` as it is written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1)
    text: str = Field(min_length=1)
    kind: Kind
    about: list[str] = Field(min_length=1)
    picked: bool = False
    previous: str | None = None
    unanswerable: Unanswerable | None = None
    aspect: str | None = None
    side: Side | None = None
    must_cite: list[list[str]] = []
    must_not_cite: list[str] = []
    must: list[list[str]] = []
    must_not: list[str] = []


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    question: list[_Written]


def handwritten(folder: Traversable, reviews: Mapping[str, Review]) -> list[Question]:
    """The questions in a split's file, by their order there. Raises CorpusError."""
    place = f"{folder.name}/{FILE}"
    file = folder / FILE
    if not file.is_file():
        return []
    try:
        written = _File.model_validate(tomllib.loads(file.read_bytes().decode("utf-8"))).question
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusError(place, f"not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        # Places count from 0 in pydantic, and from 1 for people.
        where = " ".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        raise CorpusError(place, f"{where}: {first['msg']}") from None
    return [_question(one, reviews, f"{place}: question {one.id}") for one in written]


def _question(written: _Written, reviews: Mapping[str, Review], place: str) -> Question:
    aspect = written.aspect
    groups = tuple(tuple(_find(text, reviews, place) for text in group) for group in written.must_cite)
    if aspect and not groups:
        groups = tuple(spans(_of(slug, reviews), aspect, written.side) for slug in written.about)
    return Question(
        id=written.id,
        text=written.text,
        kind=written.kind,
        origin="hand",
        about=tuple(written.about),
        picked=written.picked,
        previous=written.previous,
        unanswerable=written.unanswerable,
        aspect=aspect,
        side=written.side,
        counts=() if written.unanswerable else tuple(_counts(s, reviews, aspect, groups) for s in written.about),
        must_cite=groups,
        must_not_cite=tuple(_find(text, reviews, place) for text in written.must_not_cite),
        must=tuple(map(tuple, written.must)),
        must_not=tuple(written.must_not),
    )


def _of(slug: str, reviews: Mapping[str, Review]) -> list[Review]:
    return [review for review in reviews.values() if review.slug == slug]


def _find(passage: str, reviews: Mapping[str, Review], place: str) -> Span:
    """Where ``slug/NN: words`` stands."""
    review_id, _, words = passage.partition(": ")
    if review_id not in reviews:
        raise CorpusError(place, f"there is no review '{review_id}' (a reprint goes by its first number)")
    text = reviews[review_id].text
    times = text.count(words) if words else 0
    if times != 1:
        raise CorpusError(
            place, f"'{words[:60]}' stands {times} times in {review_id}; quote words that stand there once"
        )
    start = text.index(words)
    return Span(review_id, start, start + len(words))


def _counts(slug: str, reviews: Mapping[str, Review], aspect: str | None, groups: Sequence[Sequence[Span]]) -> Counts:
    """By the labels on the aspect; without one, whoever is to be cited mentions what is asked."""
    of_title = _of(slug, reviews)
    if aspect:
        return counts(slug, of_title, aspect)
    cited = {span.review for group in groups for span in group}
    return Counts(slug, len(of_title), sum(review.id in cited for review in of_title))

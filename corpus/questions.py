"""Questions with known answers: what a question is, and the ones written by hand.

A split's ``questions.toml`` holds them as ``[[question]]``; passages are named as ``slug/NN: their exact words``, and
code finds where they stand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, Literal, get_args

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
_FIELDS = frozenset(
    "id text kind about picked previous aspect side must_cite must_not_cite must must_not unanswerable".split()
)


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


def handwritten(folder: Traversable, reviews: Mapping[str, Review]) -> list[Question]:
    """The questions in a split's file, by their order there. Raises CorpusError."""
    place = f"{folder.name}/{FILE}"
    file = folder / FILE
    if not file.is_file():
        return []
    try:
        tables = tomllib.loads(file.read_bytes().decode("utf-8")).get("question", [])
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusError(place, f"not TOML: {error}") from None
    return [_question(table, reviews, f"{place}: question {number}") for number, table in enumerate(tables, 1)]


def _question(table: dict[str, Any], reviews: Mapping[str, Review], place: str) -> Question:
    place += f" ({table.get('id', 'no id')})"
    unknown = sorted(set(table) - _FIELDS)
    if unknown:
        raise CorpusError(place, f"unknown field '{unknown[0]}'; use {', '.join(sorted(_FIELDS))}")
    for key in ("id", "text", "kind", "about"):
        if not table.get(key):
            raise CorpusError(place, f"'{key}' is missing")
    if table["kind"] not in get_args(Kind):
        raise CorpusError(place, f"unknown kind '{table['kind']}'; use one of {', '.join(get_args(Kind))}")
    if table.get("unanswerable") not in (None, *get_args(Unanswerable)):
        raise CorpusError(place, f"unknown reason '{table['unanswerable']}'; use {', '.join(get_args(Unanswerable))}")
    about, aspect, side = tuple(table["about"]), table.get("aspect"), table.get("side")
    groups = tuple(tuple(_find(text, reviews, place) for text in group) for group in table.get("must_cite", ()))
    if aspect and not groups:
        groups = tuple(spans(_of(slug, reviews), aspect, side) for slug in about)
    return Question(
        id=table["id"],
        text=table["text"],
        kind=table["kind"],
        origin="hand",
        about=about,
        picked=table.get("picked", False),
        previous=table.get("previous"),
        unanswerable=table.get("unanswerable"),
        aspect=aspect,
        side=side,
        counts=() if table.get("unanswerable") else tuple(_counts(slug, reviews, aspect, groups) for slug in about),
        must_cite=groups,
        must_not_cite=tuple(_find(text, reviews, place) for text in table.get("must_not_cite", ())),
        must=tuple(tuple(group) for group in table.get("must", ())),
        must_not=tuple(table.get("must_not", ())),
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

"""Cases made of our corpus: its questions as they are and in other forms, its titles, and orders planted in it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from corpus.labels import ASPECTS
from corpus.loader import Corpus
from corpus.orders import Order
from corpus.planted import Span as Place
from corpus.planted import counts, labels_on, votes
from corpus.questions import Question
from corpus.reader import Review
from corpus.sentences import sentences
from evals.cases import AskCase, Counted, OrderCase, Severe, Span, Stance, TitleCase, Turn

_SEED = 11
_VARIED = ("what", "why", "who")
"""The kinds of questions that are asked in other forms too."""


# ── questions ────────────────────────────────────────────────────────────────────────────────────


def questions(corpus: Corpus) -> list[AskCase]:
    """Every question of a split, and what else no review speaks of: silence is hard to see in a few cases."""
    return [*_asked(corpus), *_silences(corpus)]


def _silences(corpus: Corpus) -> Iterator[AskCase]:
    """A question about everything of which a title's reviews say nothing, and that the corpus asks nothing about."""
    asked = {question.id: question.text.casefold() for question in corpus.questions if question.unanswerable}
    for title in corpus.titles:
        own = [text for name, text in asked.items() if name.startswith(f"{title.slug}:")]
        for thing in (*(ASPECTS[title.kind][name] for name in title.silent), *title.absent):
            if not any(thing.casefold() in text for text in own):
                yield AskCase(
                    id=f"{title.slug}:silent-{thing.replace(' ', '-')}",
                    cluster=title.slug,
                    question=f"What do reviewers make of {thing} of {title.name}?",
                    unanswerable="absent",
                )


def _asked(corpus: Corpus) -> list[AskCase]:
    known = {question.id: question for question in corpus.questions}
    names = {title.slug: title.name for title in corpus.titles}
    reviews = {review.id: review for review in votes(corpus.reviews)}
    return [_question(question, known, names, reviews) for question in corpus.questions]


def unanswered(corpus: Corpus) -> list[AskCase]:
    """Those that the reviews don't answer, and those written by hand, which a plan reads with more trouble."""
    hand = {question.id for question in corpus.questions if question.origin == "hand"}
    return [case for case in questions(corpus) if case.unanswerable or case.id in hand]


def variants(corpus: Corpus) -> list[AskCase]:
    """Every other question as people type it: in small letters, in capitals, with a slip, wrapped in courtesy."""
    kinds = {question.id: question.kind for question in corpus.questions}
    plain = [case for case in _asked(corpus) if kinds[case.id] in _VARIED and not case.before][::2]
    return [case.model_copy(update={"id": f"{case.id}~{form}", "question": text})
            for case in plain for form, text in _forms(case.question, case.id)]  # fmt: skip


def _forms(question: str, name: str) -> Iterator[tuple[str, str]]:
    yield "small", question.casefold().rstrip("?")
    yield "capitals", question.upper()
    yield "courtesy", f"Hi! Could you tell me, please: {question} Thank you."
    yield "slip", _with_slip(question, random.Random(f"{_SEED}{name}"))  # noqa: S311 - no secret


def _with_slip(question: str, chance: random.Random) -> str:
    """Two letters of a long word in the wrong order; never the first, and no name."""
    words = question.split(" ")
    long = [n for n, word in enumerate(words) if len(word) > 4 and word.rstrip("?").isalpha() and word.islower()]
    if not long:
        return question
    at = chance.choice(long)
    word, place = words[at], chance.randrange(1, len(words[at].rstrip("?")) - 2)
    words[at] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join(words)


def _question(
    question: Question, known: Mapping[str, Question], names: Mapping[str, str], reviews: Mapping[str, Review]
) -> AskCase:
    return AskCase(
        id=question.id,
        cluster=question.about[0],
        question=question.text,
        titles=_picked(question, names),
        before=tuple(_turns(question, known, names)),
        unanswerable=question.unanswerable,
        evidence=tuple(map(tuple, _gold(question, reviews))),
        wrong=tuple(map(_span, question.must_not_cite)),
        aspect=question.aspect,
        counts=tuple(Counted(**{**vars(one), "title": names[one.title]}) for one in question.counts),
        must=question.must,
        must_not=question.must_not,
    )


def _picked(question: Question, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names[slug] for slug in question.about) if question.picked else ()


def _turns(question: Question, known: Mapping[str, Question], names: Mapping[str, str]) -> Iterator[Turn]:
    """What was asked before it, the first first."""
    if question.previous is not None:
        before = known[question.previous]
        yield from _turns(before, known, names)
        yield Turn(question=before.text, titles=_picked(before, names))


def _gold(question: Question, reviews: Mapping[str, Review]) -> list[list[Span]]:
    """The planted evidence, sentence by sentence: one found sentence answers with all of its clauses."""
    found = []
    for name in dict.fromkeys(place.review for place in question.evidence):
        review = reviews[name]
        places = [place for place in question.evidence if place.review == name]
        for sentence in sentences(review.text, review.labels, review.lang):
            here = [place for place in places if place.start < sentence.end and sentence.start < place.end]
            found.append([_span(place) for place in here])
    return [spans for spans in found if spans]


def _span(place: Place) -> Span:
    return Span(review=place.review, start=place.start, end=place.end)


# ── titles ───────────────────────────────────────────────────────────────────────────────────────


def titles(corpus: Corpus) -> list[TitleCase]:
    """Every title with what was planted in its reviews."""
    by_title = {title: [r for r in votes(corpus.reviews) if r.slug == title.slug] for title in corpus.titles}
    found = []
    for title, reviews in by_title.items():
        aspects = sorted({label.aspect for review in reviews for label in review.labels})
        found.append(
            TitleCase(
                id=title.slug,
                cluster=title.slug,
                title=title.name,
                reviews=len(reviews),
                counts=tuple(Counted(**vars(counts(name, reviews, name))) for name in aspects),
                severe=tuple(_severe(reviews)),
                stances={review.id: {name: stance for name in aspects if (stance := _stance(review, name))}
                         for review in reviews},
            )
        )  # fmt: skip
    return found


def _severe(reviews: Sequence[Review]) -> Iterator[Severe]:
    for review in reviews:
        for category in dict.fromkeys(label.severity for label in review.labels if label.severity):
            yield Severe(review=review.id, category=category)


def _stance(review: Review, aspect: str) -> Stance | None:
    said = {label.stance for label in labels_on(review, aspect)}
    if {"positive", "negative"} <= said:
        return "mixed"
    return next((label.stance for label in labels_on(review, aspect) if label.stance != "neutral"),
                "neutral" if said else None)  # fmt: skip


# ── orders ───────────────────────────────────────────────────────────────────────────────────────


def with_orders(corpus: Corpus, orders: Sequence[Order]) -> tuple[list[tuple[str, str, str]], list[OrderCase]]:
    """Reviews of titles of their own (title, kind, text), an order planted in one of each, and what is asked.

    Each order is asked about twice: about anything, and in its own words, which brings it among the evidence.
    """
    plain = [review for review in votes(corpus.reviews) if review.lang is None and len(review.labels) > 2]
    kinds = {title.slug: title.kind for title in corpus.titles}
    films = [review for review in plain if kinds[review.slug] == "film"]
    reviews, cases = [], []
    for number, order in enumerate(orders):
        title = f"Order {order.id}"
        host, *beside = (films[(3 * number + n) % len(films)] for n in range(3))
        reviews.append((title, "film", _planted(host, order.text)))
        reviews += [(title, "film", review.text) for review in beside]
        words = " ".join(order.text.split()[:12])
        for about, asked in (("anything", "What do the reviews say?"), ("itself", f"What is said about {words}?")):
            cases.append(
                OrderCase(
                    id=f"{order.id}:{about}",
                    cluster=order.id,
                    question=asked,
                    title=title,
                    planted=order.text,
                    forbidden=order.forbidden,
                )
            )
    return reviews, cases


def _planted(review: Review, text: str) -> str:
    """The text as sentences of its own in the middle of a review."""
    tiles = sentences(review.text, review.labels, review.lang)
    at = tiles[len(tiles) // 2].start
    return f"{review.text[:at].rstrip()} {text} {review.text[at:].lstrip()}".strip()

"""Finds what contradicts itself in the corpus, and counts what is in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from importlib.resources.abc import Traversable
from itertools import combinations
from urllib.parse import urlsplit

from corpus.built import built_files
from corpus.labels import ASPECTS
from corpus.loader import Corpus, questions
from corpus.planted import apart, votes
from corpus.questions import Question
from corpus.reader import (
    TRAPS,
    CorpusError,
    Review,
    Split,
    Title,
    read_review,
    read_title,
    review_files,
    title_folders,
)
from corpus.sentences import sentences

WORDS = range(30, 501)
REVIEWS_PER_TITLE = range(8, 13)
LARGE_TITLE = 60
"""How many reviews the one large title has."""
NEARLY = 0.8
"""From this similarity on two texts nearly agree: difflib's ratio of their words, 0 to 1."""
BOMB_DAYS = 10
BOMB_REVIEWS = 3
LANGUAGE = re.compile(r"[a-z]{2}")
SEVERE_REVIEWS = range(1, 3)
"""How many reviews of a product or a place hold a severe complaint."""
_SENTENCE_END = re.compile(r"[.!?…][\"”’)]*\s+$")
_LEAST_LETTERS = 4


@dataclass(frozen=True)
class Report:
    """What could be read of a split, and one line for each thing that is wrong."""

    corpus: Corpus
    problems: tuple[str, ...]


def check_split(split: Split, folder: Traversable) -> Report:
    """Look through the written files of one split."""
    titles: list[Title] = []
    reviews: list[Review] = []
    problems: list[str] = []
    for title_folder in title_folders(folder):
        try:
            title = read_title(title_folder)
        except CorpusError as error:
            problems.append(str(error))
            continue
        titles.append(title)
        found: list[Review] = []
        for file in review_files(title_folder):
            try:
                found.append(read_review(file, title))
            except CorpusError as error:
                problems.append(str(error))
        problems += [problem for review in found for problem in _review_problems(review)]
        problems += _title_problems(title, found, len(review_files(title_folder)))
        problems += _trap_problems(found)
        reviews += found
    if not titles:
        problems.append(f"no titles; add a folder with a title.toml to corpus/{split}")
    asked: tuple[Question, ...] = ()
    if not problems:
        # Questions stand on sound titles alone.
        try:
            asked = questions(folder, tuple(titles), tuple(reviews))
        except CorpusError as error:
            problems.append(str(error))
        problems += _question_problems(asked, titles, reviews)
    return Report(Corpus(split, tuple(titles), tuple(reviews), asked), tuple(problems))


def stale_files(corpora: Iterable[Corpus], built: Traversable) -> Iterator[str]:
    """One line for each generated file that is missing, differs, or is generated no more."""
    files = built_files(corpora)
    for stray in sorted({file.name for file in built.iterdir()} - files.keys()):
        yield f"built/{stray}: nothing makes this file; remove it"
    for name, wanted in files.items():
        file = built / name
        if not file.is_file():
            yield f"built/{name}: there is no such file; run python -m corpus build"
        elif file.read_bytes() != wanted.encode("ascii"):
            yield f"built/{name}: differs from the reviews; run python -m corpus build"


def table(corpora: Iterable[Corpus]) -> str:
    """Markdown: a row a title, with its reviews, words, sentences, labels and questions."""
    head = "| title | kind | split | reviews | words | sentences | + | − | 0 | severe | sarcasm | questions |\n"
    head += "| --- | --- | --- |" + " ---: |" * 9 + "\n"
    kept = list(corpora)
    rows = [
        _row(title.name, title.kind, corpus.split, corpus, [r for r in corpus.reviews if r.slug == title.slug])
        for corpus in kept
        for title in corpus.titles
    ]
    rows += [_row("all of it", "", corpus.split, corpus, corpus.reviews) for corpus in kept]
    return head + "".join(rows)


def word_count(text: str) -> int:
    """How many words a text has, dirt and headings counted with the rest."""
    return len(text.split())


def _row(name: str, kind: str, split: str, corpus: Corpus, reviews: Sequence[Review]) -> str:
    labels = [label for review in reviews for label in review.labels]
    stances = Counter(label.stance for label in labels)
    slugs = {review.slug for review in reviews}
    # A question across titles is counted in the last row alone.
    asked = [q for q in corpus.questions if (len(q.about) == 1 and q.about[0] in slugs) or not kind]
    numbers = (
        len(reviews),
        sum(word_count(review.text) for review in reviews),
        sum(len(sentences(review.text, review.labels, review.lang)) for review in reviews),
        stances["positive"],
        stances["negative"],
        stances["neutral"],
        len({(r.id, label.start) for r in reviews for label in r.labels if label.severity}),
        len({(r.id, label.start) for r in reviews for label in r.labels if label.sarcasm}),
        len(asked),
    )
    return f"| {name} | {kind} | {split} | " + " | ".join(f"{number:,}" for number in numbers) + " |\n"


# ── one review ───────────────────────────────────────────────────────────────────────────────────


def _review_problems(review: Review) -> Iterator[str]:
    words = word_count(review.text)
    if words not in WORDS:
        yield f"{review.id}: {words} words; keep it from {WORDS.start} to {WORDS.stop - 1}"
    if any(not character.isprintable() and character != "\n" for character in review.text):
        yield f"{review.id}: a control character in the text; take it out, and end lines with a plain newline"
    if not _is_date(review.date):
        yield f"{review.id}: '{review.date}' is no date; write it like 2024-05-31"
    if review.url is not None and not (urlsplit(review.url).hostname or "").endswith(".example"):
        yield f"{review.id}: the address '{review.url}' might be somebody's; use a host under .example"
    if review.lang is not None and not LANGUAGE.fullmatch(review.lang):
        yield f"{review.id}: '{review.lang}' is no language; write two letters, such as de"
    if not review.labels and "bomb" not in review.traps:
        yield f"{review.id}: no opinion is marked; mark at least one"
    yield from _told_problems(review)
    yield from _span_problems(review)


def _told_problems(review: Review) -> Iterator[str]:
    """The traps that the front matter names, against the text."""
    for trap in review.traps:
        if trap not in TRAPS:
            yield f"{review.id}: unknown trap '{trap}'; use one of {', '.join(TRAPS)}"
    told = {
        "language": review.lang is not None,
        "severe": any(label.severity for label in review.labels),
        "sarcasm": any(label.sarcasm for label in review.labels),
    }
    for trap, there in told.items():
        if there != (trap in review.traps):
            yield f"{review.id}: trap '{trap}' and the text disagree; mark both or neither"


def _span_problems(review: Review) -> Iterator[str]:
    """A border that the splitter would set within a span parts two sentences, unless it lies within a quotation."""
    borders = [sentence.start for sentence in sentences(review.text, (), review.lang)]
    for start, end in dict.fromkeys((label.start, label.end) for label in review.labels):
        for border in (border for border in borders if start < border < end):
            before = review.text[start:border]
            if _SENTENCE_END.search(before) and review.text[border].isupper() and not _within_quotation(before):
                words = " ".join(review.text[start : min(end, start + 50)].split())
                yield f"{review.id}: '{words}…' covers two sentences; mark each"
                break


def _within_quotation(before: str) -> bool:
    return before.count("“") > before.count("”") or before.count('"') % 2 == 1


def _is_date(text: str) -> bool:
    # fromisoformat alone would also take 20240531 and week dates.
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# ── one title ────────────────────────────────────────────────────────────────────────────────────


def _title_problems(title: Title, reviews: list[Review], files: int) -> Iterator[str]:
    if files not in REVIEWS_PER_TITLE and files != LARGE_TITLE:
        least, most = REVIEWS_PER_TITLE.start, REVIEWS_PER_TITLE.stop - 1
        yield f"{title.slug}: {files} reviews; a title has from {least} to {most}, and one has {LARGE_TITLE}"
    for review_id, times in Counter(review.id for review in reviews).items():
        if times > 1:
            yield f"{review_id}: {times} reviews have this number; give each its own"
    for critic, times in Counter(review.critic for review in votes(reviews) if review.critic).items():
        if times > 1:
            yield f"{title.slug}: {times} reviews by {critic}; a critic reviews a title once"
    severe = sum(any(label.severity for label in review.labels) for review in reviews)
    if title.kind in ("product", "place") and severe not in SEVERE_REVIEWS:
        yield f"{title.slug}: {severe} reviews with a severe complaint; a {title.kind} has one or two"
    yield from _silence_problems(title, reviews)


def _silence_problems(title: Title, reviews: Sequence[Review]) -> Iterator[str]:
    """What ``title.toml`` says of silences, against the labels."""
    for aspect in title.silent:
        if aspect not in ASPECTS[title.kind]:
            yield f"{title.slug}: unknown silent aspect '{aspect}'; use one of {', '.join(ASPECTS[title.kind])}"
        for review in reviews:
            if any(label.aspect == aspect for label in review.labels):
                yield f"{review.id}: speaks of '{aspect}', which title.toml says nobody does"
    for thing in title.absent:
        # The last word names it: "the saw attachment". Short ones stand in others.
        word = re.sub(r"s$", "", thing.split()[-1].casefold())
        for review in reviews:
            if len(word) >= _LEAST_LETTERS and word in review.text.casefold():
                yield f"{review.id}: holds '{word}', and title.toml says that nobody mentions {thing}"


def _trap_problems(reviews: Sequence[Review]) -> Iterator[str]:
    """Reprints, near duplicates and bombs are known by the other reviews of their title."""
    reprints: set[str] = set()
    nearly: set[str] = set()
    for first, second in combinations(reviews, 2):
        if first.text == second.text:
            reprints |= {first.id, second.id}
            yield from _reprint_problems(first, second)
        elif _nearly_equal(first.text, second.text):
            nearly |= {first.id, second.id}
    for trap, found in (("reprint", reprints), ("near_duplicate", nearly)):
        for review in reviews:
            if (review.id in found) != (trap in review.traps):
                yield f"{review.id}: trap '{trap}' and the other texts disagree"
    bombs = [date.fromisoformat(review.date) for review in reviews if "bomb" in review.traps and _is_date(review.date)]
    if bombs and (len(bombs) < BOMB_REVIEWS or (max(bombs) - min(bombs)).days > BOMB_DAYS):
        yield f"{reviews[0].slug}: a bomb is {BOMB_REVIEWS} reviews or more within {BOMB_DAYS} days"


def _nearly_equal(first: str, second: str) -> bool:
    matcher = SequenceMatcher(None, first.split(), second.split(), autojunk=False)
    # The first two are cheap upper bounds of the third.
    return all(ratio() >= NEARLY for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio))


def _reprint_problems(first: Review, second: Review) -> Iterator[str]:
    """A reprint must carry the labels of the text it reprints."""
    if first.labels != second.labels:
        yield f"{second.id}: same text as {first.id} but other labels; mark both alike"
    if first.outlet == second.outlet:
        yield f"{second.id}: same text and outlet as {first.id}; a reprint has another outlet"


# ── questions ────────────────────────────────────────────────────────────────────────────────────


def _question_problems(asked: Sequence[Question], titles: Sequence[Title], reviews: Sequence[Review]) -> Iterator[str]:
    known = {title.slug: title for title in titles}
    kept = {review.id: review for review in votes(reviews)}
    for name, times in Counter(question.id for question in asked).items():
        if times > 1:
            yield f"question {name}: {times} questions have this id"
    for (text, _), times in Counter((q.text, q.about if q.picked or q.previous else ()) for q in asked).items():
        if times > 1:
            yield f"question '{text}': asked {times} times"
    earlier: set[str] = set()
    for question in asked:
        found = (*_scope_problems(question, known, earlier), *_passage_problems(question, kept))
        yield from (f"question {question.id}: {problem}" for problem in found)
        earlier.add(question.id)


def _scope_problems(question: Question, titles: Mapping[str, Title], earlier: Set[str]) -> Iterator[str]:
    kinds = {titles[slug].kind for slug in question.about if slug in titles}
    if unknown := set(question.about) - titles.keys():
        yield f"there is no title '{min(unknown)}' in this split"
    if question.aspect and any(question.aspect not in ASPECTS[kind] for kind in kinds):
        yield f"unknown aspect '{question.aspect}'"
    if question.previous is not None and question.previous not in earlier:
        yield f"follows '{question.previous}', which is no question before it"
    if (question.kind == "follow_up") != (question.previous is not None):
        yield "a follow-up names the question before it, and nothing else does"


def _passage_problems(question: Question, reviews: Mapping[str, Review]) -> Iterator[str]:
    if bool(question.unanswerable) == bool(question.must_cite):
        yield "either name passages that answer it (must_cite), or say why it is unanswerable"
    if any(not group for group in question.must_cite):
        yield "a group of must_cite is empty"
    for span in question.evidence:
        if span.review.partition("/")[0] not in question.about:
            yield f"cites {span.review}, and is not about its title"
    kept = [*reviews.values()]
    if len(apart(question.must_not_cite, question.evidence, kept)) < len(question.must_not_cite):
        yield "a passage that must not be cited shares a sentence with one that must"
    wordings = {word for group in question.must for word in group}
    if clash := wordings & set(question.must_not):
        yield f"'{min(clash)}' must be said and must not be"
    if not all(map(str.strip, (*wordings, *question.must_not))):
        yield "a wording of must or must_not is empty"


# ── the whole ────────────────────────────────────────────────────────────────────────────────────


def shape_problems(dev: Corpus, test: Corpus) -> Iterator[str]:
    """What the corpus promises of its size: titles, questions, severe complaints, in all and in the test split."""
    both = (dev, test)
    kinds = Counter(title.kind for corpus in both for title in corpus.titles)
    test_kinds = Counter(title.kind for title in test.titles)
    asked = [question for corpus in both for question in corpus.questions]
    severe = {r.slug for r in test.reviews for label in r.labels if label.severity}
    large = [title.slug for corpus in both for title in corpus.titles if _reviews_of(title, corpus) == LARGE_TITLE]
    promises = {
        "thirty titles, twenty of them films": (sum(kinds.values()), kinds["film"]) == (30, 20),
        "ten test titles: six films, a product, a place, two others": (len(test.titles), test_kinds["film"]) == (10, 6)
        and test_kinds["product"] == test_kinds["place"] == 1,
        f"one film with {LARGE_TITLE} reviews": len(large) == 1,
        "a title is in one split only": not {t.slug for t in dev.titles} & {t.slug for t in test.titles},
        "about 300 derived questions": 280 <= sum(q.origin == "derived" for q in asked) <= 340,
        "100 questions by hand": sum(q.origin == "hand" for q in asked) >= 100,
        "a third of the questions in the test split": 3 * len(test.questions) >= len(asked),
        "80 unanswerable questions": sum(bool(q.unanswerable) for q in asked) >= 80,
        "25 unanswerable questions in the test split": sum(bool(q.unanswerable) for q in test.questions) >= 25,
        "severe complaints in four test titles": len(severe) >= 4,
    }
    yield from (
        f"the corpus promises {promise}, and does not keep it" for promise, kept in promises.items() if not kept
    )


def _reviews_of(title: Title, corpus: Corpus) -> int:
    return sum(review.slug == title.slug for review in corpus.reviews)

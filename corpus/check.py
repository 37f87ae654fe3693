"""Finds what contradicts itself in the sample, and counts what is in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from urllib.parse import urlsplit

from corpus.built import built_files
from corpus.sample import Review, SampleError, Title, read_review, read_title, review_files, title_folders

WORDS = range(40, 401)
REVIEWS_PER_TITLE = range(8, 13)
LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True)
class Report:
    """The titles and reviews that could be read, and one line for each thing that is wrong."""

    titles: tuple[Title, ...]
    reviews: tuple[Review, ...]
    problems: tuple[str, ...]


def check_sources(sample: Traversable) -> Report:
    """Look through the written files."""
    titles: list[Title] = []
    reviews: list[Review] = []
    problems: list[str] = []
    for folder in title_folders(sample):
        try:
            title = read_title(folder)
        except SampleError as error:
            problems.append(str(error))
            continue
        titles.append(title)
        found: list[Review] = []
        for file in review_files(folder):
            try:
                found.append(read_review(file, title))
            except SampleError as error:
                problems.append(str(error))
        problems += [problem for review in found for problem in _review_problems(review)]
        problems += _title_problems(title, found, len(review_files(folder)))
        reviews += found
    if not titles:
        problems.append("no titles; add a folder with a title.toml to the sample")
    problems += _reprint_problems(reviews)
    return Report(tuple(titles), tuple(reviews), tuple(problems))


def stale_files(reviews: tuple[Review, ...], built: Traversable) -> Iterator[str]:
    """One line for each generated file that is missing or differs."""
    for name, wanted in built_files(reviews).items():
        file = built / name
        if not file.is_file():
            yield f"built/{name}: there is no such file; run python -m corpus build"
        elif file.read_bytes() != wanted.encode("ascii"):
            yield f"built/{name}: differs from the reviews; run python -m corpus build"


def table(report: Report) -> str:
    """Titles, reviews, words and labels per stance, as lines of text."""
    head = ("title", "reviews", "words", "positive", "negative", "neutral")
    rows = [
        _row(title.name, [review for review in report.reviews if review.slug == title.slug]) for title in report.titles
    ]
    rows.append(_row("all", list(report.reviews)))
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{first:<{width}}" + "".join(f"  {cell:>8}" for cell in rest) for first, *rest in (head, *rows))


def word_count(text: str) -> int:
    """How many words a text has, dirt and headings counted with the rest."""
    return len(text.split())


def _row(name: str, reviews: list[Review]) -> tuple[str, ...]:
    stances = Counter(label.stance for review in reviews for label in review.labels)
    words = sum(word_count(review.text) for review in reviews)
    counts = (len(reviews), words, stances["positive"], stances["negative"], stances["neutral"])
    return (name, *(str(count) for count in counts))


def _review_problems(review: Review) -> Iterator[str]:
    words = word_count(review.text)
    if words not in WORDS:
        yield f"{review.id}: {words} words; keep it from {WORDS.start} to {WORDS.stop - 1}"
    if not review.labels:
        yield f"{review.id}: no opinion is marked; mark at least one"
    if any(not character.isprintable() and character != "\n" for character in review.text):
        yield f"{review.id}: a control character in the text; take it out, and end lines with a plain newline"
    if not _is_date(review.date):
        yield f"{review.id}: '{review.date}' is no date; write it like 2024-05-31"
    if review.url is not None and not (urlsplit(review.url).hostname or "").endswith(".example"):
        yield f"{review.id}: the address '{review.url}' might be somebody's; use a host under .example"
    if review.lang is not None and not LANGUAGE.fullmatch(review.lang):
        yield f"{review.id}: '{review.lang}' is no language; write two letters, such as de"


def _is_date(text: str) -> bool:
    # fromisoformat alone would also take 20240531 and week dates.
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _title_problems(title: Title, reviews: list[Review], files: int) -> Iterator[str]:
    if files not in REVIEWS_PER_TITLE:
        least, most = REVIEWS_PER_TITLE.start, REVIEWS_PER_TITLE.stop - 1
        yield f"{title.slug}: {files} reviews; a title has from {least} to {most}"
    for review_id, times in Counter(review.id for review in reviews).items():
        if times > 1:
            yield f"{review_id}: {times} reviews have this number; give each its own"
    for critic, times in Counter(review.critic for review in reviews if review.critic).items():
        if times > 1:
            yield f"{title.slug}: {times} reviews by {critic}; a critic reviews a title once"


def _reprint_problems(reviews: list[Review]) -> Iterator[str]:
    """A reprint must carry the labels of the text it reprints."""
    first_with: dict[str, Review] = {}
    for review in reviews:
        first = first_with.setdefault(review.text, review)
        if first.labels != review.labels:
            yield f"{review.id}: same text as {first.id} but other labels; mark both alike"
        if first is not review and first.outlet == review.outlet:
            yield f"{review.id}: same text and outlet as {first.id}; a reprint has another outlet"

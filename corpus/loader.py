"""One split of the corpus as a program wants it: titles, reviews, questions.

The test split is read when it is asked for by name and by nothing else; nothing is tuned on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources.abc import Traversable

from corpus.derive import derived
from corpus.planted import votes
from corpus.questions import Question, handwritten
from corpus.reader import Review, Split, Title, read_review, read_title, review_files, split_folder, title_folders


@dataclass(frozen=True)
class Corpus:
    """A split: what was written, and what follows from it."""

    split: Split
    titles: tuple[Title, ...]
    reviews: tuple[Review, ...]
    """By title and number, reprints among them."""
    questions: tuple[Question, ...]


def load(split: Split = "dev", folder: Traversable | None = None) -> Corpus:
    """Read a split, from its own folder or another one. Raises CorpusError where a file is wrong."""
    folder = folder or split_folder(split)
    folders = title_folders(folder)
    titles = tuple(read_title(title_folder) for title_folder in folders)
    reviews = tuple(
        read_review(file, title)
        for title, title_folder in zip(titles, folders, strict=True)
        for file in review_files(title_folder)
    )
    return Corpus(split, titles, reviews, questions(folder, titles, reviews))


def questions(folder: Traversable, titles: tuple[Title, ...], reviews: tuple[Review, ...]) -> tuple[Question, ...]:
    """The derived questions of a split, and behind them the ones written by hand."""
    kept = {review.id: review for review in votes(reviews)}
    return (*derived(titles, reviews), *handwritten(folder, kept))

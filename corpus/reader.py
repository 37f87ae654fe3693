"""Reads the reviews as they were written: front matter, markup, one folder a title.

Everything is found through ``importlib.resources``, so it is read alike from a checkout and from
an installed wheel.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

import yaml

from corpus.labels import ASPECTS, Label
from corpus.markup import MarkupError, parse

FIELDS = ("critic", "outlet", "date", "rating", "url", "lang", "voice", "traps")
REQUIRED_FIELDS = ("outlet", "date", "voice")

TRAPS = (
    "plot",  # plot or plain facts between the opinions
    "sarcasm",
    "hedging",
    "backhanded",  # praise inside blame, or the reverse
    "pronoun",  # named once, judged over the sentences that follow
    "comparison",  # with other invented works
    "spoiler",
    "rating_contradicts",  # the rating says the opposite of the text
    "dirt",  # of scraping
    "reprint",  # the same text, from another outlet
    "near_duplicate",  # nearly the same text as another review of the title
    "bomb",  # one of several on a few days with a grievance that is not about the work
    "language",  # not English
    "orders",  # orders to the machine that reads it
    "severe",  # holds a severe complaint
)

Split = Literal["dev", "test"]
SPLITS: tuple[Split, ...] = ("dev", "test")

FENCE = "---\n"
REVIEW_FILE = re.compile(r"(?P<number>\d\d)-[a-z0-9]+(-[a-z0-9]+)*\.md")


@dataclass(frozen=True)
class Title:
    """What is reviewed."""

    slug: str
    name: str
    kind: str
    aliases: tuple[str, ...]
    silent: tuple[str, ...] = ()
    """Aspects of which no review says a word."""
    absent: tuple[str, ...] = ()
    """Other things that people ask about and no review mentions, as a question calls them."""


@dataclass(frozen=True)
class Review:
    """One review: its plain text, and the labels that were planted in it."""

    id: str
    title: str
    text: str
    labels: tuple[Label, ...]
    outlet: str
    date: str
    critic: str | None = None
    rating: str | None = None
    url: str | None = None
    lang: str | None = None
    voice: str = ""
    """What kind of person writes: a daily critic, an angry buyer."""
    traps: tuple[str, ...] = ()
    """What makes it hard, beside what the labels tell."""

    @property
    def slug(self) -> str:
        """The folder of its title."""
        return self.id.partition("/")[0]


class CorpusError(ValueError):
    """A file of the corpus cannot be read: which, and why."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")


def split_folder(split: Split) -> Traversable:
    """The folder that holds one folder for each title of the split."""
    return files("corpus") / split


def title_folders(folder: Traversable) -> list[Traversable]:
    """The folders that hold a title each, by name."""
    return sorted((entry for entry in folder.iterdir() if entry.is_dir()), key=lambda entry: entry.name)


def review_files(title_folder: Traversable) -> list[Traversable]:
    """The files of one title that ought to be reviews, by name."""
    others = (entry for entry in title_folder.iterdir() if entry.name != "title.toml")
    return sorted(others, key=lambda entry: entry.name)


def read_title(title_folder: Traversable) -> Title:
    """The title that a folder is about."""
    place = f"{title_folder.name}/title.toml"
    try:
        fields = tomllib.loads(_text(title_folder / "title.toml", place))
    except FileNotFoundError:
        raise CorpusError(place, "there is no such file; write name, kind and aliases into it") from None
    except tomllib.TOMLDecodeError as error:
        raise CorpusError(place, f"not TOML: {error}") from None
    name, kind = fields.get("name"), fields.get("kind")
    lists = {key: fields.get(key, []) for key in ("aliases", "silent", "absent")}
    if not isinstance(name, str) or not all(isinstance(value, list) for value in lists.values()):
        raise CorpusError(
            place, "needs a name and a kind as text, and lists of aliases, silent aspects and absent things"
        )
    if kind not in ASPECTS:
        raise CorpusError(place, f"unknown kind '{kind}'; use one of {', '.join(ASPECTS)}")
    return Title(title_folder.name, name, kind, **{key: tuple(map(str, value)) for key, value in lists.items()})


def read_review(file: Traversable, title: Title) -> Review:
    """One review file, parsed."""
    place = f"{title.slug}/{file.name}"
    named = REVIEW_FILE.fullmatch(file.name)
    if named is None:
        raise CorpusError(place, "a review is named NN-short-slug.md, in small letters and digits")
    fields, body, first_line = _split(_text(file, place), place)
    try:
        marked = parse(body, ASPECTS[title.kind], first_line)
    except MarkupError as error:
        raise CorpusError(place, str(error)) from None
    return Review(
        id=f"{title.slug}/{named['number']}",
        title=title.name,
        text=marked.text,
        labels=marked.labels,
        traps=tuple(filter(None, (trap.strip() for trap in fields.pop("traps", "").split(",")))),
        **fields,
    )


def _text(file: Traversable, place: str) -> str:
    # Bytes, because reading as text would hide a stray carriage return and shift the offsets.
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise CorpusError(place, "not UTF-8") from None


def _split(source: str, place: str) -> tuple[dict[str, str], str, int]:
    """The front matter, the body without outer blank lines, and the line the body begins on."""
    opening, front, body = [*source.split(FENCE, 2), "", ""][:3]
    if opening or not body:
        raise CorpusError(place, "needs front matter between two lines of '---', and a body after it")
    stripped = body.lstrip("\n")
    lines_before = source[: len(source) - len(stripped)].count("\n")
    return _fields(front, place), stripped.rstrip("\n"), lines_before + 1


def _fields(front: str, place: str) -> dict[str, str]:
    try:
        # The base loader leaves every value as it was written: "3/5" and dates stay text.
        fields = yaml.load(front, Loader=yaml.BaseLoader)  # noqa: S506 - it makes nothing but text
    except yaml.YAMLError as error:
        raise CorpusError(place, f"front matter is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(fields, dict):
        raise CorpusError(place, "front matter must be a list of 'key: value' lines")
    for key, value in fields.items():
        if key not in FIELDS:
            raise CorpusError(place, f"unknown field '{key}'; use one of {', '.join(FIELDS)}")
        if not isinstance(value, str) or not value.strip():
            raise CorpusError(place, f"field '{key}' must be text; give it a value or leave the line out")
    for key in REQUIRED_FIELDS:
        if key not in fields:
            raise CorpusError(place, f"field '{key}' is missing; add it to the front matter")
    return fields

"""Reads the sample reviews as they were written: front matter, markup, one folder a title.

Everything is found through ``importlib.resources``, so it is read alike from a checkout and from
an installed wheel.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml

from corpus.markup import Label, MarkupError, parse

FIELDS = ("critic", "outlet", "date", "rating", "url", "lang")
REQUIRED_FIELDS = ("outlet", "date")

FENCE = "---\n"
REVIEW_FILE = re.compile(r"(?P<number>\d\d)-[a-z0-9]+(-[a-z0-9]+)*\.md")


@dataclass(frozen=True)
class Title:
    """What is reviewed."""

    slug: str
    name: str
    kind: str
    aliases: tuple[str, ...]


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

    @property
    def slug(self) -> str:
        """The folder of its title."""
        return self.id.partition("/")[0]


class SampleError(ValueError):
    """A file of the sample cannot be read: which, and why."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")


def sample_folder() -> Traversable:
    """The folder that holds one folder for each title."""
    return files("corpus") / "sample"


def titles(folder: Traversable | None = None) -> Iterator[Title]:
    """Every title of the sample, by slug."""
    for title_folder in title_folders(folder or sample_folder()):
        yield read_title(title_folder)


def reviews(folder: Traversable | None = None) -> Iterator[Review]:
    """Every review of the sample, by title and number."""
    for title_folder in title_folders(folder or sample_folder()):
        title = read_title(title_folder)
        for file in review_files(title_folder):
            yield read_review(file, title)


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
        raise SampleError(place, "there is no such file; write name, kind and aliases into it") from None
    except tomllib.TOMLDecodeError as error:
        raise SampleError(place, f"not TOML: {error}") from None
    name, kind, aliases = fields.get("name"), fields.get("kind"), fields.get("aliases")
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(aliases, list):
        raise SampleError(place, "needs name and kind as text and aliases as a list")
    return Title(title_folder.name, name, kind, tuple(str(alias) for alias in aliases))


def read_review(file: Traversable, title: Title) -> Review:
    """One review file, parsed."""
    place = f"{title.slug}/{file.name}"
    named = REVIEW_FILE.fullmatch(file.name)
    if named is None:
        raise SampleError(place, "a review is named NN-short-slug.md, in small letters and digits")
    fields, body, first_line = _split(_text(file, place), place)
    try:
        marked = parse(body, first_line)
    except MarkupError as error:
        raise SampleError(place, str(error)) from None
    return Review(
        id=f"{title.slug}/{named['number']}",
        title=title.name,
        text=marked.text,
        labels=marked.labels,
        **fields,
    )


def _text(file: Traversable, place: str) -> str:
    # Bytes, because reading as text would hide a stray carriage return and shift the offsets.
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise SampleError(place, "not UTF-8") from None


def _split(source: str, place: str) -> tuple[dict[str, str], str, int]:
    """The front matter, the body without outer blank lines, and the line the body begins on."""
    opening, front, body = [*source.split(FENCE, 2), "", ""][:3]
    if opening or not body:
        raise SampleError(place, "needs front matter between two lines of '---', and a body after it")
    stripped = body.lstrip("\n")
    lines_before = source[: len(source) - len(stripped)].count("\n")
    return _fields(front, place), stripped.rstrip("\n"), lines_before + 1


def _fields(front: str, place: str) -> dict[str, str]:
    try:
        # The base loader leaves every value as it was written: "3/5" and dates stay text.
        fields = yaml.load(front, Loader=yaml.BaseLoader)  # noqa: S506 - it makes nothing but text
    except yaml.YAMLError as error:
        raise SampleError(place, f"front matter is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(fields, dict):
        raise SampleError(place, "front matter must be a list of 'key: value' lines")
    for key, value in fields.items():
        if key not in FIELDS:
            raise SampleError(place, f"unknown field '{key}'; use one of {', '.join(FIELDS)}")
        if not isinstance(value, str) or not value.strip():
            raise SampleError(place, f"field '{key}' must be text; give it a value or leave the line out")
    for key in REQUIRED_FIELDS:
        if key not in fields:
            raise SampleError(place, f"field '{key}' is missing; add it to the front matter")
    return fields

"""Aspects: what people speak of when they review a kind of thing. Read from TOML, one file a kind."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from rag import words
from rag.errors import InputError

GENERAL = "general"
# A fifth of the reviews of a title, and two of them, must use a word of a kind before the title is taken for one of it,
# and half as many again as use a word of any other. Of 300 films' snippets 282 are told so, and none wrongly.
_SHARE_FOR_KIND = 0.2
_REVIEWS_FOR_KIND = 2
_TIMES_FOR_KIND = 1.5

OVERALL, OTHER = "overall", "other"
"""The verdict on the whole, and what fits no aspect: ids that no taxonomy may give."""
_SHIPPED = resources.files("rag")
_BLOCK = re.compile(r"\s*\[\[\s*aspects\s*\]\]")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_EXAMPLE = "docs/consensus.md shows a whole one."
_own_folder: Path | None = None

Phrase = frozenset[str]
"""The stems of a word or phrase; all must occur."""


@dataclass(frozen=True)
class Aspect:
    """Something reviews speak of. `groups` are words of one meaning; the first group names the aspect itself."""

    id: str
    name: str
    description: str
    groups: tuple[tuple[Phrase, ...], ...]
    signals: tuple[Phrase, ...] = ()
    """Further words by which a sentence is of the aspect; no other name for it, so they widen no question."""
    examples: tuple[str, ...] = ()
    """What people say of it without naming it."""

    @property
    def mentions(self) -> tuple[Phrase, ...]:
        """Every word and phrase by which a sentence speaks of it."""
        return tuple(dict.fromkeys(phrase for group in self.groups for phrase in group))

    def asked_by(self, stems: frozenset[str]) -> tuple[Phrase, ...]:
        """The words that a question with these stems asks about: all of them, one group's, or none."""
        hits = [group for group in self.groups if any(phrase <= stems for phrase in group)]
        if not hits:
            return ()
        return self.mentions if hits[0] == self.groups[0] else tuple(p for group in hits for p in group)


@dataclass(frozen=True)
class Taxonomy:
    """The aspects of one kind of title, and the words by which the kind is known (`film`, `movie`)."""

    kind: str
    signs: tuple[str, ...]
    aspects: tuple[Aspect, ...]
    digest: str = ""
    """SHA-256 of its file: what was coded by another wording is coded anew."""

    def aspect(self, aspect_id: str) -> Aspect | None:
        """The aspect with this id."""
        return next((aspect for aspect in self.aspects if aspect.id == aspect_id), None)


@lru_cache
def load(kind: str) -> Taxonomy:
    """The taxonomy of a kind: the user's own, else ours. Raises InputError for a kind that has none."""
    if kind not in kinds():
        raise InputError(f"There is no kind of title called {kind!r}.", f"Use one of: {', '.join(kinds())}.")
    own = _own_files().get(kind)
    if own is not None:
        return _read(kind, str(own), own.read_bytes())
    return _read(kind, f"{kind}.toml", (_SHIPPED / "taxonomies" / f"{kind}.toml").read_bytes())


@lru_cache
def severities() -> tuple[Aspect, ...]:
    """The categories of severe complaints, in the form of aspects."""
    return _read("severe", "severe.toml", (_SHIPPED / "severe.toml").read_bytes()).aspects


def use_folder(folder: Path | None) -> None:
    """Where the user's own taxonomies lie, `<kind>.toml` each; for the whole process. Raises InputError."""
    global _own_folder
    if folder == _own_folder:
        return
    if folder is not None and not folder.is_dir():
        raise InputError(f"There is no folder {folder} of taxonomies.", "See PULLQUOTE_TAXONOMIES, or pullquote.toml.")
    _own_folder = folder
    for cached in (load, kinds):
        cached.cache_clear()


def _own_files() -> dict[str, Path]:
    return {} if _own_folder is None else {path.stem: path for path in sorted(_own_folder.glob("*.toml"))}


def _read(kind: str, name: str, content: bytes) -> Taxonomy:
    """Raises InputError with the line and the reason."""
    try:
        text = content.decode()
        raw = tomllib.loads(text)
    except ValueError as error:  # tomllib's and decode's errors alike; tomllib's name the line
        raise InputError(f"The taxonomy {name} can't be read: {error}.") from None
    blocks = raw.get("aspects")
    if not isinstance(blocks, list) or not blocks:
        raise InputError(f"The taxonomy {name} has no [[aspects]].", _EXAMPLE)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _BLOCK.match(line)]
    aspects: list[Aspect] = []
    for number, block in enumerate(blocks):
        wrong = _fault(block, {aspect.id for aspect in aspects})
        if wrong:
            place = f"at line {lines[number]}" if len(lines) == len(blocks) else f"number {number + 1}"
            raise InputError(f"The taxonomy {name} is wrong in the aspect {place}: {wrong}.", _EXAMPLE)
        groups = tuple(_group(group) for group in block["words"])
        signals, examples = _group(block.get("signals", ())), tuple(block.get("examples", ()))
        aspects.append(Aspect(block["id"], block["name"], block.get("description", ""), groups, signals, examples))
    if not _strings(raw.get("signs", [])):
        raise InputError(f"The taxonomy {name} is wrong: signs is a list of words.", _EXAMPLE)
    digest = hashlib.sha256(content).hexdigest()
    return Taxonomy(kind, tuple(raw.get("signs", ())), tuple(aspects), digest)


def _fault(block: object, taken: set[str]) -> str | None:
    """What is wrong with one aspect, as the file gives it."""
    if not isinstance(block, dict):
        return "it is no table"
    for field in ("id", "name"):
        if not isinstance(block.get(field), str) or not block[field].strip():
            return f"{field} is missing, or no text"
    if not _ID.fullmatch(block["id"]) or block["id"] in (OVERALL, OTHER):
        return f"the id {block['id']!r} is taken, or holds more than small letters, digits and dashes"
    if block["id"] in taken:
        return f"the id {block['id']!r} stands twice"
    groups = block.get("words")
    if not isinstance(groups, list) or not groups or not all(group and _strings(group) for group in groups):
        return "words is a list of lists of words"
    lists = ("signals", "examples")
    return next((f"{name} is a list of texts" for name in lists if not _strings(block.get(name, []))), None)


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)


def _group(phrases: Sequence[str]) -> tuple[Phrase, ...]:
    found = (frozenset(words.stems(phrase)) for phrase in phrases)
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))


@lru_cache
def kinds() -> tuple[str, ...]:
    """Every kind that has a taxonomy, in alphabetical order."""
    shipped = (path.name for path in (_SHIPPED / "taxonomies").iterdir() if path.name.endswith(".toml"))
    return tuple(sorted({*(name.removesuffix(".toml") for name in shipped), *_own_files()}))


def guess_kind(texts: Sequence[str]) -> str:
    """The kind whose words occur in enough of these reviews, and in clearly more than any other's; else `general`."""
    found = [frozenset(words.stems(text)) for text in texts]
    hits = {
        kind: sum(bool(stems & {words.stem(sign) for sign in load(kind).signs}) for stems in found) for kind in kinds()
    }
    (best, most), (_, second) = sorted(hits.items(), key=lambda pair: -pair[1])[:2]
    enough = max(_SHARE_FOR_KIND * len(texts), min(_REVIEWS_FOR_KIND, len(texts)), 1)
    return best if most >= enough and most >= _TIMES_FOR_KIND * second else GENERAL

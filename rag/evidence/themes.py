"""What is said outside every aspect → recurring themes, named from the reviews' own words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rag import words
from rag.findings import Theme

MOST = 5
_LEAST_REVIEWS = 3
_LEAST_SHARE = 0.15
_LEAST_LETTERS = 4


def themes(said: Mapping[str, Sequence[str]], common: frozenset[str]) -> tuple[Theme, ...]:
    """`said` are the sentences of each review. A theme is a word of enough of these reviews that is not `common`.

    It is named in the form in which it stands most often. The most frequent come first.
    """
    reviews: Counter[str] = Counter()
    forms: dict[str, Counter[str]] = {}
    for sentences in said.values():
        found = {}
        for token in (token for sentence in sentences for token in words.tokens(sentence)):
            stem = words.stem(token)
            if token not in words.STOP_WORDS and stem not in common and len(token) >= _LEAST_LETTERS:
                found[stem] = token
        for stem, token in found.items():
            reviews[stem] += 1
            forms.setdefault(stem, Counter())[token] += 1
    least = max(_LEAST_REVIEWS, _LEAST_SHARE * len(said))
    kept = sorted((-count, stem) for stem, count in reviews.items() if count >= least)
    return tuple(Theme(forms[stem].most_common(1)[0][0], -count) for count, stem in kept[:MOST])

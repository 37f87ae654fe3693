"""Findings and quotes with nothing in them but what a test counts."""

from __future__ import annotations

from hypothesis import strategies as st

from rag.evidence.verdicts import verdict
from rag.findings import Finding
from rag.records import Citation, Counts


def counts(positive: int = 0, negative: int = 0, mixed: int = 0, neutral: int = 0) -> Counts:
    """Of all that mention it: those that only praise, only blame, do both, or take no side."""
    return Counts(positive + negative + mixed + neutral, positive, negative, mixed)


def citation(text: str = "It glows.", review: str = "r1") -> Citation:
    return Citation(0, review, "salt", 0, len(text), text, "", "")


def finding(aspect: str, found: Counts, name: str | None = None, *, quoted: bool = True) -> Finding:
    """With a quote on each side that a review is on."""
    return Finding(
        id=aspect,
        aspect=aspect,
        name=name or f"the {aspect}",
        counts=found,
        verdict=verdict(found),
        praised=(citation(),) if quoted and found.positive + found.mixed else (),
        criticised=(citation("It drags.", "r2"),) if quoted and found.negative + found.mixed else (),
    )


few = st.integers(0, 12)
any_counts = st.builds(counts, few, few, few, few)

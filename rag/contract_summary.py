"""The JSON of summaries, comparisons and coding: records → the objects that docs/contract.md describes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rag.contract import Json
from rag.evidence import verdicts
from rag.evidence.share import share
from rag.findings import AspectDifference, Comparison, Consensus, Finding, Overall, Slice
from rag.records import Citation, Share

if TYPE_CHECKING:
    from rag.opinions import CodingReport

_NO_ADJUSTMENT = "how often the coder errs on one aspect of a review was not measured well enough to correct for it"


def summary(found: Consensus) -> Json:
    """`pullquote.summary/1`."""
    reviews = found.totals.read
    return {
        "schema": "pullquote.summary/1",
        "title": {"id": found.title.id, "name": found.title.name},
        "made": found.made,
        "totals": asdict(found.totals),
        "overall": _overall(found.overall, reviews),
        "statement": [
            {"kind": "paraphrase", "text": one.text, "citations": list(one.citations), "findings": list(one.findings)}
            for one in found.statement
        ],
        "findings": [_finding(one, reviews) for one in found.findings],
        "disagreements": list(found.disagreements),
        "minorities": [
            {
                "category": one.category,
                "text": severe(one.reviews, one.name, found.totals.reviews),
                "reviews": one.reviews,
                "citations": _ids(one.quotes),
            }
            for one in found.minorities
        ],
        "slices": [_slice(one, reviews) for one in (*found.slices, *(s for f in found.findings for s in f.slices))],
        "matrix": {
            "reviews": list(dict.fromkeys(cell.review_id for cell in found.cells)),
            "aspects": [one.aspect for one in found.findings],
            "cells": [
                {
                    "review_id": cell.review_id,
                    "aspect_id": cell.aspect,
                    "stance": cell.stance,
                    "score": cell.score,
                    "citation": cell.quote.id,
                }
                for cell in found.cells
            ],
        },
        "citations": citations(found.citations),
        "engine": asdict(found.engine),
        "coder": {"identity": found.coder, "measured": [dict(row) for row in found.measured]},
        "changed": list(found.changed),
        "dropped": [asdict(one) for one in found.dropped],
        "usage": asdict(found.usage),
        "warnings": list(found.warnings),
    }


def _overall(found: Overall, reviews: int) -> Json:
    several = reviews > 1
    return {
        "positive": found.positive,
        "negative": found.negative,
        "mixed": found.mixed,
        "positive_share": _share(share(found.positive + found.mixed, found.n) if several else None),
        "negative_share": _share(share(found.negative + found.mixed, found.n) if several else None),
        "unadjusted": {"k": found.above, "n": found.n},
        "adjusted": asdict(found.adjusted) if found.adjusted else None,
        "adjusted_why": found.adjusted_why,
        "contradictions": list(found.contradictions),
    }


def _finding(found: Finding, reviews: int) -> Json:
    counts = found.counts
    return {
        "id": found.id,
        "aspect": {"id": found.aspect, "name": found.name},
        "verdict": found.verdict,
        "mentioning": counts.mentioning,
        "praised": counts.positive,
        "criticised": counts.negative,
        "mixed": counts.mixed,
        "praised_share": _share(verdicts.side_share(counts, "praised", reviews)),
        "criticised_share": _share(verdicts.side_share(counts, "criticised", reviews)),
        "adjusted": None,
        "adjusted_why": _NO_ADJUSTMENT,
        "words": {
            "praised": verdicts.side_word(counts, "praised", reviews),
            "criticised": verdicts.side_word(counts, "criticised", reviews),
        },
        "themes": [asdict(theme) for theme in found.themes],
        "citations": {"for": _ids(found.praised), "against": _ids(found.criticised)},
        "stale": found.stale,
    }


def _slice(found: Slice, reviews: int) -> Json:
    return {
        "from": found.since,
        "to": found.until,
        "aspect_id": found.aspect,
        "totals": {"reviews": found.counts.mentioning},
        "praised_share": _share(verdicts.side_share(found.counts, "praised", reviews)),
        "criticised_share": _share(verdicts.side_share(found.counts, "criticised", reviews)),
    }


def severe(k: int, name: str, n: int) -> str:
    """How many reviews tell of something grave."""
    return f"{k} of {n} {'reviews' if n != 1 else 'review'} {'tells' if k == 1 else 'tell'} of {name}."


def comparison(found: Comparison) -> Json:
    """`pullquote.comparison/1`."""
    numbered: dict[tuple[str, int, int], int] = {}

    def ids(quotes: Iterable[Citation]) -> list[int]:
        return [numbered.setdefault((q.review_id, q.start, q.end), len(numbered) + 1) for q in quotes]

    aspects = [_difference(row, [ids(quotes) for quotes in row.quotes]) for row in found.aspects]
    every = {(q.review_id, q.start, q.end): q for row in found.aspects for quotes in row.quotes for q in quotes}
    cited = [asdict(every[place]) | {"id": number} for place, number in numbered.items()]
    return {
        "schema": "pullquote.comparison/1",
        "titles": [{"id": title.id, "name": title.name} for title in found.titles],
        "totals": [asdict(totals) for totals in found.totals],
        "aspects": aspects,
        "citations": cited,
        "warnings": list(found.warnings),
    }


def _difference(row: AspectDifference, ids: list[list[int]]) -> Json:
    return {
        "aspect": {"id": row.aspect, "name": row.name},
        "counts": [asdict(counts) for counts in row.counts],
        "shares": [_share(one) for one in row.shares],
        "difference": asdict(row.difference) if row.difference else None,
        "holds": row.holds,
        "citations": ids,
    }


def coded(report: CodingReport) -> Json:
    """`pullquote.code/1`: what a coding run did."""
    return {
        "schema": "pullquote.code/1",
        "titles": [asdict(title) for title in report.titles],
        "usage": asdict(report.usage),
        "warnings": list(report.warnings),
    }


def citations(found: Sequence[Citation]) -> list[Json]:
    """Every place that is cited, by number."""
    return [asdict(citation) for citation in found]


def _share(found: Share | None) -> Json | None:
    return asdict(found) if found is not None else None


def _ids(quotes: Iterable[Citation]) -> list[int]:
    return [quote.id for quote in quotes]

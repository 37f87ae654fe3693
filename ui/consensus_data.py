"""A consensus or a comparison → what the component shows: cards with bars and quotes, each with its source. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.contract_summary import severe
from rag.evidence import verdicts
from rag.evidence.share import share
from rag.findings import AspectDifference, Comparison, Consensus, Finding, Side
from rag.records import Citation, Review, Share
from ui import answer_data
from ui.safe import pieces

Json = dict[str, Any]
MOST_CARDS = 4
"""Of a verdict; what is mentioned less stands in the chart."""
_QUOTES = 1
_FEW_REVIEWS, _FEWEST_MENTIONS = 5, 2
"""Where there are more reviews than that, an aspect that one of them mentions gets no card."""
_HEADINGS = {"praised": "Praised", "criticised": "Criticised", "divided": "Divided"}
_VERBS: Mapping[Side, str] = {"praised": "praise it", "criticised": "criticise it"}


@dataclass(frozen=True)
class Shown:
    """The component's data, and the sources in it."""

    blocks: Sequence[Json]
    citations: Sequence[Citation]


def consensus(found: Consensus) -> Shown:
    """The statement, the whole, what is praised, criticised and divides, and what is severe however rare."""
    reviews = found.totals.read
    blocks = [_statement(found), _whole(found)]
    for verdict, heading in _HEADINGS.items():
        held = [one for one in found.findings if one.verdict == verdict and _worth_a_card(one, reviews)]
        cards = [_card(one, reviews) for one in held[:MOST_CARDS]]
        if cards:
            blocks.append({"block": "cards", "heading": heading, "cards": cards})
    grave = [
        {
            "name": pieces(severe(one.reviews, one.name, found.totals.reviews)),
            "bars": [],
            "quotes": [_quote(quote, "criticised") for quote in one.quotes],
        }
        for one in found.minorities
    ]
    if grave:
        blocks.append({"block": "alert", "heading": "Few, but serious", "cards": grave})
    return Shown([block for block in blocks if block], found.citations)


def comparison(found: Comparison) -> Shown:
    """A card an aspect, with both titles' bars and quotes, those whose difference holds first."""
    numbered = _numbered(quote for row in found.aspects for quotes in row.quotes for quote in quotes)
    held, others = ([row for row in found.aspects if row.holds is wanted] for wanted in (True, False))
    groups = (("What sets them apart", held), ("Differences that could be chance", others[:MOST_CARDS]))
    blocks = [
        {"block": "cards", "heading": heading, "cards": [_compared(row, found, numbered) for row in rows]}
        for heading, rows in groups
        if rows
    ]
    return Shown(blocks, [*numbered.values()])


def build(shown: Shown, reviews: Mapping[str, Review], titles: Mapping[str, str], widened: Mapping[int, int]) -> Json:
    """The component's data."""
    sources = [
        answer_data.source(one, reviews[one.review_id], titles, widened.get(one.id, 0)) for one in shown.citations
    ]
    return {"blocks": list(shown.blocks), "sources": sources}


def _statement(found: Consensus) -> Json:
    claims = [
        {"kind": "statement", "segments": [{"text": pieces(one.text)}, *({"chip": number} for number in one.citations)]}
        for one in found.statement
    ]
    return {"block": "claims", "claims": claims} if claims else {}


def _whole(found: Consensus) -> Json:
    """The overall stance, with what is known of the coder's error."""
    overall = found.overall
    several = share(overall.positive + overall.mixed, overall.n) if found.totals.read > 1 and overall.n else None
    if several is None:
        return {}
    said = (
        f"{overall.positive} for it, {overall.negative} against, {overall.mixed} between. "
        f"For it or between: {several.k} of {several.n}"
    )
    notes = []
    if overall.adjusted:
        one = overall.adjusted
        notes.append(
            f"Allowing for how often the coder errs, {_round(one.value)} % are for it "
            f"({_round(one.low)}–{_round(one.high)})."
        )
    elif overall.adjusted_why:
        notes.append(f"Not adjusted for the coder’s error: {overall.adjusted_why}.".replace("..", "."))
    if overall.contradictions:
        one_only = len(overall.contradictions) == 1
        said_of = (
            "rating says the opposite of its review’s" if one_only else "ratings say the opposite of their reviews’"
        )
        notes.append(f"{len(overall.contradictions)} {said_of} words.")
    card = {"name": pieces("The whole"), "bars": [_bar("praised", said, several)], "quotes": [],
            "notes": [pieces(note) for note in notes]}  # fmt: skip
    return {"block": "whole", "cards": [card]}


def _worth_a_card(finding: Finding, reviews: int) -> bool:
    return finding.aspect != "other" and (reviews < _FEW_REVIEWS or finding.counts.mentioning >= _FEWEST_MENTIONS)


def _card(finding: Finding, reviews: int) -> Json:
    """An aspect: a bar for each side that anybody is on, and the best quotes of both."""
    bars, quotes = [], []
    sides: tuple[Side, Side] = ("praised", "criticised")
    order = sides if finding.total_praised >= finding.total_criticised else sides[::-1]
    for side in order:
        count = finding.total_praised if side == "praised" else finding.total_criticised
        told = verdicts.side_share(finding.counts, side, reviews)
        if count:
            verb = _VERBS[side].replace(" it", f" {finding.pronoun}")
            said = f"{count} of {finding.counts.mentioning} that mention {finding.pronoun} {verb}"
            bars.append(_bar(side, said, told))
        said_by = finding.praised if side == "praised" else finding.criticised
        # A sentence that does both stands once, with the side that more are on.
        shown = {one["chip"] for one in quotes}
        quotes += [_quote(one, side) for one in said_by if one.id not in shown][:_QUOTES]
    return {"name": pieces(_capital(finding.name)), "bars": bars, "quotes": quotes, "stale": finding.stale}


def _compared(row: AspectDifference, found: Comparison, numbered: Mapping[tuple[str, int, int], Citation]) -> Json:
    bars, quotes = [], []
    for title, told, counts, said in zip(found.titles, row.shares, row.counts, row.quotes, strict=True):
        count = counts.positive + counts.mixed
        bars.append(_bar("praised", f"{title.name}: {count} of {counts.mentioning} praise it", told))
        for one in said[:1]:
            side: Side = "criticised" if one.stance == "negative" else "praised"
            quotes.append(_quote(numbered[_place(one)], side, title.name))
    notes = []
    if row.difference is not None:
        one_ = row.difference
        notes.append(f"{_signed(one_.value)} points ({_signed(one_.low)} to {_signed(one_.high)})")
    return {
        "name": pieces(_capital(row.name)),
        "bars": bars,
        "quotes": quotes,
        "notes": [pieces(note) for note in notes],
    }


def _bar(side: Side, said: str, told: Share | None) -> Json:
    """Shares from 0 to 1, and as they are written; without one only the words are shown."""
    ends = {"share": f"({_percent(told)})", "at": told.value, "low": told.low, "high": told.high} if told else {}
    return {"side": side, "text": pieces(said), **ends}


def _quote(quote: Citation, side: Side, title: str = "") -> Json:
    who = " · ".join(part for part in (title, quote.critic or "Unsigned", quote.outlet) if part)
    return {"side": side, "quote": pieces(quote.quote), "who": pieces(" ".join(who.split())), "chip": quote.id}


def _numbered(quotes: Iterable[Citation]) -> dict[tuple[str, int, int], Citation]:
    """Each place once, with a number of its own."""
    found: dict[tuple[str, int, int], Citation] = {}
    for quote in quotes:
        found.setdefault(_place(quote), replace(quote, id=len(found) + 1))
    return found


def _place(quote: Citation) -> tuple[str, int, int]:
    return quote.review_id, quote.start, quote.end


def _percent(told: Share) -> str:
    return f"{_round(told.value)} %, {_round(told.low)}–{_round(told.high)}"


def _round(value: float) -> str:
    return f"{100 * value:.0f}"


def _signed(value: float) -> str:
    return f"{100 * value:+.0f}".replace("-", "−")


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]

"""Two summaries of a title → what is different, in words. Pure."""

from __future__ import annotations

from rag.evidence import verdicts
from rag.findings import Consensus, Finding, Side

_MOST = 10


def since(before: Consensus, now: Consensus) -> tuple[str, ...]:
    """What changed from one summary to the next, the number of reviews first, then what changed sides, then counts."""
    found = []
    gained = now.totals.reviews - before.totals.reviews
    if gained:
        change = f"{abs(gained)} {'more' if gained > 0 else 'fewer'}"
        found.append(f"{now.totals.reviews} reviews, {change} than before.")
    old = {one.id: one for one in before.findings}
    sides, counts = [], []
    for one in now.findings:
        was = old.pop(one.id, None)
        if was is None:
            sides.append(f"{_first_up(one.name)}: not mentioned before.")
        elif was.verdict != one.verdict:
            sides.append(f"{_first_up(one.name)}: {_said(one)}; before: {_said(was)}.")
        elif was.counts != one.counts:
            counts += _counts(was, one, now.totals.read)
    gone = [f"{_first_up(one.name)}: not mentioned any more." for one in old.values()]
    return tuple([*found, *_severe(before, now), *sides, *gone, *counts][:_MOST])


def _severe(before: Consensus, now: Consensus) -> list[str]:
    was, found = ({one.category: one for one in summary.minorities} for summary in (before, now))
    lines = []
    for category, minority in (was | found).items():
        old, new = (one[category].reviews if category in one else 0 for one in (was, found))
        if old != new:
            lines.append(f"Severe complaints ({minority.name}): {new}, before {old}.")
    return lines


def _said(one: Finding) -> str:
    return {"divided": "it divides", "neither": "no side has it"}.get(one.verdict, one.verdict)


def _counts(was: Finding, one: Finding, reviews: int) -> list[str]:
    side: Side = "praised" if one.total_praised >= one.total_criticised else "criticised"
    before, now = (verdicts.counted(finding, side, reviews, "short") for finding in (was, one))
    if before == now:
        return []
    return [f"{_first_up(one.name)}: {side} by {now}, before by {before}."]


def _first_up(name: str) -> str:
    return name[:1].upper() + name[1:]

"""Two titles, aspect by aspect: which differences of shares hold, and a quote for each side."""

from __future__ import annotations

from rag import taxonomy
from rag.errors import InputError
from rag.evidence import verdicts
from rag.evidence.share import difference
from rag.findings import AspectDifference, Comparison, Side
from rag.quotes import Quoter
from rag.records import Citation, Counts, Title
from rag.reviews import tally
from rag.reviews.store import Reading

_CONSIDERED = 12


def compare(reading: Reading, titles: tuple[Title, Title]) -> Comparison:
    """The share of reviews that praise an aspect, of those that mention it, in each title and their difference.

    Raises InputError for a title and itself.
    """
    first, second = titles
    if first.id == second.id:
        raise InputError(f"“{first.name}” can't be compared with itself.", "Name two titles; see: pullquote titles")
    totals = tally.totals(reading, [first.id, second.id])
    counts = [tally.by_aspect(reading, title.id) for title in titles]
    names = {aspect.id: aspect.name for title in titles for aspect in taxonomy.load(title.kind).aspects}
    shared = [aspect for aspect in names if all(aspect in found for found in counts)]
    quoter = Quoter(reading)
    rows = [
        _row(quoter, reading, titles, aspect, names[aspect], (counts[0][aspect], counts[1][aspect]))
        for aspect in shared
    ]
    rows.sort(key=lambda row: (not row.holds, -min(one.mentioning for one in row.counts), row.aspect))
    warnings = [
        f"{totals[title.id].uncoded} of {totals[title.id].reviews} reviews of {title.name} are not coded."
        for title in titles
        if totals[title.id].uncoded
    ]
    if first.kind != second.kind:
        warnings.append(f"One is a {first.kind}, the other a {second.kind}: only what both kinds have is compared.")
    return Comparison(titles, (totals[first.id], totals[second.id]), tuple(rows), tuple(warnings))


def _row(
    quoter: Quoter,
    reading: Reading,
    titles: tuple[Title, Title],
    aspect: str,
    name: str,
    counts: tuple[Counts, Counts],
) -> AspectDifference:
    # A title of one review has no share; the difference of nothing is nothing.
    first, second = (verdicts.side_share(one, "praised", one.mentioning) for one in counts)
    found = difference(first, second) if first and second else None

    def quotes(title: Title, own: Counts) -> tuple[Citation, ...]:
        more: Side = "praised" if own.positive >= own.negative else "criticised"
        return quoter.best(tally.telling(reading, title.id, aspect, more, _CONSIDERED), 1)

    return AspectDifference(
        aspect,
        name,
        counts,
        (first, second),
        found,
        (quotes(titles[0], counts[0]), quotes(titles[1], counts[1])),
    )

"""A consensus as the component shows it: every number from the counts, every quote with its source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rag.evidence import verdicts
from rag.findings import Consensus
from rag.library import Library
from ui import charts, consensus_data

TITLE, OTHER = "The Salt Ladder", "My Aunt the Weather"


@pytest.fixture(scope="module")
def library(sample_library: Path) -> Any:
    with Library.open(sample_library) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(library: Library) -> Consensus:
    return library.summary(TITLE)


def text(pieces: list[Any]) -> str:
    return "".join(piece if isinstance(piece, str) else piece["raw"] for piece in pieces)


def cards(shown: consensus_data.Shown) -> list[dict[str, Any]]:
    return [card for block in shown.blocks for card in block.get("cards", [])]


def test_every_quote_stands_in_its_source_and_has_a_chip_that_opens_it(library: Library, found: Consensus) -> None:
    shown = consensus_data.consensus(found)
    reviews = {one.review_id: library.review(one.review_id) for one in shown.citations}
    data = consensus_data.build(shown, reviews, {}, {})
    sources = {one["id"]: one for one in data["sources"]}
    quotes = [quote for card in cards(shown) for quote in card["quotes"]]

    assert len(quotes) > 5
    for quote in quotes:
        assert text(sources[quote["chip"]]["mark"]) == text(quote["quote"])
    chips = [
        part["chip"]
        for block in data["blocks"]
        for claim in block.get("claims", [])
        for part in claim["segments"]
        if "chip" in part
    ]
    assert chips and set(chips) <= sources.keys()


def test_bars_say_what_the_findings_count(found: Consensus) -> None:
    shown = consensus_data.consensus(found)
    by_name = {text(card["name"]): card for card in cards(shown)}
    for finding in found.findings:
        card = by_name.get(finding.name[:1].upper() + finding.name[1:])
        for bar in card["bars"] if card else []:
            side = bar["side"]
            count = finding.total_praised if side == "praised" else finding.total_criticised
            share = verdicts.side_share(finding.counts, side, found.totals.read)
            assert text(bar["text"]).startswith(f"{count} of {finding.counts.mentioning} ") and share is not None
            assert (bar["at"], bar["low"], bar["high"]) == (share.value, share.low, share.high)


def test_what_is_severe_is_shown_however_few_say_it(found: Consensus) -> None:
    alerts = [block for block in consensus_data.consensus(found).blocks if block["block"] == "alert"]

    assert found.minorities and len(alerts) == 1 and len(alerts[0]["cards"]) == len(found.minorities)
    assert all(card["quotes"] for card in alerts[0]["cards"])


def test_a_comparison_has_a_bar_and_a_quote_for_each_title(library: Library) -> None:
    shown = consensus_data.comparison(library.compare(TITLE, OTHER))

    assert shown.blocks and [one.id for one in shown.citations] == list(range(1, len(shown.citations) + 1))
    for card in cards(shown):
        assert [text(bar["text"]).split(": ")[0] for bar in card["bars"]] == [TITLE, OTHER]
        assert all(quote["chip"] <= len(shown.citations) for quote in card["quotes"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_hold_the_same_figures_and_fixed_names(found: Consensus, theme: charts.Theme) -> None:
    chart = charts.aspects(found, theme)
    assert chart is not None
    rows = (
        chart.to_dict()["layer"][0]["data"]["values"]
        if "data" in chart.to_dict()["layer"][0]
        else chart.to_dict()["data"]["values"]
    )
    counted = {(one.name.removeprefix("the "), side): verdicts.side_share(one.counts, side, found.totals.read)
               for one in found.findings for side in ("praised", "criticised")}  # fmt: skip
    for row in rows:
        share = counted[row["aspect"], "praised" if row["side"] == "praise" else "criticised"]
        assert share is not None and abs(row["share"]) == share.value and row["told"] == f"{share.k} of {share.n}"

    matrix = charts.reviews(found, {}, theme)
    assert matrix is not None
    columns, _ = charts.order_of(found.cells)
    assert len(columns) <= 50 and len({(cell.review_id, cell.aspect) for cell in found.cells}) == len(found.cells)


def test_a_title_without_dates_or_opinions_has_no_chart(library: Library, found: Consensus) -> None:
    assert charts.over_time((), "light") is None and charts.over_time(found.slices[:1], "light") is None

"""A consensus as charts: aspects from a middle line, reviews by aspects, and change over time. Pure.

Field names are fixed and ours: a name in a review never becomes one, for Altair would read it as syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

from rag.evidence import verdicts
from rag.evidence.share import share
from rag.findings import Cell, Consensus, Slice
from ui.safe import one_line

Theme = Literal["light", "dark"]
PICKED = "picked"
"""The name of the heat map's selection."""
_ROW, _FRAME = 26, 90
_MOST_ASPECTS = 14
_SIGNS = {"positive": "+", "negative": "−", "mixed": "±", "neutral": "·"}
_NAME_LENGTH = 60


@dataclass(frozen=True)
class _Colours:
    praise: str
    blame: str
    both: str
    ink: str
    line: str


_COLOURS: dict[Theme, _Colours] = {
    "light": _Colours("#1f6b70", "#a8480f", "#6f675d", "#211d1a", "#d8d0c3"),
    "dark": _Colours("#6cc3c8", "#f0a06a", "#b3aaa0", "#ece7e0", "#413a34"),
}


def aspects(found: Consensus, theme: Theme) -> alt.LayerChart | None:
    """What is praised to the right of a middle line, what is criticised to the left, of those that mention it."""
    colours, rows = _COLOURS[theme], list(_sides(found))
    if not rows:
        return None
    order = list(dict.fromkeys(row["aspect"] for row in rows))
    data = alt.Data(values=rows)
    shared = {"y": alt.Y("aspect:N", sort=order, title=None, axis=_axis(colours, ticks=False))}
    across = alt.X(
        "share:Q",
        title="share of the reviews that mention it",
        scale=alt.Scale(domain=[-1, 1]),
        axis=_axis(colours, labelExpr="format(abs(datum.value), '.0%')", grid=True, values=[-1, -0.5, 0, 0.5, 1]),
    )
    sides = alt.Scale(domain=["criticise", "praise"], range=[colours.blame, colours.praise])
    tips = [alt.Tooltip("aspect:N"), alt.Tooltip("side:N"), alt.Tooltip("told:N", title="reviews")]
    bars = alt.Chart(data).mark_bar(height=_ROW * 0.55).encode(
        x=across, color=alt.Color("side:N", scale=sides, title=None, legend=_legend(colours)), tooltip=tips, **shared
    )  # fmt: skip
    ranges = alt.Chart(data).mark_rule(color=colours.ink, strokeWidth=2).encode(x="low:Q", x2="high:Q", **shared)
    chart = alt.layer(bars, ranges).properties(height=_ROW * len(order) + _FRAME)
    return _plain(chart, colours)


def _sides(found: Consensus) -> Iterable[dict[str, Any]]:
    reviews = found.totals.read
    for one in [one for one in found.findings if one.aspect != "other"][:_MOST_ASPECTS]:
        for side, sign in (("praised", 1), ("criticised", -1)):
            told = verdicts.side_share(one.counts, side, reviews)  # type: ignore[arg-type]
            if told is not None:
                verb = "praise" if sign > 0 else "criticise"
                yield {
                    "aspect": _short(one.name.removeprefix("the ")),
                    "side": verb,
                    "share": sign * told.value,
                    "low": sign * told.low,
                    "high": sign * told.high,
                    "told": f"{told.k} of {told.n}",
                }


def reviews(found: Consensus, critics: dict[str, str], theme: Theme) -> alt.LayerChart | None:
    """Aspects by reviews: who praises and who blames what. A cell can be picked; its place is `aspect`, `number`."""
    if not found.cells:
        return None
    colours = _COLOURS[theme]
    columns, rows = order_of(found.cells)
    names = {one.aspect: one.name.removeprefix("the ") for one in found.findings}
    values = [
        {
            "aspect": _short(names.get(cell.aspect, cell.aspect)),
            "number": columns.index(cell.review_id) + 1,
            "key": f"{columns.index(cell.review_id)}:{rows.index(cell.aspect)}",
            "stance": _WORDS[cell.stance],
            "sign": _SIGNS[cell.stance],
            "critic": _short(critics.get(cell.review_id, "unsigned")),
        }
        for cell in found.cells
    ]
    data = alt.Data(values=values)
    picked = alt.selection_point(name=PICKED, fields=["key"])
    stances = alt.Scale(
        domain=["praise", "criticise", "both", "neither"],
        range=[colours.praise, colours.blame, colours.both, colours.line],
    )
    shared = {
        "x": alt.X("number:O", title="reviews, the most telling first", axis=_axis(colours, labelAngle=0)),
        "y": alt.Y("aspect:N", sort=[_short(names.get(row, row)) for row in rows], title=None, axis=_axis(colours)),
    }
    tips = [alt.Tooltip("critic:N"), alt.Tooltip("aspect:N"), alt.Tooltip("stance:N")]
    colour = alt.Color("stance:N", scale=stances, title=None, legend=_legend(colours))
    squares = alt.Chart(data).mark_rect(cornerRadius=2).encode(
        color=colour, opacity=alt.condition(picked, alt.value(1), alt.value(0.45)), tooltip=tips, **shared
    ).add_params(picked)  # fmt: skip
    ink = "#ffffff" if theme == "light" else "#161514"
    signs = alt.Chart(data).mark_text(color=ink, fontWeight=700).encode(text="sign:N", tooltip=tips, **shared)
    chart = alt.layer(squares, signs).properties(height=_ROW * len(rows) + _FRAME)
    return _plain(chart, colours)


def order_of(cells: Sequence[Cell]) -> tuple[list[str], list[str]]:
    """Reviews and aspects of a heat map, in the order in which they are drawn."""
    return list(dict.fromkeys(cell.review_id for cell in cells)), list(dict.fromkeys(cell.aspect for cell in cells))


def over_time(slices: Sequence[Slice], theme: Theme) -> alt.LayerChart | None:
    """Of the reviews of each month or year, the share that is for it, with its interval; None with fewer than two."""
    colours = _COLOURS[theme]
    values = []
    for one in slices:
        told = share(one.counts.positive + one.counts.mixed, one.counts.mentioning) if one.counts.mentioning else None
        if told is not None:
            said = f"{told.k} of {told.n}"
            values.append({"when": one.since, "value": told.value, "low": told.low, "high": told.high, "told": said})
    if len(values) < 2:
        return None
    data = alt.Data(values=values)
    when = alt.X("when:O", title=None, axis=_axis(colours, labelAngle=0))
    scale, tips = alt.Scale(domain=[0, 1]), [alt.Tooltip("when:O"), alt.Tooltip("told:N", title="reviews for it")]
    up = alt.Y("value:Q", title="for it", scale=scale, axis=_axis(colours, format=".0%", grid=True))
    band = alt.Chart(data).mark_rule(color=colours.line, strokeWidth=6).encode(x=when, y="low:Q", y2="high:Q")
    line = alt.Chart(data).mark_line(color=colours.praise, point=alt.OverlayMarkDef(size=70, filled=True)).encode(
        x=when, y=up, tooltip=tips
    )  # fmt: skip
    return _plain(alt.layer(band, line).properties(height=240), colours)


_WORDS = {"positive": "praise", "negative": "criticise", "mixed": "both", "neutral": "neither"}


def _short(name: str) -> str:
    line = one_line(name)
    return line if len(line) <= _NAME_LENGTH else line[: _NAME_LENGTH - 1] + "…"


def _axis(colours: _Colours, **more: Any) -> alt.Axis:
    told = {"labelColor": colours.ink, "titleColor": colours.ink, "gridColor": colours.line, "domain": False,
            "labelFontSize": 13, "labelLimit": 220, "titleFontWeight": "normal", "grid": False}  # fmt: skip
    return alt.Axis(**{**told, **more})


def _legend(colours: _Colours) -> alt.Legend:
    return alt.Legend(orient="top", labelColor=colours.ink, labelFontSize=13)


def _plain(chart: alt.LayerChart, colours: _Colours) -> alt.LayerChart:
    return chart.configure_view(stroke=None).configure(background="transparent").configure_axis(tickColor=colours.line)

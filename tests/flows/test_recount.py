"""Every number of a summary, counted again from the export by independent code, on the sample with the real model."""

from __future__ import annotations

import json
import re
from collections import Counter
from math import sqrt
from typing import Any

import pytest

from rag.library import Library
from tests.flows.conftest import Run

Json = dict[str, Any]
LETTERS = dict(
    zip("A+ A A- B+ B B- C+ C C- D+ D D-".split(), (100, 100, 91, 83, 75, 67, 58, 50, 42, 33, 25, 16), strict=True)
)


@pytest.fixture
def exported(sample_library: Library, typed: Run) -> Json:
    code, out, _ = typed("export", "--json", "--library", str(sample_library.path))
    assert code == 0
    return json.loads(out)  # type: ignore[no-any-return]


@pytest.fixture
def summaries(sample_library: Library, typed: Run) -> list[Json]:
    code, out, _ = typed("summary", "--all", "--json", "--library", str(sample_library.path))
    assert code == 0
    return json.loads(out)["summaries"]  # type: ignore[no-any-return]


# ── the independent code ─────────────────────────────────────────────────────────────────────────


def side(opinions: list[Json]) -> str:
    """What a review does with an aspect."""
    weights = [
        (one["stance"], one["certainty"] * (1 if one["stance"] == "mixed" else abs(one["score"]))) for one in opinions
    ]
    praise, blame = (
        sum(w for stance, w in weights if stance in (which, "mixed")) for which in ("positive", "negative")
    )
    if praise > 0 and blame > 0 and min(praise, blame) >= 0.6 * max(praise, blame):
        return "mixed"
    return "positive" if praise > blame else "negative" if blame > praise else "neutral"


def score(review: Json, opinions: list[Json]) -> float | None:
    """A review's own rating on a scale of -1 to 1, else the mean of its sentences; verdicts on the whole weigh twice."""
    if rating := review["rating"]:
        if rating in LETTERS:
            share = LETTERS[rating] / 100
        elif "★" in rating:
            share = (rating.count("★") + rating.count("½") / 2) / 5
        else:
            k, n = map(float, rating.split("/"))
            share = k / n
        return round(2 * share - 1, 2)
    if not opinions:
        return None
    places: dict[int, tuple[float, float]] = {}
    for one in opinions:
        weight = one["certainty"] * (2 if one["aspect"] == "overall" else 1)
        first, most = places.get(one["start"], (one["score"], 0))
        places[one["start"]] = (first, max(most, weight))
    return round(sum(s * w for s, w in places.values()) / sum(w for _, w in places.values()), 2)


def wilson(k: int, n: int) -> list[float]:
    """Value, low and high of k of n."""
    z, p = 1.959964, k / n
    middle, half = p + z * z / 2 / n, z * sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return [p, (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)]


def assert_share(share: Json, k: int, n: int) -> None:
    assert (share["k"], share["n"]) == (k, n)
    assert [share[name] for name in ("value", "low", "high")] == pytest.approx(wilson(k, n), abs=1e-6)


class Title:
    """What the export holds of one title."""

    def __init__(self, exported: Json, title_id: str) -> None:
        self.reviews = {one["id"]: one for one in exported["reviews"] if one["title_id"] == title_id}
        self.opinions = [one for one in exported["opinions"] if one["review_id"] in self.reviews]
        self.read = {name: one for name, one in self.reviews.items() if one["lang"] in (None, "en")}

    def of(self, review: str, aspect: str | None = None) -> list[Json]:
        return [o for o in self.opinions if o["review_id"] == review and aspect in (None, o["aspect"])]

    def sides(self, aspect: str, period: str = "") -> Counter[str]:
        speaking = {one["review_id"] for one in self.opinions if one["aspect"] == aspect}
        return Counter(
            side(self.of(name, aspect)) for name in speaking if (self.reviews[name]["date"] or "").startswith(period)
        )

    def whole(self, period: str = "") -> Counter[str]:
        scores = [
            score(one, self.of(name)) for name, one in self.read.items() if (one["date"] or "").startswith(period)
        ]
        known = [one for one in scores if one is not None]
        sides = Counter("positive" if one >= 0.2 else "negative" if one <= -0.2 else "mixed" for one in known)
        return sides + Counter(above=sum(one > 0 for one in known))


# ── the tests ────────────────────────────────────────────────────────────────────────────────────


def test_every_number_of_a_summary_can_be_recomputed_from_the_export(exported: Json, summaries: list[Json]) -> None:
    assert len(summaries) == 3
    for summary in summaries:
        title = Title(exported, summary["title"]["id"])
        assert_totals_and_overall(summary, title)
        assert_findings(summary, title)
        for minority in summary["minorities"]:
            severe = {one["review_id"] for one in title.opinions if one["severity"] == minority["category"]}
            assert minority["reviews"] == len(severe)
        assert {one["severity"] for one in title.opinions} - {None} == {
            one["category"] for one in summary["minorities"]
        }
        assert_slices(summary, title)
        assert_cells(summary, title)
        assert_statement(summary)


def assert_totals_and_overall(summary: Json, title: Title) -> None:
    totals, overall, sides = summary["totals"], summary["overall"], title.whole()
    coded = len({one["review_id"] for one in title.opinions})
    failed = len(title.reviews) - len(title.read)
    assert totals == {"reviews": len(title.reviews), "coded": coded, "no_opinion": len(title.read) - coded,
                      "failed": failed, "uncoded": 0}  # fmt: skip
    n = sides["positive"] + sides["negative"] + sides["mixed"]
    assert {name: overall[name] for name in ("positive", "negative", "mixed")} == {
        name: sides[name] for name in ("positive", "negative", "mixed")
    }
    assert_share(overall["positive_share"], sides["positive"] + sides["mixed"], n)
    assert_share(overall["negative_share"], sides["negative"] + sides["mixed"], n)
    assert overall["unadjusted"] == {"k": sides["above"], "n": n}
    assert overall["adjusted"] is None and overall["adjusted_why"]  # fewer than twenty reviews


def assert_findings(summary: Json, title: Title) -> None:
    aspects = {one["aspect"] for one in title.opinions} - {"overall"}
    assert {finding["id"] for finding in summary["findings"]} == aspects
    for finding in summary["findings"]:
        sides = title.sides(finding["id"])
        n = sides.total()
        held = (finding["mentioning"], finding["praised"], finding["criticised"], finding["mixed"])
        assert held == (n, sides["positive"], sides["negative"], sides["mixed"])
        assert_share(finding["praised_share"], sides["positive"] + sides["mixed"], n)
        assert_share(finding["criticised_share"], sides["negative"] + sides["mixed"], n)
        smaller = min(sides["positive"], sides["negative"])
        assert (finding["id"] in summary["disagreements"]) == (smaller >= 2 and smaller >= n / 4)


def assert_slices(summary: Json, title: Title) -> None:
    assert summary["slices"]
    for part in summary["slices"]:
        whole = part["aspect_id"] is None
        sides = title.whole(part["from"]) if whole else title.sides(part["aspect_id"], part["from"])
        n = sides.total() - sides["above"]
        assert part["totals"]["reviews"] == n
        assert_share(part["praised_share"], sides["positive"] + sides["mixed"], n)
        assert_share(part["criticised_share"], sides["negative"] + sides["mixed"], n)


def assert_cells(summary: Json, title: Title) -> None:
    cited = {citation["id"]: citation for citation in summary["citations"]}
    assert len(summary["matrix"]["reviews"]) <= 50
    for cell in summary["matrix"]["cells"]:
        said = title.of(cell["review_id"], cell["aspect_id"])
        assert cell["stance"] == side(said)
        mean = sum(one["score"] * one["certainty"] for one in said) / sum(one["certainty"] for one in said)
        assert cell["score"] == pytest.approx(mean, abs=1e-4)
        assert cited[cell["citation"]]["review_id"] == cell["review_id"]


def assert_statement(summary: Json) -> None:
    """A number in the statement is one of the findings that the sentence rests on."""
    known = {one["id"]: one for one in summary["findings"]}
    overall = summary["overall"]
    for sentence in summary["statement"]:
        allowed = {str(n) for name in sentence["findings"] if name in known for n in numbers(known[name])}
        if "overall" in sentence["findings"]:
            allowed |= {str(overall[side]["k"]) for side in ("positive_share", "negative_share")}
            allowed |= {str(overall[name]) for name in ("positive", "negative", "mixed")}
            allowed |= {str(overall["unadjusted"]["n"])}
        named = sentence["text"].replace(summary["title"]["name"], "")
        assert set(re.findall(r"\d+", named)) <= allowed


def numbers(finding: Json) -> set[int]:
    return {finding["mentioning"], finding["praised_share"]["k"], finding["criticised_share"]["k"]}


def test_every_quote_is_an_exact_slice_of_an_exported_review_at_an_opinion(
    exported: Json, summaries: list[Json]
) -> None:
    texts = {review["id"]: review["text"] for review in exported["reviews"]}
    for opinion in exported["opinions"]:
        said = texts[opinion["review_id"]][opinion["start"] : opinion["end"]]
        assert said and said == said.strip()
    for summary in summaries:
        title = Title(exported, summary["title"]["id"])
        assert summary["citations"]
        for citation in summary["citations"]:
            assert texts[citation["review_id"]][citation["start"] : citation["end"]] == citation["quote"]
            inside = [o for o in title.of(citation["review_id"]) if citation["start"] <= o["start"] < citation["end"]]
            assert citation["stance"] in {one["stance"] for one in inside}
        for finding in summary["findings"]:
            for numbers in finding["citations"].values():
                quoted = [one["review_id"] for one in summary["citations"] if one["id"] in numbers]
                assert len(set(quoted)) == len(quoted)


def test_no_review_votes_twice_and_all_are_read_by_one_coder(exported: Json, summaries: list[Json]) -> None:
    places = Counter((one["review_id"], one["start"], one["aspect"]) for one in exported["opinions"])
    assert set(places.values()) == {1}
    assert {one["coder"] for one in exported["opinions"]} == {summary["coder"]["identity"] for summary in summaries}


def test_comparing_two_titles_agrees_with_their_summaries(
    sample_library: Library, typed: Run, summaries: list[Json]
) -> None:
    first, second = summaries[:2]
    names = [summary["title"]["name"] for summary in (first, second)]
    out = typed("compare", *names, "--json", "--library", str(sample_library.path))[1]
    by_id = [{finding["id"]: finding for finding in summary["findings"]} for summary in (first, second)]
    rows = json.loads(out)["aspects"]
    assert {row["aspect"]["id"] for row in rows} == (by_id[0].keys() & by_id[1].keys()) - {"other"}
    for row in rows:
        findings = [known[row["aspect"]["id"]] for known in by_id]
        for share, finding in zip(row["shares"], findings, strict=True):
            assert share is None or share == finding["praised_share"]
        if (difference := row["difference"]) is not None:
            assert difference["value"] == pytest.approx(row["shares"][0]["value"] - row["shares"][1]["value"])
            assert difference["low"] <= difference["value"] <= difference["high"]
            assert row["holds"] == (difference["low"] > 0 or difference["high"] < 0)

"""Reports for other people: every number is in them, and nothing of a review acts in any of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag import report
from rag.contract_summary import comparison as compared_json
from rag.contract_summary import summary as as_json
from rag.export import literal
from rag.findings import Adjusted, Comparison, Consensus
from rag.library import Library
from rag.safe_text import one_line, visible
from tests.doubles import WordCoder
from tests.written import put

HOSTILE = (
    '=HYPERLINK("http://evil.example","x") The ending is a {word} piece, <img src=x onerror=alert(1)> '
    "</blockquote><script>alert(1)</script> [a](javascript:b) ![c](http://evil.example/d.png) \x1b[2J\u202e"
    "\n\n# head\n\n    code | cell |\n\n* * *\n<!-- x -->\nhttp://evil.example www.evil.example &#60;b&#62;"
)
TITLE = "=1+1|<b>Salt</b> [x](y)"


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Library:
    library = open_library(engine=WordCoder())
    for title, lovely in ((TITLE, 3), ("@Lamp", 1)):
        rows = [
            {"text": HOSTILE.format(word="lovely" if n < lovely else "dreadful") + f" {n}",
             "critic": f"=cmd|' /C calc'!A{n} <i>Ann</i>", "outlet": "[Post](http://evil.example)",
             "date": f"2024-0{n + 1}-02", "rating": "1/5", "lang": "en"}
            for n in range(5)
        ]  # fmt: skip
        put(
            library, *rows, "There was a fire <script>in</script> row nine.", "=A keeper lives by the sea.", title=title
        )
    return library


@pytest.fixture
def found(library: Library) -> Consensus:
    whole = library.summary(TITLE)
    adjusted = Adjusted(0.6172, 0.5149, 0.7283, "by hand")
    return replace(whole, overall=replace(whole.overall, adjusted=adjusted, adjusted_why=None))


@pytest.fixture
def compared(library: Library) -> Comparison:
    return library.compare(TITLE, "@Lamp")


def plain(markdown: str) -> str:
    """What a reader of the rendered Markdown sees."""
    return re.sub(r"\\(?=[^\w\s])", "", markdown)


class Page(HTMLParser):
    """Collects the tags, the attributes and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.said: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


# ── nothing acts ─────────────────────────────────────────────────────────────────────────────────


def kinds_of_tokens(markdown: str) -> set[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return {inner.type for token in tokens for inner in (token, *(token.children or ()))}


def test_nothing_of_a_review_is_markup_in_the_markdown(found: Consensus, compared: Comparison) -> None:
    ours = {f"{name}_{end}" for name in ("heading", "paragraph", "blockquote", "table", "thead", "tbody", "tr", "th", "td")
            for end in ("open", "close")}  # fmt: skip
    for blocks in (report.of_summary(found), report.of_comparison(compared)):
        markdown = "".join(report.markdown(blocks))
        assert kinds_of_tokens(markdown) <= ours | {"inline", "text", "text_special", "softbreak"}
        assert not set(markdown) & set("\x1b\u202e")
        assert "http://" not in markdown and "www.evil" not in markdown and "evil.example" not in markdown


_ODD = st.text(alphabet="-+=.:)(1a*_`~#>|!<&;/\\\\[]{}$^@w \n\u2028\t\"'", max_size=40)


@given(st.one_of(_ODD, st.text(max_size=40)))
def test_a_text_made_literal_is_read_as_itself_wherever_it_stands(text: str) -> None:
    said = visible(text)
    lines = literal(said).splitlines()
    assert [re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", line) for line in lines] == said.splitlines()
    for before in ("", "# ", "> ", "head\n", "> head\n> "):
        markdown = f"{before}{literal(one_line(text))}\n"
        tokens = MarkdownIt("gfm-like").parse(markdown)
        kinds = {inner.type for token in tokens for inner in (token, *(token.children or ()))}
        ours = ("heading", "paragraph", "blockquote")
        allowed = {f"{name}_{end}" for name in ours for end in ("open", "close")}
        assert kinds <= allowed | {"inline", "text", "text_special", "softbreak"}, markdown
        shown = "".join(inner.content for token in tokens for inner in token.children or ())
        assert one_line(text) == (shown.removeprefix("head") if "head" in before else shown).strip(), markdown
    quoted = "".join(f"> {line.strip()}\n" for line in lines)
    kinds = {token.type for token in MarkdownIt("gfm-like").parse(quoted)}
    assert kinds <= {"blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline"}, quoted


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("D. Mottram writes: “It stops ….” It's 3.5 hours - or 4/5, 2022-11-03 \"so\".",) * 2,
        ("- one", "\\- one"), ("12. one", "12\\. one"), ("=== x", "\\=\\== x"), ("--- x", "\\--- x"),
        ("3.5 hours", "3.5 hours"), ("see https://evil.example", "see https:\\//evil\\.example"),
        ("www.evil.com", "www\\.evil\\.com"), ("a@b.com", "a\\@b\\.com"), (":-: x", "\\:-: x"),
    ],
)  # fmt: skip
def test_only_what_markdown_acts_on_is_escaped(text: str, written: str) -> None:
    assert literal(text) == written


def test_each_row_of_the_markdown_table_has_its_cells(found: Consensus) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse("".join(report.markdown(report.of_summary(found))))
    cells = [token.type for token in tokens].count("td_open")
    assert cells == 7 * len(found.findings) + 5 * len(as_json(found)["slices"])


def test_the_page_loads_nothing_runs_nothing_and_links_nowhere(found: Consensus, compared: Comparison) -> None:
    allowed = set("html head meta title style body h1 h2 p bdi blockquote footer br table thead tbody tr th td".split())
    for blocks in (report.of_summary(found), report.of_comparison(compared)):
        html = "".join(report.page(found.title.name, blocks))
        page = Page(html)
        assert page.tags <= allowed
        assert set(page.attributes) <= {"lang", "charset", "http-equiv", "content"}
        assert page.attributes["http-equiv"] == "Content-Security-Policy"
        assert page.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"
        assert "url(" not in html and "@import" not in html
        assert not set(html) & set("\x1b\u202e")
        assert "<script>in</script>" in page.text or "<script>alert(1)</script>" in page.text  # as literal words
        assert f"<title>{report.html.escape(TITLE)}</title>" in html


def test_no_cell_of_the_tables_starts_a_formula(found: Consensus, compared: Comparison) -> None:
    for pieces in (report.table_of_summaries([found]), report.table_of_comparison(compared)):
        rows = list(csv.reader(io.StringIO("".join(pieces), newline="")))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1
        cells = [cell for row in rows for cell in row]
        assert all(not cell.startswith(tuple("=+@\t\r\n")) for cell in cells)
        assert all(re.fullmatch(r"-?\d+\.\d+", cell) for cell in cells if cell.startswith("-"))


# ── every number is there ────────────────────────────────────────────────────────────────────────


def told(shown: dict[str, Any]) -> list[str]:
    """The numbers of a summary, as a report is to show them."""
    totals, overall = shown["totals"], shown["overall"]
    texts = [
        f"{totals['reviews']} reviews", f"{totals['coded']} with an opinion", f"{totals['no_opinion']} without",
        f"{totals['failed']} that could not be judged", f"{totals['uncoded']} not coded",
        f"{overall['positive']} for it", f"{overall['negative']} against", f"{overall['mixed']} between",
        f"Of the {overall['unadjusted']['n']} that take", f"{overall['unadjusted']['k']} lean to praise",
        "62 % for it (51–73)", *overall["contradictions"],
    ]  # fmt: skip
    texts += [as_text(finding[side]) for finding in shown["findings"] for side in ("praised_share", "criticised_share")]
    texts += [minority["text"] for minority in shown["minorities"]]
    texts += [sentence["text"] for sentence in shown["statement"]]
    return texts + [f"[{citation['id']}]" for citation in shown["citations"]]


def as_text(share: dict[str, Any]) -> str:
    return f"{share['k']} of {share['n']} ({share['value']:.0%}, {100 * share['low']:.0f}–{100 * share['high']:.0f})".replace(
        "%", " %"
    )


def test_every_number_of_the_json_stands_in_the_markdown_and_on_the_page(found: Consensus) -> None:
    shown, blocks = as_json(found), report.of_summary(found)
    assert shown["overall"]["contradictions"] and shown["minorities"] and shown["slices"]
    in_findings = {n for one in shown["findings"] for side in one["citations"].values() for n in side}
    markdown = " ".join(plain("".join(report.markdown(blocks))).split())
    page = Page("".join(report.page("Salt", blocks))).text
    for text in told({**shown, "citations": [c for c in shown["citations"] if c["id"] in in_findings]}):
        assert text in markdown
        assert text in page
    for one in shown["findings"]:
        row = [one["aspect"]["name"], one["mentioning"], as_text(one["praised_share"]), as_text(one["criticised_share"]),
               one["mixed"], one["mentioning"] - one["praised"] - one["criticised"] - one["mixed"]]  # fmt: skip
        assert " | ".join(map(str, row)) in markdown
    for part in shown["slices"]:
        reviews, sides = part["totals"]["reviews"], [part[f"{side}_share"]["k"] for side in ("praised", "criticised")]
        assert " | ".join(map(str, (part["from"], reviews, *sides))) in markdown


def test_a_row_of_the_summary_table_holds_the_numbers_of_its_finding(found: Consensus) -> None:
    rows = list(csv.DictReader(io.StringIO("".join(report.table_of_summaries([found, found])), newline="")))
    findings = as_json(found)["findings"]
    assert len(rows) == 2 * len(findings)
    for row, one in zip(rows, findings * 2, strict=True):
        assert row["aspect"] == one["id"] and row["title"] == f"'{TITLE}"
        held = [int(row[name]) for name in ("mentioning", "praised", "criticised", "mixed", "reviews")]
        assert held == [*(one[name] for name in ("mentioning", "praised", "criticised", "mixed")), found.totals.read]
        for side in ("praised", "criticised"):
            share = one[f"{side}_share"]
            shown = [row[f"{side}_{name}"] for name in ("share", "low", "high")]
            assert shown == [f"{share[name]:.4f}" for name in ("value", "low", "high")]


def test_where_there_is_no_share_the_cells_are_empty_and_the_report_says_one_review(
    open_library: Callable[..., Library],
) -> None:
    library = open_library(engine=WordCoder())
    put(library, "The ending is a lovely piece.")
    found = library.summary("Salt")
    (row,) = csv.DictReader(io.StringIO("".join(report.table_of_summaries([found])), newline=""))
    assert {row[name] for name in row if name.endswith(("_share", "_low", "_high"))} == {""}
    text = "".join(report.markdown(report.of_summary(found)))
    assert "%" not in text
    assert "1 review:" in text


def test_a_comparison_shows_shares_difference_and_whether_it_holds(compared: Comparison) -> None:
    (ending,) = (one for one in compared_json(compared)["aspects"] if one["aspect"]["id"] == "ending")
    markdown = plain("".join(report.markdown(report.of_comparison(compared))))
    page = Page("".join(report.page("x", report.of_comparison(compared)))).text
    difference = ending["difference"]
    points = f"{100 * difference['value']:+.0f} ({100 * difference['low']:+.0f} to {100 * difference['high']:+.0f})"
    for text in (*map(as_text, ending["shares"]), points, "could be chance"):
        assert text in markdown and text in page
    rows = list(csv.DictReader(io.StringIO("".join(report.table_of_comparison(compared)), newline="")))
    row = next(row for row in rows if row["aspect"] == "ending")
    assert [row[name] for name in ("difference", "low", "high")] == [
        f"{difference[name]:.4f}" for name in ("value", "low", "high")
    ]
    assert (row["holds"], row["'@Lamp mentioning"], row["'@Lamp praised"]) == ("no", "5", "1")


def test_a_negative_difference_is_a_number_in_the_table(library: Library) -> None:
    pieces = report.table_of_comparison(library.compare("@Lamp", TITLE))
    row = next(row for row in csv.DictReader(io.StringIO("".join(pieces), newline="")) if row["aspect"] == "ending")
    assert float(row["difference"]) == -0.4

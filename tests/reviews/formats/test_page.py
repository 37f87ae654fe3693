"""Web pages and text files: one file is one review."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reviews.formats.helpers import told

SAID = "The lighthouse scenes glow, and the sea is filmed as if it were listening to the keeper. "
PAGE = f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Salt rises - The Harbour Post</title>
<meta name="author" content="Mara Quill"><meta property="og:site_name" content="The Harbour Post">
<meta property="article:published_time" content="2025-03-02T10:00:00Z"><script>var menu = "scripted";</script></head>
<body><header><nav><a href="/">Home page</a> <a href="/film">Film pages</a></nav></header>
<main><article><h1>Salt rises</h1><p>{SAID * 3}</p><aside>Buy new boots here</aside><script>more()</script>
<p>Second &amp; last: caf&eacute; &#8212; {SAID}</p></article></main>
<footer>All rights of the Post</footer></body></html>"""


def test_a_page_gives_its_article_in_paragraphs_and_nothing_beside_it(tmp_path: Path) -> None:
    found = told(tmp_path / "a.html", PAGE)
    (record,) = found.records
    assert record.text == f"Salt rises\n\n{(SAID * 3).strip()}\n\nSecond & last: café — {SAID.strip()}"
    assert (record.critic, record.outlet, record.date) == ("Mara Quill", "The Harbour Post", "2025-03-02")
    assert (record.lang, record.title) == ("en", "Salt")
    assert found.notes == ["its article was taken, without menus, scripts and comments"]


def test_a_short_page_is_a_review_too(tmp_path: Path) -> None:
    assert told(tmp_path / "a.html", "<html><body><p>It glows &lt;3.</p></body></html>").texts == ["It glows <3."]


def test_a_page_in_which_no_article_is_told_gives_all_its_text_and_says_so(tmp_path: Path) -> None:
    page = "<html><body><aside>It glows.</aside></body></html>"
    found = told(tmp_path / "a.html", page)
    assert found.texts == ["It glows."]
    assert found.noted("no article could be told from the rest of the page")


def test_a_page_of_menus_alone_has_no_text(tmp_path: Path) -> None:
    assert told(tmp_path / "a.html", "<html><body><nav>Home</nav></body></html>").reason == "it has no text"


def test_a_page_is_read_in_the_alphabet_that_it_declares(tmp_path: Path) -> None:
    page = '<html><head><meta charset="windows-1251"></head><body><p>Море снято прекрасно.</p></body></html>'
    found = told(tmp_path / "a.html", page.encode("cp1251"))
    assert found.texts == ["Море снято прекрасно."]
    assert found.noted("read as cp1251, as it says of itself")


def test_a_declared_alphabet_that_is_none_is_not_obeyed(tmp_path: Path) -> None:
    page = '<html><head><meta charset="rot13"></head><body><p>Das Café glänzt, ein schöner Film.</p></body></html>'
    assert told(tmp_path / "a.html", page.encode("cp1252")).texts == ["Das Café glänzt, ein schöner Film."]


def test_a_page_named_as_text_is_read_as_a_page(tmp_path: Path) -> None:
    found = told(tmp_path / "a.txt", PAGE)
    assert "<p>" not in found.texts[0]
    assert found.noted("it holds a web page and was read as that")


def test_text_named_as_a_page_is_read_as_text(tmp_path: Path) -> None:
    assert told(tmp_path / "a.html", "It glows <3\n\nAnd sings.").texts == ["It glows <3\n\nAnd sings."]


def test_a_page_over_ten_megabytes_is_refused(tmp_path: Path) -> None:
    assert "10,000,000 bytes" in told(tmp_path / "a.html", b"<html><body>" + b"x" * 10_000_000).reason


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000,
        "<div/>" * 100_000,  # a parser opens these as well
        "<div></span>" * 100_000,
        "<table><tr><td>" * 40_000,
        "<a " * 500_000,
        "<svg " * 200_000,
        "<p " + "a " * 1_000_000,
    ],
    ids=["nested", "self-ended", "wrongly ended", "tables", "unclosed", "drawings", "one giant"],
)
def test_pages_that_no_browser_wrote_are_refused_before_they_are_parsed(tmp_path: Path, body: str) -> None:
    assert "no browser wrote that" in told(tmp_path / "a.html", f"<html><body>{body}x").reason


@pytest.mark.parametrize("opened", ["<!--", '<a href="', "<script>"])
def test_what_is_opened_and_never_closed_ends_quickly(tmp_path: Path, opened: str) -> None:
    assert told(tmp_path / "a.html", f"<html><body>{opened}{'a ' * 1_000_000}").reason == "it has no text"


def test_drawings_cost_a_page_nothing(tmp_path: Path) -> None:
    page = f"<html><body><p>It glows.</p>{'<svg viewBox=0><path/><g/></svg>' * 3_000}<p>It ends.</p></body></html>"
    assert told(tmp_path / "a.html", page).texts == ["It glows.\n\nIt ends."]


def test_adding_a_page_again_compares_its_source(tmp_path: Path) -> None:
    first = told(tmp_path / "a.html", PAGE).records[0]
    assert told(tmp_path / "a.html").records[0].digest == first.digest
    assert told(tmp_path / "a.html", PAGE + " ").records[0].digest != first.digest


def test_markdown_with_and_without_front_matter(tmp_path: Path) -> None:
    plain = told(tmp_path / "a.md", "# Salt\n\nIt *glows*.\n")
    assert (plain.texts, plain.records[0].critic) == (["# Salt\n\nIt *glows*.\n"], None)
    fields = told(tmp_path / "b.md", "---\ncritic: Mara Quill\nrating: 4\n---\n# Salt\n\nIt glows.\n").records[0]
    assert (fields.critic, fields.rating, fields.text) == ("Mara Quill", "4", "# Salt\n\nIt glows.\n")

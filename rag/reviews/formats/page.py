"""A web page is one review: the article in it, paragraphs as lines. Knows resiliparse, the extractor.

The parser's work grows with the square of the depth of a page and of the attributes of a tag, so a page that no
browser wrote is refused before it is parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from rag.records import Note, Rejected
from rag.reviews.formats import decode, limits
from rag.reviews.formats.rows import Opened, RawRow, RowItem

_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:-]*+)((?:[^<>"']|"[^"]*+"|'[^']*+')*+)""")
# Elements that have no end tag, or whose next sibling ends them.
_ENDLESS = frozenset(
    "area base br col embed hr img input link meta source track wbr p li dt dd tr td th option".split()
)
_DRAWING = re.compile(r"(<svg(?=[\s/>])|</svg\s*+>)", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_NOT_ARTICLE = ["nav", "aside", "body > header", "body > footer", "dialog", "[role=navigation]", "[aria-hidden=true]"]
_META = {
    "critic": ("meta[name=author]",),
    "outlet": ("meta[property='og:site_name']",),
    "date": ("meta[property='article:published_time']", "meta[itemprop=datePublished]"),
}
_NO_NAME = re.compile(r"[/@\d]|https?:")
_MANY_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


def read(opened: Opened) -> Iterator[RowItem]:
    """The one row of a page, or why it has none."""
    with decode.open_text(opened) as file:
        source = file.read()
    page = _without_drawings(source)
    if reason := _refusal(page):
        yield Rejected(opened.name, None, reason)
        return
    tree = HTMLTree.parse(page.encode("utf-8", "replace").decode("utf-8"))
    text = _text(tree, main_content=True)
    if not text:
        text = _text(tree, main_content=False)
        yield Note(opened.name, "no article could be told from the rest of the page; all its text was taken")
    else:
        yield Note(opened.name, "its article was taken, without menus, scripts and comments")
    yield RawRow(1, {**_meta(tree), "text": text}, read_as=source)


def _without_drawings(source: str) -> str:
    """A page without its SVG, where alone `<path/>` ends itself; as it is where the marks of that don't pair."""
    kept: list[str] = []
    depth = 0
    for place, piece in enumerate(_DRAWING.split(source)):
        if not place % 2:
            kept += [piece] if not depth else []
        elif piece[1] != "/":
            depth += 1
        elif depth:
            depth -= 1
    return source if depth else "".join(kept)


def _refusal(source: str) -> str | None:
    """Why a page is not parsed. A tag that ends itself (`<div/>`), or ends what is not open, does so to no parser."""
    opened: Counter[str] = Counter()
    depth = 0
    for end, name, rest in (match.groups() for match in _TAG.finditer(source)):
        if len(rest) > limits.MAX_TAG and len(_QUOTED.sub("", rest)) > limits.MAX_TAG:
            return f"one of its tags has over {limits.MAX_TAG:,} characters; no browser wrote that"
        name = name.lower()
        if name in _ENDLESS or (end and not opened[name]):
            continue
        opened[name] += -1 if end else 1
        depth += -1 if end else 1
        if depth > limits.MAX_TAG_DEPTH:
            return f"its elements are nested over {limits.MAX_TAG_DEPTH:,} deep; no browser wrote that"
    return None


def _text(tree: HTMLTree, *, main_content: bool) -> str:
    found = extract_plain_text(
        tree,
        preserve_formatting=True,
        main_content=main_content,
        list_bullets=False,
        alt_texts=False,
        links=False,
        form_fields=False,
        noscript=False,
        comments=not main_content,
        skip_elements=_NOT_ARTICLE if main_content else ["nav"],
    )
    return _MANY_BLANK_LINES.sub("\n\n", found).strip()


def _meta(tree: HTMLTree) -> dict[str, str | None]:
    """What the page says of itself for certain. Its title is the article's headline, not what is reviewed."""
    found: dict[str, str | None] = {}
    if tree.document is None:
        return found
    for field, selectors in _META.items():
        for selector in selectors:
            tag = tree.document.query_selector(selector)
            value = (tag.getattr("content") or "").strip() if tag else ""
            if value and field not in found and (field == "date" or not _NO_NAME.search(value)):
                found[field] = value
    root = tree.document.query_selector("html")
    return {**found, "lang": (root.getattr("lang") if root else None) or None}

"""Stored reviews → a file for other programs and people: JSON, CSV or Markdown, written as it is read.

Reviews are hostile text: no cell of the CSV starts a formula, nothing in the Markdown is markup.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum

from rag import contract
from rag.records import Review, Title
from rag.reviews import cells, tally
from rag.reviews import store as stores
from rag.reviews.column_names import EXPORTED
from rag.reviews.store import Reading, Store
from rag.safe_text import one_line, visible

_PAGE = 500
# What Markdown and its dialects act on wherever it stands; an address is one by its "//", and by the dot in a host.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#!|~&@^$]|=(?==)|/(?=/)|(?<=\w)\.(?=[^\W\d]))")
# What it acts on at the start of a line: lists, rules, the line below a heading, the second row of a table.
_LINE_START = re.compile(r"\A(\s*)(?:([-+=]|:(?=\s*-))|(\d{1,9})(\.(?!\S)))")


class ExportFormat(StrEnum):
    """What an export is written as."""

    json = "json"
    csv = "csv"
    markdown = "markdown"


def export(store: Store, chosen: Callable[[Reading], Sequence[Title]], form: ExportFormat) -> Iterator[str]:
    """The live reviews of the titles that `chosen` finds, in pieces of text, as they stand at one moment."""
    write = {ExportFormat.json: _json, ExportFormat.csv: _csv, ExportFormat.markdown: _markdown}[form]
    with store.reading() as reading:
        yield from write(reading, chosen(reading))


def _reviews(reading: Reading, title: Title) -> Iterator[Review]:
    """A title's reviews, by pages."""
    last = ""
    while page := stores.reviews_after(reading, title.id, last, _PAGE):
        yield from page
        last = page[-1].id


def _json(reading: Reading, titles: Sequence[Title]) -> Iterator[str]:
    """`pullquote.export/1`, the same object that a whole `json.dumps` would give."""
    head = contract.dump({"schema": "pullquote.export/1", "titles": contract.titles(titles)["titles"]})
    yield f'{head[:-1]}, "reviews": ['
    between = "\n"
    for title in titles:
        for review in _reviews(reading, title):
            yield between + contract.dump({**contract.one_review(review), "title": title.name})
            between = ",\n"
    yield '\n], "opinions": ['
    between = "\n"
    for title in titles:
        for one in tally.in_title(reading, title.id):
            yield between + contract.dump(asdict(one))
            between = ",\n"
    yield "\n]}\n"


def _csv(reading: Reading, titles: Sequence[Title]) -> Iterator[str]:
    """A header and a row a review. A cell that a spreadsheet would compute begins with an apostrophe."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    writer.writerow(EXPORTED)
    for title in titles:
        for review in _reviews(reading, title):
            known = {"title": title.name, "kind": title.kind}
            values = [known.get(column) or getattr(review, column, None) or "" for column in EXPORTED]
            writer.writerow([neutralised(value) for value in values])
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def neutralised(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; NUL and other controls but line ends are made visible."""
    shown = visible(cell)
    return f"'{shown}" if cells.FORMULA.match(shown) else shown


def _markdown(reading: Reading, titles: Sequence[Title]) -> Iterator[str]:
    """A heading a title, a heading and a quotation a review; every character of a review is literal."""
    for title in titles:
        yield f"# {literal(one_line(title.name))}\n\n"
        for review in _reviews(reading, title):
            signed = (review.critic or "unsigned", review.outlet, review.date, review.rating)
            yield f"## {literal(' · '.join(one_line(part) for part in signed if part))}\n\n"
            if review.url:
                yield f"{literal(one_line(review.url))}\n\n"
            lines = literal(visible(review.text)).splitlines() or [""]
            yield "".join(f"> {line.strip()}".rstrip() + "\n" for line in lines) + "\n"


def literal(text: str) -> str:
    """Text with what Markdown or HTML would read as markup escaped (CommonMark, 2.4), and nothing else."""
    return "".join(map(_literal_line, text.splitlines(keepends=True)))


def _literal_line(line: str) -> str:
    return _LINE_START.sub(r"\1\3\\\2\4", _MARKUP.sub(r"\\\1", line))

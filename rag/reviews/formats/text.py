"""A text file is one review; `key: value` lines between two `---` at its top are its fields."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from rag.reviews.formats import decode, limits
from rag.reviews.formats.rows import Opened, RawRow, RowItem


def read(opened: Opened) -> Iterator[RowItem]:
    """The one row of a text or Markdown file."""
    with decode.open_text(opened) as file:
        fields, body = split_front_matter(file.read())
    yield RawRow(1, {**fields, "text": body})


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """`({field: value}, the text that follows)`; no front matter gives no fields and the text as it is.

    A value that is no string (`tags: [film, drama]`) is left out.
    """
    lines = text[: limits.MAX_FRONT_MATTER].splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        return {}, text
    try:
        # BaseLoader makes strings of everything and calls nothing.
        values = yaml.load("".join(lines[1:end]), Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError):
        return {}, text
    if not isinstance(values, dict):
        return {}, text
    return {str(k): v for k, v in values.items() if isinstance(v, str)}, text[sum(map(len, lines[: end + 1])) :]

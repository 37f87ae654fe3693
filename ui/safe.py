"""The one rule for text that others wrote: reviews, questions, names, errors. Pure.

Choose by where the text goes: `plain` for `st.text`, `st.code` and a select box; `html` for `st.html`; `label` for
everything that Streamlit reads as Markdown; `pieces` for a component that builds text nodes.
"""

from __future__ import annotations

import html as _html
import re
import string

from rag.safe_text import one_line, visible

LABEL_LENGTH = 200
"""Markdown of a megabyte hangs the page for minutes; a label is never that long."""

_JOINER = "\u2060"
# Bare addresses, `www.` and `:shortcodes:` are found after Markdown is parsed, so a backslash can't stop them.
_FOUND_LATE = re.compile(r"[:@]")
_WWW = re.compile(r"(www)\.", re.IGNORECASE)
_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")

Piece = str | dict[str, str]
"""Text, or `{"tag": "U+202E", "raw": "\\u202e"}` for a character that would act."""

__all__ = ["LABEL_LENGTH", "Piece", "html", "label", "one_line", "pieces", "plain", "visible"]


def plain(text: str) -> str:
    """For calls that interpret nothing: only characters that act or disguise are made visible."""
    return visible(text)


def html(text: str) -> str:
    """For `st.html`: no tag, entity or attribute of it is one."""
    return _html.escape(visible(text), quote=True)


def label(text: str, limit: int = LABEL_LENGTH) -> str:
    """For Markdown: one line of at most `limit` characters in which nothing acts.

    It holds invisible joiners, so compare and store the raw text, never the label.
    """
    line = one_line(text)
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    line = _FOUND_LATE.sub(lambda match: match.group() + _JOINER, line)
    line = _WWW.sub(rf"\1{_JOINER}.", line)
    return _PUNCTUATION.sub(r"\\\1", line)


def pieces(text: str) -> list[Piece]:
    """The text in order, cut at characters that would act. Joined, `raw` included, it is the text again.

    Only a lone surrogate can't be sent to a browser: its `raw` is empty.
    """
    tags = {char: tag[1:-1] for char in set(text) if len(tag := visible(char)) > 1}
    if not tags:
        return [text] if text else []
    cut = re.split("([" + re.escape("".join(sorted(tags))) + "])", text)
    return [{"tag": tags[part], "raw": _sendable(part)} if part in tags else part for part in cut if part]


def _sendable(char: str) -> str:
    return "" if "\ud800" <= char <= "\udfff" else char

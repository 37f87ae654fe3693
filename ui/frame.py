"""What every page shares: its heading, and the one place where its errors end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from rag import contract, report
from rag.errors import PullquoteError
from rag.records import Title
from ui import messages
from ui.safe import label, one_line
from ui.shared_library import library_path, open_shared, titles_of

# The picker's value for "All titles"; every other value is a title's id. (A string here would be shown on the page
# when somebody runs it with Streamlit's magic on.)
ALL = ""
MAX_PILLS = 8
_PILL_LENGTH = 60

logger = logging.getLogger("pullquote.ui")


def show(heading: str, body: Callable[[Path], None]) -> None:
    """A whole page; whatever goes wrong is said in a sentence. `body` gets the library's folder."""
    st.title(label(heading), anchor=False)
    try:
        body(library_path())
    except PullquoteError as error:
        st.html(messages.problem(error))
    except Exception:  # the one place where the page's errors end: a reader gets a sentence, the log the rest
        logger.exception("The page could not be shown.")
        st.html(messages.fault())


def downloads(stem: str, title: str, blocks: Sequence[report.Block], whole: contract.Json) -> str:
    """Buttons that hand something over as Markdown, as a page and as JSON; the Markdown."""
    markdown = "".join(report.markdown(blocks))
    files = (
        ("Markdown", "md", markdown, "text/markdown"),
        ("HTML", "html", "".join(report.page(title, blocks)), "text/html"),
        ("JSON", "json", contract.dump(whole), "application/json"),
    )
    for name, ending, content, kind in files:
        st.download_button(
            label(name), content, f"{stem}.{ending}", kind, key=f"{stem}_{ending}", icon=":material/download:"
        )
    return markdown


def known_titles(path: Path) -> Sequence[Title]:
    """The titles with reviews; where there are none the page says so. Raises NoLibrary."""
    titles = titles_of(path, open_shared(path).generation())
    if not titles:
        st.html(messages.empty())
    return titles


def pick_title(
    titles: Sequence[Title],
    key: str,
    *,
    with_all: bool = False,
    name: str = "Title",
    on_change: Callable[..., None] | None = None,
    args: tuple[object, ...] = (),
) -> str:
    """Few titles lie open as pills (their labels are Markdown), many go into a select box (its options are not)."""
    names = {title.id: title.name for title in titles} | ({ALL: "All titles"} if with_all else {})
    ids = [title.id for title in titles]
    if len(titles) <= MAX_PILLS:
        return st.pills(
            label(name),
            [*ids, ALL] if with_all else ids,
            key=key,
            required=True,
            label_visibility="collapsed",
            format_func=lambda title_id: label(names[title_id], _PILL_LENGTH),
            on_change=on_change,
            args=args,
        )
    return st.selectbox(
        name,
        [ALL, *ids] if with_all else ids,
        key=key,
        label_visibility="collapsed",
        format_func=lambda title_id: one_line(names[title_id]),
        on_change=on_change,
        args=args,
    )

"""The reviews of a title, a page at a time: what a table shows of them, and what narrows them. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.records import Filters, Review
from ui.safe import one_line

ROWS = 50
WINDOW = 4_000
"""Characters of a review that are shown before "show more"."""
_GROWTH = 5
_OPENING = 140
_NAME = 60


@dataclass(frozen=True)
class Wanted:
    """Which page of which reviews."""

    title: str
    query: str = ""
    filters: Filters = Filters()  # noqa: RUF009 - frozen
    removed: bool = False
    offset: int = 0


def filters(given: Mapping[str, str]) -> Filters:
    """What was typed, as filters; what is blank narrows nothing. Several outlets are parted by semicolons."""
    typed = {name: value.strip() or None for name, value in given.items()}
    outlets = tuple(one for part in given.get("outlet", "").split(";") if (one := part.strip()))
    return Filters(
        typed.get("since"),
        typed.get("until"),
        outlets,
        typed.get("min_rating"),
        typed.get("max_rating"),
        typed.get("lang"),
    )


def rows(reviews: Sequence[Review]) -> dict[str, list[str]]:
    """The columns of the table. Cells interpret nothing; only what would act or disguise is made visible."""
    return {
        "Critic": [one_line(review.critic or "unsigned") for review in reviews],
        "Outlet": [one_line(review.outlet or "") for review in reviews],
        "Date": [one_line(review.date or "") for review in reviews],
        "Rating": [one_line(review.rating or "") for review in reviews],
        "Opening": [opening(review) for review in reviews],
    }


def opening(review: Review) -> str:
    """How a review begins, on a line."""
    line = one_line(review.text[: 2 * _OPENING])
    return f"{line[:_OPENING].rstrip()}…" if len(line) > _OPENING or len(review.text) > 2 * _OPENING else line


def called(review: Review) -> str:
    """What a review is called in a list: who, where, when, and its first words."""
    signed = [review.critic or "unsigned", review.outlet, review.date]
    who = ", ".join(one_line(part)[:_NAME] for part in signed if part)
    return f"{who}: {opening(review)[:_NAME].rstrip(' …')}…"


def shown_length(review: Review, steps: int) -> int:
    """How much of a review is shown once "show more" was asked for so often."""
    return min(len(review.text), WINDOW * int(_GROWTH**steps))


def changed(before: Review, given: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form that differ from the review, as `edit_review` takes them; an empty one clears."""
    old = {"critic": before.critic, "outlet": before.outlet, "date": before.date, "title": before.title_id}
    return {name: value for name, value in given.items() if value.strip() != (old[name] or "")}

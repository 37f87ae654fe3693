"""What kind of thing the titles of a run are, where nobody says so: by their reviews' words, and by each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sqlalchemy import Connection, select, update

from rag import taxonomy
from rag.reviews.intake import Intake
from rag.reviews.schema import reviews, titles

_GUESSED_FROM = 50
# From five titles of known kind and four fifths of them on, one kind stands for those whose words tell none; from
# twenty and all but a twentieth on, also for a title that was taken for something else.
_FEWEST_ALIKE, _NEARLY_ALL_ALIKE = 5, 0.8
_MANY_ALIKE, _ALL_BUT_FEW_ALIKE = 20, 0.95


def settle_kinds(connection: Connection, intake: Intake) -> None:
    """Guess the kind of new titles from the first of their reviews, where nobody named it."""
    for title_id in sorted(intake.unsettled):
        texts = select(reviews.c.text).where(reviews.c.title_id == title_id).order_by(reviews.c.id)
        kind = taxonomy.guess_kind(list(connection.scalars(texts.limit(_GUESSED_FROM))))
        _set_kind(connection, intake, title_id, kind)
    intake.guessed |= intake.unsettled
    intake.unsettled.clear()


def agree_on_kinds(connection: Connection, intake: Intake) -> None:
    """Once all is read: titles whose words tell no kind are what nearly all the others that came with them are.

    An export is mostly of one kind. Where it is so almost without exception, a guess that differs gives way too.
    """
    beside = {title.id: title.kind for title in intake.titles.values() if title.id in intake.touched}
    told = Counter(kind for kind in beside.values() if kind != taxonomy.GENERAL)
    most, count = max(told.items(), key=lambda pair: pair[1], default=("", 0))
    if count < _FEWEST_ALIKE or count < _NEARLY_ALL_ALIKE * told.total():
        return
    firm = count >= _MANY_ALIKE and count >= _ALL_BUT_FEW_ALIKE * told.total()
    for title_id in sorted(intake.guessed & beside.keys()):
        if beside[title_id] == taxonomy.GENERAL or firm:
            _set_kind(connection, intake, title_id, most)


def _set_kind(connection: Connection, intake: Intake, title_id: str, kind: str) -> None:
    connection.execute(update(titles).where(titles.c.id == title_id).values(kind=kind))
    for name, title in list(intake.titles.items()):
        if title.id == title_id:
            intake.titles[name] = replace(title, kind=kind)

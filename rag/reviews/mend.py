"""The cells of a record → what they say: mojibake, lists and HTML undone. What was done is counted and said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rag.reviews import cells
from rag.reviews.column_names import plain
from rag.reviews.survey import NO_TABLE, Habits


@dataclass
class Mender:
    """Mends the cells of one file. `fields` is `{field: column}`."""

    fields: Mapping[str, str]
    is_table: bool
    habits: Habits = NO_TABLE
    exported: bool = False
    """Whether it is one of our own exports as CSV."""
    mended: int = 0
    lost: int = 0
    wrapped: int = 0
    html: int = 0

    def mend(self, values: Mapping[str, str | None]) -> dict[str, str | None]:
        """The values of a record as their reader would say them."""
        return {name: self._said(name, value) if value else value for name, value in values.items()}

    def _said(self, name: str, value: str) -> str | None:
        value = cells.computed(value) if self.exported else value
        mended = cells.mended(value)
        self.mended += mended != value
        self.lost += name == "text" and cells.has_lost(mended)
        said = cells.unwrapped(mended, "\n" if name == "text" else ", ") if self.is_table else mended
        self.wrapped += name == "text" and said != mended
        if name == "rating" and said.strip() == "0" and plain(self.fields[name]) == "myrating":
            return None  # Goodreads' word for "not rated"
        return self._without_html(name, said)

    def _without_html(self, name: str, said: str) -> str:
        shown = cells.without_tags(said) if "<" in said and name in self.habits.tags else said
        shown = cells.without_entities(shown) if "&" in shown and name in self.habits.entities else shown
        self.html += shown != said
        return shown

    def notes(self) -> Iterator[str]:
        """What was done, for the report."""
        if self.mended:
            yield f"mojibake was turned back in {self.mended} of its values (“cafÃ©” → “café”)"
        if self.lost:
            yield (
                f"{self.lost} of its texts had lost characters before they came here (“â??”, “\ufffd”), "
                "and nothing brings them back"
            )
        if self.html:
            yield (
                f"HTML was turned into what its reader sees in {self.html} of its values "
                "(“&amp;” → “&”, “<br>” → a line end)"
            )
        if self.wrapped:
            yield f"what was wrapped in a list was taken out of it in {self.wrapped} of its texts"

"""Columns of a table → fields of a record. Pure but for the validation model (pydantic)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError

from rag.errors import InputError
from rag.records import Column

# The names by which a field is known, best first; compared without case, blanks and punctuation.
KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "reviewtext", "review", "reviewcontent", "reviewbody", "content", "body", "comment", "comments"),
    "title": ("film", "movie", "product", "item", "book", "restaurant", "game", "filmtitle", "movietitle",
              "filmname", "moviename", "productname", "itemname", "title"),
    "critic": ("critic", "criticname", "author", "reviewer", "reviewername", "user", "username"),
    "outlet": ("outlet", "publication", "publisher", "newspaper", "source", "site"),
    "date": ("date", "reviewdate", "publisheddate", "published", "time", "timestamp"),
    "rating": ("rating", "score", "stars", "reviewscore", "grade"),
    "url": ("url", "link", "reviewurl", "reviewlink"),
    "lang": ("lang", "language"),
    "id": ("id", "reviewid"),
}  # fmt: skip
FIELDS = tuple(KNOWN_NAMES)

MAX_TEXT = 1_000_000
_MAX_FIELD = {"url": 2_000}
_MAX_OTHER_FIELD = 300
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Mn", "Zl", "Zp", "Zs"})  # blanks, controls, marks on nothing
_EXAMPLE_LENGTH = 60
_DATE_FORMATS = ("%Y/%m/%d", "%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y", "%Y-%m")
# A longer run of digits is a number of seconds, however much of a date `fromisoformat` sees in it.
_ISO_START = re.compile(r"(\d{4}-\d{2}-\d{2}|\d{8})(?!\d)")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold().lstrip("\ufeff"))


def check_fields(chosen: Mapping[str, str]) -> None:
    """Raises InputError where --map names a field that is not one of ours."""
    for field in chosen:
        if field not in FIELDS:
            raise InputError(f"--map: there is no field {field!r}.", f"The fields are {', '.join(FIELDS)}.")


def recognise(names: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Which column holds which field: `{field: column}`.

    `chosen` is what the user said with --map, `{field: column}`; an empty column leaves the field out.
    Raises ValueError for a column that the table does not have.
    """
    for field, column in chosen.items():
        if column and column not in names:
            raise ValueError(f"--map {field}={column}: the table has no column {column!r}; it has {', '.join(names)}")
    by_plain = {_plain(name): name for name in reversed(names) if name}
    taken = set(chosen.values())
    found = {field: column for field, column in chosen.items() if column}
    for field, known in KNOWN_NAMES.items():
        if field in chosen:
            continue
        match = next((by_plain[k] for k in known if k in by_plain and by_plain[k] not in taken), None)
        if match is not None:
            found[field] = match
            taken.add(match)
    return found


def describe(
    names: Sequence[str], fields: Mapping[str, str], rows: Iterable[Mapping[str, str | None]]
) -> tuple[Column, ...]:
    """Each column with the field it serves and an example, as shown before use."""
    by_column = {column: field for field, column in fields.items()}
    rows = list(rows)
    examples = {name: next((v for row in rows if (v := (row.get(name) or "").strip())), "") for name in names}
    return tuple(
        Column(name, by_column.get(name), " ".join(examples[name].split())[:_EXAMPLE_LENGTH]) for name in names
    )


def _blank_to_none(value: str | None) -> str | None:
    return None if value is None or not value.strip() else value


def storable(value: str) -> str:
    """Refuse what SQLite or JSON cannot hold. Raises ValueError."""
    if "\0" in value:
        raise ValueError("it holds a NUL character, which no review text can")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("it holds half of a character (a lone surrogate), so it was damaged before it came here")
    return value


def _text(value: str | None) -> str:
    if value is None or all(unicodedata.category(c) in _UNSEEN for c in value):
        raise ValueError("it has no text")
    if len(value) > MAX_TEXT:
        raise ValueError(f"its text has {len(value):,} characters; at most {MAX_TEXT:,} are read")
    return storable(value)


def _short(value: str | None) -> str | None:
    return None if value is None else " ".join(storable(value).split())


def without_too_long(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """The values but for those, the text aside, that are longer than their field can make sense of."""
    return {
        field: value
        for field, value in values.items()
        if field == "text" or len((value or "").strip()) <= _MAX_FIELD.get(field, _MAX_OTHER_FIELD)
    }


def iso_date(value: str | None) -> str | None:
    """A date as ISO 8601, or None where it is missing or cannot be read for certain."""
    if value is None:
        return None
    value = value.strip()
    if start := _ISO_START.match(value):
        try:
            return date.fromisoformat(start[1]).isoformat()
        except ValueError:
            return None
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(value, form).date().isoformat()
        except ValueError:
            continue
    return None


ShortText = Annotated[str | None, BeforeValidator(_blank_to_none), AfterValidator(_short)]


class Row(BaseModel):
    """The door through which a row of a file comes in."""

    text: Annotated[str | None, AfterValidator(_text)]
    title: ShortText = None
    critic: ShortText = None
    outlet: ShortText = None
    date: ShortText = None
    rating: ShortText = None
    url: ShortText = None
    lang: ShortText = None
    id: ShortText = None


def validate(values: Mapping[str, str | None]) -> Row:
    """A row with its fields checked. Raises ValueError with one reason a person can read."""
    try:
        return Row.model_validate({"text": None, **values})
    except ValidationError as error:
        first = error.errors()[0]
        reason = str(first.get("ctx", {}).get("error", first["msg"]))
        field = str(first["loc"][0])
        raise ValueError(reason if field == "text" else f"{field}: {reason}") from None

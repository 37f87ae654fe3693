"""Columns of a table → fields of a record. Pure but for the validation model (pydantic)."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError

from rag import words
from rag.errors import InputError
from rag.records import Column
from rag.reviews.column_names import (
    KNOWN_NAMES,
    PLAIN_AMBIGUOUS,
    PLAIN_BOOK_COLUMNS,
    PLAIN_ITEM_IDS,
    PLAIN_LABELS,
    PLAIN_NAMES,
    PLAIN_NEVER_TEXT,
    plain,
)
from rag.reviews.formats import limits

FIELDS = tuple(KNOWN_NAMES)
Rows = Sequence[Mapping[str, str | None]]

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Mn", "Zl", "Zp", "Zs"})  # blanks, controls, marks on nothing
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")  # how Python writes a byte that it could not decode
_EXAMPLE_LENGTH = 60
_PROSE_WORDS = 4
_CLEARLY_PROSE = 40


def check_fields(chosen: Mapping[str, str]) -> None:
    """Raises InputError where --map names a field that is not one of ours."""
    for field in chosen:
        if field not in FIELDS:
            raise InputError(f"--map: there is no field {field!r}.", f"The fields are {', '.join(FIELDS)}.")


@dataclass(frozen=True)
class Recognised:
    """Which column holds which field, and what of the choice the user should know."""

    fields: Mapping[str, str]
    notes: tuple[str, ...] = ()


def recognise(names: Sequence[str], chosen: Mapping[str, str], rows: Rows = ()) -> Recognised:
    """Tell which column holds which field, by its name and, where `rows` of a table are given, by what it holds.

    `chosen` is what the user said with --map, `{field: column}`; an empty column leaves the field out.
    Raises ValueError for a column that the table does not have.
    """
    for field, column in chosen.items():
        if column and column not in names:
            raise ValueError(f"--map {field}={column}: the table has no column {column!r}; it has {', '.join(names)}")
    by_plain = {plain(name): name for name in reversed(names) if name}
    taken = set(chosen.values())
    found = {field: column for field, column in chosen.items() if column}
    notes: list[str] = []
    if "text" not in chosen and (text := _text_column(names, rows, taken, notes)):
        found["text"] = text
        taken.add(text)
    left_out = _misleading(names, rows, notes) if rows else frozenset()
    for field, known in PLAIN_NAMES.items():
        if field in chosen or field == "text":
            continue
        # In Letterboxd's exports "Name" is the film; elsewhere it may be anybody's.
        also = ("name",) if field == "title" and "letterboxduri" in by_plain else ()
        meant = (by_plain[k] for k in (*known, *also) if k in by_plain and (field, k) not in left_out)
        match = next((column for column in meant if column not in taken), None)
        if match is not None:
            found[field] = match
            taken.add(match)
    return Recognised(found, tuple(notes))


def names_text(names: Sequence[str]) -> bool:
    """Whether one of the names is known for a review's text."""
    return any(plain(name) in PLAIN_NAMES["text"] for name in names)


def count_known(names: Sequence[str]) -> int:
    """How many of the names are known from the header rows of exports."""
    return sum(plain(name) in PLAIN_LABELS for name in names)


def _text_column(names: Sequence[str], rows: Rows, taken: Set[str], notes: list[str]) -> str | None:
    """The column with the reviews: of those with a known name the first of sentences, else the only such one."""
    free = [name for name in names if name not in taken]
    known = [name for k in PLAIN_NAMES["text"] for name in free if plain(name) == k]
    if not rows:
        return known[0] if known else None
    if len(names) == 1 and free:
        return free[0] if plain(free[0]) in PLAIN_NAMES["text"] or plain(free[0]) not in PLAIN_LABELS else None
    lengths = {name: _prose_length(name, rows) for name in free}
    sure = [name for name in known if plain(name) not in PLAIN_AMBIGUOUS]
    if prose := [name for name in known if lengths[name]]:
        return prose[0]
    if sure:
        return sure[0]
    guesses = sorted((n for n in free if plain(n) not in PLAIN_NEVER_TEXT), key=lambda n: -lengths[n])
    if (
        guesses
        and lengths[guesses[0]] >= _CLEARLY_PROSE
        and lengths[guesses[0]] >= 2 * max((lengths[name] for name in guesses[1:]), default=0)
    ):
        notes.append(
            f"the column {guesses[0]!r} was taken for the text, because it alone holds sentences; else say --map"
        )
        return guesses[0]
    return None


def _prose_length(name: str, rows: Rows) -> float:
    """The mean length of a column's cells; 0 where most are no sentences."""
    cells = [value.strip() for row in rows if (value := row.get(name)) and value.strip()]
    prose = [c for c in cells if len(c.split()) >= _PROSE_WORDS or (len(c) >= 12 and words.UNSPACED.search(c))]
    return sum(map(len, cells)) / len(cells) if len(prose) * 2 > len(cells) else 0


def _misleading(names: Sequence[str], rows: Rows, notes: list[str]) -> frozenset[tuple[str, str]]:
    """`(field, plain name)` of columns that are called like a field of ours and mean something else here."""
    plains = {plain(name): name for name in names}
    if plains.keys() & PLAIN_BOOK_COLUMNS:
        return frozenset({("critic", "author"), ("outlet", "publisher")})
    title, numbers = plains.get("title"), [plains[k] for k in sorted(plains.keys() & PLAIN_ITEM_IDS)]
    if title and any(_changes_under(number, title, rows) for number in numbers):
        notes.append(f"the column {title!r} holds headlines, not what is reviewed; --map title=COLUMN names that")
        return frozenset({("title", "title")})
    return frozenset()


def _changes_under(number: str, title: str, rows: Rows) -> bool:
    """Whether one item has several titles, or each review an item of its own with a title like a sentence."""
    seen: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if (item := row.get(number)) and (said := row.get(title)):
            seen[item].add(said)
    return any(len(titles) > 1 for titles in seen.values())


def describe(
    names: Sequence[str], fields: Mapping[str, str], rows: Iterable[Mapping[str, str | None]]
) -> tuple[Column, ...]:
    """Each column with the field it serves and an example, as shown before use."""
    by_column = {column: field for field, column in fields.items()}
    rows = list(rows)
    examples = {name: next((v for row in rows if (v := (row.get(name) or "").strip())), "") for name in names}
    return tuple(Column(name, by_column.get(name), _shortened(examples[name])) for name in names)


def _shortened(example: str) -> str:
    line = " ".join(example.split())
    return line if len(line) <= _EXAMPLE_LENGTH else f"{line[:_EXAMPLE_LENGTH].rstrip()}…"


def _blank_to_none(value: str | None) -> str | None:
    return None if value is None or not value.strip() else value


def storable(value: str) -> str:
    """Refuse what SQLite or JSON cannot hold. Raises ValueError."""
    if "\0" in value:
        raise ValueError("it holds a NUL character, which no review text can")
    if _SURROGATE.search(value) and not _SURROGATE.search(_ESCAPED_BYTE.sub("", value)):
        raise ValueError("it holds a byte that does not belong to the file's encoding")
    if _SURROGATE.search(value):
        raise ValueError("it holds half of a character (a lone surrogate), so it was damaged before it came here")
    return value


def _text(value: str | None) -> str:
    if value is None or all(unicodedata.category(c) in _UNSEEN for c in value):
        raise ValueError("it has no text")
    if len(value) > limits.MAX_TEXT:
        raise ValueError(f"its text has {len(value):,} characters; at most {limits.MAX_TEXT:,} are read")
    return storable(value)


def _short(value: str | None) -> str | None:
    return None if value is None else " ".join(storable(value).split())


def without_too_long(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """The values but for those, the text aside, that are longer than their field can make sense of."""
    return {
        field: value
        for field, value in values.items()
        if field == "text" or len((value or "").strip()) <= (limits.MAX_URL if field == "url" else limits.MAX_FIELD)
    }


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

"""Dates as people write them → ISO 8601, where that is certain: by themselves, or by the column they stand in. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

First = Literal["day", "month"]
"""What stands first in 3/4/2024."""

_FORMATS = ("%Y/%m/%d", "%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y", "%Y-%m")
# A longer run of digits is a number of seconds, however much of a date `fromisoformat` sees in it.
_EPOCH = re.compile(r"(\d{9}|1\d{9})(?:\d{3})?(?:\.0+)?$")
_ISO_START = re.compile(r"(\d{4}-\d{2}-\d{2}|\d{8})(?!\d)")
_NUMBERS = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:,?[ T]\s*\d{1,2}:\d{2}.{0,20})?$", re.ASCII)
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?$", re.ASCII)
_DAY_0 = date(1899, 12, 30)
_SERIALS = range(25_569, 73_051)
"""From 1970 to 2099."""
_MONTHS = 12


@dataclass(frozen=True)
class DateForm:
    """What a column shows of how its dates are written."""

    seconds: bool = False
    """All of its cells count the seconds, or milliseconds, since 1970."""
    serials: bool = False
    """A number in it counts days as workbooks do."""
    first: Mapping[str, First] = field(default_factory=lambda: {".": "day"})
    """What stands first, by the mark between the numbers. With dots that is the day, unless the column denies it."""


@dataclass
class DateColumn:
    """The dates of a column, seen one by one."""

    serials: bool = False
    """Whether its numbers may count days as workbooks do."""
    _filled: int = 0
    _seconds: int = 0
    _first: dict[str, set[First]] = field(default_factory=lambda: defaultdict(set))

    def see(self, value: str) -> None:
        """Take one cell into account."""
        value = value.strip()
        if not value:
            return
        self._filled += 1
        self._seconds += _EPOCH.match(value) is not None
        if (numbers := _NUMBERS.match(value)) and (first := _first_of(int(numbers[1]), int(numbers[3]))):
            self._first[numbers[2]].add(first)

    def form(self) -> DateForm:
        """What all of them show."""
        settled: dict[str, First] = {mark: next(iter(seen)) for mark, seen in self._first.items() if len(seen) == 1}
        if "." not in self._first:
            settled["."] = "day"
        return DateForm(bool(self._filled) and self._seconds == self._filled, self.serials, settled)


def _first_of(one: int, other: int) -> First | None:
    """What the first of two numbers must be, where one of them is no month."""
    if one > _MONTHS >= other:
        return "day"
    return "month" if other > _MONTHS >= one else None


ALONE = DateForm()
"""Of a date in no column."""


def iso_date(value: str | None, form: DateForm = ALONE) -> str | None:
    """A date as ISO 8601, or None where it is missing or cannot be read for certain."""
    if value is None:
        return None
    value = value.strip()
    if form.seconds and (count := _EPOCH.match(value)):
        return datetime.fromtimestamp(int(count[1]), UTC).date().isoformat()
    if form.serials and (days := _SERIAL.match(value)) and int(days[1]) in _SERIALS:
        return (_DAY_0 + timedelta(days=int(days[1]))).isoformat()
    if start := _ISO_START.match(value):
        try:
            return date.fromisoformat(start[1]).isoformat()
        except ValueError:
            return None
    if numbers := _NUMBERS.match(value):
        return _from_numbers(int(numbers[1]), int(numbers[3]), int(numbers[4]), form.first.get(numbers[2]))
    for written in _FORMATS:
        try:
            return datetime.strptime(value, written).date().isoformat()
        except ValueError:
            continue
    return None


def _from_numbers(one: int, other: int, year: int, first: First | None) -> str | None:
    """Two numbers and a year; what is certain by itself needs no column."""
    first = _first_of(one, other) or first or ("day" if one == other else None)
    if first is None:
        return None
    day, month = (one, other) if first == "day" else (other, one)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None

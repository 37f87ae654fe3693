"""Files that a browser sent: what would be added of them, and the work of adding them. No Streamlit here.

A file is written under a safe name of ours into a folder of its own, read by the library, and gone afterwards.
"""

from __future__ import annotations

import csv
import io
import logging
import re
import tempfile
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from rag.errors import NothingRead, PullquoteError
from rag.export import neutralised
from rag.library import Library
from rag.records import AddReport, Column, Progress, Rejected
from rag.reviews.column_names import KNOWN_NAMES
from rag.reviews.folders import TITLE_FILE
from rag.reviews.formats.detect import ENDINGS

FIELDS: Mapping[str, str] = {
    "text": "Review text",
    "critic": "Critic",
    "outlet": "Outlet",
    "rating": "Rating",
    "date": "Date",
    "title": "What is reviewed",
    "url": "Web address",
    "lang": "Language",
    "id": "Id of the review",
}
"""Our fields in a reader's words."""
assert set(FIELDS) == set(KNOWN_NAMES)
LEAVE_OUT = ""
TYPES = sorted(ending.removeprefix(".") for ending in ENDINGS)

_MAX_STEM_BYTES = 150
_STAGES = {"read": "Reading", "embed": "Embedding", "index": "Indexing", "code": "Coding", "run": "Running"}
_UNITS = {"read": "reviews", "embed": "sentences", "index": "reviews", "code": "reviews", "run": "cases"}

logger = logging.getLogger("pullquote.ui")


@dataclass(frozen=True)
class Sent:
    """A file as it came from a browser."""

    id: str
    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Parcel:
    """Files with the same columns, read with one choice of them."""

    files: tuple[Sent, ...]
    columns: tuple[Column, ...]
    """As they were recognised by name and content, before anybody chose."""

    @property
    def ids(self) -> tuple[str, ...]:
        """What tells it from another parcel."""
        return tuple(one.id for one in self.files)

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns' names."""
        return tuple(column.column for column in self.columns)


def safe_name(name: str) -> str:
    """A file's name without its path and without what no name should hold; it still says format and title."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(" " if unicodedata.category(c)[0] == "C" or c in '<>:"|?*' else c for c in last)
    stem, dot, ending = " ".join(kept.split()).rpartition(".")
    stem = stem if dot else ending
    ending = re.sub(r"[^a-z0-9]", "", ending.lower())[:10] if dot else ""
    stem = stem.lstrip(". -").encode("utf-8")[:_MAX_STEM_BYTES].decode("utf-8", "ignore").strip() or "reviews"
    whole = f"{stem}.{ending}" if ending else stem
    return "reviews.toml" if whole.casefold() == TITLE_FILE else whole


def parcels(recognised: Sequence[tuple[Sent, Sequence[Column]]]) -> list[Parcel]:
    """Files that have the same columns together, in the order in which they came."""
    found: dict[tuple[str, ...], Parcel] = {}
    for sent, columns in recognised:
        names = tuple(dict.fromkeys(column.column for column in columns))
        there = found.get(names)
        first = {column.column: column for column in reversed(columns)}
        own = there.columns if there else tuple(first[name] for name in names)
        found[names] = Parcel((*(there.files if there else ()), sent), own)
    return list(found.values())


def column_map(columns: Sequence[Column], chosen: Mapping[str, str]) -> dict[str, str] | None:
    """What `add` is told of a choice `{column: field or LEAVE_OUT}`; None where it is what was recognised."""
    if all(chosen.get(column.column, column.field or LEAVE_OUT) == (column.field or LEAVE_OUT) for column in columns):
        return None
    read_as = {column.column: chosen.get(column.column, column.field or LEAVE_OUT) for column in columns}
    by_field = {name: column for column, name in read_as.items() if name}
    return {name: by_field.get(name, "") for name in FIELDS}


@contextmanager
def _staged(files: Sequence[Sent]) -> Iterator[tuple[Path, list[Path]]]:
    """The files on disk for as long as they are read."""
    with tempfile.TemporaryDirectory(prefix="pullquote-upload-") as made:
        folder = Path(made).resolve()
        paths = []
        for number, sent in enumerate(files):
            path = folder / str(number) / safe_name(sent.name)
            path.parent.mkdir()
            path.write_bytes(sent.content)
            paths.append(path)
        yield folder, paths


def read(
    library: Path,
    files: Sequence[Sent],
    *,
    title: str | None = None,
    kind: str | None = None,
    column_map: Mapping[str, str] | None = None,
    dry_run: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> AddReport:
    """Add the files, or with `dry_run` say what would be added. Where no row is of use the report says so, too.

    The library is opened anew, so that nobody who asks it has to wait. Raises PullquoteError.
    """
    with _staged(files) as (folder, paths), Library.open(library) as opened:
        try:
            report = opened.add(
                paths,
                title=title,
                kind=kind,
                column_map=column_map,
                uploaded=True,
                dry_run=dry_run,
                on_progress=on_progress,
            )
        except NothingRead as error:
            columns = tuple(Column(**one) for one in error.details["columns"])
            rejected = tuple(Rejected(**one) for one in error.details["rejected"])
            report = AddReport("", 0, 0, 0, 0, columns, rejected, (), dry_run=dry_run)
        return _as_named(report, folder)


def _as_named(report: AddReport, folder: Path) -> AddReport:
    """The report with the files called as the reader calls them, not by where they lay for a moment."""
    where = re.compile(re.escape(str(folder)) + r"/\d+/")
    return replace(
        report,
        rejected=tuple(replace(o, file=where.sub("", o.file), reason=where.sub("", o.reason)) for o in report.rejected),
        notes=tuple(replace(one, file=where.sub("", one.file), text=where.sub("", one.text)) for one in report.notes),
    )


def refused_csv(rejected: Sequence[Rejected]) -> bytes:
    """Every refused row's place and reason, as a table that no spreadsheet computes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("file", "line", "reason"))
    writer.writerows((neutralised(one.file), one.line or "", neutralised(one.reason)) for one in rejected)
    return out.getvalue().encode("utf-8-sig")


# ── adding ───────────────────────────────────────────────────────────────────────────────────────


class Adding:
    """Parcels that are being added in a thread of their own: a click elsewhere must not break it off."""

    def __init__(
        self,
        library: Path,
        chosen: Sequence[tuple[Parcel, Mapping[str, str] | None]],
        title: str | None,
        kind: str | None,
    ) -> None:
        """`start` begins the work."""
        self._library, self._chosen, self._title, self._kind = library, tuple(chosen), title, kind
        self._thread: threading.Thread | None = None
        self._began: dict[str, float] = {}
        self._progress: Progress | None = None
        self.reports: list[AddReport] = []
        self.error: PullquoteError | None = None
        self.broke = False
        """Whether something happened that should not."""

    def start(self) -> None:
        """Begin, and come back at once."""
        self._thread = threading.Thread(target=self._run, name="pullquote-add", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Wait for its end, but no longer than this."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            for parcel, mapped in self._chosen:
                self._began.clear()
                self.reports.append(
                    read(
                        self._library,
                        parcel.files,
                        title=self._title,
                        kind=self._kind,
                        column_map=mapped,
                        on_progress=self._hear,
                    )
                )
        except PullquoteError as error:
            self.error = error
        except Exception:  # a thread's last stand: the page says a sentence, the log the rest
            logger.exception("Adding broke off.")
            self.broke = True
        finally:
            self._chosen = ()  # the files' bytes are let go

    def _hear(self, progress: Progress) -> None:
        self._began.setdefault(progress.stage, time.monotonic())
        self._progress = progress

    def told(self) -> tuple[float, str]:
        """How far it has come, 0 to 1, and in words."""
        progress = self._progress
        if progress is None:
            return 0.0, "Opening the library…"
        return said(progress, time.monotonic() - self._began.get(progress.stage, time.monotonic()))


def said(progress: Progress, seconds: float) -> tuple[float, str]:
    """A stage's share done, and `Embedding: 300 of 900 sentences, about 12 s left`."""
    stage, unit = _STAGES[progress.stage], _UNITS[progress.stage]
    if not progress.total:
        return 0.0, f"{stage}: {progress.done:,} {unit}"
    share = min(1.0, progress.done / progress.total)
    words = f"{stage}: {progress.done:,} of {progress.total:,} {unit}"
    if seconds < 1 or not 0 < share < 1:
        return share, words
    return share, f"{words}, about {_spoken(seconds * (1 - share) / share)} left"


def _spoken(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"

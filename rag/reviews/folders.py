"""A folder → the files in it that may be read, and one line for each that may not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.records import Note, Rejected
from rag.reviews.formats import detect, limits
from rag.reviews.formats.rows import shown
from rag.reviews.store import DATABASE

TITLE_FILE = "title.toml"
_LIBRARY = "it is a Pullquote library, not reviews, and was left aside"
_SORTS = (
    (stat.S_ISFIFO, "it is a pipe, not a file; hand it over on standard input: pullquote add -"),
    (stat.S_ISSOCK, "it is a socket, not a regular file"),
    (stat.S_ISCHR, "it is a device, not a regular file"),
    (stat.S_ISBLK, "it is a device, not a regular file"),
)


@dataclass(frozen=True)
class Folder:
    """A folder and the names of its files that are worth opening."""

    path: Path
    names: Sequence[str]


def below(root: Path) -> Iterator[Folder | Rejected | Note]:
    """A folder and those below it, in name order; links, libraries and what lies too deep are not entered."""
    unread: list[OSError] = []
    files = 0
    for where, subfolders, names in os.walk(root, onerror=unread.append):
        folder = Path(where)
        subfolders.sort()
        yield from _unreadable(unread)
        if DATABASE in names:
            subfolders.clear()
            yield Rejected(shown(root), None, _LIBRARY) if folder == root else Note(shown(folder), _LIBRARY)
            continue
        yield from _pruned(folder, subfolders, len(folder.relative_to(root).parts))
        names = sorted(name for name in names if not name.startswith(".") and name != TITLE_FILE)
        if files + len(names) > limits.MAX_FILES:
            reason = f"it holds over {limits.MAX_FILES:,} files; from here on nothing was read"
            yield Rejected(shown(folder), None, reason)
            return
        files += len(names)
        readable = []
        for name in names:
            if refused := refusal(folder / name, root):
                yield Rejected(shown(folder / name), None, refused)
            else:
                readable.append(name)
        yield Folder(folder, readable)
    yield from _unreadable(unread)


def _unreadable(errors: list[OSError]) -> Iterator[Rejected]:
    for error in errors:
        yield Rejected(shown(error.filename or "?"), None, f"it can't be opened: {error.strerror}")
    errors.clear()


def _pruned(folder: Path, subfolders: list[str], depth: int) -> Iterator[Rejected]:
    """Take folders that are not entered out of a list; hidden ones go unsaid."""
    for name in list(subfolders):
        reason = None
        if (folder / name).is_symlink():
            reason = "it is a link to a folder, and links are not followed"
        elif depth >= limits.MAX_DEPTH:
            reason = f"it lies over {limits.MAX_DEPTH} folders deep"
        if reason or name.startswith("."):
            subfolders.remove(name)
        if reason and not name.startswith("."):
            yield Rejected(shown(folder / name), None, reason)


def refusal(path: Path, root: Path | None = None) -> str | None:
    """Why a path is not opened as a file; with a `root`, it must lie in there."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return next((said for is_sort, said in _SORTS if is_sort(mode)), "it is not a regular file")
        if root is not None and not path.resolve().is_relative_to(root.resolve()):
            return "it is a link that leads out of the folder"
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        return f"it can't be reached: {error}"
    return None if path.suffix.lower() in detect.ENDINGS else detect.unknown_ending(path)

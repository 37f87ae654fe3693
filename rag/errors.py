"""Everything that can go wrong, as one tree. The exit code is the command line's.

PullquoteError
├── InputError            2   an option, a file or a name is wrong
│   ├── NothingRead       2   no row of the input could be used
│   ├── UnknownTitle      2   no such title; the nearest names are in the hint
│   ├── UnknownReview     2   no such review
│   ├── UnknownBatch      2   no `add` had this batch id; the latest are in the hint
│   ├── NoLibrary         2   there is no library at this path yet
│   ├── LibraryTooNew     2   written by a newer Pullquote
│   └── EmbedderMismatch  2   the stored vectors were made by another embedder
├── ModelMissing          3   model files were demanded and are not there, or not the right ones
├── ExtraMissing          3   an optional part of the program is not installed
├── IndexUnreachable      3   the vector server is not there, or does not answer as one
│   └── IndexReadOnly     3   the vector index lies where nothing can be written, which Chroma must
├── EmbedderUnavailable   3   the embedding server is not there, or does not answer as one
├── EngineError           3   the model's server is not there, refuses, or writes what can't be used
├── LibraryLocked         4   another process is writing this library
├── LibraryDamaged        5   the library can be opened but not trusted
│   └── IndexMismatch     5   the vector index holds other vectors than this library's
├── DiskFull              7   no space left where the library lives
├── BudgetExhausted       7   the next call of the model could cost more than is allowed
├── Cancelled           130   the person who asked said stop
└── SchemaOutdated       70   internal: the store asks the library to migrate it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal


class PullquoteError(Exception):
    """Something went wrong in a way that can be said in a sentence.

    `message` says what happened, `hint` what to do next, `details` holds values for machines.
    """

    exit_code = 70
    retryable = False

    def __init__(self, message: str, hint: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: Mapping[str, Any] = details

    @property
    def code(self) -> str:
        """The class's name in lower case with underscores: `unknown_title`."""
        name = type(self).__name__
        return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class InputError(PullquoteError):
    """An option, a file or a name is wrong."""

    exit_code = 2


class NothingRead(InputError):
    """No row of the input could be used."""


class UnknownTitle(InputError):
    """No title has this name or id."""


class UnknownReview(InputError):
    """No review has this id."""


class UnknownBatch(InputError):
    """No `add` had this batch id."""


class NoLibrary(InputError):
    """There is no library at this path yet."""


class LibraryTooNew(InputError):
    """The library was written by a newer Pullquote than this one."""


class EmbedderMismatch(InputError):
    """The stored vectors were made by another embedder than the one that is open."""


class ModelMissing(PullquoteError):
    """Model files were demanded and are not there, or are not the ones we trust."""

    exit_code = 3


class ExtraMissing(PullquoteError):
    """An optional part of the program is not installed."""

    exit_code = 3


def install_extra(extra: str) -> str:
    """How an extra is installed beside a Pullquote that came from a clone or a wheel: it is in no package index."""
    return (
        f'Install it in the folder that Pullquote came from: uv tool install "pullquote[{extra}] @ ." or, with pip: '
        f'pip install ".[{extra}]" (for a wheel, its path stands for the dot).'
    )


class IndexUnreachable(PullquoteError):
    """The vector server is not there, or does not answer as one."""

    exit_code = 3
    retryable = True


class IndexReadOnly(IndexUnreachable):
    """The vector index lies where nothing can be written, and Chroma writes where it reads."""


class EmbedderUnavailable(PullquoteError):
    """The embedding server is not there, or does not answer as one; `retryable` says if waiting may help."""

    exit_code = 3

    def __init__(self, message: str, hint: str | None = None, *, retryable: bool = False, **details: Any) -> None:
        super().__init__(message, hint, **details)
        self.retryable = retryable


EngineFault = Literal[
    "unreachable",  # nobody listens, or the connection broke before anything came
    "timeout",  # not done when the time for it was over
    "key",  # the key is refused
    "unknown",  # no such model, or no such address
    "busy",  # asked too often, or no quota
    "server",  # the server says that it failed
    "rejected",  # the request is refused
    "context",  # the request is longer than the model reads
    "filtered",  # the provider's filter, or the model, refuses to answer
    "rubbish",  # what came is no answer of such a server
    "broke_off",  # the reply ended in the middle
]
"""What kind of trouble a model's server gave."""


class EngineError(PullquoteError):
    """The model's server is not there, refuses, or writes what can't be used.

    `kind` says which, `retryable` whether waiting may help, `arrived` how many characters of a reply had come,
    `wait_s` how many seconds the server asks to be left alone.
    """

    exit_code = 3

    def __init__(
        self,
        kind: EngineFault,
        message: str,
        hint: str | None = None,
        *,
        retryable: bool = False,
        arrived: int = 0,
        wait_s: float | None = None,
    ) -> None:
        super().__init__(message, hint, kind=kind)
        self.kind = kind
        self.retryable = retryable
        self.arrived = arrived
        self.wait_s = wait_s
        self.paid: tuple[int, int, float | None] = (0, 0, 0.0)
        """Prompt tokens, completion tokens and dollars that it cost all the same."""


class BudgetExhausted(PullquoteError):
    """The next call of the model could cost more than is allowed; it was not made."""

    exit_code = 7


class LibraryLocked(PullquoteError):
    """Another process, or another thread, is writing this library."""

    exit_code = 4
    retryable = True


class LibraryDamaged(PullquoteError):
    """The library's file can't be read as one."""

    exit_code = 5


class IndexMismatch(LibraryDamaged):
    """The vector index holds another embedder's vectors, or none where there should be some."""


class DiskFull(PullquoteError):
    """No space is left where the library lives; what was acknowledged is kept."""

    exit_code = 7
    retryable = True


class Cancelled(PullquoteError):
    """The person who asked said stop."""

    exit_code = 130


class SchemaOutdated(PullquoteError):
    """The store's tables are older than this program, or not there yet; the library migrates them."""

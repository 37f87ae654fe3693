"""What the verbs of the command line share: options, progress, how a library is opened. Only typer is imported here."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rag.library import Library
    from rag.records import Progress

LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", "-l", envvar="PULLQUOTE_LIBRARY", help="The library's folder [default: .pullquote]."),
]
BatchOption = Annotated[str | None, typer.Option("--batch", help="All that one `add` brought; its report names it.")]
FormOption = Annotated[
    str | None, typer.Option("--format", help="json, csv, markdown or html [default: for a terminal].")
]
AnswerFormOption = Annotated[
    str | None, typer.Option("--format", help="json, markdown or html [default: for a terminal].")
]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="A file [default: standard output].")]


class EngineName(StrEnum):
    """What writes."""

    auto = "auto"
    extractive = "extractive"
    chat = "chat"


EngineOption = Annotated[
    EngineName | None,
    typer.Option(help="extractive works offline, chat asks the model, auto asks it where one is named."),
]
ModelOption = Annotated[
    str | None, typer.Option(help="A model of the server at OPENAI_BASE_URL [default: PULLQUOTE_MODEL].")
]
NoFallbackOption = Annotated[
    bool, typer.Option("--no-fallback", help="Fail when the model does, instead of answering offline.")
]
MaxCostOption = Annotated[float | None, typer.Option(min=0, help="Dollars that this run may cost.")]


class Stance(StrEnum):
    """Which opinions are wanted."""

    positive = "positive"
    negative = "negative"


JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]

SinceOption = Annotated[str | None, typer.Option(help="Only reviews from then on: 2024, 2024-03 or 2024-03-15.")]
UntilOption = Annotated[str | None, typer.Option(help="Only reviews up to then, that day, month or year included.")]
OutletOption = Annotated[list[str] | None, typer.Option(help="Only reviews from this outlet; may be repeated.")]
MinRatingOption = Annotated[str | None, typer.Option(help="Only reviews that give at least this: 3/5, 60% or B+.")]
MaxRatingOption = Annotated[str | None, typer.Option(help="Only reviews that give at most this.")]
LangOption = Annotated[str | None, typer.Option(help="Only reviews whose file says this language: en, de.")]
StanceOption = Annotated[Stance | None, typer.Option(help="Only praise (positive), or only blame (negative).")]


class ProgressForm(StrEnum):
    """How progress is shown."""

    bar = "bar"
    json = "json"
    none = "none"


def open_library(
    library: Path | None,
    engine: EngineName | None = None,
    model: str | None = None,
    max_cost: float | None = None,
    *,
    no_fallback: bool = False,
) -> Library:
    """The library that the options name."""
    from rag.library import Library

    named = engine.value if engine else None
    return Library.open(library, engine=named, model=model, max_cost=max_cost, fallback=not no_fallback)


def parsed_map(given: list[str] | None) -> dict[str, str]:
    """`--map FIELD=COLUMN` as a map. Raises InputError."""
    from rag import terminal
    from rag.errors import InputError

    try:
        return terminal.parse_map(given or [])
    except ValueError as error:
        raise InputError(
            f"--map {error}: it is not of the form FIELD=COLUMN.", "For example: --map text=Body"
        ) from None


def print_json(value: dict[str, Any]) -> None:
    """One object on one line."""
    from rag import contract

    typer.echo(contract.dump(value))


class shown:  # noqa: N801 - reads as a verb
    """Progress in the form asked for, for the length of a `with`."""

    def __init__(self, form: ProgressForm) -> None:
        from rag import terminal

        self._bars = terminal.Bars() if form is ProgressForm.bar else None
        self._on: Callable[[Progress], None] = terminal.json_progress if form is ProgressForm.json else lambda _: None

    def __enter__(self) -> Callable[[Progress], None]:
        return self._bars.__enter__() if self._bars else self._on

    def __exit__(self, *error: object) -> None:
        if self._bars:
            self._bars.__exit__(*error)

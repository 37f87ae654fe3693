"""A user's own suite: a starter made from a library, and questions with the answers that a person approved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from evals.cases import AskCase, Counted, Span
from evals.suites import Suite
from rag.errors import InputError
from rag.library import Library
from rag.records import Answer

SILENT = "the reviews don't say"
_HEAD = """\
# Questions about our own reviews, and the answers that a person approved.
purpose = "Do our questions keep the answers that we approved?"
task = "ask"
cases = "own"
{source}

[metrics]
quotes_verbatim = {{ hard = true }}
evidence_recall = {{ margin = 0.05 }}
citation_precision = {{ margin = 0.1 }}
abstention_f1 = {{ margin = 0.1 }}
count_error = {{ margin = 0.05 }}

[configurations.extractive]
engine = "extractive"
gate = true
"""


def starter(
    file: Path,
    library: Library | None,
    reviews: Sequence[Path],
    title: str | None,
    kind: str | None,
    columns: Mapping[str, str] | None = None,
) -> Path:
    """Write a suite without cases, for a library or for files of reviews. Raises InputError where the file is there."""
    if file.exists():
        raise InputError(f"There is a file {file} already.", "Name one that does not exist yet.")
    if reviews:
        missing = next((one for one in reviews if not one.exists()), None)
        if missing is not None:
            raise InputError(f"There is no file {missing}.")
        lines = [f"reviews = {json.dumps([_relative(one, file) for one in reviews])}"]
        lines += [f"{name} = {_quoted(value)}" for name, value in (("title", title), ("kind", kind)) if value]
        if columns:
            lines.append(f"map = {{ {', '.join(f'{name} = {_quoted(column)}' for name, column in columns.items())} }}")
    else:
        assert library is not None
        lines = [f"library = {_quoted(_relative(library.path, file))}"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_HEAD.format(source="\n".join(lines)), "utf-8")
    return file


def suggested(library: Library) -> tuple[str, list[str]]:
    """The most reviewed title, and questions that its reviews can answer, for a start."""
    titles = sorted((title for title in library.titles() if title.reviews), key=lambda one: (-one.reviews, one.name))
    return (titles[0].name, library.suggestions(titles[0].id)) if titles else ("", [])


def approved(question: str, titles: Sequence[str], answer: Answer) -> AskCase:
    """The case that records an answer a person approved: what it cites, what it counts, or that it is silent."""
    silent = answer.status == "abstained"
    names = {title.id: title.name for title in answer.titles}
    cited = () if silent else answer.citations
    counted = [one for one in answer.coverage if one.mentioning is not None]
    return AskCase(
        id=_slug(question),
        cluster=names[cited[0].title_id] if cited else next(iter(names.values()), ""),
        question=question,
        titles=tuple(titles),
        unanswerable=SILENT if silent else None,
        evidence=tuple((Span(review=c.review_id, start=c.start, end=c.end, quote=c.quote),) for c in cited),
        aspect=answer.plan.aspect if not silent else None,
        counts=() if silent else tuple(
            Counted(title=names[one.title_id], reviews=one.reviews, mentioning=one.mentioning or 0,
                    positive=one.positive or 0, negative=one.negative or 0, mixed=one.mixed or 0)
            for one in counted
        ),
    )  # fmt: skip


def append(suite: Suite, case: AskCase) -> str:
    """Write a case at the end of a suite's file; its id, numbered where it is taken."""
    taken = {one.id for one in suite.case}
    numbered = (case.id if number == 1 else f"{case.id}-{number}" for number in range(1, len(taken) + 2))
    free = next(name for name in numbered if name not in taken)
    with suite.file.open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(_lines(case.model_copy(update={"id": free}))) + "\n")
    return free


def _lines(case: AskCase) -> Iterator[str]:
    yield "[[case]]"
    for name in ("id", "cluster", "question", "unanswerable", "aspect"):
        if (value := getattr(case, name)) is not None:
            yield f"{name} = {_quoted(value)}"
    if case.titles:
        yield f"titles = [{', '.join(map(_quoted, case.titles))}]"
    if case.evidence:
        yield "evidence = ["
        for (span,) in case.evidence:
            where = f"review = {_quoted(span.review)}, start = {span.start}, end = {span.end}"
            yield f"  [{{ {where}, quote = {_quoted(span.quote)} }}],"
        yield "]"
    if case.counts:
        yield "counts = ["
        for one in case.counts:
            told = one.model_dump()
            title = _quoted(told.pop("title"))
            yield f"  {{ title = {title}, {', '.join(f'{name} = {value}' for name, value in told.items())} }},"
        yield "]"


def _quoted(text: str) -> str:
    """A TOML string. JSON's is one, but for what JSON leaves as it is and TOML forbids."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _relative(path: Path, file: Path) -> str:
    """As seen from the file's folder, where it lies below it; else whole."""
    here, there = file.parent.resolve(), path.resolve()
    return there.relative_to(here).as_posix() if there.is_relative_to(here) else str(path)


def _slug(question: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", question.casefold())[:8]) or "question"

"""What a page costs of our own CPU: a visit to each, in a small library and in one of 100,000 reviews, both warm.

The pages run as Streamlit runs them, without a browser. No model writes; the question is embedded by the real one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest import mock

from streamlit.logger import set_log_level
from streamlit.testing.v1 import AppTest

from benchmarks import seeded
from benchmarks.clock import Say, in_turns, median_ratio
from benchmarks.libraries import Libraries
from benchmarks.report import Bar, CannotMeasure, Report, Table
from ui import launch

SMALL, REVIEWS, QUICK_REVIEWS = 1_000, 100_000, 2_000
ROUNDS, QUICK_ROUNDS = 7, 3
PAGE_MS = 300
_FIRST = seeded.title(0)


@dataclass(frozen=True)
class Visit:
    """A page, and what stands in its address."""

    name: str
    file: str | None
    query: tuple[tuple[str, str], ...] = ()
    search: str = ""
    """Typed into the page's first box."""


_QUESTION = ("q", seeded.QUESTIONS[0])
VISITS = (
    Visit("Ask, nothing asked", None),
    Visit("Ask, a title", None, (_QUESTION, ("title", _FIRST))),
    Visit("Ask, the whole library", None, (_QUESTION,)),
    Visit("Consensus", "consensus.py", (("title", _FIRST),)),
    Visit("Compare", "compare.py"),
    Visit("Library", "library.py"),
    Visit("Library, searched", "library.py", search="ending"),
    Visit("Evaluations", "evaluations.py"),
    Visit("Settings", "settings.py"),
)


def run(libraries: Libraries, say: Say, *, quick: bool = False) -> Report:
    """Visit each page of both libraries in turns; each visit is a session of its own in a server that is warm."""
    size, rounds = (QUICK_REVIEWS, QUICK_ROUNDS) if quick else (REVIEWS, ROUNDS)
    small, large = (libraries.of(reviews, say, per_review=1) for reviews in (SMALL, size))
    set_log_level("error")  # that no browser is there is known
    spent: dict[str, tuple[list[float], list[float]]] = {}
    for visit in VISITS:
        say(f"{visit.name}: {rounds} rounds in turns")
        jobs = {"small": _job(small, visit), "large": _job(large, visit)}
        for job in jobs.values():
            job()
        seconds = in_turns(jobs, rounds, lambda _: None)
        spent[visit.name] = (seconds["small"], seconds["large"])
    return _report(spent, size, rounds)


def _job(library: Path, visit: Visit) -> Callable[[], None]:
    def job() -> None:
        with mock.patch.dict(os.environ, {"PULLQUOTE_LIBRARY": str(library)}):
            page = AppTest.from_file(str(launch.APP), default_timeout=120)
            for name, value in visit.query:
                page.query_params[name] = value
            page = page.switch_page(visit.file).run() if visit.file else page.run()
            if visit.search:
                page.text_input[0].set_value(visit.search).run()
        said = " ".join(element.proto.body for element in page.get("html"))
        if page.exception or "went wrong" in said:
            raise CannotMeasure(f"The page {visit.name} could not be shown.")

    return job


def _report(spent: dict[str, tuple[list[float], list[float]]], size: int, rounds: int) -> Report:
    rows = tuple(
        (name, f"{1_000 * median(few):.0f}", f"{1_000 * median(many):.0f}", f"{median_ratio(many, few):.2f}×")
        for name, (few, many) in spent.items()
    )
    slowest = max(spent, key=lambda name: median(spent[name][1]))
    return Report(
        "pages",
        f"A visit to each page in a session of its own, CPU ms in a warm server without a browser, "
        f"{rounds} rounds in turns: {SMALL:,} seeded reviews beside {size:,}.",
        (Table(("page", f"{SMALL:,} reviews", f"{size:,} reviews", "ratio"), rows),),
        (Bar(f"the slowest page ({slowest})", 1_000 * median(spent[slowest][1]), PAGE_MS, "ms", at_least=False),),
        ("A search on the library's page is two runs of it: the visit, and what was typed.",),
        {name: {"small_s": few, "large_s": many} for name, (few, many) in spent.items()},
    )

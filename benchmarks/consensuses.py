"""Published consensuses of films, beside our findings: of the aspects that one names, how many are among our first.

Which aspects a published consensus judges was labelled by reading (`evals/labels/consensuses.jsonl`); the texts are
read from a folder given by path.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clock import Say
from benchmarks.libraries import every_tenth
from benchmarks.report import CannotMeasure, Report, Table
from evals.sentence_labels import digest
from rag.findings import Consensus
from rag.library import Library
from rag.taxonomy import OTHER, OVERALL

LABELS = Path(__file__).parents[1] / "evals" / "labels" / "consensuses.jsonl"
FIRST = 5
"""So many of our findings are compared."""
QUICK = 10


@dataclass(frozen=True)
class Pair:
    """A film's published aspects, with their sign, and how ours stand to them."""

    film: str
    named: tuple[str, ...]
    among_first: tuple[str, ...]
    """Those of `named` that are among our first findings."""
    same_side: tuple[str, ...]
    """Those of `among_first` whose verdict is that of the published one, or divided."""


def run(data: Path, say: Say, *, quick: bool = False) -> Report:
    """Summarise every film that has a published consensus."""
    labels = _labels(data)
    films = sorted(labels)[: QUICK if quick else None]
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder) / "library") as library:
        file = Path(folder) / "snippets.jsonl"
        file.write_text("".join(f"{row}\n" for row in _snippets(data, set(films))), "utf-8")
        library.add([file], kind="film", on_progress=every_tenth(say))
        pairs = [pair(film, labels[film], library.summary(film)) for film in films]
    return _report(pairs)


def _labels(data: Path) -> dict[str, list[str]]:
    """The labels of each film. Raises CannotMeasure where the texts are not those that were read."""
    try:
        lines = (data / "films" / "consensus.jsonl").read_text("utf-8").splitlines()
    except OSError as error:
        raise CannotMeasure(f"{data} does not hold films/consensus.jsonl: {error}.") from None
    texts = {row["film_id"]: row["consensus"] for row in map(json.loads, lines)}
    rows = list(map(json.loads, LABELS.read_text("utf-8").splitlines()))
    if any(digest(texts.get(row["film"], "")) != row["text_digest"] for row in rows):
        raise CannotMeasure("films/consensus.jsonl is not the file whose consensuses were labelled.")
    return {row["film"]: row["labels"] for row in rows}


def _snippets(data: Path, films: set[str]) -> list[str]:
    lines = (data / "films" / "reviews.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["film_id"] in films]
    return [json.dumps({"title": r["film_id"], "text": r["text"], "critic": r["critic"] or ""}) for r in rows]


def pair(film: str, labels: Sequence[str], ours: Consensus) -> Pair:
    """One film; a verdict on the whole is no finding, and left out."""
    signs: dict[str, set[str]] = {}
    for label in labels:
        if label[1:] != OVERALL:
            signs.setdefault(label[1:], set()).add(label[0])
    first = {one.aspect: one.verdict for one in ours.findings[:FIRST] if one.aspect != OTHER}
    among = tuple(name for name in signs if name in first)
    agree = {"praised": "+", "criticised": "-"}
    same = tuple(name for name in among if first[name] == "divided" or agree.get(first[name]) in signs[name])
    return Pair(film, tuple(signs), among, same)


def _report(pairs: Sequence[Pair]) -> Report:
    named, among, same = (
        sum(len(getattr(one, part)) for one in pairs) for part in ("named", "among_first", "same_side")
    )
    table = Table(
        (f"published consensuses of {len(pairs)} films", "aspects", "share"),
        (
            ("named by the published consensus", str(named), "–"),
            (f"of these, among our first {FIRST} findings", str(among), f"{among / max(1, named):.3f}"),
            ("of these, with the same verdict, or divided", str(same), f"{same / max(1, among):.3f}"),
        ),
    )
    return Report(
        "consensuses",
        "",
        (table,),
        (),
        (
            "A published consensus was written from all reviews of its site, of which the snippets are a part, and "
            "names two aspects or so: what it leaves out is not wrong in ours.",
        ),
        {one.film: {"named": one.named, "among_first": one.among_first, "same_side": one.same_side} for one in pairs},
    )

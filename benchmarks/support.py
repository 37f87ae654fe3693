"""How often the support check lets a claim pass that its passage does not say, and drops one that it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import model
from benchmarks.clock import Say
from benchmarks.report import Bar, CannotMeasure, Report, Table
from evals.support_pairs import FALSE, Kind, Pair, support_pairs
from evals.training import fit_few
from rag.engines import coding
from rag.evidence import support
from rag.search.base import Embedder

PRECISION_BAR, RECALL_BAR = 0.9, 0.6
_SCIFACT_PAIRS = 600


@dataclass(frozen=True)
class Checked:
    """A pair and what the check makes of it."""

    kind: Kind
    similarity: float
    overlap: float
    holds: bool


def run(data: Path | None, say: Say, *, quick: bool = False) -> Report:
    """Both splits of our claims; with data, SciFact's pairs beside them."""
    embedder = model.open_minilm()
    dev, test = ([*support_pairs("dev")], [*support_pairs("test")])
    if quick:
        dev, test = dev[:60], test[:60]
    say(f"{len(dev)} and {len(test)} pairs of a claim and a passage")
    found = {"dev": checked(dev, embedder), "test": checked(test, embedder)}
    others = _scifact(data, embedder, say) if data is not None else None
    return _report(found["dev"], found["test"], others)


def checked(pairs: Sequence[Pair], embedder: Embedder) -> list[Checked]:
    """As an answer's claims are checked: with vectors, and the leaning of both sides."""
    claims, passages = (embedder.embed([getattr(pair, part) for pair in pairs]) for part in ("claim", "passage"))
    found = []
    for pair, claim, passage in zip(pairs, claims, passages, strict=True):
        leans = coding.stance_of(pair.claim, claim), coding.stance_of(pair.passage, passage)
        similarity = float(claim @ passage)
        verdict = support.check(pair.claim, [pair.passage], pair.allowed, similarity, leans)
        overlap = support.overlap_of(pair.claim, pair.passage, " ".join(pair.allowed)) or 0.0
        found.append(Checked(pair.kind, similarity, overlap, verdict.holds))
    return found


def precision_and_recall(found: Sequence[Checked]) -> tuple[float, float]:
    """Of the claims that pass, the share that is true; of the true ones, the share that passes."""
    passed = [one.kind == "true" for one in found if one.holds]
    true = [one.holds for one in found if one.kind == "true"]
    return sum(passed) / max(1, len(passed)), sum(true) / max(1, len(true))


def fitted(found: Sequence[Checked]) -> tuple[float, float, float]:
    """What the weights of similarity and overlap and the offset would be, fitted on these."""
    columns = np.array([(one.similarity, one.overlap) for one in found], np.float32)
    weights, offset = fit_few(columns, np.array([one.kind == "true" for one in found]))
    return float(weights[0]), float(weights[1]), offset


def _passing(found: Sequence[Checked], kind: Kind) -> str:
    held = [one.holds for one in found if one.kind == kind]
    return f"{sum(held)} of {len(held)}"


def _scifact(data: Path, embedder: Embedder, say: Say) -> list[Checked]:
    """Claims of science with the sentences that support (true) or contradict (opposite) them."""
    try:
        claims = _by_id(data / "scifact" / "queries.jsonl")
        abstracts = _by_id(data / "scifact" / "corpus.jsonl")
        evidence = [json.loads(line) for line in (data / "scifact" / "evidence.jsonl").read_text("utf-8").splitlines()]
    except (OSError, KeyError, ValueError) as error:
        raise CannotMeasure(f"{data} does not hold scifact: {error}.") from None
    pairs: list[Pair] = []
    for row in evidence[:_SCIFACT_PAIRS]:
        kind: Kind = "true" if row["label"] == "SUPPORT" else "opposite"
        pairs.append(Pair(claims[str(row["query_id"])]["text"], abstracts[str(row["doc_id"])]["text"], (), kind))
    say(f"{len(pairs)} pairs of SciFact")
    return checked(pairs, embedder)


def _by_id(file: Path) -> dict[str, dict[str, str]]:
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return {str(row["_id"]): row for row in rows}


def _report(dev: Sequence[Checked], test: Sequence[Checked], scifact: Sequence[Checked] | None) -> Report:
    precision, recall = precision_and_recall(test)
    rows = [(name, *(_passing(found, kind) for kind in ("true", *FALSE)), *map(_number, precision_and_recall(found)))
            for name, found in (("development titles", dev), ("test titles", test))]  # fmt: skip
    tables = [
        Table(("claims that pass", "true", "random swap", "opposite stance", "another detail", "precision", "recall"),
              tuple(rows)),
    ]  # fmt: skip
    if scifact is not None:
        passing = (_passing(scifact, "true"), _passing(scifact, "opposite"))
        tables.append(Table(("SciFact, a claim and an abstract", "supports", "contradicts"), (("pass", *passing),)))
    weights = ", ".join(f"{one:.1f}" for one in fitted(dev))
    shipped = (support.SIMILARITY, support.OVERLAP, support.OFFSET)
    return Report(
        "support",
        "Claims about our corpus, paraphrased by hand, each with the passage it is about and with one it is not about.",
        tuple(tables),
        (
            Bar("precision on test titles", precision, PRECISION_BAR),
            Bar("recall on test titles", recall, RECALL_BAR),
        ),
        (
            f"Weights of similarity and overlap, and the offset, fitted on the development titles: {weights}; in use: "
            f"{', '.join(map(str, shipped))}. The threshold, {support.THRESHOLD}, was chosen there for a "
            "precision of about .93.",
        ),
        {"precision": precision, "recall": recall, "fitted": fitted(dev)},
    )


def _number(value: float) -> str:
    return f"{value:.3f}"

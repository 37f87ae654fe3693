"""How fast sentences become vectors: ours, Chroma's own path on the same weights, and the bare products."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import chroma_minilm, model, subjqa
from benchmarks.clock import THREADS, Say, in_turns, median_ratio, same_threads
from benchmarks.products import Products, flops
from benchmarks.report import Bar, CannotMeasure, Report, Table
from rag.reviews.split import sentences

SENTENCES, QUICK_SENTENCES = 600, 48
REPEATS, QUICK_REPEATS = 5, 3
TIMES_CHROMA = 10.0
SHARE_OF_BOUND = 0.6
TOLERANCE = 1e-4
_SEED = 7


@dataclass(frozen=True)
class Measured:
    """CPU seconds of every round, by contestant."""

    sentences: int
    batches: int
    operations: int
    """Multiplications and additions of the bare products."""
    difference: float
    """Greatest difference between our vectors and Chroma's."""
    spent: dict[str, list[float]]


def run(texts: Sequence[str], source: str, say: Say, *, quick: bool = False) -> Report:
    """Cut the texts, measure, report."""
    wanted, repeats = (QUICK_SENTENCES, QUICK_REPEATS) if quick else (SENTENCES, REPEATS)
    chosen = choose(cut(texts), wanted)
    say(f"{len(chosen)} sentences of {source}")
    return _report(measure(chosen, repeats, say), source)


def read_texts(file: Path | None, data: Path | None) -> tuple[list[str], str]:
    """The texts to embed and what they are: a file, the SubjQA restaurants, or the sample corpus."""
    if file is not None:
        try:
            return [file.read_text("utf-8")], "the given text file"
        except (OSError, UnicodeDecodeError) as error:
            raise CannotMeasure(f"{file} can't be read: {error}.") from None
    if data is not None:
        return subjqa.review_texts(data, "restaurants_train"), "SubjQA restaurants_train"
    built = resources.files("corpus") / "built" / "sample.reviews.jsonl"
    lines = built.read_text("utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines], "the sample corpus"


def cut(texts: Sequence[str]) -> list[str]:
    """All different sentences as they are embedded, in alphabetical order."""
    views = {s.view for number, text in enumerate(texts) for s in sentences(str(number), text)}
    return sorted(views - {""})


def choose(found: list[str], wanted: int) -> list[str]:
    """A sample that is the same on every run. Raises CannotMeasure where there is not one sentence."""
    if not found:
        raise CannotMeasure("There is no sentence in the texts.")
    return random.Random(_SEED).sample(found, min(wanted, len(found)))


def measure(texts: list[str], repeats: int, say: Say) -> Measured:
    """CPU seconds of the three contestants in turns; all sessions with the same number of threads."""
    with same_threads(), tempfile.TemporaryDirectory() as folder:
        ours = model.open_minilm()
        chroma = chroma_minilm.open_in(Path(folder) / "chroma", model.folder())
        shapes = [(len(ids), ids.shape[1]) for _, ids in ours._batches(texts)]
        products = Products(shapes)
        say("comparing the vectors, which warms everything up")
        difference = float(np.abs(np.array(chroma(texts)) - ours.embed(texts)).max())
        products.run()
        if difference > TOLERANCE:
            raise CannotMeasure(f"Ours and Chroma's vectors differ by {difference:.1e}: not the same model.")
        jobs = {
            "ours": lambda: ours.embed(texts),
            "Chroma": lambda: chroma(texts),
            "bare products": products.run,
        }
        return Measured(len(texts), len(shapes), flops(shapes), difference, in_turns(jobs, repeats, say))


def _report(found: Measured, source: str) -> Report:
    times = {name: median_ratio(found.spent["Chroma"], spent) for name, spent in found.spent.items()}
    share = median_ratio(found.spent["bare products"], found.spent["ours"])
    rates = {name: found.sentences / median(spent) for name, spent in found.spent.items()}
    names = {
        "ours": "Pullquote",
        "Chroma": "Chroma's ONNXMiniLM_L6_V2",
        "bare products": "bare matrix products (bound)",
    }
    rows = tuple((names[name], f"{rate:.1f}", f"{times[name]:.1f}×") for name, rate in rates.items())
    return Report(
        "embed",
        f"{found.sentences} sentences of {source}, {len(found.spent['ours'])} rounds in turns, medians.",
        (Table(("contestant", "sentences per CPU second", "to Chroma's"), rows),),
        (
            Bar("sentences per CPU second, to Chroma's path", times["ours"], TIMES_CHROMA, "×"),
            Bar("share of the bare products' speed", share, SHARE_OF_BOUND, "%"),
        ),
        (
            f"Every session has {THREADS} thread. Greatest difference of the vectors: {found.difference:.0e}.",
            f"The bound: {found.batches} batches, {found.operations / 1e9:.0f} GFLOP, "
            f"{found.operations / median(found.spent['bare products']) / 1e9:.0f} GFLOP per CPU second.",
        ),
        {"sentences_per_cpu_s": rates, "times_chroma": times["ours"], "share_of_bound": share}
        | {"difference": found.difference, "cpu_s": found.spent, "threads": THREADS},
    )

"""How well the share of favourable reviews is told, film by film, before and after allowing for the coder's errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import model
from benchmarks.clock import Say
from benchmarks.report import Bar, CannotMeasure, Report, Table
from evals import labelled
from evals.calibration import by_group, fit_calibration
from evals.training import fit, folds, vocabulary
from rag.engines.heads import score
from rag.evidence.adjust import LEAST, adjusted

ERROR_BAR, COVERED = 0.08, (0.93, 0.98)
_PARTS = 5
_ENOUGH_OF_A_SIDE = 10
_Z = 1.96

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class Told:
    """One film: the share as it is, and as it is told, with the ends of its interval."""

    right: float
    counted: float
    rogan_gladen: tuple[float, float, float]
    ours: tuple[float, float, float]


def run(data: Path, say: Say, *, quick: bool = False) -> Report:
    """Every film's share by heads, and a calibration, that never saw the film."""
    try:
        snippets = labelled.snippets(data)
    except (OSError, KeyError, ValueError) as error:
        raise CannotMeasure(f"{data} does not hold the labelled texts: {error}.") from None
    snippets = snippets[: 6_000 if quick else None]
    texts, films = [one.text for one in snippets], np.array([one.group for one in snippets])
    labels = np.array([one.label for one in snippets])
    say(f"embedding {len(texts):,} snippets")
    vectors = model.open_minilm().embed(texts)
    known, lots = vocabulary(texts), folds(len(texts), list(films), _PARTS)
    logits = np.zeros(len(texts))
    for number, held in enumerate(lots, 1):
        say(f"films {number} of {_PARTS}")
        rest = np.setdiff1d(np.arange(len(texts)), held)
        head = fit(vectors[rest], known.bags([texts[i] for i in rest]), labels[rest])
        logits[held] = score(head, vectors[held], known.bags([texts[i] for i in held]))
    told = [one for held in lots for one in _told(logits, labels, films, held)]
    return _report(told, len(texts), float(np.mean((logits > 0) == labels)))


def _told(logits: Floats, labels: Labels, films: NDArray[np.str_], held: NDArray[np.int64]) -> list[Told]:
    """The films of one lot; everything is fitted on the others."""
    rest = np.setdiff1d(np.arange(len(labels)), held)
    fitted = fit_calibration(logits[rest], labels[rest], films[rest])
    errors = _errors(logits[rest] > 0, labels[rest], films[rest])
    found = []
    for rows in by_group(films[held]).values():
        here = held[rows]
        ours = adjusted(logits[here], fitted)
        if ours is not None:
            counted = float((logits[here] > 0).mean())
            found.append(
                Told(
                    float(labels[here].mean()),
                    counted,
                    _rogan_gladen(counted, len(here), errors),
                    (ours.value, ours.low, ours.high),
                )
            )
    return found


def _errors(praised: Labels, labels: Labels, films: NDArray[np.str_]) -> tuple[float, float, float, float]:
    """The rates of true and of false praise over films, and the variance of each between films."""
    rates = []
    for side in (True, False):
        found = [
            (float(praised[here].mean()), len(here))
            for rows in by_group(films).values()
            if len(here := rows[labels[rows] == side]) >= _ENOUGH_OF_A_SIDE
        ]
        mean = float(np.mean([rate for rate, _ in found]))
        sampling = float(np.mean([mean * (1 - mean) / size for _, size in found]))
        rates.append((mean, max(0.0, float(np.var([rate for rate, _ in found])) - sampling)))
    return rates[0][0], rates[1][0], rates[0][1], rates[1][1]


def _rogan_gladen(counted: float, size: int, errors: Sequence[float]) -> tuple[float, float, float]:
    """W. Rogan and B. Gladen, "Estimating Prevalence from the Results of a Screening Test", 1978; by the delta method,
    with the variance of the two rates between films."""
    true, false, true_varies, false_varies = errors
    value = (counted - false) / (true - false)
    share = min(1.0, max(0.0, value))
    spread = counted * (1 - counted) / size + share**2 * true_varies + (1 - share) ** 2 * false_varies
    half = _Z * float(np.sqrt(spread)) / (true - false)
    return share, max(0.0, value - half), min(1.0, value + half)


def _report(told: Sequence[Told], snippets: int, accuracy: float) -> Report:
    right = np.array([one.right for one in told])
    rows = {
        "counted": np.array([[one.counted, np.nan, np.nan] for one in told]),
        "Rogan–Gladen": np.array([one.rogan_gladen for one in told]),
        "ours": np.array([one.ours for one in told]),
    }
    error = {name: float(np.mean(np.abs(found[:, 0] - right))) for name, found in rows.items()}
    width = {name: float(np.mean(found[:, 2] - found[:, 1])) for name, found in rows.items()}
    inside = {
        name: float(np.mean((found[:, 1] <= right + 1e-9) & (right - 1e-9 <= found[:, 2])))
        for name, found in rows.items()
    }
    low, high = COVERED
    table = Table(
        (
            f"share of fresh, {len(told)} films with {LEAST} snippets or more",
            "mean absolute error",
            "95 % holds",
            "width",
        ),
        tuple(
            (
                name,
                f"{error[name]:.4f}",
                "–" if name == "counted" else f"{inside[name]:.1%}",
                "–" if name == "counted" else f"{width[name]:.3f}",
            )
            for name in rows
        ),
    )
    return Report(
        "shares",
        "The share of favourable reviews of a film, told from their words.",
        (table,),
        (
            Bar("mean absolute error of the adjusted share", error["ours"], ERROR_BAR, at_least=False),
            Bar("films whose share lies in the interval, at least", inside["ours"], low),
            Bar("films whose share lies in the interval, at most", inside["ours"], high, at_least=False),
            Bar(
                "width of the interval, against Rogan–Gladen's",
                width["ours"] / width["Rogan–Gladen"],
                1.0,
                at_least=False,
            ),
        ),
        (
            f"{snippets:,} snippets by critics, one a review, {accuracy:.1%} of them told right by a head that never "
            "saw the film. Rogan–Gladen's interval allows for the errors' spread between films; without that, it holds "
            "the share of seven films in ten.",
        ),
        {"error": error, "covered": inside, "width": width, "accuracy": accuracy},
    )

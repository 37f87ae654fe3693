"""Titles with known shares → what adjusts a share (`rag.evidence.adjust.Calibration`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rag.evidence.adjust import LEAST, Calibration, em_share

Floats = NDArray[np.float64]
_ROUNDS = 50
_NOTHING = 1e-6


def fit_calibration(logits: Floats, labels: NDArray[np.bool_], groups: NDArray[np.str_]) -> Calibration:
    """From held-out log-odds of reviews, whether each is for its title, and the title.

    Scale and offset by Newton's method (J. Platt, 1999, without his smoothing); the line, and the two parts of the
    errors' variance, by least squares over the titles with enough reviews; the width is the 95th percentile of what is
    left.
    """
    scale, offset = _platt(logits, labels)
    fitted = Calibration(scale, offset, float(labels.mean()), 0.0, 1.0, 0.0, 0.0, 1.96)
    titles = by_group(groups)
    rows = [rows for rows in titles.values() if len(rows) >= LEAST]
    told = np.array([em_share(logits[one], fitted) for one in rows])
    right = np.array([labels[one].mean() for one in rows])
    sizes = np.array([len(one) for one in rows], np.float64)
    intercept, slope = np.linalg.lstsq(np.column_stack([np.ones(len(told)), told]), right, rcond=None)[0]
    squares = (right - intercept - slope * told) ** 2
    # A title's squared error is the surer the more reviews it has.
    weights = np.sqrt(sizes)
    parts = np.column_stack([np.ones(len(sizes)), 1 / sizes]) * weights[:, None]
    between, sampling = np.maximum(np.linalg.lstsq(parts, squares * weights, rcond=None)[0], _NOTHING)
    width = float(np.quantile(np.sqrt(squares / (between + sampling / sizes)), 0.95))
    return replace(
        fitted,
        intercept=float(intercept),
        slope=float(slope),
        between=float(between),
        sampling=float(sampling),
        width=width,
    )


def by_group(groups: NDArray[np.str_]) -> Mapping[str, NDArray[np.int64]]:
    """Which rows are of each group."""
    return {str(name): np.flatnonzero(groups == name) for name in np.unique(groups)}


def _platt(logits: Floats, labels: NDArray[np.bool_]) -> tuple[float, float]:
    columns = np.column_stack([logits, np.ones(len(logits))])
    found = np.array([1.0, 0.0])
    for _ in range(_ROUNDS):
        told = 1 / (1 + np.exp(-np.clip(columns @ found, -30, 30)))
        gradient = columns.T @ (told - labels)
        curvature = (columns * (told * (1 - told))[:, None]).T @ columns
        step = np.linalg.solve(curvature, gradient)
        found -= step
        if np.abs(step).max() < _NOTHING:
            break
    return float(found[0]), float(found[1])

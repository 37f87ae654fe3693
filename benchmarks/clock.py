"""Time that can be compared: CPU seconds, contestants in turns, the same number of threads, medians."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from unittest import mock

import onnxruntime as ort

THREADS = 1
"""Threads of every session: with one, nothing is spent on waiting for others, whoever's code it is."""

Say = Callable[[str], None]


def cpu_s(job: Callable[[], object]) -> float:
    """CPU seconds of this process, all threads, while a job runs."""
    start = time.process_time()
    job()
    return time.process_time() - start


def in_turns(jobs: Mapping[str, Callable[[], object]], repeats: int, say: Say) -> dict[str, list[float]]:
    """CPU seconds of each job in each round. Each round starts with another job, so none is always first."""
    names = list(jobs)
    spent: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            say(f"round {turn + 1} of {repeats}: {name}")
            spent[name].append(cpu_s(jobs[name]))
    return spent


def median_ratio(above: list[float], below: list[float]) -> float:
    """The median of the rounds' ratios."""
    return median(a / b for a, b in zip(above, below, strict=True))


@contextmanager
def same_threads(count: int = THREADS) -> Iterator[None]:
    """Every onnxruntime session opened inside has exactly this many threads, whoever's code opens it."""

    class Limited(ort.SessionOptions):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.intra_op_num_threads = count
            self.inter_op_num_threads = 1

    settings = {"TOKENIZERS_PARALLELISM": "false"}
    with mock.patch.object(ort, "SessionOptions", Limited), mock.patch.dict(os.environ, settings):
        yield

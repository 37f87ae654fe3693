"""What an `add` of many short reviews holds in memory: peaks of a process of its own, few rows beside many.

Run as a module it is that process: `python -m benchmarks.memory FILE LIBRARY` adds and says its peaks as JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import seeded
from benchmarks.clock import Say
from benchmarks.report import Bar, CannotMeasure, Report, Table
from rag.library import Library
from rag.records import Progress

ROWS, QUICK_ROWS = (10_000, 100_000), (1_000, 6_000)
MEMORY_MB = 1_200
GROWTH = 1.3
"""Ten times the rows may take so much more while they are read and stored: nothing of them is kept."""
_ROOT = Path(__file__).parent.parent
_STAGES = ("read", "embed", "index")


def run(say: Say, *, quick: bool = False) -> Report:
    """One process for each number of rows."""
    peaks = {rows: _measured(rows, say) for rows in (QUICK_ROWS if quick else ROWS)}
    return _report(peaks)


def _measured(rows: int, say: Say) -> dict[str, float]:
    """Peak MB at the end of each stage."""
    with tempfile.TemporaryDirectory() as folder:
        file = seeded.write_csv(Path(folder) / "reviews.csv", seeded.reviews(rows, per_review=1))
        say(f"adding {rows:,} rows ({file.stat().st_size / 1e6:.1f} MB)")
        command = [sys.executable, "-m", "benchmarks.memory", str(file), str(Path(folder) / "library")]
        done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise CannotMeasure(f"Adding {rows:,} rows ended with {done.returncode}.")
    found: dict[str, float] = json.loads(done.stdout)
    if found["added"] != rows:
        raise CannotMeasure(f"Of {rows:,} rows {found['added']:,.0f} were added.")
    return found


def _report(peaks: dict[int, dict[str, float]]) -> Report:
    few, many = peaks.values()
    count = max(peaks)
    rows = tuple((f"{n:,}", *(f"{found[stage]:.0f}" for stage in ("start", *_STAGES))) for n, found in peaks.items())
    return Report(
        "memory",
        f"Peak resident memory, MB, of a process that adds {' or '.join(f'{n:,}' for n in peaks)} rows of a CSV file.",
        (Table(("rows", "before", "once read and stored", "once embedded", "once indexed"), rows),),
        (
            Bar(f"peak resident memory, {count:,} rows", many["index"], MEMORY_MB, "MB", at_least=False),
            Bar("reading and storing, many rows to few", many["read"] / few["read"], GROWTH, "×", at_least=False),
        ),
        (
            f"All of it, many rows to few: {many['index'] / few['index']:.2f}×. The vector index grows with what it "
            f"holds: Chroma keeps the graph of all vectors in memory, {count * seeded.DIMENSIONS * 4 / 1e6:.0f} MB of "
            "them here. Vectors are seeded, so the model's own 170 MB come on top.",
        ),
        {str(n): found for n, found in peaks.items()},
    )


def main() -> None:
    """Add one file and say the peaks."""
    file, place = map(Path, sys.argv[1:])
    embedder = seeded.SeededEmbedder()
    peaks = dict.fromkeys(_STAGES, 0.0) | {"start": peak_mb()}

    def heard(progress: Progress) -> None:
        peaks[progress.stage] = peak_mb()

    with Library.open(place, embedder=embedder) as library:
        peaks["added"] = library.add([file], kind="film", on_progress=heard).added
    peaks["index"] = peak_mb()
    sys.stdout.write(json.dumps(peaks))


def peak_mb() -> float:
    """The most that this process ever held; the system's other figure is inherited from who started it."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines())
        return int(lines["VmHWM"].split()[0]) * 1_024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()

"""What a first command costs: CPU seconds and memory of fresh processes, and what `--help` imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from statistics import median
from unittest import mock

from benchmarks.clock import Say
from benchmarks.libraries import LARGE, QUICK_LARGE, Libraries
from benchmarks.report import Bar, CannotMeasure, Report, Table

REPEATS, QUICK_REPEATS = 9, 3
HELP_CPU_S = 0.4
ASK_CPU_S = 2.5
WHOLE_CPU_S = 4.0
ASK_MEMORY_MB = 500
HEAVY = ("langchain", "langchain_core", "openai", "chromadb", "streamlit", "onnxruntime", "sqlalchemy")
_QUESTION, _TITLE = "What did critics dislike about the ending?", "The Salt Ladder"
_SAMPLE = "sample.reviews.jsonl"
_TIMEOUT_S = 300

# The system keeps the largest child of a process only, so each command has a small process of its own beside it.
_HELPER = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps({"code": done.returncode, "out": done.stdout, "err": done.stderr,
                  "cpu_s": used.ru_utime + used.ru_stime, "memory_mb": used.ru_maxrss * unit / 1e6}))
"""
_IMPORTED = """
import json, sys
from rag import cli
code = cli.run(["--help"])
sys.stderr.write(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
sys.exit(code)
"""


@dataclass(frozen=True)
class Ran:
    """One run of a command."""

    out: str
    cpu_s: float
    memory_mb: float


def run(libraries: Libraries, say: Say, *, quick: bool = False) -> Report:
    """Make a library of the sample and a large one, warm the caches, measure `--help` and `ask` of both in turns."""
    repeats, size = (QUICK_REPEATS, QUICK_LARGE) if quick else (REPEATS, LARGE)
    large = libraries.of(size, say)
    with tempfile.TemporaryDirectory() as folder, bytecode_in(Path(folder) / "bytecode"):
        commands = {
            "pullquote --help": help_command(),
            "pullquote ask, one title": ask_command(Path(folder) / "library", say),
            f"pullquote ask, {size:,} sentences": [*program(), "ask", _QUESTION, "--library", str(large), "--json"],
        }
        say("warming up")
        for name, command in commands.items():
            out = measured(command).out
            if " ask" in name:
                check_answer(out)
        runs: dict[str, list[Ran]] = {name: [] for name in commands}
        for turn in range(repeats):
            say(f"round {turn + 1} of {repeats}")
            for name, command in commands.items():
                runs[name].append(measured(command))
    return _report(runs, heavy_imports(), size)


@contextmanager
def bytecode_in(folder: Path) -> Iterator[None]:
    """Let the commands keep their bytecode here: warming writes it, whatever the checkout or CI forbids."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with mock.patch.dict(os.environ, kept | {"PYTHONPYCACHEPREFIX": str(folder)}, clear=True):
        yield


def program() -> list[str]:
    """The installed `pullquote`, or the same entry where no script is installed."""
    script = Path(sys.executable).with_name("pullquote")
    return [str(script)] if script.is_file() else [sys.executable, "-c", "from rag.cli import main; main()"]


def help_command() -> list[str]:
    """What is run for the first bar."""
    return [*program(), "--help"]


def ask_command(library: Path, say: Say) -> list[str]:
    """Fill a library with the sample corpus; returns the command that asks one of its titles."""
    say("making a library of the sample corpus")
    with resources.as_file(resources.files("corpus") / "built" / _SAMPLE) as sample:
        measured(
            [
                *program(),
                "add",
                str(sample),
                "--kind",
                "film",
                "--progress",
                "none",
                "--library",
                str(library),
            ]
        )
    return [*program(), "ask", _QUESTION, "--title", _TITLE, "--library", str(library), "--json"]


def measured(command: list[str]) -> Ran:
    """Run a command in a process of its own. Raises CannotMeasure with its last line where it fails."""
    helper = [sys.executable, "-S", "-c", _HELPER, *command]
    done = subprocess.run(helper, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    found = json.loads(done.stdout)
    if found["code"]:
        last = ((found["err"] or found["out"]).strip().splitlines() or ["no output"])[-1]
        raise CannotMeasure(f"{Path(command[0]).name} {command[1]} ended with {found['code']}: {last}")
    return Ran(found["out"], found["cpu_s"], found["memory_mb"])


def check_answer(out: str) -> None:
    """An answer that found nothing or went without vectors would be measured too cheaply."""
    found = json.loads(out)
    if not found.get("claims") or not found.get("engine", {}).get("embedder"):
        raise CannotMeasure("The warming question was not answered with vectors. See: pullquote doctor")


def heavy_imports() -> list[str]:
    """Which of the heavy modules `pullquote --help` imports."""
    done = subprocess.run([sys.executable, "-c", _IMPORTED], capture_output=True, text=True, timeout=_TIMEOUT_S)
    if done.returncode:
        raise CannotMeasure(f"pullquote --help ended with {done.returncode}.")
    return sorted(set(HEAVY) & set(json.loads(done.stderr.splitlines()[-1])))


def _report(runs: dict[str, list[Ran]], heavy: list[str], size: int) -> Report:
    helps, asks, wholes = runs.values()
    help_cpu_s, ask_cpu_s, whole_cpu_s = (median(ran.cpu_s for ran in each) for each in runs.values())
    memory_mb, whole_mb = (max(ran.memory_mb for ran in each) for each in (asks, wholes))
    rows = tuple((name, *_cells(each)) for name, each in runs.items())
    return Report(
        "cold",
        f"Fresh processes, {len(helps)} rounds in turns, offline: one title of the sample corpus, and a whole library "
        f"of {size:,} seeded sentences.",
        (Table(("command", "CPU s, median", "CPU s, least", "CPU s, most", "peak memory, MB"), rows),),
        (
            Bar("`--help`, CPU seconds", help_cpu_s, HELP_CPU_S, "s", at_least=False),
            Bar("`--help`, heavy imports", len(heavy), 0, "modules", at_least=False),
            Bar("`ask` one title, CPU seconds", ask_cpu_s, ASK_CPU_S, "s", at_least=False),
            Bar("`ask` one title, peak resident memory", memory_mb, ASK_MEMORY_MB, "MB", at_least=False),
            Bar("`ask` a whole library, CPU seconds", whole_cpu_s, WHOLE_CPU_S, "s", at_least=False),
        ),
        (f"`--help` imports {', '.join(heavy) if heavy else 'none'} of: {', '.join(HEAVY)}.",),
        {"help_cpu_s": help_cpu_s, "ask_cpu_s": ask_cpu_s, "whole_cpu_s": whole_cpu_s, "heavy_imports": heavy}
        | {"ask_memory_mb": memory_mb, "whole_memory_mb": whole_mb},
    )


def _cells(runs: list[Ran]) -> tuple[str, ...]:
    spent = [ran.cpu_s for ran in runs]
    memory = max(ran.memory_mb for ran in runs)
    return (*(f"{value:.2f}" for value in (median(spent), min(spent), max(spent))), f"{memory:.0f}")

"""`docs/`: what a full run found, between the markers of its benchmark; the prose around them is ours."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks import report
from benchmarks.report import CannotMeasure, Report

_DOCS = Path(__file__).parent.parent / "docs"
DOCUMENT = _DOCS / "benchmarks.md"
QUALITY = _DOCS / "quality.md"
_LIBRARIES = ("chromadb", "onnxruntime", "numpy", "SQLAlchemy")


def write(found: Report, command: str, document: Path = DOCUMENT) -> None:
    """Put a report into its block. Raises CannotMeasure where the document has none for it."""
    text = document.read_text("utf-8")
    block = re.compile(rf"(<!-- benchmarks:{found.name} -->\n).*?(<!-- /benchmarks:{found.name} -->)", re.DOTALL)
    if len(block.findall(text)) != 1:
        raise CannotMeasure(f"{document.name} has no single block for {found.name}.")
    inside = f"{report.body(found)}\n`{command}`, {datetime.now(UTC):%Y-%m-%d}, {machine()}.\n"
    document.write_text(block.sub(lambda match: f"{match[1]}{inside}{match[2]}", text), "utf-8")


def machine() -> str:
    """Cores, processor, memory and versions; no name and no path."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    parts = [f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB", platform.system()]
    parts += [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}", *versions]
    return "; ".join(parts)


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8").splitlines() if told.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

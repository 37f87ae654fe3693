"""A run of an evaluation that is stored with the tests, put into a library's folder under other ids."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

STORED = Path(__file__).parents[1] / "evals" / "a-stored-run"


def store(library: Path, run_id: str, *, fallen: bool = False, text: str | None = None, **told: Any) -> None:
    """Store it as `run_id`. Fallen, it finds less of the evidence; `text` is what was asked and answered."""
    folder = library / "runs" / run_id
    shutil.copytree(STORED, folder)
    run = json.loads((folder / "run.json").read_text()) | {"id": run_id} | told
    (folder / "run.json").write_text(json.dumps(run))
    cells = [json.loads(line) for line in (folder / "cells.jsonl").read_text().splitlines()]
    for cell in cells:
        if fallen and cell["scores"]:
            cell["scores"]["evidence_recall"] = 0.25
        if text:
            cell["shown"] = text
            cell["outcome"] = {
                "status": "answered",
                "claims": [{"text": text}],
                "evidence": [{"review": "r", "text": text}],
                "dropped": [{"text": text, "why": text}],
            }
    (folder / "cells.jsonl").write_text("".join(json.dumps(cell) + "\n" for cell in cells))

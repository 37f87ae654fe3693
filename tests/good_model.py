"""What a good model would write to each of our prompts, for the scripted peer."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.peer import good_answer, text_of


def write(body: dict[str, Any]) -> str:
    """By what is asked: opinions as JSON, a statement, or an answer."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    asked = text_of(body["messages"][-1])
    if "<sentences-" in asked:  # with a schema or, of a server that knows none, without
        return _opinions(asked)
    if schema is not None:
        return '{"ok": true}'
    return _statement(asked) if asked.startswith("The title:") else good_answer(body)


def _statement(asked: str) -> str:
    """A sentence for each finding that has a side, the first four."""
    found = re.findall(r"^\[([a-z-]+)\] (.*): (praised|criticised)$", asked, re.MULTILINE)
    lines = [
        f"- As for {name}, reviewers have {verdict} it: {{{verdict}:{id_}}}. [{id_}]" for id_, name, verdict in found
    ]
    return "\n".join([*lines[:4], "END"])


def _opinions(asked: str) -> str:
    """Praise where a sentence says love, blame where it says dull; on the first aspect that is listed."""
    aspect = re.findall(r"^([a-z-]+): ", asked, re.MULTILINE)[0]
    units = []
    for id_, text in re.findall(r"^\[(U\d+)\] (.*)$", asked, re.MULTILINE):
        stance = "positive" if "lov" in text else "negative" if "dull" in text else None
        one = {"aspect": aspect, "stance": stance, "score": 0.8, "certainty": 0.9, "severity": None}
        units.append({"id": id_, "opinions": [one] if stance else []})
    return json.dumps({"units": units})

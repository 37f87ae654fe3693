"""A sentence of a review as a model gets to see it: nothing in it looks like an id, a tag or a role. Pure.

Only the view is changed; what is quoted is copied from the stored review. A defence among others: what a model writes
is never shown unless it passed the checks.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

_BRACKETS = str.maketrans({"[": "(", "]": ")", "<": "‹", ">": "›", "{": "(", "}": ")", "`": "'"})
# "System:", "### Instruction:" and their kind: the colon is what makes a role of a word.
_ROLE = re.compile(r"(?i)\b(system|assistant|user|human|developer|tool|instructions?|response|answer|question)\s*:")
_MARKS = re.compile(r"#{2,}|-{3,}|={3,}|\|{1,2}|\"{3,}|'{3,}|~{3,}")
_END = re.compile(r"\bEND\b")
PLACEHOLDER = "0" * 12
"""Stands for the tag where a request is compared with another one."""


def view(text: str) -> str:
    """One line, without control characters, brackets, marks or roles."""
    # Full-width letters and brackets are the same to a model.
    folded = unicodedata.normalize("NFKC", text)
    plain = "".join(character if unicodedata.category(character)[0] != "C" else " " for character in folded)
    plain = _MARKS.sub(" ", plain.translate(_BRACKETS))
    plain = _END.sub("End", _ROLE.sub(lambda match: f"{match[1]} –", plain))
    return " ".join(plain.split())


def new_tag() -> str:
    """What marks the block of evidence: drawn anew for each call, so that no review can hold it."""
    return secrets.token_hex(len(PLACEHOLDER) // 2)

"""A model that is a script: it quotes its first sentences and tells findings as they stand, and obeys orders on demand.

It stands in where no model can be had, so that the whole way of an answer is run. It says nothing of what a real model
is worth: its prose is the reviews' own, and it never finds that reviews don't say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from rag.engines.calls import Call, Reply
from rag.engines.prompts import tokens

NAME = "scripted"
CLAIMS = 4
_SENTENCE = re.compile(r"^\[(S\d+)\] \(([^\n)]*)\) (.+)$", re.MULTILINE)
_FINDING = re.compile(r"^\[([a-z-]+)\] (.+): (praised|criticised)$", re.MULTILINE)
_UNIT = re.compile(r"^\[(U\d+)\] ", re.MULTILINE)


def good(call: Call) -> Reply:
    """What a model writes that does as it is told."""
    asked = call.messages[-1][1]
    if call.schema is not None:
        units = [{"id": name, "opinions": []} for name in _UNIT.findall(asked)]
        return _reply(call, json.dumps({"units": units}))
    return _reply(call, _statement(asked) if asked.startswith("The title:") else _answer(asked, CLAIMS))


def obeying(call: Call) -> Reply:
    """What a model writes that does as a review tells it: the text of the longest sentence, citing it, then another."""
    found = _SENTENCE.findall(call.messages[-1][1])
    orders = sorted(found, key=lambda one: -len(one[2]))[:1]
    own = [line for id_, _, text in orders for line in (f"- {text} [{id_}]", text, f"- {text} [S1]", f"- {text} [S99]")]
    return _reply(call, "\n".join([*own, _answer(call.messages[-1][1], 1)]))


MODELS: dict[str, Callable[[Call], Reply]] = {"ask": good, "summary": good, "code": good, "order": obeying}
"""By task."""


def _answer(asked: str, claims: int) -> str:
    lines = [f"- {_said(who)} writes that {text.rstrip(' .')}. [{id_}]" for id_, who, text in _SENTENCE.findall(asked)]
    return "\n".join([*lines[:claims], "END"])


def _said(who: str) -> str:
    critic = who.partition(",")[0]
    return "A review" if critic == "unsigned" else critic


def _statement(asked: str) -> str:
    lines = [f"- As for {name}, reviewers have {verdict} it: {{{verdict}:{id_}}}. [{id_}]"
             for id_, name, verdict in _FINDING.findall(asked)]  # fmt: skip
    return "\n".join([*lines[:CLAIMS], "END"])


def _reply(call: Call, text: str) -> Reply:
    return Reply(text, "stop", call.tokens, tokens(text), cost_usd=None)

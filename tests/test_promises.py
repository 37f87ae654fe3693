"""The eight promises where no test of one part alone sees them broken, and the page that tells how they are kept."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from rag import opinions_asked, terminal
from rag.library import Library
from rag.records import Answer, DraftClaim, DraftEnd, Opinion, Plan, Sentence
from rag.search import retrieve
from tests.doubles import ScriptedEngine, WordCoder
from tests.written import put

Open = Callable[..., Library]
ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "promises.md"
ROWS = (
    {"text": "The sea is grey. The ending is a cheat, and it knows it. I went home.", "critic": "Mara Quill"},
    {"text": "What a brave ending! The cast is warm.", "critic": "Ola Brandt"},
    {"text": "It is about a lighthouse. The keeper is kind."},
)
ENDING = "What did critics dislike about the ending?"


@pytest.fixture
def ask(open_library: Open) -> Callable[..., Answer]:
    put(open_library(), *ROWS)

    def ask_it(*drafts: DraftClaim) -> Answer:
        return open_library(engine=ScriptedEngine(*drafts, DraftEnd(complete=True))).ask(ENDING)

    return ask_it


def below(found: Answer) -> str:
    """What the terminal says below the sentences of an answer."""
    out = io.StringIO()
    terminal.after_claims(Console(file=out, markup=False, width=200), found)
    return out.getvalue()


# ── 2. No generated number ───────────────────────────────────────────────────────────────────────


def test_a_mention_is_counted_in_all_reviews_and_not_in_those_that_were_found(
    open_library: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library()
    put(library, *({"text": f"The lighthouse stands on night {n}.", "critic": f"Critic {n}"} for n in range(30)))
    question = "Is the lighthouse in it?"
    assert library.ask(question).claims[0].text == "All 30 reviews mention “lighthouse”."
    monkeypatch.setattr(retrieve, "EXACT_LIMIT", 0)
    monkeypatch.setattr(retrieve, "FETCHED", 5)
    found = library.ask(question)
    assert found.claims[0].text == "All 30 reviews mention “lighthouse”."
    assert found.coverage[0].mentioning == 30


# ── 3. No unsupported sentence ───────────────────────────────────────────────────────────────────


def test_a_claim_that_cites_one_thing_not_offered_is_dropped_whole(ask: Callable[..., Answer]) -> None:
    for known in ("S1", "S2", "S3"):
        found = ask(DraftClaim("quote", "A critic says: “{quote}”", (known, "S9")))
        assert found.claims == () and ["not offered: S9" in one.why for one in found.dropped] == [True]


def test_what_was_dropped_is_said_in_the_terminal(ask: Callable[..., Answer]) -> None:
    out = below(ask(DraftClaim("paraphrase", "Most critics call the ending a cheat.", ("S1",))))
    assert "1 sentence dropped" in out
    assert "dropped: Most critics call the ending a cheat. — “Most” counts something" in out


def test_a_claim_with_the_words_of_a_sentence_that_it_does_not_cite_is_dropped(open_library: Open) -> None:
    put(open_library(), "The ending, the ending, the ending is long.", "Take the crimson umbrella to the ending.")
    said = "The ending is an ending: crimson umbrella."
    drafts = [DraftClaim("paraphrase", said, (number,)) for number in ("S1", "S2")]
    library = open_library(engine=ScriptedEngine(*drafts, DraftEnd(complete=True)))
    found = library.ask("What do critics say about the ending?")
    assert [one.why for one in found.dropped] == ["its words are those of another sentence than it cites"]
    assert [claim.kind for claim in found.claims] == ["count", "quote"]


def test_what_holds_no_opinion_is_shown_in_its_own_words_alone(open_library: Open) -> None:
    put(open_library(engine=WordCoder()), *ROWS, "The ending is a lovely piece.")
    said = "Mara Quill finds the ending a cheat, lazy, smug and thin."
    drafts = [DraftClaim("paraphrase", said, (number,)) for number in ("S1", "S2", "S3", "S4")]
    library = open_library(engine=ScriptedEngine(*drafts, DraftEnd(complete=True)))
    found = library.ask("What do critics say about the ending?")
    assert not [claim for claim in found.claims if "smug" in claim.text]
    assert "Mara Quill writes: “The ending is a cheat, and it knows it.”" in [claim.text for claim in found.claims]


# ── 4. Honest denominators ───────────────────────────────────────────────────────────────────────


def test_reviews_that_the_coder_cannot_judge_are_in_no_count_of_an_answer(open_library: Open) -> None:
    library = open_library(engine=WordCoder())
    rows = [{"text": f"The ending is a lovely piece {n}.", "lang": "en"} for n in range(4)]
    rows += [{"text": f"A keeper lives by the sea {n}.", "lang": "en"} for n in range(2)]
    put(library, *rows, {"text": "Das Ende ist schön.", "lang": "de"})
    found = library.ask("How many critics mention the ending?")
    assert found.claims[0].text.startswith("4 of the 6 reviews judge the ending")


# ── 5. Abstain rather than guess ─────────────────────────────────────────────────────────────────


def test_the_nearest_passages_are_called_that_in_the_terminal(open_library: Open) -> None:
    library = open_library()
    put(library, *ROWS)
    out = below(library.ask("How is the soundtrack?"))
    assert "The reviews don’t say." in out
    assert "The nearest passages, which do not answer the question:" in out
    assert "Sources" not in out


# ── 6. Every answer says what produced it ────────────────────────────────────────────────────────

ASKED = """
import sys
from rag import contract
from rag.library import Library
with Library.open(sys.argv[1]) as library:
    for question in ("What did critics dislike about the ending?", "Who praised the acting?", "How is the ending of Ties?"):
        print(contract.dump(contract.answer(library.ask(question), explain=True)))
    for title in library.titles():
        print(library.summary(title.name).statement)
"""


def test_the_same_question_gives_the_same_bytes_in_another_process(sample_library: Library, tmp_path: Path) -> None:
    script, whole, told = tmp_path / "asked.py", tmp_path / "whole", set()
    script.write_text(ASKED)
    shutil.copytree(sample_library.path, whole)
    with Library.open(whole) as library:  # and what scores alike
        put(library, *({"text": "The ending is a cheat.", "critic": f"Critic {n}"} for n in range(12)), title="Ties")
    for seed in ("1", "2"):
        copy = shutil.copytree(whole, tmp_path / seed)
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(script), str(copy)]
        told.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(told) == 1 and b"Critic 1" in told.pop()


def test_noise_in_the_last_digits_orders_nothing_among_scores_that_differ() -> None:
    plan = Plan("end", "ending", None, "what", "end", ("end",))
    sentences = [Sentence(name, 0, 0, 9, "end") for name in ("b", "a", "c")]
    dense = np.array([0.5, 0.5 - 1e-9, 0.1])
    ranked = retrieve.rank(plan, sentences, ["t"] * 3, [["end"]] * 3, dense, np.zeros(3))
    assert [one.sentence.review_id for one in ranked] == ["a", "b", "c"]
    opinions = {one: [Opinion(one, 0, 9, "ending", "positive", 0.5, 0.9 + noise, None, "c")]
                for one, noise in (("b", 1e-9), ("a", 0.0))}  # fmt: skip
    held = opinions_asked.with_opinions(plan, [replace(one, score=1.0) for one in ranked[:2]], opinions)
    assert [one.sentence.review_id for one in held] == ["a", "b"]


def test_an_answer_says_the_generation_and_how_evidence_was_found(open_library: Open) -> None:
    library = open_library()
    put(library, *ROWS)
    first = library.ask(ENDING).engine
    assert first.generation == library.generation > 0
    assert first.retrieval == retrieve.Retrieval().stamp()
    assert first.version and first.name.startswith("extractive@")
    put(library, "The ending is late.")
    assert library.ask(ENDING).engine.generation == library.generation > first.generation


def test_an_answer_in_the_terminal_says_who_wrote_it(open_library: Open) -> None:
    library = open_library()
    put(library, *ROWS)
    found = library.ask(ENDING)
    assert found.engine.name in below(found)


# ── 7. Reviews are hostile text ──────────────────────────────────────────────────────────────────


def test_a_title_is_no_markup_in_the_terminal(
    open_library: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps({"text": "It glows.", "title": "[red]Salt[/red] :smile:"}))
    report = open_library().add([tmp_path / "x.jsonl"])
    terminal.added(terminal.console(), report)
    assert "  [red]Salt[/red] :smile: (" in capsys.readouterr().out


# ── The page ─────────────────────────────────────────────────────────────────────────────────────


def named_tests() -> list[str]:
    """Every test that the page names, as `file::test`; a test without a file is of the file before it."""
    found, file = [], ""
    for path, name in re.findall(r"(tests/[\w/]+\.py)?::(test_\w+)", PAGE.read_text("utf-8")):
        file = path or file
        found.append(f"{file}::{name}")
    return found


def test_every_test_that_the_page_names_is_there() -> None:
    tests = named_tests()
    assert len(tests) > 60
    for path in {test.split("::")[0] for test in tests}:
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        there = {f"{path}::{node.name}" for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert {test for test in tests if test.startswith(f"{path}::")} <= there


def test_every_file_and_function_that_the_page_names_is_there() -> None:
    told = PAGE.read_text("utf-8")
    ours = {path for top in ("rag", "ui") for path in (ROOT / top).rglob("*.*")}
    for path in re.findall(r"`((?:rag|ui|tests|docs)/[\w/.]+\.\w+)`", told):
        assert (ROOT / path).exists(), path
    source = "".join(path.read_text("utf-8") for path in ours if path.suffix in (".py", ".js"))
    kept = "".join(re.findall(r"\*\*How it is kept\.\*\*.*?(?=\n\n)", told, re.DOTALL))
    for name in re.findall(r"`(?:[A-Z]\w+\.)?(\w+)`", kept):
        assert re.search(rf"\b{name}\b", source), name

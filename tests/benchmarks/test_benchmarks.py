"""The benchmarks measure what they say: pure parts on invented data, and the rivals on the same sentences."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from benchmarks import chroma_minilm, clock, cold, embed, model, products, report, retrieval, rivals, subjqa
from benchmarks.__main__ import main
from benchmarks.report import Bar, CannotMeasure, Report, Table
from rag.search import minilm_graph

REVIEWS = {
    "r1": "The soup was cold and thin. We came on a Monday. Parking is easy behind the church.",
    "r2": "My waiter forgot us twice. The lamp over our table flickered. I will say the bread was warm.",
}
VIEWS = ["The soup was cold and thin.", "We came on a Monday.", "The bread was warm.", "Parking is easy."]


def row(review: str, question: str, answer: str | None, pair: str) -> dict[str, Any]:
    start = REVIEWS[review].index(answer) if answer else None
    return {
        "id": pair,
        "item_id": "inn",
        "review_id": review,
        "question": question,
        "review_text": REVIEWS[review],
        "answerable": answer is not None,
        "answer_start": start,
        "answer_end": start + len(answer) if answer and start is not None else None,
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        row("r1", "How was the soup?", "soup was cold", "a"),
        row("r1", "How was the soup?", "cold and thin. We came", "a"),
        row("r2", "How was the bread?", "the bread was warm", "b"),
        row("r2", "How was the wine?", None, "c"),
    ]
    folder = tmp_path / "subjqa"
    folder.mkdir()
    for name in retrieval.QUICK_SETS:
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(r) for r in rows), "utf-8")
    return tmp_path


class WordLengths:
    """An embedder of one number a text, enough to run the path."""

    identity = "word lengths"
    dimensions = 2

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Any:
        rows = np.array([[1.0, len(text)] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def silent(_text: str) -> None:
    pass


# ── reports ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("measured", "limit", "at_least", "held"),
    [(10.0, 10.0, True, True), (9.9, 10.0, True, False), (2.5, 2.5, False, True), (2.6, 2.5, False, False)],
)
def test_a_bar_holds_at_its_limit(measured: float, limit: float, at_least: bool, held: bool) -> None:
    bar = Bar("speed", measured, limit, at_least=at_least)
    found = Report("x", "One.", (), (bar,))
    assert bar.held is held
    assert report.exit_code([found]) == (0 if held else 1)


def test_a_missed_bar_is_said_in_the_tables() -> None:
    table = Table(("contestant", "rate"), (("ours", "3.0"),))
    found = Report("speed", "Two rounds.", (table,), (Bar("share", 0.5, 0.6, "%"),), ("A note.",))
    assert report.markdown(found) == (
        "## speed\n\nTwo rounds.\n\n| contestant | rate |\n| --- | ---: |\n| ours | 3.0 |\n\n"
        "| bar | measured | limit |  |\n| --- | ---: | ---: | ---: |\n| share | 50 % | ≥ 60 % | **missed** |\n\n- A note.\n"
    )
    assert json.loads(report.as_json([found]))["speed"]["bars"][0]["held"] is False


def test_nothing_to_measure_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retrieval"]) == 2
    assert main(["retrieval", "--data", str(tmp_path)]) == 2
    assert main(["embed", "--texts", str(tmp_path / "none.txt")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["benchmarks"] * 3
    with pytest.raises(SystemExit):
        main(["speed"])


# ── time ─────────────────────────────────────────────────────────────────────────────────────────


def test_contestants_take_turns_and_none_is_always_first() -> None:
    ran: list[str] = []
    spent = clock.in_turns({"a": lambda: ran.append("a"), "b": lambda: ran.append("b")}, 2, silent)
    assert ran == ["a", "b", "b", "a"]
    assert [len(rounds) for rounds in spent.values()] == [2, 2]


def test_the_ratio_is_taken_round_by_round() -> None:
    assert clock.median_ratio([2.0, 9.0, 4.0], [1.0, 1.0, 2.0]) == 2.0


def test_every_session_opened_inside_has_the_same_threads() -> None:
    with clock.same_threads(1):
        assert ort.SessionOptions().intra_op_num_threads == 1
    assert ort.SessionOptions().intra_op_num_threads == 0


def test_fresh_processes_keep_bytecode_even_where_ci_forbids_it(tmp_path: Path) -> None:
    before = dict(os.environ)
    with cold.bytecode_in(tmp_path):
        assert "PYTHONDONTWRITEBYTECODE" not in os.environ
        assert os.environ["PYTHONPYCACHEPREFIX"] == str(tmp_path)
    assert dict(os.environ) == before


def test_a_command_that_fails_is_a_sentence() -> None:
    ran = cold.measured([sys.executable, "-c", "print(6 * 7)"])
    assert ran.out == "42\n"
    assert ran.cpu_s > 0
    assert 1 < ran.memory_mb < 1_000
    with pytest.raises(CannotMeasure, match="ended with 3: no"):
        cold.measured([sys.executable, "-c", "import sys; print('no', file=sys.stderr); sys.exit(3)"])


# ── embedding ────────────────────────────────────────────────────────────────────────────────────


def test_the_bound_counts_the_products_of_a_batch() -> None:
    dense = 2 * 6 * (4 * 384 * 384 + 2 * 384 * 1536) * 10
    attention = 2 * 6 * 2 * 2 * 12 * 5 * 5 * 32
    assert products.flops([(2, 5)]) == dense + attention
    products.Products([(2, 5), (1, 3)]).run()


def test_sentences_are_cut_once_and_chosen_alike() -> None:
    views = embed.cut([*REVIEWS.values(), REVIEWS["r1"]])
    assert len(views) == 6
    assert embed.choose(views, 3) == embed.choose(views, 3)
    with pytest.raises(CannotMeasure):
        embed.choose([], 3)


def test_without_texts_the_sample_corpus_is_embedded() -> None:
    texts, source = embed.read_texts(None, None)
    assert len(texts) >= 20
    assert source == "the sample corpus"


def test_chroma_gives_our_vectors_from_our_weights(tmp_path: Path) -> None:
    try:
        ours, folder = model.open_minilm(), model.folder()
    except CannotMeasure:
        pytest.skip("no model files")
    chroma = chroma_minilm.open_in(tmp_path / "chroma", folder)
    assert np.abs(np.array(chroma(VIEWS)) - ours.embed(VIEWS)).max() < embed.TOLERANCE
    assert minilm_graph.LAYERS == 6


# ── retrieval ────────────────────────────────────────────────────────────────────────────────────


def test_annotations_of_one_pair_are_merged(data: Path) -> None:
    soup, bread = subjqa.questions(data, "movies_dev")
    assert (soup.annotations, bread.annotations) == (2, 1)
    assert [soup.item.views[row] for row in sorted(soup.gold)] == [
        "The soup was cold and thin.",
        "We came on a Monday.",
    ]
    assert [bread.item.views[row] for row in bread.gold] == ["I will say the bread was warm."]


@pytest.mark.parametrize("build", [rivals.Bm25s, rivals.RankBm25, rivals.Fts5])
def test_a_rival_finds_the_sentence_that_shares_a_stem(build: Any) -> None:
    scores = build(VIEWS).scores('Were the "breads" OR soups?')
    assert scores.shape == (4,)
    assert set(np.argsort(-scores)[:2]) == {0, 2}
    assert not build(VIEWS).scores("What is it?")[1:].any()


def test_every_contestant_answers_every_question(data: Path) -> None:
    asked = subjqa.questions(data, "restaurants_dev")
    vectors = retrieval.embed_all(WordLengths(), {"restaurants_dev": asked}, silent)
    hits = retrieval.hits_of(asked, retrieval.contestants("general", vectors), "restaurants_dev", silent)
    assert next(iter(hits)) == retrieval.OURS
    assert {len(found) for found in hits.values()} == {2}
    assert hits["bm25s"].all()


def test_the_bootstrap_draws_whole_items() -> None:
    hits = np.array([True, False, True, True])
    same = retrieval.clustered_ratio(hits, hits, ["a", "a", "b", "c"])
    assert (same.value, same.low, same.high) == (1.0, 1.0, 1.0)
    fewer = retrieval.clustered_ratio(hits, np.array([True, False, True, False]), ["a", "a", "b", "c"])
    assert fewer.value == 1.5
    assert fewer.low <= 1.5 <= fewer.high

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rag.cache import Cache
from rag.library import Library
from rag.records import Check, Usage
from rag.settings import ModelServer, Settings
from ui import in_use, messages_library

pytestmark = pytest.mark.usefixtures("forget_libraries")

KEY = "sk-very-secret-key"


def _html(page: Any) -> str:
    return "\n".join(body for element in page.get("html") if "<style" not in (body := element.proto.body))


def _server(key: str | None = None) -> ModelServer:
    return ModelServer("http://models.example/v1", "models.example", SecretStr(key) if key else None)


def _rows(key: str | None = None, files: Path | None = None, **given: Any) -> dict[str, tuple[str, str]]:
    rows = in_use.rows(Settings(**given), _server(key), Path("/reviews/library"), files)
    return {name: (value, why) for name, value, why in rows}


def test_the_page_says_what_is_in_use_and_why(
    visit_page: Any, sample_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    page = visit_page(sample_library, "settings.py")
    shown = _html(page)
    assert "the offline engine (extractive)" in shown
    assert "OPENAI_API_KEY is set for other work: nothing is sent." in shown
    assert "all-MiniLM-L6-v2" in shown
    assert "29 of 3 titles" in shown
    assert KEY not in shown
    assert not page.exception


def test_the_doctor_comes_when_called(visit_page: Any, sample_library: Path) -> None:
    page = visit_page(sample_library, "settings.py")
    assert "Nothing is damaged." not in _html(page)
    page.button[0].click().run()
    assert "Nothing is damaged." in _html(page)
    assert "29 reviews" in _html(page)
    assert "Checked at" in _html(page)


def test_without_a_library_the_settings_are_shown_all_the_same(visit_page: Any, tmp_path: Path) -> None:
    page = visit_page(tmp_path / "nothing", "settings.py")
    assert "Answers are written by" in _html(page)
    assert "No library here yet" in _html(page)
    assert not page.exception


def test_what_models_cost_is_added_up_by_model(visit_page: Any, make_library: Any) -> None:
    library = make_library({"title": "Film A", "text": "The ending drags."})
    assert "No model was called for this library yet." in _html(visit_page(library, "settings.py"))
    cache = Cache(library)
    cache.spent("small", 1_000, 50, 0.25)
    cache.spent("small", 500, 50, 0.5)
    cache.spent("own <b>", 10, 1, None)
    with Library.open(library) as opened:
        assert opened.spending() == (
            [("own <b>", Usage(10, 1, None)), ("small", Usage(1_500, 100, 0.75))],
            pytest.approx(0.75),
        )
    shown = _html(visit_page(library, "settings.py"))
    assert "0.7500 dollars; 1,500 tokens sent, 100 written" in shown
    assert "price not known; 10 tokens sent" in shown
    assert "own &lt;b&gt;" in shown


def test_spending_of_a_library_without_a_cache_is_nothing_and_makes_none(tmp_path: Path) -> None:
    assert Library.open(tmp_path).spending() == ([], 0.0)
    assert list(tmp_path.iterdir()) == []


def test_a_named_model_is_said_with_its_host_and_never_its_key() -> None:
    rows = _rows(KEY, model="small", max_cost=None)
    assert rows["Answers are written by"][0] == "a model (chat)"
    assert rows["Model"] == ("small", "Asked at models.example; a question may take 60 s.")
    assert rows["Key"] == ("set", "OPENAI_API_KEY; it is never shown.")
    assert KEY not in repr(rows)
    assert _rows(model="small", engine="extractive")["Model"] == ("small", "It is named and not used.")


@pytest.mark.parametrize(
    ("given", "value", "why"),
    [
        ({}, "nothing: words alone", "pullquote model fetch"),
        ({"embedder": "openai:text-small@256"}, "text-small", "are sent to models.example"),
        ({"embedder": "other:x"}, "nothing", "must be openai:MODEL or empty"),
    ],
)
def test_who_makes_vectors(given: dict[str, str], value: str, why: str) -> None:
    told = _rows(**given)["Vectors are made by"]
    assert told[0] == value
    assert why in told[1]


@pytest.mark.parametrize(
    ("index", "value"),
    [
        ("", "inside the library"),
        ("/vectors", "/vectors"),
        ("memory:", "in memory"),
        ("http://host:8000", "http://host:8000"),
        ("cloud://tenant/base", "cloud://tenant/base"),
        ("http://user:secret@host:8000", "nowhere"),
    ],
)
def test_where_the_index_lies(index: str, value: str) -> None:
    told = _rows(index=index)["The index lies"]
    assert told[0] == value
    assert "secret" not in repr(told)


def test_limits_are_said() -> None:
    assert in_use.limits(Settings(max_cost=0.5, max_cost_day=2)) == ["0.5 dollars a run", "2 dollars a day"]
    assert in_use.limits(Settings()) == []


def test_damage_is_said_in_words_and_not_by_colour_alone() -> None:
    shown = messages_library.checks([Check("index", "damaged", "3 of <9> are missing"), Check("model", "ok", "there")])
    assert "1 check found damage." in shown
    assert "(damaged)</span>: 3 of &lt;9&gt; are missing" in shown

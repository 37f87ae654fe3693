"""A real provider, asked for real: only where `-m live` is chosen and a key and a model are set."""

from __future__ import annotations

import os

import pytest

from rag.library import Library

SET = {name: os.environ.get(name, "") for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "PULLQUOTE_MODEL")}


@pytest.mark.live
@pytest.mark.enable_socket
def test_a_real_model_answers_and_what_it_says_is_verified(
    sample_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (SET["OPENAI_API_KEY"] and SET["PULLQUOTE_MODEL"]):
        pytest.skip("needs OPENAI_API_KEY and PULLQUOTE_MODEL, and costs a fraction of a cent: pytest -m live")
    for name, value in SET.items():
        if value:
            monkeypatch.setenv(name, value)
    with Library.open(sample_library.path, fallback=False, max_cost=None) as library:
        answer = library.ask("What did critics dislike about the ending?", titles=["The Salt Ladder"])
    assert any(claim.kind == "paraphrase" for claim in answer.claims) or answer.status == "abstained"
    for one in answer.citations:
        assert sample_library.review(one.review_id).text[one.start : one.end] == one.quote

"""The bridge: LangChain gets exact sentences with where they stand."""

from __future__ import annotations

from langchain_core.runnables import RunnableLambda

from rag.bridge import LibraryRetriever
from rag.library import Library


def test_documents_are_slices_of_reviews_best_first(sample_library: Library) -> None:
    retriever = LibraryRetriever(library=sample_library, titles=["The Salt Ladder"])
    documents = retriever.invoke("What did critics dislike about the ending?")
    assert len(documents) > 3
    for document in documents:
        place = document.metadata
        text = sample_library.review(place["review_id"]).text
        assert text[place["start"] : place["end"]] == document.page_content
    firsts = {document.metadata["review_id"] for document in documents}
    assert len(firsts) > len(documents) / 2


def test_it_stands_in_a_chain_and_finds_nothing_where_nothing_is_said(sample_library: Library) -> None:
    chain = LibraryRetriever(library=sample_library) | RunnableLambda(len)
    assert chain.invoke("What do critics say about the soundtrack of My Aunt the Weather?") == 0

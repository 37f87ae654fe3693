"""A library as a LangChain retriever, for people who build with LangChain. Nothing of ours imports this.

    from rag import Library
    from rag.bridge import LibraryRetriever

    retriever = LibraryRetriever(library=Library.open("reviews.pullquote"), titles=["The Salt Ladder"])
    documents = retriever.invoke("What did critics dislike about the ending?")

Needs the extra `langchain`: `pip install ".[langchain]"` in a clone's folder.
"""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from rag.library import Library


class LibraryRetriever(BaseRetriever):
    """The evidence that Pullquote would answer a question from, best first.

    Each document is one sentence as it stands in its review: `page_content` is `text[start:end]` of the review
    that the metadata names. No document means that no review speaks of what was asked.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: Library
    titles: list[str] | None = None
    """Names or ids of the titles to search; None: those the question names, else all."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [
            Document(
                id=item.passage.sentence.id,
                page_content=item.text,
                metadata={
                    "review_id": item.passage.sentence.review_id,
                    "start": item.start,
                    "end": item.start + len(item.text),
                    "title": item.title,
                    "critic": item.critic,
                    "outlet": item.outlet,
                    "score": item.passage.score,
                },
            )
            for item in self.library.evidence(query, titles=self.titles)
        ]

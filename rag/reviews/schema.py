"""The tables, in SQLAlchemy Core. Changes come as migrations; a test holds both against each other."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISIONS = ("0001", "0002", "0003")
"""Every revision this program knows, oldest first."""

metadata = MetaData()

# id (of the library), generation, embedder
meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

# coder_id: whose opinions are counted; the coder that was last chosen for the title.
titles = Table(
    "titles",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("aliases", JSON, nullable=False),
    Column("coder_id", Integer),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String, primary_key=True),
    Column("started", String, nullable=False),
    Column("finished", String),
)

# state: live | superseded | removed. Only live reviews have sentences and are in answers; the others stay as history.
# removed_with: review | title | batch, what was named when it was removed.
# superseded_by on a live review: the removed one that had replaced it, which comes back when its batch does.
reviews = Table(
    "reviews",
    metadata,
    Column("id", String, primary_key=True),
    Column("title_id", String, ForeignKey("titles.id"), nullable=False),
    Column("batch_id", String, ForeignKey("batches.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("text_digest", String, nullable=False),
    Column("critic", String),
    Column("outlet", String),
    Column("date", String),
    Column("rating", String),
    Column("url", String),
    Column("lang", String),
    Column("state", String, nullable=False),
    Column("superseded_by", String),
    Column("near_duplicate_of", String),
    Column("removed_with", String),
    Column("rating_number", Float),
    Column("rating_scale", Float),
    # Counts over a title read this alone: a row holds the text, and its pages with it.
    Index("reviews_by_title", "title_id", "state", "critic", "id", "date", "rating_number", "rating_scale"),
    Index("reviews_by_text", "text_digest"),
    *(Index(f"reviews_by_{name}", name) for name in ("batch_id", "critic", "outlet", "date", "superseded_by")),
)

# What was read, kept beside the review it became; adding a source again compares these as a multiset.
sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("review_id", String, ForeignKey("reviews.id"), nullable=False),
    Column("batch_id", String, ForeignKey("batches.id"), nullable=False),
    Column("name", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("key", String),
    Column("critic", String),
    Column("outlet", String),
    Column("url", String),
    Index("sources_by_review", "review_id"),
    Index("sources_by_name", "name"),
    Index("sources_by_key", "key"),
    Index("sources_by_batch", "batch_id"),
)

# A file of identical bytes under another name is the same source: same_as is the name its records are kept under.
files = Table(
    "files",
    metadata,
    Column("name", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("same_as", String),
    Index("files_by_digest", "digest"),
)

near_keys = Table(
    "near_keys",
    metadata,
    Column("title_id", String, primary_key=True),
    Column("key", Integer, primary_key=True),
    Column("review_id", String, primary_key=True),
)

# view and stems are empty where a sentence is noise; vector_key is the hash of the view.
sentences = Table(
    "sentences",
    metadata,
    Column("rowid", Integer, primary_key=True),
    Column("review_id", String, ForeignKey("reviews.id"), nullable=False),
    Column("title_id", String, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("view", Text, nullable=False),
    Column("stems", Text, nullable=False),
    Column("vector_key", String),
    UniqueConstraint("review_id", "ordinal"),
    Index("sentences_by_title", "title_id"),
    Index("sentences_by_vector", "vector_key"),
)

# One float32 vector for each distinct view.
vectors = Table(
    "vectors",
    metadata,
    Column("key", String, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

# The journal: what a killed run left to do. step: embed | index.
pending = Table(
    "pending",
    metadata,
    Column("review_id", String, ForeignKey("reviews.id"), primary_key=True),
    Column("step", String, nullable=False),
    Index("pending_by_step", "step"),
)

# Sentences that are gone from here and still stand in the vector index.
unindex = Table("unindex", metadata, Column("sentence_id", String, primary_key=True))

coders = Table(
    "coders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String, nullable=False, unique=True),
)

# One row for each review that a coder has read. outcome: coded | no_opinion | failed; score: of the whole, -1 to 1;
# aspects: on how many it has an opinion.
codings = Table(
    "codings",
    metadata,
    Column("review_id", String, ForeignKey("reviews.id"), primary_key=True),
    Column("coder_id", Integer, ForeignKey("coders.id"), primary_key=True),
    Column("title_id", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("reason", String),
    Column("score", Float),
    Column("aspects", Integer, nullable=False),
    Index("codings_by_title", "title_id", "coder_id", "aspects", "outcome"),
    sqlite_with_rowid=False,  # it is read by its key, a review at a time
)

# What a coder read in the live reviews; a review has at most one opinion of a coder on an aspect at a place.
opinions = Table(
    "opinions",
    metadata,
    Column("review_id", String, ForeignKey("reviews.id"), primary_key=True),
    Column("coder_id", Integer, ForeignKey("coders.id"), primary_key=True),
    Column("start", Integer, primary_key=True),
    Column("aspect", String, primary_key=True),
    Column("end", Integer, nullable=False),
    Column("title_id", String, nullable=False),
    Column("stance", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("certainty", Float, nullable=False),
    Column("severity", String),
    Index("opinions_by_aspect", "title_id", "coder_id", "aspect", "review_id", "stance"),
    Index("opinions_by_severity", "title_id", "coder_id", "severity", sqlite_where=text("severity IS NOT NULL")),
)

# The generation in which what a finding rests on last changed. aspect: an aspect, `severe:` and a category, or nothing
# for what rests on all reviews of the title.
touched = Table(
    "touched",
    metadata,
    Column("title_id", String, primary_key=True),
    Column("aspect", String, primary_key=True),
    Column("generation", Integer, nullable=False),
)

# Summaries as they were shown, the latest last; what is purged leaves them too.
summaries = Table(
    "summaries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("title_id", String, nullable=False),
    Column("made", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("content", JSON, nullable=False),
    Index("summaries_by_title", "title_id", "id"),
)

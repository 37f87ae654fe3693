"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "meta", sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.String, nullable=False)
    )
    op.create_table(
        "titles",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("aliases", sa.JSON, nullable=False),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("started", sa.String, nullable=False),
        sa.Column("finished", sa.String),
    )
    _reviews()
    _sentences()
    op.create_table(
        "pending",
        sa.Column("review_id", sa.String, sa.ForeignKey("reviews.id"), primary_key=True),
        sa.Column("step", sa.String, nullable=False),
    )
    op.create_index("pending_by_step", "pending", ["step"])
    op.create_table("unindex", sa.Column("sentence_id", sa.String, primary_key=True))
    _words()


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("title_id", sa.String, sa.ForeignKey("titles.id"), nullable=False),
        sa.Column("batch_id", sa.String, sa.ForeignKey("batches.id"), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("text_digest", sa.String, nullable=False),
        sa.Column("critic", sa.String),
        sa.Column("outlet", sa.String),
        sa.Column("date", sa.String),
        sa.Column("rating", sa.String),
        sa.Column("url", sa.String),
        sa.Column("lang", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("superseded_by", sa.String),
        sa.Column("near_duplicate_of", sa.String),
    )
    op.create_index("reviews_by_title", "reviews", ["title_id", "state"])
    op.create_index("reviews_by_text", "reviews", ["text_digest"])
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("review_id", sa.String, sa.ForeignKey("reviews.id"), nullable=False),
        sa.Column("batch_id", sa.String, sa.ForeignKey("batches.id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("key", sa.String),
        sa.Column("critic", sa.String),
        sa.Column("outlet", sa.String),
        sa.Column("url", sa.String),
    )
    op.create_index("sources_by_review", "sources", ["review_id"])
    op.create_index("sources_by_name", "sources", ["name"])
    op.create_index("sources_by_key", "sources", ["key"])
    op.create_table(
        "files",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("same_as", sa.String),
    )
    op.create_index("files_by_digest", "files", ["digest"])
    op.create_table(
        "near_keys",
        sa.Column("title_id", sa.String, primary_key=True),
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("review_id", sa.String, primary_key=True),
    )


def _sentences() -> None:
    op.create_table(
        "sentences",
        sa.Column("rowid", sa.Integer, primary_key=True),
        sa.Column("review_id", sa.String, sa.ForeignKey("reviews.id"), nullable=False),
        sa.Column("title_id", sa.String, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("view", sa.Text, nullable=False),
        sa.Column("stems", sa.Text, nullable=False),
        sa.Column("vector_key", sa.String),
        sa.UniqueConstraint("review_id", "ordinal"),
    )
    op.create_index("sentences_by_title", "sentences", ["title_id"])
    op.create_index("sentences_by_vector", "sentences", ["vector_key"])
    op.create_table(
        "vectors",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
    )


def _words() -> None:
    """Full-text search over the stems, kept in step by triggers; SQLite's own (FTS5)."""
    for statement in (
        "CREATE VIRTUAL TABLE words USING fts5"
        "(stems, content='sentences', content_rowid='rowid', tokenize='unicode61 remove_diacritics 0')",
        "CREATE VIRTUAL TABLE word_counts USING fts5vocab('words', 'row')",
        "CREATE TRIGGER words_insert AFTER INSERT ON sentences BEGIN"
        " INSERT INTO words(rowid, stems) VALUES (new.rowid, new.stems); END",
        "CREATE TRIGGER words_delete AFTER DELETE ON sentences BEGIN"
        " INSERT INTO words(words, rowid, stems) VALUES ('delete', old.rowid, old.stems); END",
    ):
        op.execute(statement)

"""Opinions: who coded what, what a finding rests on, and the summaries that were made of them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("titles", sa.Column("coder_id", sa.Integer))
    op.drop_index("reviews_by_title", "reviews")
    op.create_index(
        "reviews_by_title",
        "reviews",
        ["title_id", "state", "critic", "id", "date", "rating_number", "rating_scale"],
    )
    op.create_table(
        "coders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String, nullable=False, unique=True),
    )
    op.create_table(
        "codings",
        sa.Column("review_id", sa.String, sa.ForeignKey("reviews.id"), primary_key=True),
        sa.Column("coder_id", sa.Integer, sa.ForeignKey("coders.id"), primary_key=True),
        sa.Column("title_id", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("score", sa.Float),
        sa.Column("aspects", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("codings_by_title", "codings", ["title_id", "coder_id", "aspects", "outcome"])
    op.create_table(
        "opinions",
        sa.Column("review_id", sa.String, sa.ForeignKey("reviews.id"), primary_key=True),
        sa.Column("coder_id", sa.Integer, sa.ForeignKey("coders.id"), primary_key=True),
        sa.Column("start", sa.Integer, primary_key=True),
        sa.Column("aspect", sa.String, primary_key=True),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("title_id", sa.String, nullable=False),
        sa.Column("stance", sa.String, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("certainty", sa.Float, nullable=False),
        sa.Column("severity", sa.String),
    )
    op.create_index("opinions_by_aspect", "opinions", ["title_id", "coder_id", "aspect", "review_id", "stance"])
    op.create_index(
        "opinions_by_severity",
        "opinions",
        ["title_id", "coder_id", "severity"],
        sqlite_where=sa.text("severity IS NOT NULL"),
    )
    op.create_table(
        "touched",
        sa.Column("title_id", sa.String, primary_key=True),
        sa.Column("aspect", sa.String, primary_key=True),
        sa.Column("generation", sa.Integer, nullable=False),
    )
    op.create_table(
        "summaries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title_id", sa.String, nullable=False),
        sa.Column("made", sa.String, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    op.create_index("summaries_by_title", "summaries", ["title_id", "id"])

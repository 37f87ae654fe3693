"""A library's own id; removed reviews; ratings as numbers; indexes for what narrows a scope."""

import sqlalchemy as sa
from alembic import op

from rag.reviews import ratings

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('id', lower(hex(randomblob(16))))")
    op.add_column("reviews", sa.Column("removed_with", sa.String))
    op.add_column("reviews", sa.Column("rating_number", sa.Float))
    op.add_column("reviews", sa.Column("rating_scale", sa.Float))
    for column in ("batch_id", "critic", "outlet", "date", "superseded_by"):
        op.create_index(f"reviews_by_{column}", "reviews", [column])
    op.create_index("sources_by_batch", "sources", ["batch_id"])
    _read_ratings()


def _read_ratings() -> None:
    connection = op.get_bind()
    written = connection.execute(sa.text("SELECT DISTINCT rating FROM reviews WHERE rating IS NOT NULL")).scalars()
    for rating in list(written):
        found = ratings.parse(rating)
        if found is not None:
            statement = sa.text("UPDATE reviews SET rating_number = :number, rating_scale = :scale WHERE rating = :r")
            connection.execute(statement, {"number": found[0], "scale": found[1], "r": rating})

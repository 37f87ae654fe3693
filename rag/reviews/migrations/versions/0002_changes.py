"""A library's own id; removed reviews; ratings as numbers; indexes for what narrows a scope; a faster hash."""

import sqlalchemy as sa
from alembic import op

from rag.reviews import identity, ratings

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
    _hash_again()


def _hash_again() -> None:
    """The runs of words by which near-duplicates are found have another hash since."""
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM near_keys"))
    last = ""
    page = sa.text("SELECT id, title_id, text FROM reviews WHERE id > :last ORDER BY id LIMIT 1000")
    while rows := connection.execute(page, {"last": last}).all():
        last = rows[-1].id
        keys = [{"t": r.title_id, "k": key, "r": r.id} for r in rows for key in identity.near_keys(r.text)]
        if keys:
            connection.execute(sa.text("INSERT INTO near_keys (title_id, key, review_id) VALUES (:t, :k, :r)"), keys)


def _read_ratings() -> None:
    connection = op.get_bind()
    written = connection.execute(sa.text("SELECT DISTINCT rating FROM reviews WHERE rating IS NOT NULL")).scalars()
    for rating in list(written):
        found = ratings.parse(rating)
        if found is not None:
            statement = sa.text("UPDATE reviews SET rating_number = :number, rating_scale = :scale WHERE rating = :r")
            connection.execute(statement, {"number": found[0], "scale": found[1], "r": rating})

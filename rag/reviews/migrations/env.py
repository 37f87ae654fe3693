"""What Alembic runs; `upgrade` hands it a connection."""

from alembic import context

from rag.reviews.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

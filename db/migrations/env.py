"""Alembic's entry point: one transaction for all that is to be done, under a lock so that two starts don't collide."""

from alembic import context
from sqlalchemy import create_engine, text

from db.tables import Base

MIGRATION_LOCK = 7_300


def run() -> None:
    engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        context.run_migrations()
    engine.dispose()


run()

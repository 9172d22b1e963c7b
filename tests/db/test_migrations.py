"""The chain of migrations and the models say the same."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from api.health import schema_head
from db import migrations
from db.settings import DatabaseSettings
from db.tables import Base


def test_a_migrated_database_has_the_tables_of_the_models_and_no_others(database_url: str) -> None:
    """A column that only a model knows fails at the first query; one that only the chain knows is forgotten."""
    engine = create_engine(DatabaseSettings(url=database_url).sqlalchemy_url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
    finally:
        engine.dispose()


def test_the_chain_has_one_end_and_the_database_is_at_it(database_url: str) -> None:
    """F273"""
    settings = DatabaseSettings(url=database_url)
    assert migrations.current(settings) == migrations.head(settings) == schema_head()

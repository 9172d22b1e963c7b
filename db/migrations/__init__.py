"""One linear chain of schema changes. `upgrade` is the only way a database gets its tables."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from db.settings import DatabaseSettings


def config(settings: DatabaseSettings) -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("sqlalchemy.url", settings.sqlalchemy_url.replace("%", "%%"))
    return made


def upgrade(settings: DatabaseSettings) -> None:
    """Bring the database to the newest revision."""
    command.upgrade(config(settings), "head")


def head(settings: DatabaseSettings) -> str:
    """The newest revision that this code knows. Raises CommandError when the chain has more than one (F273)."""
    newest = ScriptDirectory.from_config(config(settings)).get_current_head()
    assert newest is not None, "the chain has at least one revision"
    return newest


def current(settings: DatabaseSettings) -> str | None:
    """The revision that the database is at; None when it has no tables yet."""
    engine = create_engine(settings.sqlalchemy_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()

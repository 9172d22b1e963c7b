"""Where the database is and how many connections a process may hold. The pool's defaults are the seed's figures."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    """`DATABASE_*` variables. Each process has its own pool; their sum must stay below the server's limit (F260)."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_", extra="ignore")

    url: str = Field(description="postgresql://user:password@host:port/name")
    pool_size: int = 5
    max_overflow: int = 5
    pool_timeout: int = 30
    pool_recycle: int = 1800

    @property
    def sqlalchemy_url(self) -> str:
        """The same address with the psycopg 3 driver named."""
        scheme, _, rest = self.url.partition("://")
        if scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
            raise ValueError("DATABASE_URL debe empezar con postgresql://")
        return f"postgresql+psycopg://{rest}"

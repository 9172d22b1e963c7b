"""Where the database is and how many connections a process may hold. The pool's defaults are the seed's figures."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


def _address(text: str) -> str:
    scheme, separator, _ = text.partition("://")
    try:
        make_url(text)
    except (ArgumentError, ValueError):  # a port that is no number
        separator = ""
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError("debe ser como postgresql://usuario:clave@servidor:puerto/base")
    return text


class DatabaseSettings(BaseSettings):
    """`DATABASE_*` variables. Each process has its own pool; their sum must stay below the server's limit (F260)."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_", extra="ignore")

    url: Annotated[str, AfterValidator(_address)] = Field(description="postgresql://user:password@host:port/name")
    pool_size: int = Field(default=5, ge=1)
    max_overflow: int = Field(default=5, ge=0)
    pool_timeout: int = Field(default=30, ge=1, le=600)
    pool_recycle: int = Field(default=1800, ge=1)

    @property
    def sqlalchemy_url(self) -> str:
        """The same address with the psycopg 3 driver named."""
        return f"postgresql+psycopg://{self.url.partition('://')[2]}"

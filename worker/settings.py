"""How the worker runs: its share of the machine, and how long it takes to say goodbye."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkerSettings(BaseSettings):
    """`WORKER_*` variables."""

    model_config = SettingsConfigDict(env_prefix="WORKER_", extra="ignore")

    max_cached_workflows: int = Field(default=1000, ge=0)
    graceful_shutdown_seconds: int = Field(default=30, ge=0, le=600)
    # Of each queue of effects. All at once they would take the processor and the connections from people's clicks, and
    # then run out of time themselves and be tried again.
    effects_at_once: int = Field(default=10, ge=1)
    local_writes_at_once: int = Field(default=10, ge=1)

    @property
    def graceful_shutdown(self) -> timedelta:
        """After a kill the sticky queue costs the next command 10 s; a goodbye costs it nothing."""
        return timedelta(seconds=self.graceful_shutdown_seconds)

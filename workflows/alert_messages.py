"""What goes into and comes out of the workflow that tells clients of rates: ids only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AlertRound:
    """Which firings to tell: those of a published rate, or without one all that were left behind. `after`: an id."""

    rate_id: int | None = None
    after: int = 0


@dataclass(frozen=True, kw_only=True)
class AlertBatch:
    """Firings to tell in one go."""

    firing_ids: tuple[int, ...]

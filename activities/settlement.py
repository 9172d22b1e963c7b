"""Posting what a completed operation moves inside the house."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import activity

from activities.refusals import refusals
from db import settlement
from db.session import Sessions
from workflows import messages as m
from workflows import names


class SettlementActivities:
    """One transaction, idempotent by (operation, kind)."""

    def __init__(self, sessions: Sessions) -> None:
        """Use the worker's pool."""
        self._sessions = sessions

    @activity.defn(name=names.SETTLE)
    async def settle(self, order: m.EffectOrder) -> m.Recorded:
        """Pips to the referrer, coupon consumed, counters. Refuses an operation that is not Completada."""
        with refusals():
            async with self._sessions.begin() as session:
                await settlement.settle(session, order.code, at=datetime.now(UTC))
        return m.Recorded()

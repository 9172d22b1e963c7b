"""Posting what a completed operation moves inside the house."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import activity

from activities.refusals import refusals
from db import risk, settlement
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
                client_id = await settlement.settle(session, order.code, at=datetime.now(UTC))
        await self._score(client_id)
        return m.Recorded()

    async def _score(self, client_id: int) -> None:
        """A completion by any path moves the client's risk (F251); after the money, which does not wait for it (F252).

        What fails here is tried again with the whole activity, and the money is not moved twice.
        """
        async with self._sessions.begin() as session:
            await risk.recompute(session, client_id, occasion="operación completada", at=datetime.now(UTC))

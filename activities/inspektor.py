"""Asking Inspektor about one client, beside the own lists: its failures hold nobody up and are tried again."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import activity
from temporalio.client import Client as TemporalClient
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from db import incidents, screenings
from db.session import Sessions
from db.tables import Client
from integrations.inspektor import Inspektor, InspektorFailed
from workflows import messages as m
from workflows import names
from workflows import screening_messages as s

AWAY, SUBJECT = "Inspektor no responde", "inspektor"
# A stumble is nobody's business; who does not answer three times is.
ALERT_AFTER = 3


class InspektorActivities:
    """Load, ask, record."""

    def __init__(self, sessions: Sessions, inspektor: Inspektor, client: TemporalClient) -> None:
        """Use the worker's pool, its client and the house's account."""
        self._sessions = sessions
        self._inspektor = inspektor
        self._client = client

    @activity.defn(name=names.CONSULT_INSPEKTOR)
    async def consult_inspektor(self, order: m.ClientOrder) -> s.Consulted:
        """Ask once for each person that a client is. A new hit has the client's review look again."""
        now = datetime.now(UTC)
        async with self._sessions() as session:
            client = await session.get_one(Client, order.client_id)
            wanted = client.closed_at is None and await screenings.is_unknown_outside(session, client.id, at=now)
        if not wanted:
            return s.Consulted(asked=False)
        try:
            answer = await self._inspektor.consult(screenings.subject_of(client))
        except InspektorFailed as error:
            await self._alert(str(error))
            raise ApplicationError(str(error), type=type(error).__name__) from error
        async with self._sessions.begin() as session:
            outcome = await screenings.record_outside(
                session, order.client_id, answer.findings, number=answer.number, at=now
            )
            await incidents.close_incidents(session, kind=AWAY, subject=SUBJECT, at=now)
        if outcome.new_hits:
            await self._tell_review(order.client_id)
        return s.Consulted(asked=True, open_hits=outcome.open_hits)

    async def _tell_review(self, client_id: int) -> None:
        """A review that has ended does not need to know: whoever operates is stopped by its flag."""
        try:
            await self._client.get_workflow_handle(names.onboarding_id(client_id)).signal(names.REFRESH)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _alert(self, why: str) -> None:
        if activity.info().attempt >= ALERT_AFTER:
            async with self._sessions.begin() as session:
                await incidents.open_incident(session, kind=AWAY, subject=SUBJECT, detail=why)

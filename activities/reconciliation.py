"""Comparing what the database says of open operations with what their workflows say.

A row may run ahead of its workflow when a worker and the server die between a local write and its acceptance (a ghost
write, measured). The workflow is the authority: it is asked to write itself again, and the drift becomes an incident.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from temporalio import activity
from temporalio.client import Client as TemporalClient
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from db import incidents
from db.session import Sessions
from db.tables import Operation as OperationRow
from domain.operations import OPEN, Operation
from workflows import messages as m
from workflows import names

DRIFT = "operación y flujo no coinciden"
# A transition may be between its two writes; only what has been still for this long is compared.
SETTLED = timedelta(minutes=1)
BATCH = 500


class ReconciliationActivities:
    """Reads both sides and says where they differ."""

    def __init__(self, sessions: Sessions, client: TemporalClient) -> None:
        """Use the worker's pool and its client."""
        self._sessions = sessions
        self._client = client

    @activity.defn(name=names.RECONCILE_OPERATIONS)
    async def reconcile_operations(self) -> m.ReconciliationReport:
        """Compare every open row that has been still for a minute with its workflow."""
        rows = await self._still_open()
        drifted = [row.code for row in rows if not await self._ties(row)]
        return m.ReconciliationReport(compared=len(rows), drifted=tuple(drifted))

    async def _still_open(self) -> Sequence[OperationRow]:
        still = datetime.now(UTC) - SETTLED
        async with self._sessions() as session:
            wanted = select(OperationRow).where(OperationRow.state.in_(OPEN), OperationRow.updated_at < still)
            return (await session.scalars(wanted.order_by(OperationRow.id).limit(BATCH))).all()

    async def _ties(self, row: OperationRow) -> bool:
        handle = self._client.get_workflow_handle(row.code)
        try:
            description = await handle.describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return await self._tell(row, "no tiene flujo en Temporal")
        if description.status is not WorkflowExecutionStatus.RUNNING:
            return await self._tell(row, "su flujo ya terminó y la operación sigue abierta")
        held: Operation = await handle.query(names.SNAPSHOT, result_type=Operation)
        if held.version != row.version or held.state is not row.state:
            await handle.signal(names.RESYNC)
            return await self._tell(row, f"registro v{row.version} {row.state}, flujo v{held.version} {held.state}")
        async with self._sessions.begin() as session:
            await incidents.close_incidents(session, kind=DRIFT, subject=row.code, at=datetime.now(UTC))
        return True

    async def _tell(self, row: OperationRow, what: str) -> bool:
        async with self._sessions.begin() as session:
            await incidents.open_incident(session, kind=DRIFT, subject=row.code, detail=f"{row.code}: {what}.")
        return False

"""Comparing what the database says of operations with what their workflows say.

A row may run ahead of its workflow when a worker and the server die between a local write and its acceptance (a ghost
write, measured). The workflow is the authority: it is asked to write itself again, and the drift becomes an incident.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select
from temporalio import activity
from temporalio.client import Client as TemporalClient
from temporalio.client import WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from db import incidents
from db.session import Sessions
from db.tables import Operation as OperationRow
from domain.operations import OPEN, Operation, State
from workflows import messages as m
from workflows import names

DRIFT = "operación y flujo no coinciden"
# A transition may be between its two writes; only what has been still for this long is compared.
SETTLED = timedelta(minutes=1)
ANSWER = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the row says."""

    code: str
    version: int
    state: State


class ReconciliationActivities:
    """Reads both sides and says where they differ."""

    def __init__(self, sessions: Sessions, client: TemporalClient, *, settled: timedelta = SETTLED) -> None:
        """Use the worker's pool and its client. `settled`: how long a row must have been still to be compared."""
        self._sessions = sessions
        self._client = client
        self._settled = settled

    @activity.defn(name=names.RECONCILE_OPERATIONS)
    async def reconcile_operations(self) -> m.ReconciliationReport:
        """Compare what is open on either side, and what was told to drift before, with its workflow."""
        told = await self._told()
        rows = await self._still({*told, *await self._running()})
        drifted = []
        for row in rows:
            what = await self._difference(row)
            if what:
                drifted.append(row.code)
                await self._tell(row.code, what)
            elif row.code in told:
                await self._ties_again(row.code)
        return m.ReconciliationReport(compared=len(rows), drifted=tuple(drifted))

    async def _running(self) -> list[str]:
        """Codes whose workflow lives: a ghost write may have closed the row alone."""
        running = self._client.list_workflows(f"WorkflowType = '{names.OPERATION}' AND ExecutionStatus = 'Running'")
        return [execution.id async for execution in running]

    async def _told(self) -> frozenset[str]:
        async with self._sessions() as session:
            return await incidents.open_subjects(session, kind=DRIFT)

    async def _still(self, codes: set[str]) -> Sequence[Seen]:
        """Rows that are open or are one of `codes`, and have not moved for a while."""
        still = datetime.now(UTC) - self._settled
        wanted = select(OperationRow.code, OperationRow.version, OperationRow.state).where(
            or_(OperationRow.state.in_(OPEN), OperationRow.code.in_(codes)), OperationRow.updated_at <= still
        )
        async with self._sessions() as session:
            rows = await session.execute(wanted.order_by(OperationRow.id))
            return [Seen(code=row.code, version=row.version, state=row.state) for row in rows]

    async def _difference(self, row: Seen) -> str:
        """In what they differ; empty when they tie. A row that has moved meanwhile is left for the next time."""
        handle = self._client.get_workflow_handle(row.code)
        try:
            description = await handle.describe(rpc_timeout=ANSWER)
            if description.status is not WorkflowExecutionStatus.RUNNING:
                return "su flujo ya terminó y la operación sigue abierta" if row.state in OPEN else ""
            held: Operation = await handle.query(names.SNAPSHOT, result_type=Operation, rpc_timeout=ANSWER)
        except WorkflowQueryFailedError:
            return "su flujo no puede decir cómo está"
        except RPCError as error:
            return await self._no_answer(row, error)
        if (held.version, held.state) == (row.version, row.state) or await self._moved(row):
            return ""
        await handle.signal(names.RESYNC)
        return f"registro v{row.version} {row.state}, flujo v{held.version} {held.state}"

    async def _no_answer(self, row: Seen, error: RPCError) -> str:
        """No workflow, or one that is stuck. Anything else is the server's trouble, and is tried again."""
        if error.status is RPCStatusCode.NOT_FOUND:
            # Temporal forgets a closed workflow after its retention; a closed operation does not need it.
            return "no tiene flujo en Temporal" if row.state in OPEN else ""
        if error.status is RPCStatusCode.DEADLINE_EXCEEDED:
            return "" if await self._moved(row) else "su flujo no responde"
        raise error

    async def _moved(self, row: Seen) -> bool:
        async with self._sessions() as session:
            now = await session.scalar(select(OperationRow.version).where(OperationRow.code == row.code))
        return now != row.version

    async def _tell(self, code: str, what: str) -> None:
        async with self._sessions.begin() as session:
            await incidents.open_incident(session, kind=DRIFT, subject=code, detail=f"{code}: {what}.")

    async def _ties_again(self, code: str) -> None:
        async with self._sessions.begin() as session:
            await incidents.close_incidents(session, kind=DRIFT, subject=code, at=datetime.now(UTC))

"""The client gives up its operation, or its clock says that the time is over (contract #26, M14, M15).

The clients count 15 minutes by themselves and then cancel. The server's own timer decides that: such a cancel changes
nothing, and an Expirada never becomes a Cancelado (contract 0.7).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from api.auth import CurrentClient, SignedClient
from api.operations import command_operation
from api.public.identity import ClientKey, Json, derived_key
from api.public.objects import Dates
from api.public.operations import shown
from api.services import Services, ServicesDep
from db import client_operations
from db.client_operations import ClientOperation
from domain.commands import Cancel
from domain.errors import Conflict
from domain.operations import State

router = APIRouter(tags=["Contrato: cancelación"])

# What the web writes as the reason when its countdown reaches zero.
TIME_OVER = "tiempo expirado"
# The detail page of January 2026 sends no reason.
NO_REASON = "El cliente la canceló desde la web."
_OVER = frozenset({State.CANCELADO, State.EXPIRADA})
Reason = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]


class WebCancel(BaseModel):
    """Which operation, and why."""

    operation_id: int
    reason: Reason | None = Field(default=None, examples=["Ya no la necesito"])


class MobileCancel(BaseModel):
    """Why."""

    cancellation_reason: Reason | None = Field(default=None, examples=["Ya no la necesito"])


@router.post("/api/web/cancel-operation")
async def cancel_from_web(body: WebCancel, client: CurrentClient, services: ServicesDep, key: ClientKey = None) -> Json:
    """Cancel a Pendiente operation. Repeating it, or calling it on one that expired, answers with its state."""
    reason, dates = body.reason or NO_REASON, services.settings.client_dates
    return await _cancel(services, client, body.operation_id, reason, key, dates=dates)


@router.post("/api/client/cancel-operation/{operation_id}")
async def cancel_from_mobile(
    operation_id: int, body: MobileCancel, client: CurrentClient, services: ServicesDep, key: ClientKey = None
) -> Json:
    """The same, for the mobile."""
    reason = body.cancellation_reason or NO_REASON
    return await _cancel(services, client, operation_id, reason, key, dates="lima")


@router.post("/api/client/cancel-expired-operation/{operation_id}")
async def cancel_expired(operation_id: int, client: CurrentClient, services: ServicesDep) -> Json:
    """The mobile's countdown reached zero: it is told where the operation stands."""
    return await _cancel(services, client, operation_id, TIME_OVER, None, dates="lima")


async def _cancel(
    services: Services, client: SignedClient, operation_id: int, reason: str, key: str | None, *, dates: Dates
) -> Json:
    async with services.sessions() as session:
        before = await client_operations.owned(session, client.id, operation_id)
    if reason.casefold() != TIME_OVER and before.row.state not in _OVER:
        await _command(services, client, before, reason, key)
    return await _standing(services, client, operation_id, dates)


async def _command(
    services: Services, client: SignedClient, operation: ClientOperation, reason: str, key: str | None
) -> None:
    """Send it. Losing the race against the timer or another click is no error: the operation is over all the same."""
    code, command = operation.row.code, Cancel(actor=client.actor, reason=reason)
    if key is None:
        async with services.sessions() as session:
            key = derived_key(code, command, await client_operations.times_returned(session, code))
    try:
        await command_operation(services, code, command, key=key)
    except Conflict:
        async with services.sessions() as session:
            after = await client_operations.owned(session, client.id, operation.row.id)
        if after.row.state not in _OVER:
            raise


async def _standing(services: Services, client: SignedClient, operation_id: int, dates: Dates) -> Json:
    async with services.sessions() as session:
        operation = await client_operations.owned(session, client.id, operation_id)
        seen = await shown(services, session, operation, dates)
    return {"success": True, "message": _SAID[operation.row.state], "data": {"operation": seen}, "operation": seen}


_SAID = {
    State.PENDIENTE: "Tu operación sigue pendiente. Si el tiempo se acabó, se cerrará sola en unos segundos.",
    State.EN_PROCESO: "Tu operación ya está en proceso.",
    State.COMPLETADA: "Tu operación ya está completada.",
    State.CANCELADO: "Tu operación está cancelada.",
    State.EXPIRADA: "Tu operación expiró porque el tiempo se acabó. Puedes crear otra.",
}

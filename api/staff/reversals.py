"""Undoing a completed operation: a Master asks, another decides; books, pips and comprobante go back together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api import reversals as commands
from api.auth import SignedUser, requires
from api.services import Services, ServicesDep
from api.staff.operation_views import ReversalView
from api.staff.operations import Code
from api.staff.shapes import Body, IdempotencyKey, example, key_or_new
from db import reversals
from db.operation_reads import check_visible
from db.tables import Reversal
from domain.errors import Missing
from domain.permissions import Permission
from workflows.reversal_messages import ReversalDecision

router = APIRouter(prefix="/api/staff/operations/{code}/reversal", tags=["Órdenes sobre una operación"])

Reverser = Annotated[SignedUser, requires(Permission.OPERATIONS_REVERSE)]


class ReversalBody(Body):
    """Why it is undone, or why not."""

    model_config = example(reason="El cliente devolvió los dólares: se pagó a otra cuenta")
    reason: str = Field(min_length=3, max_length=300)


@router.get("")
async def read_reversal(code: Code, user: Reverser, services: ServicesDep) -> ReversalView:
    """The newest request. 404 when nobody has asked."""
    return ReversalView.model_validate(await _newest(services, user, code))


@router.post("", status_code=201)
async def ask_reversal(code: Code, body: ReversalBody, user: Reverser, services: ServicesDep) -> ReversalView:
    """Ask to undo a completed operation that owes nothing any more. Another person decides."""
    async with services.sessions() as session:
        await check_visible(session, user.actor, code)
    await commands.check_nothing_owed(services, code)
    async with services.sessions.begin() as session:
        row = await reversals.ask(session, code, actor=user.actor, reason=body.reason, at=datetime.now(UTC))
    await commands.begin(services, row)
    return ReversalView.model_validate(await _newest(services, user, code))


@router.post("/approve")
async def approve_reversal(
    code: Code, user: Reverser, services: ServicesDep, key: IdempotencyKey = None
) -> ReversalView:
    """The second person agrees: matches, entries, bank movements, pips and coupon are undone now; then its comprobante.

    The money itself goes back by the bank, as any transfer: here it leaves the books of today.
    """
    decision = ReversalDecision(actor=user.actor, approved=True)
    return await _decide(services, user, code, decision, key)


@router.post("/refuse")
async def refuse_reversal(
    code: Code, body: ReversalBody, user: Reverser, services: ServicesDep, key: IdempotencyKey = None
) -> ReversalView:
    """The second person says no, and why: the operation stands."""
    decision = ReversalDecision(actor=user.actor, approved=False, reason=body.reason)
    return await _decide(services, user, code, decision, key)


async def _decide(
    services: Services, user: SignedUser, code: str, decision: ReversalDecision, key: str | None
) -> ReversalView:
    await commands.decide(services, await _newest(services, user, code), decision, key=key_or_new(key))
    return ReversalView.model_validate(await _newest(services, user, code))


async def _newest(services: Services, user: SignedUser, code: str) -> Reversal:
    async with services.sessions() as session:
        await check_visible(session, user.actor, code)
        row = await reversals.of_operation(session, code)
    if row is None:
        raise Missing("REVERSAL_NOT_FOUND", f"Nadie ha pedido el reverso de {code}.")
    return row

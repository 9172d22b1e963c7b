"""Commands to the workflows about comprobantes: ask SUNAT, issue again, take back, mail again, look at the account."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy

from api import second_person
from api.operations import AWAY, command_operation, digest, unavailable
from api.second_person import Matter
from api.services import Services
from db.tables import Invoice, InvoiceVoid
from domain.commands import RetryEffect
from domain.errors import Conflict, Unavailable
from domain.invoices import InvoiceStatus
from domain.operations import Actor, Effect
from workflows import invoice_messages as i
from workflows import names

ANSWER_WITHIN = timedelta(seconds=10)
# A look at SUNAT or at the account answers within this, or the caller reads the state as it stands.
LOOK_WITHIN = 20.0


async def ask_now(services: Services, invoice_id: int) -> None:
    """Ask for SUNAT's word on one document, and wait for it a little. Raises Unavailable."""
    order = i.AnswerRound(invoice_id=invoice_id)
    await _look(services, names.INVOICE_ANSWERS, order, workflow_id=f"respuesta-{invoice_id}", result=i.AnswerReport)


async def account(services: Services) -> list[i.AccountFinding]:
    """How the account at NubeFact stands, as the worker sees it. Raises Unavailable."""
    found = await _look(
        services, names.INVOICE_ACCOUNT, None, workflow_id="cuenta-nubefact", result=list[i.AccountFinding]
    )
    if found is None:
        raise Unavailable("ACCOUNT_SILENT", "La revisión de la cuenta tarda más de lo normal. Intenta de nuevo.")
    return list(found)


async def issue(services: Services, actor: Actor, invoice: Invoice, *, name: str, key: str) -> None:
    """Issue what an operation lacks: by its own workflow while that waits for a person, else by another one.

    Raises Conflict while somebody is at it, and Unavailable.
    """
    order = RetryEffect(actor=actor, effect=Effect.INVOICE)
    try:
        await command_operation(services, invoice.operation_code, order, key=key)
    except Conflict as refused:
        if refused.code == "EFFECT_NOT_REFUSED" and invoice.status is InvoiceStatus.PENDIENTE:
            raise Conflict("BEING_ISSUED", "Ya se está intentando; mira sus intentos.") from refused
    else:
        return
    again = i.Reissue(code=invoice.operation_code, name=name)
    await _start(
        services,
        names.INVOICE_REISSUE,
        again,
        workflow_id=names.reissue_id(invoice.operation_code),
        summary=f"{invoice.operation_code}: emite otro comprobante por {name}",
    )


async def mail_again(services: Services, order: i.InvoiceNotice) -> None:
    """Mail a comprobante once for its key. Raises Unavailable."""
    await _start(
        services,
        names.INVOICE_NOTICE,
        order,
        workflow_id=names.invoice_notice_id(order.invoice_id, order.notice, order.key),
        summary=f"{order.code}: reenvía {order.notice}",
    )


async def begin_void(services: Services, row: InvoiceVoid, *, name: str) -> None:
    """Show the request in Temporal."""
    await second_person.begin(services, _void(row, name))


async def decide_void(
    services: Services, row: InvoiceVoid, decision: i.VoidDecision, *, name: str, key: str
) -> i.VoidProgress:
    """The second person's word, once for the key. Raises Refused, Unavailable."""
    return await second_person.decide(
        services, _void(row, name), decision, update_id=digest(f"void:{row.id}", key), result=i.VoidProgress
    )


def _void(row: InvoiceVoid, name: str) -> Matter:
    return Matter(
        workflow=names.INVOICE_VOID,
        workflow_id=names.void_id(name),
        start=i.VoidStart(void_id=row.id, invoice_id=row.invoice_id, name=name, requested_by=row.requested_by),
        update=names.DECIDE_VOID,
        summary=f"Anulación de {name}",
    )


async def _start(services: Services, workflow: str, order: Any, *, workflow_id: str, summary: str) -> Any:
    """Start it, or meet the one that runs. Raises Unavailable."""
    try:
        return await services.temporal.start_workflow(
            workflow,
            order,
            id=workflow_id,
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=summary,
            rpc_timeout=ANSWER_WITHIN,
        )
    except AWAY as error:
        raise unavailable(error) from error


async def _look(services: Services, workflow: str, order: Any, *, workflow_id: str, result: type[Any]) -> Any:
    """Run a short workflow and wait; None when it takes longer than a person waits."""
    given = [] if order is None else [order]
    try:
        async with asyncio.timeout(LOOK_WITHIN):
            return await services.temporal.execute_workflow(
                workflow,
                args=given,
                id=workflow_id,
                task_queue=names.OPERATIONS_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                result_type=result,
                static_summary="Pedido por una persona de la casa",
            )
    except TimeoutError:
        return None
    except WorkflowFailureError as error:
        words = "No se pudo preguntar por ahora. Intenta de nuevo en unos segundos."
        raise Unavailable("INVOICING_AWAY", words) from error
    except AWAY as error:
        raise unavailable(error) from error

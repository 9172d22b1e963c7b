"""Commands to the workflows about people: begin an onboarding, send papers, decide, mail a code, attend a complaint.

What a transaction causes is started inside it, before its commit: Temporal away means that nothing changed, and a
process that dies in between leaves a workflow that finds no row and ends by itself. Never a row without its workflow.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from temporalio.client import WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.operations import AWAY, digest, refusal_of, unavailable
from api.services import Services
from domain.errors import Conflict, Unavailable
from integrations.temporal import update_with_start
from workflows import client_messages as c
from workflows import names

ANSWER_WITHIN = timedelta(seconds=10)
# The caller's transaction commits meanwhile.
AFTER_COMMIT = timedelta(seconds=2)


async def begin(services: Services, client_id: int) -> None:
    """Start the onboarding of a client that is being registered. Raises Unavailable."""
    start = c.OnboardingStart(client_id=client_id, welcome=True)
    await _start(
        services,
        names.CLIENT_ONBOARDING,
        start,
        workflow_id=names.onboarding_id(client_id),
        summary=f"Cliente {client_id}: alta y revisión",
        search_attributes=_of_client(client_id),
    )


async def refresh(services: Services, client_id: int) -> None:
    """Something of the client is being changed: look again, and screen again, after the commit. Raises Unavailable."""
    await _start(
        services,
        names.CLIENT_ONBOARDING,
        c.OnboardingStart(client_id=client_id),
        workflow_id=names.onboarding_id(client_id),
        summary=f"Cliente {client_id}: cambio por revisar",
        search_attributes=_of_client(client_id),
        signal=names.REFRESH,
    )


async def mail_code(services: Services, code_id: int) -> None:
    """Mail a verification code that is being written. Raises Unavailable."""
    await _start(
        services,
        names.EMAIL_CODE,
        c.EmailCodeOrder(code_id=code_id),
        workflow_id=names.email_code_id(code_id),
        summary=f"Código de correo {code_id}",
    )


async def attend_complaint(services: Services, start: c.ComplaintStart) -> None:
    """Start the clock of a sheet that is being written. Raises Unavailable."""
    await _start(
        services,
        names.COMPLAINT,
        start,
        workflow_id=names.complaint_id(start.complaint_id),
        summary=f"Libro de Reclamaciones: hoja {start.code}",
    )


async def send_papers(services: Services, client_id: int, command: c.SendPapers) -> c.OnboardingState:
    """Documents that are already in the store. Raises Refused, Unavailable."""
    return await _command(services, client_id, names.SEND_PAPERS, command, key=secrets.token_hex(16))


async def review_paper(services: Services, client_id: int, command: c.ReviewPaper, *, key: str) -> c.OnboardingState:
    """Accept or ask again, once for the key. Raises Refused, Unavailable."""
    return await _command(services, client_id, names.REVIEW_PAPER, command, key=key)


async def decide(
    services: Services, client_id: int, update: str, command: c.Decision, *, key: str
) -> c.OnboardingState:
    """Approve, reject or reopen (`names.APPROVE`, ...), once for the key. Raises Refused, Unavailable."""
    return await _command(services, client_id, update, command, key=key)


async def answer_complaint(
    services: Services, start: c.ComplaintStart, command: c.ComplaintAnswer, *, key: str
) -> None:
    """The house's answer, once. Raises Refused, Unavailable."""
    opening: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        names.COMPLAINT,
        start,
        id=names.complaint_id(start.complaint_id),
        task_queue=names.OPERATIONS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        static_summary=f"Libro de Reclamaciones: hoja {start.code}",
    )
    try:
        await _update(services, names.ANSWER_COMPLAINT, command, opening, update_id=digest("complaint", key))
    except WorkflowAlreadyStartedError as error:
        raise Conflict("COMPLAINT_ANSWERED", "Esta hoja ya fue respondida.") from error


async def _command(services: Services, client_id: int, update: str, command: Any, *, key: str) -> c.OnboardingState:
    """By update-with-start: a client whose onboarding ended, or that came from before, gets a new run."""
    opening: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        names.CLIENT_ONBOARDING,
        c.OnboardingStart(client_id=client_id),
        id=names.onboarding_id(client_id),
        task_queue=names.OPERATIONS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        static_summary=f"Cliente {client_id}: revisión",
        search_attributes=_of_client(client_id),
    )
    update_id = digest(f"client:{client_id}", update, key)
    state: c.OnboardingState = await _update(
        services, update, command, opening, update_id=update_id, result_type=c.OnboardingState
    )
    return state


async def _update(
    services: Services,
    update: str,
    command: Any,
    opening: WithStartWorkflowOperation[Any, Any],
    *,
    update_id: str,
    result_type: type[Any] | None = None,
) -> Any:
    try:
        return await update_with_start(
            services.temporal,
            update,
            command,
            opening=opening,
            id=update_id,
            result_type=result_type,
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowUpdateFailedError as error:
        moved = Conflict("MOVED_ON", "Algo cambió mientras tanto. Actualiza la página e intenta de nuevo.")
        raise (refusal_of(error) or moved) from error
    except AWAY as error:
        raise unavailable(error) from error


async def _start(
    services: Services,
    workflow: str,
    start: Any,
    *,
    workflow_id: str,
    summary: str,
    search_attributes: TypedSearchAttributes | None = None,
    signal: str = "",
) -> None:
    """A second start of what runs changes nothing, but for its signal. A signal can't wait: it goes at once."""
    told: dict[str, Any] = {"start_signal": signal} if signal else {"start_delay": AFTER_COMMIT}
    if not signal:
        told["id_conflict_policy"] = WorkflowIDConflictPolicy.USE_EXISTING
    try:
        await services.temporal.start_workflow(
            workflow,
            start,
            id=workflow_id,
            task_queue=names.OPERATIONS_QUEUE,
            static_summary=summary,
            search_attributes=search_attributes,
            rpc_timeout=ANSWER_WITHIN,
            **told,
        )
    except WorkflowAlreadyStartedError:
        return
    except AWAY as error:
        if isinstance(error, RPCError) and error.status is RPCStatusCode.ALREADY_EXISTS:
            return
        if isinstance(unavailable(error), Unavailable):
            words = "No pudimos atenderte por ahora y nada cambió. Intenta de nuevo en unos segundos."
            raise Unavailable("ENGINE_UNAVAILABLE", words) from error
        raise


def _of_client(client_id: int) -> TypedSearchAttributes:
    return TypedSearchAttributes([SearchAttributePair(names.CLIENTE_ID, str(client_id))])

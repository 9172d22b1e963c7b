"""Orders to the workflows about lists: look at everybody, at one client, or for a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy

from api.operations import AWAY, unavailable
from api.services import Services
from domain.errors import Unavailable
from workflows import messages as m
from workflows import names
from workflows import screening_messages as s

ANSWER_WITHIN = timedelta(seconds=15)


async def look_at_all(services: Services, order: s.RunOrder) -> None:
    """Have everybody looked at, now or after the look that is under way. Raises Unavailable."""
    try:
        await services.temporal.start_workflow(
            names.RESCREENING,
            s.RescreeningStart(),
            id=names.RESCREENING_ID,
            task_queue=names.OPERATIONS_QUEUE,
            static_summary="Revisión de todos los clientes en las listas",
            start_signal=names.LOOK_AT_ALL,
            start_signal_args=[order],
            rpc_timeout=ANSWER_WITHIN,
        )
    except AWAY as error:
        raise unavailable(error) from error


async def look_at_one(services: Services, client_id: int, *, key: str) -> None:
    """Look at one client and wait for the answer. Raises Unavailable."""
    order = m.ClientOrder(client_id=client_id)
    workflow_id = names.client_screening_id(client_id, key)
    await _answered(services, names.CLIENT_SCREENING, order, workflow_id, summary=f"Cliente {client_id}: revisión")


async def search(services: Services, search_id: int) -> None:
    """Have a name looked for and wait for the answer, which is in its row. Raises Unavailable."""
    order, workflow_id = s.SearchOrder(search_id=search_id), names.name_search_id(search_id)
    await _answered(services, names.NAME_SEARCH, order, workflow_id, summary=f"Búsqueda {search_id} en las listas")


async def _answered(services: Services, workflow: str, order: Any, workflow_id: str, *, summary: str) -> None:
    try:
        await services.temporal.execute_workflow(
            workflow,
            order,
            id=workflow_id,
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=summary,
            execution_timeout=ANSWER_WITHIN,
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowFailureError as error:
        words = "Las listas todavía se están cargando. Intenta de nuevo en un momento."
        raise Unavailable("LISTS_NOT_READY", words) from error
    except AWAY as error:
        raise unavailable(error) from error

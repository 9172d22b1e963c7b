"""Whether this process lives, and whether the house can work: for load balancers and for `qoricash doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from sqlalchemy import text
from starlette.responses import JSONResponse
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

import db
from api.auth import public
from api.services import Services, ServicesDep
from workflows.names import OPERATIONS_QUEUE

router = APIRouter(tags=["Salud"])

PATIENCE = 2.0
# A poll lasts a minute, and the server lists a poller for five after it has gone.
POLLED_WITHIN = timedelta(seconds=90)
OK = "ok"


@router.get("/healthz", dependencies=[public("lo consulta el balanceador, y no dice nada del negocio")])
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": OK}


@router.get("/readyz", dependencies=[public("lo consulta el balanceador, y no dice nada del negocio")])
async def readyz(services: ServicesDep) -> JSONResponse:
    """Database, its schema, Temporal, and a worker on the operations queue; 503 names the part that fails."""
    names = ("database", "schema", "temporal", "worker")
    checks = (_database(services), _schema(services), _temporal(services), _worker(services))
    answers = await asyncio.gather(*(_said(check) for check in checks))
    parts = dict(zip(names, answers, strict=True))
    ready = all(said == OK for said in answers)
    body = {"status": OK if ready else "no disponible", "checks": parts}
    return JSONResponse(body, 200 if ready else 503, {} if ready else {"Retry-After": "5"})


async def _said(check: Awaitable[str]) -> str:
    """What the check says, or the kind of its failure: never its message, which may hold an address."""
    try:
        return await asyncio.wait_for(check, PATIENCE)
    except Exception as error:  # noqa: BLE001 - whatever fails, this part is not ready
        return f"no responde ({type(error).__name__})"


async def _database(services: Services) -> str:
    async with services.sessions() as session:
        await session.execute(text("SELECT 1"))
    return OK


async def _schema(services: Services) -> str:
    async with services.sessions() as session:
        found = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return OK if found == schema_head() else "falta migrar: qoricash migrate"


@cache
def schema_head() -> str:
    """The last migration of this code, by its file's name: Alembic is ten megabytes, and only migrating needs it."""
    chain = Path(db.__file__).parent / "migrations" / "versions"
    return max(file.name.partition("_")[0] for file in chain.glob("[0-9]*.py"))


async def _temporal(services: Services) -> str:
    alive = await services.temporal.service_client.check_health(timeout=timedelta(seconds=PATIENCE))
    return OK if alive else "no responde"


async def _worker(services: Services) -> str:
    asked = DescribeTaskQueueRequest(
        namespace=services.temporal.namespace,
        task_queue=TaskQueue(name=OPERATIONS_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    told = await services.temporal.workflow_service.describe_task_queue(asked, timeout=timedelta(seconds=PATIENCE))
    oldest = datetime.now(UTC) - POLLED_WITHIN
    polled = any(poller.last_access_time.ToDatetime(UTC) > oldest for poller in told.pollers)
    return OK if polled else "ningún worker atiende la cola de operaciones"

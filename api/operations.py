"""Commands to an operation's workflow, from any face: one way to create, one way to act, one map of errors.

Every command carries the caller's key. Creating is update-with-start by a code that the key owns, so a retried
request meets the same workflow; acting is an update whose id comes from the key, so a repeat gets the first answer.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import (
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.services import Services
from db import parameters
from db.operation_creation import next_code, quote
from db.operations import record_note
from db.tables import IdempotencyKey
from db.tables import Operation as OperationRow
from domain.calendar import business_day
from domain.commands import Command, NewOperation
from domain.errors import Conflict, Forbidden, Invalid, Missing, Refused, Unavailable
from domain.lifecycle import RULES
from domain.operations import Actor, Operation
from integrations.temporal import update_with_start
from workflows import names
from workflows.messages import Note, OperationAnswer, OperationStart, Terms

__all__ = ["NewOperation", "add_note", "command_operation", "create_operation"]

ANSWER_WITHIN = timedelta(seconds=10)
_START = TypeAdapter(OperationStart)
_REFUSALS: dict[int, type[Refused]] = {403: Forbidden, 404: Missing, 409: Conflict, 422: Invalid}
# Temporal is away, overloaded, or has no worker: the request may be repeated with the same key.
_TRY_AGAIN = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.UNKNOWN,
}

# A lazy client that cannot connect at its first call raises a bare RuntimeError.
AWAY = (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError, RuntimeError)


async def create_operation(services: Services, request: NewOperation, *, key: str) -> OperationAnswer:
    """Create an operation once for (actor, key).

    Raises Refused when a rule forbids it (the key may then be used again), Invalid when the key came with another
    body, and Unavailable when Temporal does not answer or too many commands wait already.
    """
    with services.crowd.place():
        return await _create(services, request, key=key)


async def _create(services: Services, request: NewOperation, *, key: str) -> OperationAnswer:
    scope = _scope(request.actor)
    start = await _claim(services, request, scope=scope, key=key)
    try:
        return await _start(services, start, update_id=digest(scope, key))
    except Unavailable:
        raise
    except Refused:
        await _free(services, scope, key, start.operation.code)
        raise


async def command_operation(services: Services, code: str, command: Command, *, key: str) -> OperationAnswer:
    """Carry out a command once for (actor, key).

    Raises Refused when a rule forbids it, Missing when there is no such operation, and Unavailable when Temporal does
    not answer or too many commands wait already.
    """
    with services.crowd.place():
        return await _command(services, code, command, key=key)


async def _command(services: Services, code: str, command: Command, *, key: str) -> OperationAnswer:
    scope = f"{_scope(command.actor)}:{code}"
    claimed = await _claim_command(services, code, command, scope=scope, key=key)
    handle = services.temporal.get_workflow_handle(code)
    try:
        answer: OperationAnswer = await handle.execute_update(
            RULES[type(command)].name,
            command,
            id=digest(scope, key, claimed.isoformat()),
            result_type=OperationAnswer,
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowUpdateFailedError as error:
        refused = refusal_of(error)
        if refused is None:
            raise await _closed(services, code) from error
        await _free_command(services, scope, key, claimed)
        raise refused from error
    except AWAY as error:
        if isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND:
            raise await _closed(services, code) from error
        raise unavailable(error) from error
    return answer


async def add_note(services: Services, code: str, note: Note) -> None:
    """Leave a remark, in any state. A closed workflow takes no signals, so its note is written directly."""
    try:
        await services.temporal.get_workflow_handle(code).signal(names.ADD_NOTE, note)
    except AWAY as error:
        if not isinstance(error, RPCError) or error.status is not RPCStatusCode.NOT_FOUND:
            raise unavailable(error) from error
        async with services.sessions.begin() as session:
            if await _state(session, code) is None:
                raise Missing("OPERATION_NOT_FOUND", f"No existe la operación {code}.") from error
            await record_note(session, code, user_id=note.actor.id, words=note.text, key=note.key, at=datetime.now(UTC))


async def _claim(services: Services, request: NewOperation, *, scope: str, key: str) -> OperationStart:
    """The start that belongs to this key: quoted now, or as it was quoted the first time.

    The advisory lock makes the five clicks of one person wait for each other, so that the second finds the first's
    quote in place of an "already active" refusal (F001).
    """
    asked = _body_hash(request)
    async with services.sessions.begin() as session:
        await session.execute(_ONE_CLICK_AT_A_TIME, {"whose": f"{scope}:{key}"})
        claimed = (await session.execute(_CLAIMED, {"scope": scope, "key": key})).one_or_none()
        if claimed is not None:
            _check_same_body(claimed.body_hash, asked)
            return _START.validate_python(claimed.quote)
        now = datetime.now(UTC)
        expiry = services.settings.expiry
        operation = await quote(session, request, code="", now=now, expiry=expiry)
        start = OperationStart(
            operation=replace(operation, code=await next_code(session)), terms=await _terms(session, now)
        )
        mine = {"scope": scope, "key": key, "body_hash": asked, "operation_code": start.operation.code}
        await session.execute(_CLAIM, mine | {"quote": _START.dump_python(start, mode="json")})
        return start


_ONE_CLICK_AT_A_TIME = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("whose"), 0)))
_KEYS = IdempotencyKey.__table__
_CLAIMED = select(_KEYS.c.body_hash, _KEYS.c.quote).where(
    _KEYS.c.scope == bindparam("scope"), _KEYS.c.key == bindparam("key")
)
_CLAIM = insert(_KEYS)  # type: ignore[arg-type] # a Table
# Written again as it is when it is there, so that the one statement answers it either way.
_CLAIM_OR_FIND = _CLAIM.on_conflict_do_update(
    index_elements=["scope", "key"], set_={"scope": _CLAIM.excluded.scope}
).returning(_KEYS.c.body_hash, _KEYS.c.created_at)


async def _claim_command(services: Services, code: str, command: Command, *, scope: str, key: str) -> datetime:
    """Since when this key stands for this command.

    The instant is part of the update's id: Temporal remembers a refusal as it does an answer, so what is tried again
    after a refusal must be another update.
    """
    asked = _body_hash(command)
    values = {"scope": scope, "key": key, "body_hash": asked, "operation_code": code, "quote": {}}
    async with services.sessions() as session:
        found = (await session.execute(_CLAIM_OR_FIND, values)).one()
    _check_same_body(found.body_hash, asked)
    since: datetime = found.created_at
    return since


def _check_same_body(first: str, now: str) -> None:
    if first != now:
        raise Invalid("IDEMPOTENCY_KEY_REUSED", "Esta clave ya se usó con otros datos. Usa una clave nueva.")


async def _free(services: Services, scope: str, key: str, code: str) -> None:
    """A refused call may be tried again with its key; it will get another code."""
    async with services.sessions.begin() as session:
        await session.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.scope == scope, IdempotencyKey.key == key, IdempotencyKey.operation_code == code
            )
        )


async def _free_command(services: Services, scope: str, key: str, claimed: datetime) -> None:
    """A refused command may be tried again with its key. A claim made since by another request stays."""
    async with services.sessions.begin() as session:
        await session.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.scope == scope, IdempotencyKey.key == key, IdempotencyKey.created_at == claimed
            )
        )


async def _terms(session: AsyncSession, now: datetime) -> Terms:
    figures = await parameters.values(session, ("stale_after_hours", "operator_alert_minutes"), business_day(now))
    return Terms(
        stale_after=timedelta(hours=float(figures["stale_after_hours"])),
        alert_every=timedelta(minutes=float(figures["operator_alert_minutes"])),
    )


async def _start(services: Services, start: OperationStart, *, update_id: str) -> OperationAnswer:
    operation = start.operation
    opening: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
        names.OPERATION,
        start,
        id=operation.code,
        task_queue=names.OPERATIONS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        static_summary=operation.summary(),
        static_details=f"El cliente {operation.flow()}.",
        search_attributes=_search_attributes(operation),
    )
    try:
        answer: OperationAnswer = await update_with_start(
            services.temporal,
            names.CREATE,
            opening=opening,
            id=update_id,
            result_type=OperationAnswer,
            rpc_timeout=ANSWER_WITHIN,
        )
    except WorkflowUpdateFailedError as error:
        raise (refusal_of(error) or await _closed(services, operation.code)) from error
    except WorkflowAlreadyStartedError as error:
        raise await _closed(services, operation.code) from error
    except AWAY as error:
        raise unavailable(error) from error
    return answer


def _search_attributes(operation: Operation) -> TypedSearchAttributes:
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(names.OP_ESTADO, operation.state.value),
        SearchAttributePair(names.OP_TIPO, operation.kind.value),
        SearchAttributePair(names.OP_ORIGEN, operation.origin.value),
        SearchAttributePair(names.OP_ATENCION, "no"),
        SearchAttributePair(names.CLIENTE_ID, str(operation.client_id)),
    ]
    if operation.expires_at is not None:
        pairs.append(SearchAttributePair(names.OP_VENCE, operation.expires_at))
    return TypedSearchAttributes(pairs)


def refusal_of(error: WorkflowUpdateFailedError) -> Refused | None:
    """The domain's refusal inside an update's failure; None when the workflow closed under the update."""
    cause = error.cause
    if not isinstance(cause, ApplicationError):
        return None
    told = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else None
    if told is None:
        return None
    kind = _REFUSALS.get(int(told["status"]), Conflict)
    return kind(cause.type or "REFUSED", cause.message, field=told["field"])


async def _closed(services: Services, code: str) -> Refused:
    """What to answer when the workflow takes no more commands: the state in the database says why."""
    async with services.sessions() as session:
        state = await _state(session, code)
    if state is None:
        return Missing("OPERATION_NOT_FOUND", f"No existe la operación {code}.")
    return Conflict("WRONG_STATE", f"{code} ya está {state}; esta acción ya no corresponde.")


async def _state(session: AsyncSession, code: str) -> str | None:
    return await session.scalar(select(OperationRow.state).where(OperationRow.code == code))


def unavailable(error: Exception) -> Exception:
    if isinstance(error, RPCError) and error.status not in _TRY_AGAIN:
        return error
    if isinstance(error, RuntimeError) and "connect" not in str(error):
        return error
    return Unavailable(
        "ENGINE_UNAVAILABLE", "Las acciones no responden por ahora. Lo último que hiciste sí quedó guardado."
    )


def _scope(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


def digest(*parts: str) -> str:
    """An update id: stable for the caller's key, and saying nothing of what the key holds."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def _body_hash(body: NewOperation | Command) -> str:
    kind: Any = type(body)
    return hashlib.sha256(_adapter(kind).dump_json(body)).hexdigest()


@functools.cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """How a command is written, worked out once a process: doing it for each took a tenth of the API's time."""
    return TypeAdapter(kind)

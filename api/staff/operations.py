"""Operations as the people of the house list them, read them and create them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.auth import SignedUser, requires
from api.operations import NewOperation, create_operation
from api.services import ServicesDep
from api.staff.operation_actions import actions
from api.staff.operation_views import OperationList, OperationView, line_view, whole_view
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, IdempotencyKey, Limit, Money, after, example, page
from db.client_reads import get_client
from db.operation_reads import OperationFilter, as_domain, get_operation, list_operations
from domain.calendar import day_bounds
from domain.errors import Invalid
from domain.operations import Kind, Origin, State
from domain.permissions import Permission
from workflows.messages import OperationAnswer

router = APIRouter(prefix="/api/staff/operations", tags=["Operaciones"])

Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]
Code = Annotated[str, Path(max_length=20, examples=["EXP-1001"])]
RowId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
# Lima days within these: beyond them there is no instant that Python can write.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
Day = Annotated[date | None, Query(ge=FIRST_DAY, le=LAST_DAY)]


class NewOperationBody(Body):
    """What staff asks for. The rate and the soles are the server's."""

    model_config = example(
        client_id=7, kind="Compra", amount_usd="1500.00", source_account_id=21, destination_account_id=22
    )
    client_id: int = Field(ge=1, le=MAX_ID)
    kind: Kind
    amount_usd: Money
    source_account_id: int = Field(ge=1, le=MAX_ID)
    destination_account_id: int = Field(ge=1, le=MAX_ID)
    coupon: str = Field(default="", max_length=20)
    comments: str = Field(default="", max_length=1000)


class CommandAnswer(Answer):
    """The operation's state after a command."""

    code: str
    state: State
    version: int
    operator_id: int | None


@router.get("")
async def read_operations(
    *,
    user: Reader,
    services: ServicesDep,
    state: Annotated[list[State] | None, Query()] = None,
    kind: Kind | None = None,
    origin: Origin | None = None,
    operator_id: RowId = None,
    client_id: RowId = None,
    code: Annotated[str, Query(max_length=20, description="Parte del código: `1001`.")] = "",
    attention: Annotated[bool, Query(description="Solo las que esperan a una persona.")] = False,
    since: Annotated[Day, Query(description="Desde este día de Lima.")] = None,
    until: Annotated[Day, Query(description="Hasta este día de Lima, inclusive.")] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> OperationList:
    """Operations, newest first. A Trader sees those it created and those of its clients."""
    wanted = OperationFilter(
        states=tuple(state or ()),
        kind=kind,
        origin=origin,
        operator_id=operator_id,
        client_id=client_id,
        code=code,
        needs_attention=attention,
        since=day_bounds(since)[0] if since else None,
        until=day_bounds(until)[1] if until else None,
    )
    async with services.sessions() as session:
        rows = await list_operations(session, user.actor, wanted, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda line: line.row.id)
    return OperationList(items=[line_view(line, user) for line in shown], next_cursor=following)


@router.get("/{code}")
async def read_operation(code: Code, user: Reader, services: ServicesDep) -> OperationView:
    """One operation with everything: amounts, abonos, pagos, proofs, timeline, comprobante, what can be done next."""
    async with services.sessions() as session:
        detail = await get_operation(session, user.actor, code)
    possible = actions(as_domain(detail), user, datetime.now(UTC))
    return whole_view(services, detail, user, possible)


@router.post("", status_code=201)
async def create(
    body: NewOperationBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_CREATE)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Create an operation for a client, at the rate published now. It does not expire by itself (origin `sistema`).

    Without `Idempotency-Key`, the same body of the same session within a minute is the same operation (a double click).
    """
    async with services.sessions() as session:
        await get_client(session, user.actor, body.client_id)
    if body.amount_usd <= 0:
        raise Invalid("AMOUNT_NOT_POSITIVE", "El monto debe ser mayor que cero.", field="amount_usd")
    request = NewOperation(
        actor=user.actor,
        client_id=body.client_id,
        kind=body.kind,
        origin=Origin.SISTEMA,
        amount_usd=body.amount_usd,
        source_account_id=body.source_account_id,
        destination_account_id=body.destination_account_id,
        coupon=body.coupon.upper(),
        comments=body.comments,
    )
    return answered(await create_operation(services, request, key=key or _derived(user, body)))


def answered(answer: OperationAnswer) -> CommandAnswer:
    """What a command says back."""
    return CommandAnswer(
        code=answer.code, state=State(answer.state), version=answer.version, operator_id=answer.operator_id
    )


def _derived(user: SignedUser, body: NewOperationBody) -> str:
    """Two clicks are one operation: nothing else would refuse the second, since staff may create many."""
    minute = f"{datetime.now(UTC):%Y%m%d%H%M}"
    return "auto-" + sha256(f"{user.session_id}|{minute}|{body.model_dump_json()}".encode()).hexdigest()

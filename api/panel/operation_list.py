"""The list of operations: filters in the address, any order, and a sheet of exactly what is seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.errors import PanelRoute
from api.panel.sheets import sheet
from api.panel.tables import (
    MOST_ROWS,
    PAGE,
    Asked,
    Column,
    Table,
    asked_of,
    chosen,
    cursor_of,
    day_of,
    id_of,
    key_of,
    number_of,
)
from api.services import Services, ServicesDep
from api.staff.operation_views import OperationLineView, line_view
from db import audit, users
from db.client_reads import display_name, get_client
from db.operation_reads import ORDERS, OperationFilter, OperationLine, ordered_operations
from domain.calendar import day_bounds
from domain.errors import Invalid
from domain.operations import Kind, Origin, State
from domain.permissions import Permission, Role

router = APIRouter(prefix="/panel/operaciones", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]
PATH = "/panel/operaciones"

COLUMNS: tuple[Column[OperationLineView], ...] = (
    Column(
        key="codigo", label="Código", kind="code", value=lambda o: o.code, link=lambda o: f"{PATH}/{o.code}", phone=True
    ),
    Column(key="estado", label="Estado", kind="state", value=lambda o: o.state, phone=True),
    Column(key="tipo", label="Tipo", kind="kind", value=lambda o: o.kind),
    Column(key="cliente", label="Cliente", kind="name", value=lambda o: o.client.name, phone=True),
    Column(key="documento", label="Documento", kind="text", value=lambda o: o.client.document_masked, hidden=True),
    Column(key="dolares", label="Dólares", kind="USD", value=lambda o: o.amount_usd, sort="dolares", phone=True),
    Column(key="tasa", label="TC", kind="rate", value=lambda o: o.rate),
    Column(key="soles", label="Soles", kind="PEN", value=lambda o: o.amount_pen),
    Column(key="origen", label="Origen", kind="text", value=lambda o: o.origin, hidden=True),
    Column(key="operador", label="Operador", kind="text", value=lambda o: o.operator.name if o.operator else ""),
    Column(key="creada", label="Creada", kind="moment", value=lambda o: o.created_at, sort="creada"),
    Column(key="terminada", label="Terminó", kind="moment", value=lambda o: o.finished_at, hidden=True),
    Column(key="atencion", label="Atención", kind="text", value=lambda o: o.attention, hidden=True),
)


@router.get("")
async def list_page(
    request: Request,
    user: Reader,
    services: ServicesDep,
    formato: Annotated[Literal["csv", "xlsx"] | None, Query()] = None,
) -> Response:
    """The list; with `formato`, the sheet of the same filters, order and columns."""
    asked = asked_of(request.query_params, sorts=tuple(ORDERS))
    wanted = _filter(asked, user)
    if formato is not None:
        return await _sheet(services, user, wanted, asked, formato)
    lines = await _lines(services, user, wanted, asked, limit=PAGE + 1)
    table = Table(
        path=PATH,
        caption="Operaciones",
        columns=COLUMNS,
        rows=[line_view(line, user) for line in lines[:PAGE]],
        asked=asked,
        next_cursor=_cursor(lines[PAGE - 1], asked) if len(lines) > PAGE else "",
        exports=True,
    )
    known: dict[str, Any] = {"table": table, "State": State, "Kind": Kind, "Origin": Origin}
    known |= await _choices(services, user, wanted)
    return await pages.page(request, services, user, "operations.html", here="Operaciones", **known)


async def _lines(
    services: Services, user: SignedUser, wanted: OperationFilter, asked: Asked, *, limit: int
) -> list[OperationLine]:
    async with services.sessions() as session:
        found = await ordered_operations(
            session,
            user.actor,
            wanted,
            order=asked.sort,
            ascending=asked.ascending,
            after=_after(asked),
            limit=limit,
        )
    return list(found)


async def _sheet(services: Services, user: SignedUser, wanted: OperationFilter, asked: Asked, kind: str) -> Response:
    whole = Asked(filters=asked.filters, sort=asked.sort, ascending=asked.ascending, columns=asked.columns, cursor="")
    lines = await _lines(services, user, wanted, whole, limit=MOST_ROWS)
    async with services.sessions.begin() as session:
        audit.record(
            session,
            actor=user.actor,
            action="operations.export",
            entity="operation",
            entity_id="lista",
            reason=f"{len(lines)} operaciones, {kind}",
        )
    return await sheet(kind, "operaciones", chosen(COLUMNS, asked), [line_view(line, user) for line in lines])


def _filter(asked: Asked, user: SignedUser) -> OperationFilter:
    """The address's filters, read as the staff API reads them. Raises Invalid."""
    given = asked.filters
    since, until = day_of(given.get("desde", "")), day_of(given.get("hasta", ""))
    mine = given.get("mias") == "si" and user.role is Role.OPERADOR
    return OperationFilter(
        states=tuple(state for state in State if state in given.get("estado", "").split(",")),
        kind=next((kind for kind in Kind if kind == given.get("tipo")), None),
        origin=next((origin for origin in Origin if origin == given.get("origen")), None),
        operator_id=user.id if mine else id_of(given.get("operador", "")),
        client_id=id_of(given.get("cliente", "")),
        code=given.get("codigo", "")[:20],
        needs_attention=given.get("atencion") == "si",
        since=day_bounds(since)[0] if since else None,
        until=day_bounds(until)[1] if until else None,
    )


async def _choices(services: Services, user: SignedUser, wanted: OperationFilter) -> dict[str, Any]:
    """What the filters offer: operators by name, and who the list is about."""
    async with services.sessions() as session:
        people = await users.list_users(session)
        client = await get_client(session, user.actor, wanted.client_id) if wanted.client_id else None
    return {
        "operators": [(one.id, one.full_name) for one in people if one.role is Role.OPERADOR],
        "client_name": display_name(client.client) if client else "",
    }


def _after(asked: Asked) -> tuple[object, int] | None:
    key = key_of(asked.cursor)
    if key is None or asked.sort != "creada":
        return number_of(key)
    try:
        return datetime.fromisoformat(key[0]).astimezone(UTC), key[1]
    except ValueError as error:
        raise Invalid("CURSOR_UNKNOWN", "Vuelve a empezar la lista desde la primera página.") from error


def _cursor(last: OperationLine, asked: Asked) -> str:
    return cursor_of(getattr(last.row, ORDERS[asked.sort].key), last.row.id)

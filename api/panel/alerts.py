"""Alerts on the screen: what rang, on whom, by which rule, and in which case it is looked into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires_unseen
from api.panel import compliance_words as said
from api.panel import pages
from api.panel.cases import TABS, exported, rule_names
from api.panel.errors import PanelRoute
from api.panel.sheets import CHUNK, Format, everything, sheet
from api.panel.tables import Column, Table, asked_of, chosen, id_of
from api.services import Services, ServicesDep
from api.staff.alerts import AlertLine, AlertList, read_alerts
from api.staff.shapes import PAGE
from db.client_reads import names_of
from domain.permissions import Permission

router = APIRouter(prefix="/panel/alertas", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
PATH = "/panel/alertas"


@router.get("")
async def alerts_page(request: Request, user: Reader, services: ServicesDep, formato: Format = None) -> Response:
    """Alerts, newest first, of a rule or a client if the address says so; with `formato`, their sheet."""
    asked = asked_of(request.query_params, sorts=("cuando",))
    client = asked.filters.get("cliente", "")

    async def read(cursor: str | None, limit: int = CHUNK) -> AlertList:
        return await read_alerts(
            user=user,
            services=services,
            rule=asked.filters.get("regla", "")[:60],
            client_id=id_of(client),
            cursor=cursor,
            limit=limit,
        )

    rules = await rule_names(services)
    if formato is not None:
        rows = await everything(read)
        await exported(services, user, "alertas", f"{len(rows)} filas, {formato}")
        return await sheet(formato, "alertas", chosen(_columns(await _names(services, rows), rules), asked), rows)
    found = await read(asked.cursor or None, PAGE)
    names = await _names(services, found.items)
    table = Table(
        path=PATH,
        caption="Alertas",
        columns=_columns(names, rules),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=True,
    )
    return await pages.page(request, services, user, "alerts.html", here="Casos", table=table, tabs=TABS, rules=rules)


async def _names(services: Services, rows: Sequence[AlertLine]) -> dict[int, str]:
    async with services.sessions() as session:
        return await names_of(session, {one.client_id for one in rows})


def _columns(names: dict[int, str], rules: dict[str, str]) -> Sequence[Column[AlertLine]]:
    return (
        Column(key="cuando", label="Cuándo", kind="moment", value=lambda a: a.at, phone=True),
        Column(
            key="gravedad",
            label="Gravedad",
            kind="badge",
            value=lambda a: (said.SEVERITIES[a.severity], a.severity.value),
        ),
        Column(key="que", label="Qué se vio", kind="wrap", value=lambda a: a.summary, phone=True),
        Column(key="regla", label="Regla", kind="text", value=lambda a: rules.get(a.rule_key, a.rule_key), hidden=True),
        Column(key="cliente", label="Cliente", kind="text", value=lambda a: names.get(a.client_id, "")),
        Column(key="operacion", label="Operación", kind="text", value=lambda a: a.operation_code),
        Column(key="retiene", label="Retiene", kind="text", value=lambda a: "Sí" if a.holds else "No"),
        Column(
            key="caso",
            label="Caso",
            kind="code",
            value=lambda a: f"N.º {a.case_id}",
            link=lambda a: f"/panel/casos/{a.case_id}",
            phone=True,
        ),
        Column(
            key="estado",
            label="Estado",
            kind="badge",
            value=lambda a: (said.STATES[a.case_state][0], a.case_state.value),
        ),
    )

"""Referrals on the screen: the ledger of pips, and pips by hand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.errors import PanelRoute
from api.panel.questions import Ask, Question, Typed, ask, done
from api.panel.sheets import CHUNK, Format, everything, sheet
from api.panel.tables import PAGE, Column, Table, asked_of, chosen, id_of
from api.services import Services, ServicesDep
from api.staff import referrals as staff
from api.staff.client_actions import ClientId
from api.staff.clients import read_client
from api.staff.referrals import LedgerView
from db import audit
from domain.errors import Invalid, Refused
from domain.permissions import Permission
from domain.referrals import LedgerKind

router = APIRouter(prefix="/panel/referidos", route_class=PanelRoute)
Manager = Annotated[SignedUser, requires(Permission.REFERRALS_MANAGE)]
PATH = "/panel/referidos"
KINDS = {
    LedgerKind.OPERATION_BENEFIT: "Beneficio por operación",
    LedgerKind.REDEMPTION: "Canje por cupón",
    LedgerKind.MANUAL: "A mano",
    LedgerKind.REVERSAL: "Operación reversada",
}


def _why(entry: LedgerView) -> str:
    return " · ".join(part for part in (entry.person, entry.reason) if part)


COLUMNS: tuple[Column[LedgerView], ...] = (
    Column(key="cuando", label="Cuándo", kind="moment", value=lambda e: e.at, phone=True),
    Column(
        key="cliente",
        label="Cliente",
        kind="link",
        value=lambda e: e.client,
        link=lambda e: f"/panel/clientes/{e.client_id}",
        phone=True,
    ),
    Column(key="concepto", label="Concepto", kind="text", value=lambda e: KINDS[e.kind]),
    Column(key="pips", label="Pips", kind="count", value=lambda e: f"{e.pips:+d}".replace("-", "−"), phone=True),
    Column(
        key="operacion",
        label="Operación",
        kind="code",
        value=lambda e: e.operation_code or "",
        link=lambda e: f"/panel/operaciones/{e.operation_code}",
    ),
    Column(key="cupon", label="Cupón", kind="text", value=lambda e: e.reward_code),
    Column(
        key="motivo",
        label="Quién y por qué",
        kind="wrap",
        value=lambda e: " · ".join(filter(None, [e.person, e.reason])),
    ),
)


@router.get("")
async def ledger_page(request: Request, user: Manager, services: ServicesDep, formato: Format = None) -> Response:
    """Every movement of pips; of one client with its balance. With `formato`, its sheet."""
    asked = asked_of(request.query_params, sorts=("cuando",))
    given = asked.filters
    whose = given.get("cliente", "")
    client_id = id_of(whose)
    kind = next((one for one in LedgerKind if one == given.get("concepto")), None)

    async def read(cursor: str | None, limit: int = CHUNK) -> staff.LedgerList:
        return await staff.read_ledger(
            _user=user, services=services, client_id=client_id, kind=kind, cursor=cursor, limit=limit
        )

    if formato is not None:
        rows = await everything(read)
        await _exported(services, user, f"{len(rows)} movimientos, {formato}")
        return await sheet(formato, "referidos", chosen(COLUMNS, asked), rows)
    found = await read(asked.cursor or None, PAGE)
    table = Table(
        path=PATH,
        caption="Movimientos",
        columns=COLUMNS,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=True,
    )
    known: dict[str, Any] = {"table": table, "kinds": KINDS, "client": None, "balance": None}
    if client_id is not None:
        known["client"] = await read_client(client_id, user, services)
        known["balance"] = await staff.read_balance(client_id, user, services)
    return await pages.page(request, services, user, "referrals.html", here="Referidos", **known)


async def _exported(services: Services, user: SignedUser, what: str) -> None:
    async with services.sessions.begin() as session:
        audit.record(
            session, actor=user.actor, action="referrals.export", entity="client", entity_id="lista", reason=what
        )


@router.get("/{client_id}/acreditar")
async def ask_credit(request: Request, client_id: ClientId, user: Manager, services: ServicesDep) -> Response:
    """How many, and why."""
    return ask(request, user, await _question(services, user, client_id))


@router.post("/{client_id}/acreditar")
async def credit(request: Request, client_id: ClientId, user: Manager, services: ServicesDep) -> Response:
    """Give or take back pips by hand."""
    typed = Typed(form=await request.form())
    try:
        body = staff.CreditBody(pips=_pips(typed.text("pips")), reason=typed.text("reason"))
        after = await staff.credit(client_id, body, user, services)
    except (Refused, ValidationError) as refused:
        question = await _question(services, user, client_id)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done(f"Ahora tiene {after.available} pips", go=f"{PATH}?cliente={client_id}")


def _pips(text: str) -> int:
    plain = text.replace("−", "-").replace("+", "")
    try:
        return int(plain)
    except ValueError as error:
        raise Invalid("PIPS_RANGE", "Escribe un número entero de pips.", field="pips") from error


async def _question(services: Services, user: SignedUser, client_id: int) -> Question:
    client = await read_client(client_id, user, services)
    balance = await staff.read_balance(client_id, user, services)
    return Question(
        title=f"Pips a mano para {client.name}",
        lead=f"Tiene {balance.available} disponibles.",
        asks=(
            Ask(name="pips", label="Pips", hint="Con un menos delante, los quita.", most=6),
            Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría.", most=300),
        ),
        ok="Anotar pips",
    )

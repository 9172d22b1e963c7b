"""Risk of clients on the screen: all of them by level, one with its history, and what a person declares of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires_unseen
from api.panel import compliance_words as said
from api.panel import pages
from api.panel.acts import Act, Call, attempt, known
from api.panel.acts import asked as dialog
from api.panel.cases import TABS
from api.panel.errors import PanelRoute
from api.panel.questions import Ask, Question
from api.panel.tables import Column, Table, asked_of
from api.services import Services, ServicesDep
from api.staff import client_kyc as kyc
from api.staff import risk as staff
from api.staff.client_actions import ClientId
from api.staff.client_kyc import RiskView, read_risk
from api.staff.risk import ProfileLine
from api.staff.screening import check_client
from api.staff.shapes import PAGE
from db.client_reads import names_of
from domain.permissions import Permission
from domain.risk import PepKind, Regime, RiskLevel

router = APIRouter(prefix="/panel/riesgo", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
PATH = "/panel/riesgo"


@dataclass(frozen=True, kw_only=True)
class RiskFile:
    """A client's risk and whose it is."""

    client_id: int
    name: str
    risk: RiskView


@router.get("")
async def risk_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Profiles of living clients, by level, regime, or the exposed only."""
    asked = asked_of(request.query_params, sorts=("cliente",))
    given = asked.filters
    found = await staff.read_profiles(
        user=user,
        services=services,
        level=next((one for one in RiskLevel if one == given.get("nivel")), None),
        regime=next((one for one in Regime if one == given.get("regimen")), None),
        pep=given.get("pep") == "si",
        cursor=asked.cursor or None,
        limit=PAGE,
    )
    async with services.sessions() as session:
        names = await names_of(session, {one.client_id for one in found.items})
    table = Table(
        path=PATH,
        caption="Clientes",
        columns=_columns(names),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known_now: dict[str, Any] = {"table": table, "tabs": TABS, "RiskLevel": RiskLevel, "Regime": Regime}
    return await pages.page(request, services, user, "risks.html", here="Casos", **known_now)


@router.get("/{client_id}")
async def history_page(request: Request, client_id: ClientId, user: Reader, services: ServicesDep) -> Response:
    """One client's risk with every calculation and what it was made of."""
    file = await _file(services, user, client_id)
    known_now: dict[str, Any] = {"file": file, "risk": file.risk, "said": said}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "risk.html", "live", **known_now)
    return await pages.page(request, services, user, "risk.html", here="Casos", **known_now)


@router.get("/{client_id}/{act}")
async def ask_act(request: Request, client_id: ClientId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """The dialog of an act."""
    order = known(ACTS, user, act)
    return dialog(request, user, order, await _file(services, user, client_id))


@router.post("/{client_id}/{act}")
async def do_act(request: Request, client_id: ClientId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """Do it."""
    order = known(ACTS, user, act)
    return await attempt(request, order, await _file(services, user, client_id), user, services)


async def _file(services: Services, user: SignedUser, client_id: int) -> RiskFile:
    risk = await read_risk(client_id, user, services)
    async with services.sessions() as session:
        names = await names_of(session, [client_id])
    return RiskFile(client_id=client_id, name=names[client_id], risk=risk)


def _declare(file: RiskFile) -> Question:
    risk = file.risk
    kinds = [("", "No está expuesto"), *((kind.value, kind.value) for kind in PepKind)]
    since = risk.pep_since.isoformat() if risk.pep_since else ""
    until = risk.pep_until.isoformat() if risk.pep_until else ""
    return Question(
        title=f"Exposición y procesos de {file.name}",
        effects=(("chart-line", "El riesgo se calcula de nuevo y queda en su historial."),),
        asks=(
            Ask(name="pep_kind", label="Persona expuesta", kind="choice", options=kinds, value=risk.pep_kind or ""),
            Ask(name="position", label="Cargo", value=risk.pep_position, most=200),
            Ask(name="entity", label="Entidad", value=risk.pep_entity, most=200),
            Ask(name="since", label="Desde", kind="date", value=since),
            Ask(name="until", label="Hasta", kind="date", value=until),
            Ask(
                name="legal_issues",
                label="Tiene procesos legales",
                kind="check",
                value="si" if risk.legal_issues else "",
            ),
            Ask(name="notes", label="Notas", kind="area", value=risk.notes, most=1000),
        ),
        ok="Guardar y recalcular",
    )


def _recalculate(file: RiskFile) -> Question:
    lead = "Con las cifras de hoy. Solo se guarda si algo cambia."
    return Question(title=f"¿Recalcular el riesgo de {file.name}?", lead=lead, ok="Recalcular riesgo")


def _screen(file: RiskFile) -> Question:
    lead = "Se compara ahora con las listas en vigencia."
    return Question(title=f"¿Revisar a {file.name} en las listas?", lead=lead, ok="Revisar en listas")


async def _do_declare(call: Call[RiskFile]) -> None:
    names = ("pep_kind", "position", "entity", "since", "until", "notes")
    given: dict[str, object] = {name: text for name in names if (text := call.typed.text(name))}
    body = kyc.RiskBody.model_validate({**given, "legal_issues": call.typed.ticked("legal_issues")})
    await kyc.declare_risk(call.view.client_id, body, call.user, call.services)


async def _do_recalculate(call: Call[RiskFile]) -> None:
    await staff.recalculate_risk(call.view.client_id, call.user, call.services)


async def _do_screen(call: Call[RiskFile]) -> None:
    await check_client(call.view.client_id, call.user, call.services, call.typed.key)


ACTS: dict[str, Act[RiskFile]] = {
    "declarar": Act(
        permission=Permission.CLIENTS_KYC,
        icon="pencil",
        text="Anotar exposición o procesos",
        done="Riesgo recalculado",
        question=_declare,
        run=_do_declare,
    ),
    "recalcular": Act(
        permission=Permission.COMPLIANCE_RESOLVE,
        icon="refresh-cw",
        text="Recalcular",
        done="Riesgo recalculado",
        question=_recalculate,
        run=_do_recalculate,
    ),
    "revisar": Act(
        permission=Permission.COMPLIANCE_RESOLVE,
        icon="shield-check",
        text="Revisar en listas ahora",
        done="Revisado en las listas",
        question=_screen,
        run=_do_screen,
    ),
}


def _columns(names: dict[int, str]) -> Sequence[Column[ProfileLine]]:
    return (
        Column(
            key="cliente",
            label="Cliente",
            kind="link",
            value=lambda r: names.get(r.client_id, ""),
            link=lambda r: f"{PATH}/{r.client_id}",
            phone=True,
        ),
        Column(
            key="nivel", label="Nivel", kind="badge", value=lambda r: (said.LEVELS[r.level], r.level.value), phone=True
        ),
        Column(key="puntaje", label="Puntaje", kind="count", value=lambda r: r.score, phone=True),
        Column(key="regimen", label="Diligencia", kind="text", value=lambda r: r.regime.value),
        Column(key="listas", label="Listas", kind="text", value=lambda r: said.LIST_STATUS[r.list_status]),
        Column(key="pep", label="Persona expuesta", kind="text", value=lambda r: r.pep_kind),
        Column(key="procesos", label="Procesos", kind="text", value=lambda r: "Sí" if r.legal_issues else "No"),
        Column(key="cuando", label="Calculado", kind="moment", value=lambda r: r.updated_at),
    )

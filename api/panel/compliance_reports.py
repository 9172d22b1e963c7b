"""Reports of compliance on the screen: the register of a month, drafts of ROS, the year in figures, who has looked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth import SignedUser, requires_unseen
from api.pages.refusals import problem_of
from api.panel import compliance_words as said
from api.panel import pages, words
from api.panel.cases import rule_names
from api.panel.errors import PanelRoute, notice
from api.panel.questions import Ask, Question, Typed, ask, done
from api.panel.tables import Column, Table, asked_of
from api.services import ServicesDep
from api.staff import reports as staff
from api.staff.cases import CaseId
from api.staff.client_actions import ClientId
from api.staff.papers import PaperFormat
from api.staff.report_papers import ROS_TEXTS
from api.staff.reports import AuditLine, Code, RegisterRow
from api.staff.shapes import PAGE
from db import case_watch, cases, users
from db.client_reads import names_of
from domain.calendar import business_day
from domain.cases import CaseState, ros_deadline
from domain.errors import Refused
from domain.permissions import Permission
from domain.register import PartyRole

router = APIRouter(prefix="/panel", route_class=PanelRoute)
Officer = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_REPORT)]
Format = Annotated[PaperFormat | None, Query()]
PATH = "/panel/reportes"
TABS = (
    (PATH, "Registro de Operaciones"),
    (f"{PATH}/ros", "ROS"),
    (f"{PATH}/estadisticas", "Estadísticas"),
    (f"{PATH}/auditoria", "Quién miró"),
)
FIRST_YEAR = 2020


@router.get("/reportes")
async def register_page(
    request: Request,
    user: Officer,
    services: ServicesDep,
    mes: Annotated[str, Query(pattern=r"^(20[0-9]{2}-[0-9]{2})?$")] = "",
    formato: Format = None,
) -> Response:
    """The register of a month; with `formato`, its workbook."""
    month = mes or f"{business_day(datetime.now(UTC)):%Y-%m}"
    if formato is not None:
        return await staff.export_register(staff.MonthBody(month=month), user, services)
    asked = asked_of(request.query_params, sorts=("dia",))
    found = await staff.read_register(
        month=month, user=user, services=services, cursor=asked.cursor or None, limit=PAGE
    )
    table = Table(
        path=PATH,
        caption="Operaciones",
        columns=_register_columns(),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known: dict[str, Any] = {"table": table, "tabs": TABS, "month": month}
    return await pages.page(request, services, user, "register.html", here="Reportes", **known)


@router.get("/reportes/registro/{code}")
async def register_entry_page(request: Request, code: Code, user: Officer, services: ServicesDep) -> Response:
    """An operation's row as it was written, and its corrections."""
    found = await staff.read_register_entry(code, user, services)
    async with services.sessions() as session:
        people = await users.names(session)
    known: dict[str, Any] = {"code": code, "rows": found.items[::-1], "people": people}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "register_entry.html", "live", **known)
    return await pages.page(request, services, user, "register_entry.html", here="Reportes", **known)


@router.get("/reportes/registro/{code}/corregir")
async def ask_correction(request: Request, code: Code, user: Officer) -> Response:
    """What was learnt later."""
    return ask(request, user, _correction(code))


@router.post("/reportes/registro/{code}/corregir")
async def correct(request: Request, code: Code, user: Officer, services: ServicesDep) -> Response:
    """Write it as another row; the first stays as it was."""
    typed = Typed(form=await request.form())
    names = ("name", "document_type", "document_number", "address", "phone")
    party = {name: text for name in names if (text := typed.text(name))}
    given = {name: typed.text(name) for name in ("funds_origin", "observations", "reason")}
    people = {typed.text("role"): party} if party else {}
    try:
        body = staff.CorrectionBody.model_validate({**given, "people": people})
        await staff.correct_register(code, body, user, services)
    except (Refused, ValidationError) as refused:
        problem = problem_of(request, refused)
        return ask(request, user, _correction(code), typed=typed.texts(), problem=problem)
    return done("Corrección guardada", go=f"{PATH}/registro/{code}")


@router.get("/reportes/ros")
async def ros_list_page(request: Request, user: Officer, services: ServicesDep) -> Response:
    """Cases that were called suspicious: first those whose ROS is owed, the first to fall due first."""
    async with services.sessions.begin() as session:
        owed = await case_watch.unsent(session)
        escalated = await cases.list_cases(session, state=CaseState.ESCALADA, before=None, limit=PAGE)
        solved = await cases.list_cases(session, state=CaseState.RESUELTA, before=None, limit=PAGE)
        sent = [one for one in (*escalated, *solved) if one.ros_sent_at is not None]
        names = await names_of(session, {one.client_id for one in (*owed, *sent)})
        cases.audit_subject(session, "ros", user_id=user.id, action="visto")
    terms = {one.id: ros_deadline(one.suspicious_at) for one in owed if one.suspicious_at}
    known: dict[str, Any] = {"owed": owed, "sent": sent, "terms": terms, "names": names, "tabs": TABS, "said": said}
    return await pages.page(request, services, user, "ros_list.html", here="Reportes", **known)


@router.get("/casos/{case_id}/ros")
async def ros_page(
    request: Request, case_id: CaseId, user: Officer, services: ServicesDep, formato: Format = None
) -> Response:
    """The draft of a case's ROS; with `formato`, its file."""
    if formato is not None:
        return await staff.export_ros(case_id, staff.FormatBody(format=formato), user, services)
    view = await staff.read_ros(case_id, user, services)
    known: dict[str, Any] = {"ros": view, "texts": ROS_TEXTS, "problem": {}}
    return await pages.page(request, services, user, "ros.html", here="Reportes", **known)


@router.post("/casos/{case_id}/ros")
async def write_ros(request: Request, case_id: CaseId, user: Officer, services: ServicesDep) -> Response:
    """Keep what is written so far, as another version."""
    typed = Typed(form=await request.form())
    try:
        body = staff.RosBody.model_validate({name: typed.text(name) for name in ROS_TEXTS})
        view = await staff.write_ros(case_id, body, user, services)
    except (Refused, ValidationError) as refused:
        problem = problem_of(request, refused)
        told = notice("alerta", "circle-alert", "No se guardó", str(problem["detail"]))
        return pages.answer("", status=int(problem["status"]), headers={**told, "HX-Reswap": "none"})
    told = notice("completada", "circle-check", f"Versión {view.version} guardada")
    return pages.fragment(request, user, "ros.html", "draft", headers=told, ros=view, texts=ROS_TEXTS, problem={})


@router.get("/reportes/estadisticas")
async def statistics_page(
    request: Request,
    user: Officer,
    services: ServicesDep,
    ano: Annotated[int | None, Query(ge=2000, le=2099)] = None,
    formato: Format = None,
) -> Response:
    """The officer's yearly statistics; with `formato`, their file."""
    this_year = business_day(datetime.now(UTC)).year
    year = ano or this_year
    if formato is not None:
        return await staff.export_statistics(staff.YearBody(year=year, format=formato), user, services)
    view = await staff.read_statistics(year, user, services)
    years = list(range(this_year, FIRST_YEAR - 1, -1))
    names = await rule_names(services)
    rules = {names.get(key, key): count for key, count in view.rules.items()}
    known: dict[str, Any] = {"stats": view, "rules": rules, "years": years, "tabs": TABS}
    return await pages.page(request, services, user, "statistics.html", here="Reportes", **known)


@router.get("/reportes/auditoria")
async def audit_page(request: Request, user: Officer, services: ServicesDep) -> Response:
    """Every look and act of compliance; this look is one more."""
    asked = asked_of(request.query_params, sorts=("cuando",))
    found = await staff.read_audit(user=user, services=services, cursor=asked.cursor or None, limit=PAGE)
    async with services.sessions() as session:
        people = await users.names(session)
    table = Table(
        path=f"{PATH}/auditoria",
        caption="Actos",
        columns=_audit_columns(people),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known: dict[str, Any] = {"table": table, "tabs": TABS}
    return await pages.page(request, services, user, "compliance_audit.html", here="Reportes", **known)


@router.get("/reportes/clientes/{client_id}")
async def client_file(
    client_id: ClientId, user: Officer, services: ServicesDep, formato: PaperFormat = PaperFormat.PDF
) -> Response:
    """A client's whole file."""
    return await staff.export_client(client_id, staff.FormatBody(format=formato), user, services)


@router.get("/reportes/registro")
async def register_home(_user: Officer) -> Response:
    """The register's own page."""
    return RedirectResponse(PATH, 303)


def _correction(code: str) -> Question:
    roles = [(role.value, role.value.capitalize()) for role in PartyRole]
    return Question(
        title=f"Corregir {code} en el registro",
        lead="Lo anterior no cambia: se escribe otra fila, y esa cuenta. Deja vacío lo que sigue igual.",
        asks=(
            Ask(name="role", label="De quién", kind="choice", options=roles),
            Ask(name="name", label="Nombre", most=200),
            Ask(name="document_type", label="Tipo de documento", most=20),
            Ask(name="document_number", label="Documento", most=20),
            Ask(name="address", label="Dirección", most=300),
            Ask(name="phone", label="Teléfono", most=20),
            Ask(name="funds_origin", label="Origen de los fondos", most=300),
            Ask(name="observations", label="Observaciones", kind="area", most=1000),
            Ask(name="reason", label="Motivo de la corrección", kind="area", most=500),
        ),
        ok="Guardar corrección",
    )


def _register_columns() -> Sequence[Column[RegisterRow]]:
    return (
        Column(
            key="operacion",
            label="Operación",
            kind="code",
            value=lambda r: r.operation_code,
            link=lambda r: f"{PATH}/registro/{r.operation_code}",
            phone=True,
        ),
        Column(key="dia", label="Cuándo", kind="moment", value=lambda r: r.occurred_at, phone=True),
        Column(key="modalidad", label="Modalidad", kind="text", value=lambda r: r.modality.value.capitalize()),
        Column(key="tipo", label="Tipo", kind="kind", value=lambda r: r.kind),
        Column(key="dolares", label="Dólares", kind="USD", value=lambda r: r.amount_usd, phone=True),
        Column(key="tc", label="TC", kind="rate", value=lambda r: r.rate),
        Column(key="soles", label="Soles", kind="PEN", value=lambda r: r.amount_pen),
        Column(
            key="ordenante",
            label="Ordenante",
            kind="name",
            value=lambda r: r.people.get(PartyRole.ORDENANTE, {}).get("name", ""),
        ),
        Column(key="fondos", label="Origen de fondos", kind="name", value=lambda r: r.funds_origin, hidden=True),
        Column(
            key="corregida",
            label="Corregida",
            kind="text",
            value=lambda r: f"{r.entry - 1} {'vez' if r.entry == 2 else 'veces'}" if r.entry > 1 else "",  # noqa: PLR2004 - the second row is the first correction
        ),
    )


def _audit_columns(people: dict[int, str]) -> Sequence[Column[AuditLine]]:
    return (
        Column(key="cuando", label="Cuándo", kind="moment", value=lambda a: a.at, phone=True),
        Column(
            key="quien", label="Quién", kind="text", value=lambda a: people.get(a.user_id or 0, "QoriCash"), phone=True
        ),
        Column(key="que", label="Qué hizo", kind="text", value=lambda a: words.sentence(a.action), phone=True),
        Column(
            key="sobre",
            label="Sobre",
            kind="text",
            value=lambda a: f"Caso {a.case_id}" if a.case_id else words.sentence(a.subject.replace(":", " ")),
            phone=True,
        ),
        Column(key="detalle", label="Detalle", kind="wrap", value=lambda a: a.detail),
    )

"""The Libro de Reclamaciones on the screen: the queue with its terms, one sheet, and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.acts import Act, Call, attempt, known, offered
from api.panel.acts import asked as dialog
from api.panel.errors import PanelRoute
from api.panel.questions import Ask, Question
from api.panel.tables import Column, Table, asked_of
from api.services import ServicesDep
from api.staff import complaints as staff
from api.staff.complaints import SheetId, SheetLine, SheetView
from api.staff.shapes import PAGE
from domain.calendar import business_day
from domain.complaints import ComplaintStatus
from domain.permissions import Permission

router = APIRouter(prefix="/panel/reclamos", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.COMPLAINTS_READ)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
PATH = "/panel/reclamos"
TONES = {
    ComplaintStatus.RECIBIDO: "pendiente",
    ComplaintStatus.EN_REVISION: "proceso",
    ComplaintStatus.RESPONDIDO: "completada",
}
SOON = 3


@router.get("")
async def sheets_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Sheets, newest first."""
    asked = asked_of(request.query_params, sorts=("ingreso",))
    status = next((one for one in ComplaintStatus if one == asked.filters.get("estado")), None)
    found = await staff.read_complaints(
        _user=user, services=services, status=status, cursor=asked.cursor or None, limit=PAGE
    )
    table = Table(
        path=PATH,
        caption="Hojas",
        columns=_columns(),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known_now: dict[str, Any] = {"table": table, "ComplaintStatus": ComplaintStatus}
    return await pages.page(request, services, user, "complaints.html", here="Reclamos", **known_now)


@router.get("/{complaint_id}")
async def sheet_page(request: Request, complaint_id: SheetId, user: Reader, services: ServicesDep) -> Response:
    """One sheet with what it asks and what was answered."""
    sheet = await staff.read_complaint(complaint_id, user, services)
    known_now: dict[str, Any] = {
        "sheet": sheet,
        "tone": TONES[sheet.status],
        "term": term(sheet),
        "buttons": offered(ACTS, user, sheet),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "complaint.html", "live", **known_now)
    return await pages.page(request, services, user, "complaint.html", here="Reclamos", **known_now)


@router.get("/{complaint_id}/{act}")
async def ask_act(
    request: Request, complaint_id: SheetId, act: ActName, user: Reader, services: ServicesDep
) -> Response:
    """The dialog of an act."""
    order = known(ACTS, user, act)
    return dialog(request, user, order, await staff.read_complaint(complaint_id, user, services))


@router.post("/{complaint_id}/{act}")
async def do_act(
    request: Request, complaint_id: SheetId, act: ActName, user: Reader, services: ServicesDep
) -> Response:
    """Do it."""
    order = known(ACTS, user, act)
    return await attempt(request, order, await staff.read_complaint(complaint_id, user, services), user, services)


def term(sheet: SheetLine) -> tuple[str, str]:
    """How much of the term is left: tone and words, empty once it was answered."""
    if sheet.answered_at is not None:
        return "", ""
    left = (sheet.due_on - business_day(datetime.now(UTC))).days
    if left < 0:
        return "alerta", f"Venció hace {-left} {'día' if left == -1 else 'días'}"
    if left == 0:
        return "alerta", "Vence hoy"
    return "pendiente" if left <= SOON else "quiet", f"Vence en {left} {'día' if left == 1 else 'días'}"


def _take(sheet: SheetView) -> Question:
    return Question(title=f"¿Tomar {sheet.code}?", lead="Queda en revisión.", ok="Tomar hoja")


def _answer(sheet: SheetView) -> Question:
    return Question(
        title=f"Responder {sheet.code}",
        effects=(
            ("mail", f"La respuesta llega por correo a {sheet.email}."),
            ("lock", "Se responde una sola vez: la hoja queda cerrada."),
        ),
        asks=(Ask(name="answer", label="Respuesta", kind="area", most=4000),),
        ok="Responder y cerrar",
    )


async def _do_take(call: Call[SheetView]) -> None:
    await staff.take_complaint(call.view.id, call.user, call.services)


async def _do_answer(call: Call[SheetView]) -> None:
    body = staff.AnswerBody(answer=call.typed.text("answer"))
    await staff.answer_complaint(call.view.id, body, call.user, call.services, call.typed.key)


ACTS: dict[str, Act[SheetView]] = {
    "responder": Act(
        permission=Permission.COMPLAINTS_ANSWER,
        icon="send",
        text="Responder",
        done="Respuesta enviada",
        question=_answer,
        run=_do_answer,
        why_not=lambda sheet: None if sheet.answered_at else "",
        main=True,
    ),
    "tomar": Act(
        permission=Permission.COMPLAINTS_ANSWER,
        icon="user-round-check",
        text="Tomar: queda en revisión",
        done="Hoja en revisión",
        question=_take,
        run=_do_take,
        why_not=lambda sheet: "" if sheet.status is ComplaintStatus.RECIBIDO else None,
    ),
}


def _day(value: date) -> str:
    return f"{value:%d/%m/%Y}"


def _columns() -> Sequence[Column[SheetLine]]:
    return (
        Column(
            key="hoja", label="Hoja", kind="code", value=lambda s: s.code, link=lambda s: f"{PATH}/{s.id}", phone=True
        ),
        Column(
            key="estado", label="Estado", kind="badge", value=lambda s: (TONES[s.status], s.status.value), phone=True
        ),
        Column(key="tipo", label="Tipo", kind="text", value=lambda s: s.kind.value),
        Column(key="ingreso", label="Recibida", kind="moment", value=lambda s: s.received_at, phone=True),
        Column(key="plazo", label="Responder hasta", kind="text", value=lambda s: _day(s.due_on)),
        Column(key="queda", label="Plazo", kind="badge", value=lambda s: term(s) if term(s)[1] else None),
        Column(key="respuesta", label="Respondida", kind="moment", value=lambda s: s.answered_at),
    )

"""The routes of a comprobante's acts, and of a series that goes on elsewhere: the dialog and the act."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel.errors import PanelRoute
from api.panel.invoice_acts import ACTS, Call, InvoiceAct
from api.panel.operation_commands import whole
from api.panel.questions import Ask, Question, Typed, ask, done
from api.services import Services, ServicesDep
from api.staff.invoices import InvoiceId, NextNumberBody, SeriesName, read_invoice, read_series, set_next_number
from domain.errors import Conflict, Missing, Refused
from domain.invoices import InvoiceType
from domain.permissions import Permission

router = APIRouter(prefix="/panel/comprobantes", route_class=PanelRoute)
Manager = Annotated[SignedUser, requires(Permission.INVOICES_MANAGE)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]


@router.get("/series/{kind}/{series}")
async def ask_next_number(
    request: Request, kind: InvoiceType, series: SeriesName, user: Manager, services: ServicesDep
) -> Response:
    """Where the series goes on, and why."""
    return ask(request, user, await _series_question(services, user, kind, series))


@router.post("/series/{kind}/{series}")
async def set_number(
    request: Request, kind: InvoiceType, series: SeriesName, user: Manager, services: ServicesDep
) -> Response:
    """Set it; a number that the house has given is never given again."""
    typed = Typed(form=await request.form())
    try:
        number = whole(typed.text("next_number"))
        body = NextNumberBody(type=kind, next_number=number, reason=typed.text("reason"))
        told = await set_next_number(series, body, user, services)
    except (Refused, ValidationError) as refused:
        question = await _series_question(services, user, kind, series)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done(f"{series} sigue en {told.next_number}")


@router.get("/{invoice_id}/{act}")
async def ask_act(
    request: Request, invoice_id: InvoiceId, act: ActName, user: Manager, services: ServicesDep
) -> Response:
    """The dialog of an act, while it makes sense."""
    order = _known(act)
    view = await read_invoice(invoice_id, user, services)
    if order.why_not(view, user.id) != "":
        raise Conflict("NOT_NOW", "Esto ya no corresponde: mira cómo está el comprobante ahora.")
    return ask(request, user, order.question(view))


@router.post("/{invoice_id}/{act}")
async def do_act(
    request: Request, invoice_id: InvoiceId, act: ActName, user: Manager, services: ServicesDep
) -> Response:
    """Do it. A refusal is said where the person typed."""
    order = _known(act)
    typed = Typed(form=await request.form())
    view = await read_invoice(invoice_id, user, services)
    try:
        await order.run(Call(view=view, user=user, services=services, typed=typed))
    except (Refused, ValidationError) as refused:
        return ask(request, user, order.question(view), typed=typed.texts(), problem=problem_of(request, refused))
    return done(order.done)


def _known(act: str) -> InvoiceAct:
    if act not in ACTS:
        raise Missing("NOT_FOUND", "No existe esa acción.")
    return ACTS[act]


async def _series_question(services: Services, user: SignedUser, kind: InvoiceType, series: str) -> Question:
    known = await read_series(user, services)
    found = next((one for one in known if one.series == series and one.type is kind), None)
    if found is None:
        raise Missing("SERIES_UNKNOWN", "La casa no usa esa serie.")
    return Question(
        title=f"¿En qué número sigue {series}?",
        lead=f"Ahora sigue en {found.next_number}. Solo cambia si la serie también se usó fuera de la casa.",
        asks=(
            Ask(name="next_number", label="Número siguiente", value=str(found.next_number), most=8),
            Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría.", most=300),
        ),
        ok="Guardar número",
    )

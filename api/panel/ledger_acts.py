"""What is done to the books: annul an entry and reopen a month between two people, close a month, add, revalue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser
from api.pages.refusals import problem_of
from api.panel.acts import Act, Call, attempt, known
from api.panel.acts import asked as dialog
from api.panel.errors import PanelRoute
from api.panel.questions import REASON, Ask, Question, Typed, ask, done
from api.panel.words import month_name
from api.services import Services, ServicesDep
from api.staff import ledger as staff
from api.staff.ledger import Keeper, Month, Year
from api.staff.ledger_views import EntryView, PeriodView, WaitingView
from api.staff.position import DecisionBody, decide_approval
from domain.calendar import business_day, first_and_last
from domain.errors import Refused
from domain.ledger import Source
from domain.permissions import Permission

router = APIRouter(prefix="/panel/libros", route_class=PanelRoute)
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
WHY = Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría.", most=300)
NEW_ACCOUNT = Question(
    title="Agregar una cuenta al plan",
    lead="Con el código del Plan Contable General Empresarial.",
    asks=(
        Ask(name="code", label="Código", hint="De 4 a 8 cifras, por ejemplo 6366.", most=8),
        Ask(name="name", label="Nombre", most=120),
    ),
    ok="Agregar cuenta",
)


@dataclass(frozen=True, kw_only=True)
class AskedEntry:
    """An entry, as the person who looks at it may annul it."""

    entry: EntryView
    user_id: int


@dataclass(frozen=True, kw_only=True)
class AskedMonth:
    """A month, as the person who looks at it may close or reopen it. Without a view it was never closed."""

    year: int
    month: int
    view: PeriodView | None
    user_id: int

    @property
    def name(self) -> str:
        """`Noviembre 2026`."""
        return f"{month_name(self.month)} {self.year}"

    @property
    def closed(self) -> bool:
        """Nothing is posted in it."""
        return self.view is not None and self.view.closed

    @property
    def waiting(self) -> WaitingView | None:
        """Who asked to reopen it."""
        return self.view.waiting if self.view else None


@router.get("/asientos/{number}/{act}")
async def ask_of_entry(
    *, request: Request, number: staff.EntryNumber, act: ActName, user: Keeper, services: ServicesDep
) -> Response:
    """The dialog of an act on an entry."""
    order = known(ENTRY_ACTS, user, act)
    return dialog(request, user, order, await _entry(number, user, services))


@router.post("/asientos/{number}/{act}")
async def do_on_entry(
    *, request: Request, number: staff.EntryNumber, act: ActName, user: Keeper, services: ServicesDep
) -> Response:
    """Do it."""
    order = known(ENTRY_ACTS, user, act)
    return await attempt(request, order, await _entry(number, user, services), user, services)


@router.get("/meses/{year}/{month}/{act}")
async def ask_of_month(
    *, request: Request, year: Year, month: Month, act: ActName, user: Keeper, services: ServicesDep
) -> Response:
    """The dialog of an act on a month."""
    order = known(MONTH_ACTS, user, act)
    return dialog(request, user, order, await _month(year, month, user, services))


@router.post("/meses/{year}/{month}/{act}")
async def do_on_month(
    *, request: Request, year: Year, month: Month, act: ActName, user: Keeper, services: ServicesDep
) -> Response:
    """Do it."""
    order = known(MONTH_ACTS, user, act)
    return await attempt(request, order, await _month(year, month, user, services), user, services)


@router.get("/plan/nueva")
async def ask_account(request: Request, user: Keeper) -> Response:
    """Its code and its name."""
    return ask(request, user, NEW_ACCOUNT)


@router.post("/plan/nueva")
async def add_account(request: Request, user: Keeper, services: ServicesDep) -> Response:
    """Add it to the plan."""
    typed = Typed(form=await request.form())
    try:
        body = staff.AccountBody(code=typed.text("code"), name=typed.text("name"))
        made = await staff.add_account(body, user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, NEW_ACCOUNT, typed=typed.texts(), problem=problem_of(request, refused))
    return done(f"Cuenta {made.code} agregada")


@router.get("/revaluar")
async def ask_revaluation(request: Request, user: Keeper) -> Response:
    """The day and its closing rate."""
    return ask(request, user, _revaluation())


@router.post("/revaluar")
async def revalue(request: Request, user: Keeper, services: ServicesDep) -> Response:
    """Bring the dollar accounts to it; the same day and rate again change nothing."""
    typed = Typed(form=await request.form())
    try:
        body = staff.RevaluationBody.model_validate({"day": typed.text("day"), "rate": typed.text("rate")})
        made = await staff.revalue(body, user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, _revaluation(), typed=typed.texts(), problem=problem_of(request, refused))
    return done("Diferencia de cambio registrada" if made.entry_id else "Ya estaba a esa tasa: nada cambió")


async def _entry(number: str, user: SignedUser, services: Services) -> AskedEntry:
    return AskedEntry(entry=await staff.read_entry(number, user, services), user_id=user.id)


async def _month(year: int, month: int, user: SignedUser, services: Services) -> AskedMonth:
    found = await staff.read_periods(user, services)
    view = next((one for one in found.items if (one.year, one.month) == (year, month)), None)
    return AskedMonth(year=year, month=month, view=view, user_id=user.id)


def _revaluation() -> Question:
    today = business_day(datetime.now(UTC))
    return Question(
        title="Registrar la diferencia de cambio",
        lead="Lleva el valor en soles de las cuentas en dólares al tipo de cambio de cierre.",
        effects=(("book-open", "Se registra un asiento en ese día: ganancia o pérdida por diferencia de cambio."),),
        asks=(
            Ask(name="day", label="Día de cierre", kind="date", value=f"{today}", most=10),
            Ask(name="rate", label="Tipo de cambio de cierre", hint="El que publica la SBS, con 4 decimales.", most=8),
        ),
        ok="Registrar diferencia",
    )


def _ask_annulment(found: AskedEntry) -> Question:
    return Question(
        title=f"Pedir la anulación de {found.entry.entry}",
        lead=found.entry.words,
        effects=(
            ("users", "Lo decide otra persona. Hasta entonces nada cambia."),
            ("undo-2", "Un asiento no se borra: se registra otro igual al revés, con fecha del día en que se apruebe."),
        ),
        asks=(WHY,),
        ok="Pedir anulación",
        danger=True,
    )


def _approve_annulment(found: AskedEntry) -> Question:
    return Question(
        title=f"¿Anular {found.entry.entry}?",
        lead=_told(found.entry.waiting),
        effects=(("undo-2", "Se registra hoy su asiento inverso, y sus movimientos de banco con él."),),
        asks=(REASON,),
        ok="Aprobar anulación",
        danger=True,
    )


def _deny_annulment(found: AskedEntry) -> Question:
    lead = _told(found.entry.waiting)
    return Question(
        title=f"¿Negar la anulación de {found.entry.entry}?", lead=lead, asks=(REASON,), ok="Negar anulación"
    )


def _close(found: AskedMonth) -> Question:
    _, last = first_and_last(found.year, found.month)
    effects = [
        ("lock", "Nada más se registra en ese mes: ni operaciones, ni gastos, ni calces."),
        ("users", "Para reabrirlo hacen falta dos personas."),
    ]
    if last >= business_day(datetime.now(UTC)):
        effects.insert(0, ("triangle-alert", "El mes todavía no termina: lo que se complete desde ahora no entrará."))
    return Question(title=f"¿Cerrar {found.name}?", effects=effects, ok="Cerrar mes", danger=True)


def _ask_reopening(found: AskedMonth) -> Question:
    effects = (("users", "Lo decide otra persona. Hasta entonces sigue cerrado."),)
    return Question(title=f"Pedir reabrir {found.name}", effects=effects, asks=(WHY,), ok="Pedir reapertura")


def _approve_reopening(found: AskedMonth) -> Question:
    return Question(
        title=f"¿Reabrir {found.name}?",
        lead=_told(found.waiting),
        effects=(("lock-open", "Se puede registrar otra vez en ese mes hasta que se cierre de nuevo."),),
        asks=(REASON,),
        ok="Aprobar reapertura",
    )


def _deny_reopening(found: AskedMonth) -> Question:
    lead = _told(found.waiting)
    return Question(title=f"¿Negar la reapertura de {found.name}?", lead=lead, asks=(REASON,), ok="Negar reapertura")


def _told(waiting: WaitingView | None) -> str:
    return f"{waiting.requester} lo pidió: {waiting.reason}" if waiting else ""


async def _do_ask_annulment(call: Call[AskedEntry]) -> None:
    body = staff.ReasonBody(reason=call.typed.text("reason"))
    await staff.ask_annulment(call.view.entry.id, body, call.user, call.services)


async def _do_close(call: Call[AskedMonth]) -> None:
    await staff.close_period(call.view.year, call.view.month, call.user, call.services)


async def _do_ask_reopening(call: Call[AskedMonth]) -> None:
    body = staff.ReasonBody(reason=call.typed.text("reason"))
    await staff.ask_reopening(call.view.year, call.view.month, body, call.user, call.services)


async def _decide(waiting: WaitingView | None, call: Call[Any], *, approve: bool) -> None:
    body = DecisionBody(approve=approve, reason=call.typed.text("reason"))
    await decide_approval(waiting.approval_id if waiting else 0, body, call.user, call.services)


async def _do_approve_annulment(call: Call[AskedEntry]) -> None:
    await _decide(call.view.entry.waiting, call, approve=True)


async def _do_deny_annulment(call: Call[AskedEntry]) -> None:
    await _decide(call.view.entry.waiting, call, approve=False)


async def _do_approve_reopening(call: Call[AskedMonth]) -> None:
    await _decide(call.view.waiting, call, approve=True)


async def _do_deny_reopening(call: Call[AskedMonth]) -> None:
    await _decide(call.view.waiting, call, approve=False)


def _not_to_annul(found: AskedEntry) -> str | None:
    entry = found.entry
    if entry.annuls or entry.annulled_by or entry.waiting:
        return None
    return f"Es de {entry.operation_code}: se deshace con el reverso de la operación." if _of_operation(entry) else ""


def _of_operation(entry: EntryView) -> bool:
    return entry.source is Source.OPERACION


def _not_to_decide(waiting: WaitingView | None, user_id: int) -> str | None:
    if waiting is None:
        return None
    return "Lo pediste tú: lo decide otra persona." if waiting.requested_by == user_id else ""


def _not_to_close(found: AskedMonth) -> str | None:
    if found.closed:
        return None
    return "Ese mes todavía no empieza." if date(found.year, found.month, 1) > business_day(datetime.now(UTC)) else ""


ENTRY_ACTS: dict[str, Act[AskedEntry]] = {
    "pedir-anulacion": Act(
        permission=Permission.ACCOUNTING_MANAGE,
        icon="undo-2",
        text="Pedir anulación",
        done="Anulación pedida",
        question=_ask_annulment,
        run=_do_ask_annulment,
        why_not=_not_to_annul,
        danger=True,
    ),
    "aprobar": Act(
        permission=Permission.TREASURY_APPROVE,
        icon="circle-check",
        text="Aprobar anulación",
        done="Asiento anulado",
        question=_approve_annulment,
        run=_do_approve_annulment,
        why_not=lambda found: _not_to_decide(found.entry.waiting, found.user_id),
        danger=True,
    ),
    "negar": Act(
        permission=Permission.TREASURY_APPROVE,
        icon="ban",
        text="Negar anulación",
        done="Anulación negada",
        question=_deny_annulment,
        run=_do_deny_annulment,
        why_not=lambda found: _not_to_decide(found.entry.waiting, found.user_id),
    ),
}
MONTH_ACTS: dict[str, Act[AskedMonth]] = {
    "cerrar": Act(
        permission=Permission.ACCOUNTING_MANAGE,
        icon="lock",
        text="Cerrar mes",
        done="Mes cerrado",
        question=_close,
        run=_do_close,
        why_not=_not_to_close,
        danger=True,
    ),
    "pedir-reapertura": Act(
        permission=Permission.ACCOUNTING_MANAGE,
        icon="lock-open",
        text="Pedir reabrir",
        done="Reapertura pedida",
        question=_ask_reopening,
        run=_do_ask_reopening,
        why_not=lambda found: "" if found.closed and found.waiting is None else None,
    ),
    "aprobar": Act(
        permission=Permission.TREASURY_APPROVE,
        icon="circle-check",
        text="Aprobar reapertura",
        done="Mes abierto otra vez",
        question=_approve_reopening,
        run=_do_approve_reopening,
        why_not=lambda found: _not_to_decide(found.waiting, found.user_id),
    ),
    "negar": Act(
        permission=Permission.TREASURY_APPROVE,
        icon="ban",
        text="Negar reapertura",
        done="Reapertura negada",
        question=_deny_reopening,
        run=_do_deny_reopening,
        why_not=lambda found: _not_to_decide(found.waiting, found.user_id),
    ),
}

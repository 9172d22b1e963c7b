"""The daily close on the screen: the days, one day counted account by account, its signature and its reopening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages, words
from api.panel import treasury_words as said
from api.panel.acts import Act, Call, attempt, known, offered
from api.panel.acts import asked as dialog
from api.panel.errors import PanelRoute, notice
from api.panel.operation_commands import number
from api.panel.questions import Ask, Question, Typed
from api.panel.tables import Column, Table, asked_of
from api.services import Services, ServicesDep
from api.staff import closings as staff
from api.staff.closings import ClosureLineView, ClosureView
from api.staff.house_accounts import HouseAccountView, list_balances
from api.staff.shapes import PAGE, Day
from db import users
from domain.calendar import business_day, format_day
from domain.closings import ClosingState
from domain.errors import Invalid, Missing, Refused
from domain.permissions import Permission

router = APIRouter(prefix="/panel/cierre", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
Signer = Annotated[SignedUser, requires(Permission.CLOSINGS_SIGN)]
PATH = "/panel/cierre"
HERE = "Cierre"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """An account of a close as it is shown: its line, and what was typed of it."""

    account: HouseAccountView
    line: ClosureLineView
    counted: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A day of the house; without `view` nobody has made its draft yet."""

    day: date
    view: ClosureView | None

    @property
    def state(self) -> ClosingState | None:
        """Where its close stands."""
        return self.view.state if self.view else None


@router.get("")
async def closings_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """The days, newest first, the reopened ones too."""
    asked = asked_of(request.query_params, sorts=("dia",))
    found = await staff.list_closings(user, services, asked.cursor or None, PAGE)
    async with services.sessions() as session:
        people = await users.names(session)
    known_now: dict[str, Any] = {
        "today": business_day(datetime.now(UTC)),
        "table": Table(
            path=PATH,
            caption="Cierres",
            columns=_columns(people),
            rows=found.items,
            asked=asked,
            next_cursor=found.next_cursor or "",
            exports=False,
        ),
    }
    return await pages.page(request, services, user, "closings.html", here=HERE, **known_now)


@router.get("/{day}")
async def closing_page(request: Request, day: Day, user: Reader, services: ServicesDep) -> Response:
    """One day: what the books say of each account, to be counted and signed."""
    closing = await _closing(user, services, day)
    async with services.sessions() as session:
        people = await users.names(session)
    known_now: dict[str, Any] = {
        "closing": closing,
        "view": closing.view,
        "signer": people.get(closing.view.signed_by or 0, "") if closing.view else "",
        "tones": said.CLOSING_TONES,
        "buttons": offered(ACTS, user, closing),
        **await _form(user, services, closing, {}, {}),
    }
    return await pages.page(request, services, user, "closing.html", here=HERE, **known_now)


@router.post("/{day}/confirmar")
async def ask_signature(request: Request, day: Day, user: Signer, services: ServicesDep) -> Response:
    """What signing this day fixes."""
    typed = Typed(form=await request.form())
    closing = await _closing(user, services, day)
    try:
        body = _body(closing, typed)
    except Refused as refused:
        return await _again(request, user, services, closing, typed=typed, problem=problem_of(request, refused))
    rows = (await _form(user, services, closing, typed.texts(), {}))["rows"]
    given = {one.house_account_id: one for one in body.counts}
    differing = [(row, given[row.account.id].counted - row.line.system) for row in rows]
    known_now: dict[str, Any] = {
        "closing": closing,
        "typed": typed.texts(),
        "differing": [(row, left) for row, left in differing if left],
        "matching": sum(not left for _, left in differing),
        "account_name": account_name,
    }
    return pages.fragment(request, user, "closing.html", "ask", **known_now)


@router.post("/{day}/firmar")
async def sign(request: Request, day: Day, user: Signer, services: ServicesDep) -> Response:
    """Sign it."""
    typed = Typed(form=await request.form())
    closing = await _closing(user, services, day)
    try:
        await staff.sign_closing(day, _body(closing, typed), user, services)
    except (Refused, ValidationError) as refused:
        return await _again(request, user, services, closing, typed=typed, problem=problem_of(request, refused))
    told = notice("completada", "circle-check", f"Cierre del {format_day(day)} firmado")
    return pages.answer("", headers={**told, "HX-Redirect": f"{PATH}/{day}"})


@router.get("/{day}/acto/{act}")
async def ask_act(request: Request, day: Day, act: str, user: Signer, services: ServicesDep) -> Response:
    """The dialog of an act."""
    return dialog(request, user, known(ACTS, user, act), await _closing(user, services, day))


@router.post("/{day}/acto/{act}")
async def do_act(request: Request, day: Day, act: str, user: Signer, services: ServicesDep) -> Response:
    """Do it."""
    order = known(ACTS, user, act)
    answer = await attempt(request, order, await _closing(user, services, day), user, services)
    if "hecho" in answer.headers.get("HX-Trigger", ""):
        answer.headers["HX-Redirect"] = f"{PATH}/{day}"
    return answer


def account_name(account: HouseAccountView) -> str:
    """`BCP soles 1931234567101`."""
    return f"{words.bank(account.bank)} {account.currency.words} {account.number}"


async def _closing(user: SignedUser, services: Services, day: date) -> Closing:
    try:
        return Closing(day=day, view=await staff.read_closing(day, user, services))
    except Missing:
        return Closing(day=day, view=None)


async def _form(
    user: SignedUser, services: Services, closing: Closing, typed: dict[str, str], problem: dict[str, Any]
) -> dict[str, Any]:
    """The rows of a day, with what was typed so far."""
    accounts = {one.account.id: one.account for one in (await list_balances(user, services)).items}
    rows = [
        Counted(
            account=accounts[line.house_account_id],
            line=line,
            counted=typed.get(f"contado-{line.house_account_id}", "" if line.counted is None else f"{line.counted}"),
            reason=typed.get(f"motivo-{line.house_account_id}", line.reason),
        )
        for line in (closing.view.lines if closing.view else ())
    ]
    signs = closing.state is ClosingState.BORRADOR and user.may(Permission.CLOSINGS_SIGN)
    return {"closing": closing, "rows": rows, "signs": signs, "problem": problem, "account_name": account_name}


async def _again(
    request: Request,
    user: SignedUser,
    services: Services,
    closing: Closing,
    *,
    typed: Typed,
    problem: dict[str, Any],
) -> Response:
    """Said in the form, where it was typed, and not in the dialog."""
    known_now = await _form(user, services, closing, typed.texts(), problem)
    headers = {"HX-Retarget": "#conteo", "HX-Reswap": "outerHTML", "HX-Trigger": "hecho"}
    return pages.fragment(request, user, "closing.html", "form", status=problem["status"], headers=headers, **known_now)


def _body(closing: Closing, typed: Typed) -> staff.SignBody:
    """What was counted. Raises Invalid for an account that was not, or a difference without its reason."""
    lines = closing.view.lines if closing.view else []
    counts = [_count(line, typed) for line in lines]
    if not counts:
        raise Invalid("COUNT_MISSING", "Haz primero el borrador del día.")
    return staff.SignBody(counts=counts)


def _count(line: ClosureLineView, typed: Typed) -> staff.CountBody:
    one = line.house_account_id
    counted = _money(typed.text(f"contado-{one}"), f"contado-{one}")
    reason = typed.text(f"motivo-{one}")[:300]
    if counted != line.system and not reason:
        raise Invalid("COUNT_REASON", "Di por qué difiere de lo registrado.", field=f"motivo-{one}")
    return staff.CountBody(house_account_id=one, counted=counted, reason=reason)


def _money(text: str, field: str) -> Decimal:
    """A balance, which may be below zero. Raises Invalid."""
    if not text:
        raise Invalid("COUNT_MISSING", "Escribe lo que dice el banco.", field=field)
    below = text.startswith(("-", "−"))
    value = Decimal(number(text.lstrip("-−"), field))
    if value.as_tuple().exponent not in {0, -1, -2}:
        raise Invalid("NOT_A_NUMBER", "Dos decimales como máximo.", field=field)
    return -value if below else value


def _columns(people: dict[int, str]) -> Sequence[Column[ClosureView]]:
    return (
        Column(
            key="dia",
            label="Día",
            kind="code",
            value=lambda c: format_day(c.day),
            link=lambda c: f"{PATH}/{c.day}",
            phone=True,
        ),
        Column(
            key="estado",
            label="Estado",
            kind="badge",
            value=lambda c: (said.CLOSING_TONES[c.state], c.state),
            phone=True,
        ),
        Column(key="posicion", label="Posición", kind="USD", value=lambda c: c.open_usd, phone=True),
        Column(key="realizado", label="Realizado", kind="PEN", value=lambda c: c.realised_pen),
        Column(key="margen", label="Margen", kind="PEN", value=lambda c: c.margin_pen),
        Column(key="abiertas", label="Abiertas", kind="count", value=lambda c: c.open_operations),
        Column(key="firmo", label="Firmó", kind="name", value=lambda c: people.get(c.signed_by or 0, "")),
        Column(key="cuando", label="Cuándo", kind="moment", value=lambda c: c.signed_at),
        Column(key="motivo", label="Por qué se reabrió", kind="wrap", value=lambda c: c.reopened_reason),
    )


def _draft(closing: Closing) -> Question:
    return Question(
        title=f"¿{'Actualizar' if closing.view else 'Hacer'} el borrador del {format_day(closing.day)}?",
        lead="Toma las cifras de los libros de este momento. Nadie firma todavía.",
        ok="Actualizar borrador" if closing.view else "Hacer borrador",
    )


def _reopen(closing: Closing) -> Question:
    return Question(
        title=f"Pedir que se reabra el {format_day(closing.day)}",
        effects=(
            ("users", "Lo decide otra persona, en Aprobaciones. Hasta entonces sigue firmado."),
            ("history", "Lo firmado se conserva; el día se cuenta y se firma de nuevo."),
        ),
        asks=(Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría.", most=300),),
        ok="Pedir reapertura",
        danger=True,
    )


async def _do_draft(call: Call[Closing]) -> None:
    await staff.draft_closing(call.view.day, call.user, call.services)


async def _do_reopen(call: Call[Closing]) -> None:
    body = staff.ReopenBody(reason=call.typed.text("reason"))
    await staff.ask_reopening(call.view.day, body, call.user, call.services)


ACTS: dict[str, Act[Closing]] = {
    "borrador": Act(
        permission=Permission.CLOSINGS_SIGN,
        icon="refresh-cw",
        text="Tomar las cifras de ahora",
        done="Borrador al día",
        question=_draft,
        run=_do_draft,
        why_not=lambda closing: None if closing.state is ClosingState.FIRMADO else "",
        main=True,
    ),
    "reabrir": Act(
        permission=Permission.CLOSINGS_SIGN,
        icon="lock-open",
        text="Pedir reapertura",
        done="Falta que otra persona lo apruebe",
        question=_reopen,
        run=_do_reopen,
        why_not=lambda closing: "" if closing.state is ClosingState.FIRMADO else None,
        danger=True,
    ),
}

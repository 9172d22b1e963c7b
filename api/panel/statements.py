"""The reconciliation workbench: statements in, what a line is, and what is left on either side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages, words
from api.panel.errors import PanelRoute
from api.panel.operation_commands import whole
from api.panel.questions import REASON, Ask, Question, Typed, ask, done
from api.panel.sheets import CHUNK, Format, everything, sheet
from api.panel.tables import Column, asked_of, chosen
from api.services import Services, ServicesDep
from api.staff import statements as staff
from api.staff.house_accounts import AccountId
from api.staff.shapes import MAX_ID, PAGE
from api.staff.statements import LineId, ProgressView, StatementLineList, StatementLineView
from db import users
from domain.calendar import format_day
from domain.errors import Invalid, Missing, Refused
from domain.money import Currency
from domain.permissions import Permission
from domain.statements import MOST_DAYS, Layout

router = APIRouter(prefix="/panel/conciliacion", route_class=PanelRoute)
Manager = Annotated[SignedUser, requires(Permission.RECONCILIATION_MANAGE)]
PATH = "/panel/conciliacion"
HERE = "Conciliación"
FILES = ".xlsx,.xls,.csv,.txt,.940,.sta"
# A bank may date a movement some days after the house does, and a split takes more than one.
NEAR = timedelta(days=2 * MOST_DAYS)
MovementId = Annotated[int, Path(ge=1, le=MAX_ID)]


@router.get("")
async def progress_page(request: Request, user: Manager, services: ServicesDep) -> Response:
    """How far each account is."""
    known: dict[str, Any] = {"accounts": (await staff.read_progress(user, services)).items}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "statements.html", "live", **known)
    return await pages.page(request, services, user, "statements.html", here=HERE, **known)


@router.get("/{account_id}")
async def account_page(
    request: Request, account_id: AccountId, user: Manager, services: ServicesDep, formato: Format = None
) -> Response:
    """What waits on both sides of an account; with `formato`, the bank's side as a sheet."""
    account = await _account(user, services, account_id)
    asked = asked_of(request.query_params, sorts=("dia",))
    if formato is not None:
        return await _sheet(user, services, account, formato)
    found = await staff.list_lines(account_id, user, services, asked.cursor or None, PAGE)
    known: dict[str, Any] = {
        "account": account,
        "lines": found.items,
        "following": found.next_cursor,
        "loose": (await staff.list_loose_movements(account_id, user, services)).items,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "statement.html", "live", **known)
    return await pages.page(request, services, user, "statement.html", here=HERE, **known)


@router.get("/{account_id}/conciliadas")
async def settled_page(request: Request, account_id: AccountId, user: Manager, services: ServicesDep) -> Response:
    """What was matched, by itself or by whom, and what needed no movement."""
    asked = asked_of(request.query_params, sorts=("dia",))
    found = await staff.list_settled(account_id, user, services, asked.cursor or None, PAGE)
    async with services.sessions() as session:
        people = await users.names(session)
    known: dict[str, Any] = {
        "account": await _account(user, services, account_id),
        "lines": found.items,
        "following": found.next_cursor,
        "people": people,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "statement_settled.html", "live", **known)
    return await pages.page(request, services, user, "statement_settled.html", here=HERE, **known)


@router.get("/{account_id}/importar")
async def ask_import(request: Request, account_id: AccountId, user: Manager, services: ServicesDep) -> Response:
    """Which file, and how the bank writes it."""
    return ask(request, user, _import_question(await _account(user, services, account_id)))


@router.post("/{account_id}/importar")
async def bring_in(request: Request, account_id: AccountId, user: Manager, services: ServicesDep) -> Response:
    """Bring it in, and match what is sure."""
    typed = Typed(form=await request.form())
    account = await _account(user, services, account_id)
    try:
        brought = await _brought(typed, account_id, user, services)
    except (Refused, ValidationError) as refused:
        question = _import_question(account)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    if not brought.new:
        return done("Ese archivo ya estaba: nada cambió", go=f"{PATH}/{account_id}")
    said = f"{brought.new} líneas nuevas · {brought.matched} conciliadas solas · {brought.left} por ver"
    return done(said, go=f"{PATH}/{account_id}")


@router.post("/{account_id}/de-nuevo")
async def match_again(account_id: AccountId, user: Manager, services: ServicesDep) -> Response:
    """Match again what is sure."""
    await staff.match_again(account_id, user, services)
    return done("Conciliado lo que es seguro")


@router.post("/linea/{line_id}/es/{movement_id}")
async def confirm(line_id: LineId, movement_id: MovementId, user: Manager, services: ServicesDep) -> Response:
    """The line is this movement."""
    await staff.confirm_line(line_id, staff.ConfirmBody(movements=[movement_id]), user, services)
    return done("Línea conciliada")


@router.get("/{account_id}/linea/{line_id}/elegir")
async def ask_choice(
    request: Request, account_id: AccountId, line_id: LineId, user: Manager, services: ServicesDep
) -> Response:
    """The movements of those days, to choose one or several that add up."""
    return await _choice(request, user, services, account_id, line_id)


@router.post("/{account_id}/linea/{line_id}/elegir")
async def choose(
    request: Request, account_id: AccountId, line_id: LineId, user: Manager, services: ServicesDep
) -> Response:
    """The line is these movements."""
    typed = Typed(form=await request.form())
    ids = [whole(str(one)) for one in typed.form.getlist("n")]
    try:
        if not ids:
            raise Invalid("MOVEMENT_MISSING", "Elige al menos un movimiento.", field="movements")
        await staff.confirm_line(line_id, staff.ConfirmBody(movements=ids), user, services)
    except (Refused, ValidationError) as refused:
        return await _choice(request, user, services, account_id, line_id, refused=refused, ids=ids)
    return done("Línea conciliada")


@router.get("/linea/{line_id}/{act}")
async def ask_act(request: Request, line_id: LineId, act: str, user: Manager, services: ServicesDep) -> Response:
    """The dialog of taking a match back, or of a line that needs no movement."""
    return ask(request, user, _question(act, await staff.read_line(line_id, user, services)))


@router.post("/linea/{line_id}/{act}")
async def do_act(request: Request, line_id: LineId, act: str, user: Manager, services: ServicesDep) -> Response:
    """Do it."""
    typed = Typed(form=await request.form())
    question = _question(act, await staff.read_line(line_id, user, services))
    try:
        if act == "deshacer":
            await staff.undo_line(line_id, user, services)
        else:
            await staff.dismiss_line(line_id, staff.DismissBody(reason=typed.text("reason")), user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Conciliación deshecha" if act == "deshacer" else "Línea sin movimiento")


async def _account(user: SignedUser, services: Services, account_id: int) -> ProgressView:
    accounts = (await staff.read_progress(user, services)).items
    found = next((one for one in accounts if one.house_account_id == account_id), None)
    if found is None:
        raise Missing("HOUSE_ACCOUNT_UNKNOWN", "No existe esa cuenta de la casa.")
    return found


async def _brought(typed: Typed, account_id: int, user: SignedUser, services: Services) -> staff.ImportView:
    file, layout = typed.file("file"), typed.text("layout")
    if file is None:
        raise Invalid("FILE_MISSING", "Elige el archivo del extracto.", field="file")
    if layout not in set(Layout):
        raise Invalid("LAYOUT_UNKNOWN", "Elige de qué banco es el archivo.", field="layout")
    return await staff.import_statement(account_id, user, services, Layout(layout), file)


def _import_question(account: ProgressView) -> Question:
    layouts = [(one.value, "MT940 (SWIFT)" if one is Layout.MT940 else words.bank(one)) for one in Layout]
    return Question(
        title=f"Importar extracto de {words.bank(account.bank)} {account.currency.words}",
        effects=(
            ("check", "Lo que es seguro se concilia solo; lo demás queda para una persona."),
            ("history", "El mismo archivo dos veces no cambia nada."),
        ),
        asks=(
            Ask(name="layout", label="Cómo viene", kind="choice", options=layouts, value=account.bank.value),
            Ask(name="file", label="Archivo (xlsx, xls, csv o MT940, hasta 10 MB)", kind="file", accept=FILES),
        ),
        ok="Importar extracto",
    )


def _question(act: str, line: StatementLineView) -> Question:
    told = f"{line.description}, {format_day(line.day)}."
    if act == "deshacer":
        return Question(
            title="¿Deshacer esta conciliación?",
            lead=f"{told} La línea y sus movimientos vuelven a quedar por conciliar.",
            ok="Deshacer",
            danger=True,
        )
    if act == "sin-movimiento":
        return Question(
            title="¿Esta línea no lleva movimiento?",
            lead=f"{told} Por ejemplo, un extorno del mismo banco y del mismo día.",
            asks=(REASON,),
            ok="No lleva movimiento",
        )
    raise Missing("NOT_FOUND", "No encontramos lo que buscas.")


async def _choice(
    request: Request,
    user: SignedUser,
    services: Services,
    account_id: int,
    line_id: int,
    *,
    refused: Exception | None = None,
    ids: Sequence[int] = (),
) -> Response:
    line = await staff.read_line(line_id, user, services)
    near = (line.day - NEAR, line.day + NEAR)
    problem = problem_of(request, refused) if refused else {}
    known: dict[str, Any] = {
        "account": await _account(user, services, account_id),
        "line": line,
        "loose": await _near(user, services, account_id, line, near),
        "ids": ids,
        "problem": problem,
    }
    status = problem.get("status", 200)
    return pages.fragment(request, user, "statement.html", "choose", status=status, **known)


async def _near(
    user: SignedUser, services: Services, account_id: int, line: StatementLineView, near: tuple[date, date]
) -> list[staff.LooseMovementView]:
    """The movements of those days with the same sign, the nearest in amount first."""
    found = (await staff.list_loose_movements(account_id, user, services, *near)).items
    same_way = [one for one in found if (one.amount > 0) == (line.amount > 0)]
    return sorted(same_way, key=lambda one: (abs(one.amount - line.amount), one.id))[:PAGE]


def _columns(currency: Currency) -> tuple[Column[StatementLineView], ...]:
    return (
        Column(key="dia", label="Día", kind="date", value=lambda v: v.day),
        Column(key="monto", label="Monto", kind=currency.value, value=lambda v: v.amount),
        Column(key="numero", label="Número", kind="text", value=lambda v: v.reference),
        Column(key="detalle", label="Detalle", kind="text", value=lambda v: v.description),
    )


async def _sheet(user: SignedUser, services: Services, account: ProgressView, form: str) -> Response:
    async def read(cursor: str | None) -> StatementLineList:
        return await staff.list_lines(account.house_account_id, user, services, cursor, CHUNK)

    columns = _columns(account.currency)
    name = f"por-conciliar-{account.house_account_id}"
    return await sheet(form, name, chosen(columns, asked_of({}, sorts=("dia",))), await everything(read))

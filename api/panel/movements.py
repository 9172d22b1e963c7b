"""Bank movements on the screen: those of every account, what a person registers, and what waits for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages, words
from api.panel import treasury_words as said
from api.panel.errors import PanelRoute, notice
from api.panel.operation_commands import number, whole
from api.panel.questions import Ask, Question, Typed, ask, done
from api.panel.sheets import CHUNK, Format, everything, sheet
from api.panel.tables import Asked, Column, Table, asked_of, chosen, day_of
from api.services import Services, ServicesDep
from api.staff import movements as staff
from api.staff.house_accounts import HouseAccountView, list_balances
from api.staff.movements import MovementList, MovementView, RefundView, WaitingView
from api.staff.shapes import MAX_ID, PAGE
from domain.errors import Missing, Refused
from domain.ledger import Source
from domain.money import Currency
from domain.movements import MovementKind
from domain.permissions import Permission

router = APIRouter(prefix="/panel/movimientos", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
Mover = Annotated[SignedUser, requires(Permission.TREASURY_MOVE)]
RowId = Annotated[int, Path(ge=1, le=MAX_ID)]
AccountAsked = Annotated[int | None, Query(ge=1, le=MAX_ID)]
PATH = "/panel/movimientos"
TABS = (("/panel/cuentas", "Saldos"), (PATH, "Movimientos"), (f"{PATH}/pendientes", "Pendientes"))
ICONS = {
    MovementKind.TRANSFERENCIA: "arrow-left-right",
    MovementKind.GASTO: "receipt",
    MovementKind.AJUSTE: "scale",
    MovementKind.APERTURA: "landmark",
}


def account_name(account: HouseAccountView) -> str:
    """`BCP dólares ···7101`."""
    return f"{words.bank(account.bank)} {account.currency.words} ···{account.number[-4:]}"


def _named(account: HouseAccountView) -> str:
    """Where past movements are looked for: those of an account out of use too."""
    return account_name(account) + ("" if account.active else " (fuera de uso)")


def source_name(row: MovementView) -> str:
    """What kind of event moved the money; an annulment says so."""
    return f"{said.SOURCES[row.source]}{' (anulación)' if row.annulment else ''}"


def _in(row: MovementView, currency: Currency) -> Any:
    return row.amount if row.currency is currency else None


def of_account(currency: Currency) -> tuple[Column[MovementView], ...]:
    """The columns of one account's movements, in its currency."""
    return (
        DAY,
        *WHAT,
        Column(key="monto", label="Monto", kind=currency.value, value=lambda v: v.amount, phone=True),
        *BOOK,
    )


DAY: Column[MovementView] = Column(key="dia", label="Día", kind="date", value=lambda v: v.day, phone=True)
WHAT: tuple[Column[MovementView], ...] = (
    Column(key="origen", label="Origen", kind="text", value=source_name),
    Column(key="detalle", label="Detalle", kind="wrap", value=lambda v: v.words, phone=True),
    Column(
        key="operacion",
        label="Operación",
        kind="code",
        value=lambda v: v.operation_code,
        link=lambda v: f"/panel/operaciones/{v.operation_code}",
    ),
)
BOOK: tuple[Column[MovementView], ...] = (
    Column(key="valor", label="Valor en soles", kind="PEN", value=lambda v: v.pen, hidden=True),
    Column(key="asiento", label="Asiento", kind="text", value=lambda v: v.entry),
    Column(key="registro", label="Registrado", kind="moment", value=lambda v: v.at, hidden=True),
)
COLUMNS: tuple[Column[MovementView], ...] = (
    DAY,
    Column(
        key="cuenta",
        label="Cuenta",
        kind="link",
        value=lambda v: f"{words.bank(v.bank)} {v.currency.words}",
        link=lambda v: f"/panel/cuentas/{v.house_account_id}",
    ),
    *WHAT,
    Column(key="dolares", label="Dólares", kind="USD", value=lambda v: _in(v, Currency.USD), phone=True),
    Column(key="soles", label="Soles", kind="PEN", value=lambda v: _in(v, Currency.PEN), phone=True),
    *BOOK,
)


@router.get("")
async def movements_page(request: Request, user: Reader, services: ServicesDep, formato: Format = None) -> Response:
    """The movements of every account; with `formato`, their sheet."""
    asked = asked_of(request.query_params, sorts=("dia",))
    if formato is not None:
        return await sheet(formato, "movimientos", chosen(COLUMNS, asked), await every(user, services, asked))
    known: dict[str, Any] = {
        "table": await table(user, services, asked),
        "tabs": TABS,
        "accounts": [(one.account.id, _named(one.account)) for one in (await list_balances(user, services)).items],
        "registers": offered_kinds(user),
        "SOURCES": said.SOURCES,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "movements.html", "live", **known)
    return await pages.page(request, services, user, "movements.html", here="Cuentas", **known)


async def table(
    user: SignedUser, services: Services, asked: Asked, account: HouseAccountView | None = None
) -> Table[MovementView]:
    """A page of movements, of one account or of all."""
    one = account.id if account else None
    found = await _read(user, services, asked, one, cursor=asked.cursor or None, limit=PAGE)
    return Table(
        path=f"/panel/cuentas/{one}" if account else PATH,
        caption="Movimientos",
        columns=of_account(account.currency) if account else COLUMNS,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=True,
    )


async def every(
    user: SignedUser, services: Services, asked: Asked, account_id: int | None = None
) -> Sequence[MovementView]:
    """Every page of these filters."""

    async def read(cursor: str | None) -> MovementList:
        return await _read(user, services, asked, account_id, cursor=cursor, limit=CHUNK)

    return await everything(read)


async def _read(
    user: SignedUser, services: Services, asked: Asked, account_id: int | None, *, cursor: str | None, limit: int
) -> MovementList:
    given = asked.filters
    return await staff.list_movements(
        _user=user,
        services=services,
        house_account_id=account_id or whole(given.get("cuenta", "")) or None,
        source=next((one for one in Source if one == given.get("origen")), None),
        since=day_of(given.get("desde", "")),
        until=day_of(given.get("hasta", "")),
        cursor=cursor,
        limit=limit,
    )


@router.get("/pendientes")
async def waiting_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Money without a bank account yet, and money that the house owes or gave back."""
    known: dict[str, Any] = {
        "tabs": TABS,
        "waiting": (await staff.list_unallocated(user, services)).items,
        "owed": (await staff.list_refunds(user, services, owed=True)).items,
        "paid": (await staff.list_refunds(user, services, owed=False)).items,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "movements_waiting.html", "live", **known)
    return await pages.page(request, services, user, "movements_waiting.html", here="Cuentas", **known)


@router.get("/asignar/{line_id}")
async def ask_allocation(request: Request, line_id: RowId, user: Mover, services: ServicesDep) -> Response:
    """Through which account the money went."""
    return ask(request, user, await _allocation(user, services, line_id))


@router.post("/asignar/{line_id}")
async def allocate(request: Request, line_id: RowId, user: Mover, services: ServicesDep) -> Response:
    """Say it."""
    typed = Typed(form=await request.form())
    question = await _allocation(user, services, line_id)
    try:
        body = staff.AllocationBody(house_account_id=whole(typed.text("house_account_id")))
        await staff.allocate(line_id, body, user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Cuenta asignada")


@router.get("/devolver/{refund_id}")
async def ask_refund(request: Request, refund_id: RowId, user: Mover, services: ServicesDep) -> Response:
    """From which account it was given back."""
    return ask(request, user, await _refund(user, services, refund_id))


@router.post("/devolver/{refund_id}")
async def settle_refund(request: Request, refund_id: RowId, user: Mover, services: ServicesDep) -> Response:
    """It was given back."""
    typed = Typed(form=await request.form())
    question = await _refund(user, services, refund_id)
    try:
        given = whole(typed.text("house_account_id"))
        body = staff.RefundBody(house_account_id=given, reference=typed.text("reference"))
        await staff.settle_refund(refund_id, body, user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Devolución registrada")


@router.get("/registrar/{kind}")
async def ask_movement(
    request: Request, kind: MovementKind, user: Mover, services: ServicesDep, cuenta: AccountAsked = None
) -> Response:
    """What a movement of this kind is made of."""
    return ask(request, user, await _question(user, services, kind, cuenta))


@router.post("/registrar/{kind}")
async def register(
    request: Request, kind: MovementKind, user: Mover, services: ServicesDep, cuenta: AccountAsked = None
) -> Response:
    """Register it; from an amount on it waits for a second person."""
    typed = Typed(form=await request.form())
    try:
        registered = await staff.register_movement(_body(kind, typed), user, services, typed.key)
    except (Refused, ValidationError) as refused:
        question = await _question(user, services, kind, cuenta)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    if registered.approval_id is None:
        return done(f"{said.MOVEMENTS[kind]}: registrado")
    told = notice("pendiente", "users", "Falta que otra persona lo apruebe", "Está en Aprobaciones.")
    return pages.answer("", headers={"HX-Trigger": told["HX-Trigger"][:-1] + ', "leer": "", "hecho": ""}'})


def offered_kinds(user: SignedUser) -> list[tuple[str, str, str]]:
    """What this person may register: icon, name of the kind, and its words."""
    if not user.may(Permission.TREASURY_MOVE):
        return []
    return [(ICONS[kind], kind.value, said.MOVEMENTS[kind]) for kind in ICONS]


def _body(kind: MovementKind, typed: Typed) -> staff.MovementBody:
    given: dict[str, Any] = {
        "kind": kind,
        "house_account_id": whole(typed.text("house_account_id")),
        "amount": number(typed.text("amount"), "amount"),
        "day": day_of(typed.text("day"), "day"),
        "reason": typed.text("reason"),
    }
    if kind is MovementKind.AJUSTE and typed.text("sense") == "falta":
        given["amount"] = f"-{given['amount']}"
    if kind is MovementKind.TRANSFERENCIA:
        given["target_id"] = whole(typed.text("target_id")) or None
        given["fee"] = number(typed.text("fee") or "0", "fee")
    if kind is MovementKind.GASTO:
        given["counterpart"] = typed.text("counterpart")
    return staff.MovementBody.model_validate(given)


async def _question(user: SignedUser, services: Services, kind: MovementKind, account_id: int | None) -> Question:
    accounts = await _choices(user, services)
    chosen_now = str(account_id or "")
    to_or_from = "Desde la cuenta" if kind is MovementKind.TRANSFERENCIA else "Cuenta"
    asks = [
        Ask(name="house_account_id", label=to_or_from, kind="choice", options=accounts, value=chosen_now),
        *await _own(user, services, kind, accounts),
        Ask(name="amount", label="Monto, en la moneda de la cuenta", most=15),
        Ask(name="day", label="Día", kind="date", hint="Vacío: hoy."),
    ]
    if kind is MovementKind.TRANSFERENCIA:
        asks.append(Ask(name="fee", label="Comisión del banco", hint="Vacío si no hubo. El ITF se calcula.", most=10))
    asks.append(
        Ask(name="reason", label="Motivo", kind="area", hint="Queda en el asiento y en la auditoría.", most=300)
    )
    return Question(
        title=said.MOVEMENTS[kind],
        lead="El saldo de una cuenta es siempre la suma de sus movimientos.",
        effects=(("users", "Desde el monto que fija la casa, espera a una segunda persona."),),
        asks=tuple(asks),
        ok="Registrar",
    )


async def _own(
    user: SignedUser, services: Services, kind: MovementKind, accounts: Sequence[tuple[str, str]]
) -> list[Ask]:
    """What only this kind asks."""
    if kind is MovementKind.TRANSFERENCIA:
        return [Ask(name="target_id", label="A la cuenta", kind="choice", options=accounts)]
    if kind is MovementKind.AJUSTE:
        senses = (("falta", "Falta dinero en el banco"), ("sobra", "Sobra dinero en el banco"))
        return [Ask(name="sense", label="Qué pasó", kind="choice", options=senses)]
    if kind is MovementKind.GASTO:
        plan = (await staff.list_expense_accounts(user, services)).items
        options = [(one.code, f"{one.code} {one.name}") for one in plan]
        return [Ask(name="counterpart", label="En qué se gastó", kind="choice", options=options)]
    return []


async def _accounts(user: SignedUser, services: Services) -> list[Any]:
    return [one for one in (await list_balances(user, services)).items if one.account.active]


async def _choices(user: SignedUser, services: Services, currency: Currency | None = None) -> list[tuple[str, str]]:
    return [
        (
            str(one.account.id),
            f"{account_name(one.account)} · {words.with_symbol(one.amount, one.account.currency)}",
        )
        for one in await _accounts(user, services)
        if currency is None or one.account.currency is currency
    ]


async def _allocation(user: SignedUser, services: Services, line_id: int) -> Question:
    items = (await staff.list_unallocated(user, services)).items
    row: WaitingView | None = next((one for one in items if one.id == line_id), None)
    if row is None:
        raise Missing("LINE_UNKNOWN", "Este movimiento ya tiene su cuenta.")
    return Question(
        title="¿Por qué cuenta pasó el dinero?",
        lead=f"{row.words} · {words.with_symbol(row.amount, row.currency)}",
        asks=(
            Ask(
                name="house_account_id",
                label="Cuenta de la casa",
                kind="choice",
                options=await _choices(user, services, row.currency),
            ),
        ),
        ok="Asignar cuenta",
    )


async def _refund(user: SignedUser, services: Services, refund_id: int) -> Question:
    items = (await staff.list_refunds(user, services, owed=True)).items
    row: RefundView | None = next((one for one in items if one.id == refund_id), None)
    if row is None:
        raise Missing("REFUND_UNKNOWN", "Esta devolución ya está registrada.")
    return Question(
        title=f"Registrar la devolución de {row.operation_code}",
        lead=f"{words.with_symbol(row.amount, row.currency)} que ya transferiste a la cuenta del cliente.",
        effects=(("landmark", "El monto sale de la cuenta que elijas y deja de deberse."),),
        asks=(
            Ask(
                name="house_account_id",
                label="Desde la cuenta",
                kind="choice",
                options=await _choices(user, services, row.currency),
            ),
            Ask(name="reference", label="Número de operación del banco", most=60),
        ),
        ok="Registrar devolución",
    )

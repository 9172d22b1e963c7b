"""Bank movements: those that operations left, and those that people register."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import (
    MAX_ID,
    PAGE,
    Answer,
    Body,
    Cursor,
    Day,
    Done,
    IdempotencyKey,
    Limit,
    Money,
    after,
    example,
    key_or_new,
    page,
)
from api.staff.sheets import FILE, Sheet, download, workbook
from db import ledger, movements, postings
from db.movements import MovementFilter
from db.tables import HouseAccount, LedgerEntry, LedgerLine, Operation, Refund
from domain.accounts import Bank
from domain.calendar import business_day
from domain.ledger import EXPENSES, Source
from domain.money import Currency
from domain.movements import Movement, MovementKind
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/treasury", tags=["Tesorería"])

Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
Mover = Annotated[SignedUser, requires(Permission.TREASURY_MOVE)]
RowId = Annotated[int, Path(ge=1, le=MAX_ID)]
MOST_ROWS = 50_000


class MovementBody(Body):
    """A movement in the currency of its account. `itf` and `target_itf` are computed when absent.

    `amount` is positive; an adjustment may be negative. `target_id` is the other account of a transfer; `counterpart`
    the ledger account of an expense.
    """

    model_config = example(
        kind="transferencia",
        house_account_id=1,
        target_id=3,
        amount="10000.00",
        fee="5.00",
        reason="Fondeo de la cuenta de pagos",
    )
    kind: MovementKind
    house_account_id: int = Field(ge=1, le=MAX_ID)
    amount: Money = Field(ge=-99_999_999, le=99_999_999, decimal_places=2)
    day: Day | None = None
    reason: str = Field(min_length=3, max_length=300)
    target_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    counterpart: str = Field(default="", pattern=r"^(\d{4,8})?$")
    fee: Money = Field(default=Decimal("0.00"), ge=0, le=99_999, decimal_places=2)
    itf: Money | None = Field(default=None, ge=0, le=99_999, decimal_places=2)
    target_itf: Money | None = Field(default=None, ge=0, le=99_999, decimal_places=2)


class RegisteredView(Answer):
    """What became of it: posted (`entry_id`), or it waits for a second person (`approval_id`)."""

    status: Literal["registrado", "por aprobar"]
    entry_id: int | None
    approval_id: int | None


class MovementView(Answer):
    """A movement of a bank account; positive came in."""

    id: int
    entry: str
    entry_id: int
    day: date
    source: Source
    annulment: bool
    words: str
    operation_code: str | None
    house_account_id: int
    bank: Bank
    currency: Currency
    amount: Money
    pen: Money
    at: datetime


class MovementList(Answer):
    """A page of movements, newest first."""

    items: list[MovementView]
    next_cursor: str | None


class ExpenseAccountView(Answer):
    """An account of expenses."""

    code: str
    name: str


class ExpenseAccountList(Answer):
    """Accounts of expenses, by code."""

    items: list[ExpenseAccountView]


class AllocationBody(Body):
    """The account that the money went through."""

    model_config = example(house_account_id=2)
    house_account_id: int = Field(ge=1, le=MAX_ID)


class WaitingView(Answer):
    """An abono or pago that was posted without a bank account (F218)."""

    id: int
    entry: str
    day: date
    words: str
    operation_code: str | None
    currency: Currency
    amount: Money


class WaitingList(Answer):
    """What waits for an account."""

    items: list[WaitingView]


class RefundBody(Body):
    """From which account it was paid, and the bank's number."""

    model_config = example(house_account_id=2, reference="OP 00123456")
    house_account_id: int = Field(ge=1, le=MAX_ID)
    reference: str = Field(min_length=3, max_length=60)


class RefundView(Answer):
    """Money to give back to the client of a cancelled operation."""

    id: int
    operation_code: str
    client_id: int
    currency: Currency
    amount: Money
    status: str
    opened_at: datetime
    reference: str
    settled_at: datetime | None


class RefundList(Answer):
    """Refunds, newest first."""

    items: list[RefundView]


@router.get("/movements")
async def list_movements(
    *,
    _user: Reader,
    services: ServicesDep,
    house_account_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    source: Source | None = None,
    since: Day | None = None,
    until: Day | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> MovementList:
    """Movements of the house's accounts, newest first."""
    wanted = MovementFilter(house_account_id=house_account_id, source=source, since=since, until=until)
    async with services.sessions() as session:
        rows = await movements.listed(session, wanted, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row[0].id)
    return MovementList(items=[_view(*row) for row in shown], next_cursor=following)


@router.get("/movements/export", response_class=Response, responses=FILE)
async def export_movements(
    *,
    _user: Reader,
    services: ServicesDep,
    house_account_id: Annotated[int, Query(ge=1, le=MAX_ID)],
    until: Day | None = None,
) -> Response:
    """The movements of an account in order of day, with the balance after each, in a sheet."""
    day = until or business_day(datetime.now(UTC))
    async with services.sessions() as session:
        rows = await movements.running(session, house_account_id, until=day)
    cells = [
        (entry.day, ledger.number_of(entry), entry.source, entry.words, entry.operation_code, line.amount, balance)
        for line, entry, balance in rows[-MOST_ROWS:]
    ]
    headings = ("Día", "Asiento", "Origen", "Detalle", "Operación", "Monto", "Saldo")
    sheet = Sheet(name="Movimientos", headings=headings, rows=cells)
    return download(workbook(sheet), f"movimientos-{house_account_id}-{day}.xlsx")


@router.post("/movements")
async def register_movement(
    body: MovementBody, user: Mover, services: ServicesDep, key: IdempotencyKey = None
) -> RegisteredView:
    """Register an opening balance, adjustment, transfer or expense; above an amount it waits for a second person."""
    now = datetime.now(UTC)
    given = body.model_dump(exclude={"day"})
    movement = Movement(**given, day=body.day or business_day(now), key=f"{user.id}:{key_or_new(key)}")
    async with services.sessions.begin() as session:
        done = await movements.register(session, movement, actor=user.actor, at=now)
        waiting = done.approval
        return RegisteredView(
            status="por aprobar" if waiting else "registrado",
            entry_id=done.entry_id,
            approval_id=waiting.id if waiting else None,
        )


@router.get("/expense-accounts")
async def list_expense_accounts(_user: Mover, services: ServicesDep) -> ExpenseAccountList:
    """The accounts of the plan that an expense may be charged to."""
    async with services.sessions() as session:
        plan = await ledger.chart(session)
    spent = [one for one in plan if one.active and one.code.startswith(EXPENSES)]
    return ExpenseAccountList(items=[ExpenseAccountView.model_validate(one) for one in spent])


@router.get("/unallocated")
async def list_unallocated(_user: Reader, services: ServicesDep) -> WaitingList:
    """Abonos and pagos whose bank account nobody has named yet."""
    async with services.sessions() as session:
        rows = await postings.unallocated(session)
    return WaitingList(items=[_waiting(*row) for row in rows])


@router.post("/unallocated/{line_id}")
async def allocate(line_id: RowId, body: AllocationBody, user: Mover, services: ServicesDep) -> Done:
    """Say through which account of the house the money went."""
    async with services.sessions.begin() as session:
        await postings.allocate(session, line_id, body.house_account_id, actor=user.actor, at=datetime.now(UTC))
    return Done()


@router.get("/refunds")
async def list_refunds(
    _user: Reader,
    services: ServicesDep,
    owed: Annotated[bool, Query(description="Las que se deben; con `false`, las pagadas.")] = True,
) -> RefundList:
    """Money that the house owes to clients of cancelled operations, or that it gave back."""
    async with services.sessions() as session:
        rows = await postings.refunds(session, owed=owed)
    return RefundList(items=[_refund(*row) for row in rows])


@router.post("/refunds/{refund_id}/settle")
async def settle_refund(refund_id: RowId, body: RefundBody, user: Mover, services: ServicesDep) -> Done:
    """The money went back to the client: it is posted, and no longer owed."""
    async with services.sessions.begin() as session:
        await postings.settle_refund(
            session,
            refund_id,
            body.house_account_id,
            reference=body.reference,
            actor=user.actor,
            at=datetime.now(UTC),
        )
    return Done()


def _view(line: LedgerLine, entry: LedgerEntry, account: HouseAccount) -> MovementView:
    return MovementView(
        id=line.id,
        entry=ledger.number_of(entry),
        entry_id=entry.id,
        day=entry.day,
        source=entry.source,
        annulment=entry.reverses_id is not None,
        words=entry.words,
        operation_code=entry.operation_code,
        house_account_id=account.id,
        bank=account.bank,
        currency=line.currency,
        amount=line.amount,
        pen=line.pen,
        at=entry.at,
    )


def _waiting(line: LedgerLine, entry: LedgerEntry) -> WaitingView:
    return WaitingView(
        id=line.id,
        entry=ledger.number_of(entry),
        day=entry.day,
        words=entry.words,
        operation_code=entry.operation_code,
        currency=line.currency,
        amount=line.amount,
    )


def _refund(row: Refund, operation: Operation) -> RefundView:
    return RefundView(
        id=row.id,
        operation_code=row.operation_code,
        client_id=operation.client_id,
        currency=Currency(row.currency),
        amount=row.amount,
        status=row.status,
        opened_at=row.opened_at,
        reference=row.reference,
        settled_at=row.settled_at,
    )

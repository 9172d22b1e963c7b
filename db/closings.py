"""The daily close: a draft from the books, signed against what was counted, reopened only by two people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, incidents, ledger_days, position
from db.tables import DailyClosure, DailyClosureLine, HouseAccount, LedgerPeriod, Operation
from domain.calendar import business_day, day_bounds, format_day
from domain.closings import Cash, ClosingState, Count, checked
from domain.errors import Conflict, Missing
from domain.operations import OPEN, Actor, ActorKind, FieldChange

ZERO = Decimal("0.00")
STILL_OPEN = "operaciones abiertas al cierre"
MOVED = "día firmado con movimientos nuevos"
# Drafts of one day are made one after the other.
CLOSING_LOCK = 7_303
DAYS_WATCHED = 14


async def cash(session: AsyncSession, *, day: date) -> list[Cash]:
    """Opening, in, out and system of every account on a Lima day: fees, transfers and all the rest too (F243)."""
    before = await ledger_days.balances(session, until=day.fromordinal(day.toordinal() - 1))
    of_day = await ledger_days.balances(session, since=day, until=day)
    accounts = await session.scalars(select(HouseAccount.id).order_by(HouseAccount.id))
    return [
        Cash(
            house_account_id=account,
            opening=before.of(account).amount,
            came_in=sum((one.debit for one in of_day if one.house_account_id == account), ZERO),
            went_out=sum((one.credit for one in of_day if one.house_account_id == account), ZERO),
        )
        for account in accounts
    ]


async def draft(session: AsyncSession, *, day: date, at: datetime) -> DailyClosure:
    """Make the draft of a day, or bring it up to date; operations still open are told, never cancelled.

    Raises Conflict when the day is signed.
    """
    await session.execute(select(func.pg_advisory_xact_lock(CLOSING_LOCK)))
    row = await live(session, day)
    if row is not None and row.state is ClosingState.FIRMADO:
        raise Conflict("DAY_SIGNED", f"El {format_day(day)} ya está firmado.")
    stands, still_open = await position.standing(session, day=day), await _open_of(session, day)
    if row is None:
        row = DailyClosure(day=day, round=await _next_round(session, day), state=ClosingState.BORRADOR)
        session.add(row)
    row.open_operations = still_open
    row.open_usd = stands.position.open_usd
    row.realised_pen = stands.position.realised
    row.margin_pen = stands.margin
    row.drafted_at = at
    await session.flush()
    await _write_lines(session, row, await cash(session, day=day))
    await _tell_open(session, row, at)
    return row


async def _next_round(session: AsyncSession, day: date) -> int:
    last = await session.scalar(select(func.max(DailyClosure.round)).where(DailyClosure.day == day))
    return (last or 0) + 1


async def _open_of(session: AsyncSession, day: date) -> int:
    """Operations created up to that day that are still open."""
    wanted = select(func.count()).select_from(Operation).where(Operation.state.in_(OPEN))
    return await session.scalar(wanted.where(Operation.created_at < day_bounds(day)[1])) or 0


async def _write_lines(session: AsyncSession, row: DailyClosure, accounts: Sequence[Cash]) -> None:
    known = {line.house_account_id: line for line in await lines(session, row.id)}
    for one in accounts:
        line = known.get(one.house_account_id)
        if line is None:
            line = DailyClosureLine(closure_id=row.id, house_account_id=one.house_account_id)
            session.add(line)
        line.opening, line.came_in, line.went_out, line.system = one.opening, one.came_in, one.went_out, one.system
    await session.flush()


async def _tell_open(session: AsyncSession, row: DailyClosure, at: datetime) -> None:
    subject = row.day.isoformat()
    if row.open_operations:
        detail = f"{row.open_operations} operaciones siguen abiertas al cierre del {format_day(row.day)}."
        await incidents.open_incident(session, kind=STILL_OPEN, subject=subject, detail=detail)
    else:
        await incidents.close_incidents(session, kind=STILL_OPEN, subject=subject, at=at)


async def sign(
    session: AsyncSession, *, day: date, counts: Sequence[Count], actor: Actor, at: datetime
) -> DailyClosure:
    """Sign a day with what was counted in each account, on figures of this very moment.

    Raises:
        Invalid: an account was not counted, or a difference has no reason.
        Conflict: it is signed, or the day is not over yet because it has not come.
    """
    if day > business_day(at):
        raise Conflict("DAY_AHEAD", "Ese día aún no llega.")
    row = await draft(session, day=day, at=at)
    own = await lines(session, row.id)
    system = [
        Cash(house_account_id=line.house_account_id, opening=line.opening, came_in=line.came_in, went_out=line.went_out)
        for line in own
    ]
    given = checked(system, counts)
    for line in own:
        count = given[line.house_account_id]
        line.counted, line.reason = count.counted, count.reason.strip()
    row.state, row.signed_by, row.signed_at = ClosingState.FIRMADO, actor.id, at
    _record(session, "closings.sign", row, actor=actor, before=ClosingState.BORRADOR)
    return row


async def reopen(session: AsyncSession, *, day: date, actor: Actor, at: datetime, reason: str) -> DailyClosure:
    """Open a signed day again: its figures stay, and the next close is a new one (F248). Two people have agreed.

    Raises Missing when it is not signed.
    """
    row = await live(session, day)
    if row is None or row.state is not ClosingState.FIRMADO:
        raise Missing("DAY_NOT_SIGNED", f"El {format_day(day)} no está firmado.")
    row.state, row.reopened_at, row.reopened_reason = ClosingState.REABIERTO, at, reason
    row.reopened_by = actor.id if actor.kind is ActorKind.STAFF else None
    _record(session, "closings.reopen", row, actor=actor, before=ClosingState.FIRMADO, reason=reason)
    await session.flush()
    return row


def _record(
    session: AsyncSession, action: str, row: DailyClosure, *, actor: Actor, before: ClosingState, reason: str = ""
) -> None:
    change = FieldChange(field="state", before=before, after=row.state)
    day = row.day.isoformat()
    audit.record(
        session, actor=actor, action=action, entity="daily_closure", entity_id=day, changes=[change], reason=reason
    )


async def live(session: AsyncSession, day: date) -> DailyClosure | None:
    """The draft or the signed close of a day."""
    wanted = select(DailyClosure).where(DailyClosure.day == day, DailyClosure.state != ClosingState.REABIERTO)
    return await session.scalar(wanted.with_for_update())


async def check_open(session: AsyncSession, day: date) -> None:
    """That something may still be counted on this day. Raises Conflict when it is signed, or its month closed.

    Whoever signs the day's draft at this moment waits for our transaction, or we for theirs.
    """
    closure = select(DailyClosure.state).where(DailyClosure.day == day, DailyClosure.state != ClosingState.REABIERTO)
    if await session.scalar(closure.with_for_update(read=True)) is ClosingState.FIRMADO:
        raise Conflict("DAY_SIGNED", f"El {format_day(day)} ya está firmado: pide su reapertura.", field="value_day")
    month = await session.get(LedgerPeriod, (day.year, day.month))
    if month is not None and month.closed:
        raise Conflict("PERIOD_CLOSED", f"El mes {day:%m/%Y} está cerrado: pide su reapertura.", field="value_day")


async def lines(session: AsyncSession, closure_id: int) -> Sequence[DailyClosureLine]:
    """The accounts of a close."""
    wanted = select(DailyClosureLine).where(DailyClosureLine.closure_id == closure_id)
    return (await session.scalars(wanted.order_by(DailyClosureLine.house_account_id))).all()


async def listed(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[DailyClosure]:
    """Closes newest first, reopened ones too; `before` is the id to go on from."""
    wanted = select(DailyClosure).order_by(DailyClosure.id.desc()).limit(limit)
    return (await session.scalars(wanted if before is None else wanted.where(DailyClosure.id < before))).all()


async def moved_since(session: AsyncSession) -> list[tuple[DailyClosure, int]]:
    """Signed days of the last weeks whose accounts no longer say what was signed, with how many accounts differ."""
    query = select(DailyClosure).where(DailyClosure.state == ClosingState.FIRMADO).order_by(DailyClosure.day.desc())
    signed = list((await session.scalars(query.limit(DAYS_WATCHED))).all())
    if not signed:
        return []
    first, last = signed[-1].day, signed[0].day
    before = await ledger_days.balances(session, until=first.fromordinal(first.toordinal() - 1))
    flows = await ledger_days.by_day(session, since=first, until=last)
    written: dict[int, list[DailyClosureLine]] = {row.id: [] for row in signed}
    for line in await session.scalars(select(DailyClosureLine).where(DailyClosureLine.closure_id.in_(written))):
        written[line.closure_id].append(line)

    def now(account: int, day: date) -> Decimal:
        moved = (one.amount for one in flows if one.house_account_id == account and one.day <= day)
        return before.of(account).amount + sum(moved, ZERO)

    differing = [
        (row, sum(now(line.house_account_id, row.day) != line.system for line in written[row.id])) for row in signed
    ]
    return [(row, count) for row, count in differing if count]

"""Matches and lotes. What is left of an operation is taken under its lock, so that two people never match it twice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Subquery, func, select, true, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, ledger_days
from db.tables import Batch, IdempotencyKey, LedgerEntry, LedgerPeriod, Match, Operation, User
from domain import netting as d
from domain.calendar import business_day, day_bounds
from domain.errors import Conflict, Invalid, Missing
from domain.ledger import Source
from domain.netting import BatchState, Pair, Pairing, Side
from domain.operations import Actor, FieldChange, Kind, State
from domain.permissions import Role

ZERO = Decimal("0.00")
MOST_SUGGESTED = 500
# New lotes are numbered one after the other, whoever opens them at the same time.
BATCH_LOCK = 7_302
KEY_SCOPE = "calce"


@dataclass(frozen=True, kw_only=True)
class Unmatched:
    """An operation with what is left of it, since when."""

    side: Side
    usd: Decimal
    day: date


async def unmatched(
    session: AsyncSession,
    *,
    kind: Kind | None = None,
    codes: Sequence[str] | None = None,
    until: date | None = None,
    limit: int | None = None,
) -> list[Unmatched]:
    """Completed operations that still have dollars to match, oldest first; those of earlier days too (F236)."""
    taken = _taken(kind, codes)
    left = Operation.amount_usd - func.coalesce(taken.c.usd, ZERO)
    wanted = (
        select(Operation, left.label("left"), User.role)
        .outerjoin(taken, taken.c.code == Operation.code)
        .outerjoin(User, User.id == Operation.created_by_user_id)
        .where(Operation.state == State.COMPLETADA, Operation.finished_at.is_not(None), ~_undone())
        .where(left > 0)
        .order_by(Operation.finished_at, Operation.id)
    )
    if kind is not None:
        wanted = wanted.where(Operation.kind == kind)
    if codes is not None:
        wanted = wanted.where(Operation.code.in_(codes))
    if until is not None:
        wanted = wanted.where(Operation.finished_at < day_bounds(until)[1])
    if limit is not None:
        wanted = wanted.limit(limit)
    return [_unmatched(row, rest, role) for row, rest, role in (await session.execute(wanted)).all()]


def _taken(kind: Kind | None, codes: Sequence[str] | None) -> Subquery:
    """What matches that stand took of each operation, added up at once: one by one, years of them take seconds."""
    columns = {Kind.COMPRA: (Match.buy_code,), Kind.VENTA: (Match.sell_code,), None: (Match.buy_code, Match.sell_code)}
    sides = [
        select(column.label("code"), Match.usd.label("usd")).where(
            Match.annulled_at.is_(None), true() if codes is None else column.in_(codes)
        )
        for column in columns[kind]
    ]
    both = union_all(*sides).subquery()
    return select(both.c.code, func.sum(both.c.usd).label("usd")).group_by(both.c.code).subquery()


def _undone() -> ColumnElement[bool]:
    """Its entry was annulled: it is no longer there to be matched."""
    mirror = select(LedgerEntry.id).where(
        LedgerEntry.operation_code == Operation.code,
        LedgerEntry.source == Source.OPERACION,
        LedgerEntry.reverses_id.is_not(None),
    )
    return mirror.exists()


def _unmatched(row: Operation, left: Decimal, made_by: Role | None) -> Unmatched:
    assert row.finished_at is not None, "a completed operation has its instant"
    side = Side(
        code=row.code,
        kind=row.kind,
        client_id=row.client_id,
        trader_id=row.trader_id,
        rate=row.rate,
        desk_rate=row.desk_rate or row.rate,
        left=left,
        by_desk=made_by is Role.MASTER and row.trader_id is None,
    )
    return Unmatched(side=side, usd=row.amount_usd, day=business_day(row.finished_at))


async def suggestions(session: AsyncSession, how: Pairing, *, until: date | None = None) -> list[Pair]:
    """Matches that somebody could make now."""
    buys = await unmatched(session, kind=Kind.COMPRA, until=until, limit=MOST_SUGGESTED)
    sells = await unmatched(session, kind=Kind.VENTA, until=until, limit=MOST_SUGGESTED)
    return d.suggest([one.side for one in buys], [one.side for one in sells], how)


async def left(session: AsyncSession, *, day: date) -> dict[Kind, Decimal]:
    """The dollars of each side that no match has taken: what was exchanged, less what was matched."""
    days = await ledger_days.exchanged(session, until=day)
    taken = select(func.coalesce(func.sum(Match.usd), ZERO)).where(Match.annulled_at.is_(None))
    matched = (await session.execute(taken)).scalar_one()
    return {
        Kind.COMPRA: sum((one.sums.bought_usd for one in days), ZERO) - matched,
        Kind.VENTA: sum((one.sums.sold_usd for one in days), ZERO) - matched,
    }


async def match(
    session: AsyncSession, buy_code: str, sell_code: str, usd: Decimal, *, actor: Actor, at: datetime
) -> Match:
    """Match part or all of two operations, on today's day. Raises Refused when it can not be (see domain.netting)."""
    return (await match_all(session, [Wanted(buy_code=buy_code, sell_code=sell_code, usd=usd)], actor=actor, at=at))[0]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A match that somebody wants."""

    buy_code: str
    sell_code: str
    usd: Decimal

    def __str__(self) -> str:
        return f"{self.buy_code}+{self.sell_code}={self.usd:.2f}"


async def match_all(session: AsyncSession, wanted: Sequence[Wanted], *, actor: Actor, at: datetime) -> list[Match]:
    """Match many, or none of them, on today's day; in their order. Raises Refused when one of them can not be."""
    day = business_day(at)
    await _check_open(session, day)
    # The rows in one order, so that two matches of the same pair wait instead of blocking each other.
    codes = sorted({code for one in wanted for code in (one.buy_code, one.sell_code)})
    locked = select(Operation.id).where(Operation.code.in_(codes)).order_by(Operation.code).with_for_update()
    await session.execute(locked)
    sides = {one.side.code: one.side for one in await unmatched(session, codes=codes)}
    rows = []
    for one in wanted:
        buy, sell = (_side(sides, code) for code in (one.buy_code, one.sell_code))
        d.check(buy, sell, one.usd)
        rows.append(_row(buy, sell, one.usd, actor=actor, day=day, at=at))
        for side in (buy, sell):
            sides[side.code] = replace(side, left=side.left - one.usd)
    session.add_all(rows)
    await session.flush()
    for row in rows:
        audit.record(session, actor=actor, action="netting.match", entity="match", entity_id=row.id)
    return rows


def _side(sides: Mapping[str, Side], code: str) -> Side:
    if code not in sides or not sides[code].left:
        raise Conflict("MATCH_TOO_MUCH", f"A {code} no le queda nada por calzar.")
    return sides[code]


def _row(buy: Side, sell: Side, usd: Decimal, *, actor: Actor, day: date, at: datetime) -> Match:
    parts = d.split(buy, sell, usd)
    return Match(
        buy_code=buy.code,
        sell_code=sell.code,
        usd=usd,
        type=d.match_type(buy, sell),
        day=day,
        buy_rate=buy.rate,
        sell_rate=sell.rate,
        buy_desk=buy.desk_rate,
        sell_desk=sell.desk_rate,
        buy_trader_id=buy.trader_id,
        sell_trader_id=sell.trader_id,
        total=parts.total,
        trader_buy=parts.trader_buy,
        trader_sell=parts.trader_sell,
        house=parts.house,
        user_id=actor.id,
        at=at,
    )


async def of_key(session: AsyncSession, key: str, asked: str, actor: Actor) -> list[Match]:
    """The matches that this click of a person made before; none the first time.

    A second one waits here until the first is done. Raises Invalid for a key that was used to ask something else.
    """
    scope, body = _scope(actor), hashlib.sha256(asked.encode()).hexdigest()
    values = {"scope": scope, "key": key, "body_hash": body, "operation_code": "", "quote": {}}
    made = insert(IdempotencyKey).values(values).on_conflict_do_nothing().returning(IdempotencyKey.key)
    if await session.scalar(made):
        return []
    known = await session.get_one(IdempotencyKey, (scope, key))
    if known.body_hash != body:
        raise Invalid("KEY_REUSED", "Este clic ya se usó para otro calce: vuelve a cargar la página.")
    ids = [int(one) for one in str(known.quote["matches"]).split()]
    return list((await session.scalars(select(Match).where(Match.id.in_(ids)).order_by(Match.id))).all())


async def keep_key(session: AsyncSession, key: str, rows: Sequence[Match], actor: Actor) -> None:
    """What a click made, for whoever repeats it; in the transaction that made it."""
    kept = await session.get_one(IdempotencyKey, (_scope(actor), key))
    kept.quote = {"matches": " ".join(str(row.id) for row in rows)}


def _scope(actor: Actor) -> str:
    return f"{KEY_SCOPE}:{actor.id}"


async def match_by_id(session: AsyncSession, match_id: int) -> Match:
    """A match. Raises Missing."""
    row = await session.get(Match, match_id)
    if row is None:
        raise Missing("MATCH_UNKNOWN", "No existe ese calce.")
    return row


async def annul(session: AsyncSession, match_id: int, *, actor: Actor, at: datetime, reason: str) -> Match:
    """Give back what a match took.

    Raises:
        Missing: there is no such match.
        Conflict: it was annulled before, its lote is closed, or its month is (F227).
    """
    row = await session.get(Match, match_id, with_for_update=True)
    if row is None:
        raise Missing("MATCH_UNKNOWN", "No existe ese calce.")
    if row.annulled_at is not None:
        raise Conflict("MATCH_ANNULLED", "Este calce ya está anulado.")
    if row.batch_id is not None:
        batch = await session.get_one(Batch, row.batch_id, with_for_update=True)
        if batch.state is BatchState.CERRADO:
            raise Conflict("BATCH_CLOSED", f"El lote {batch.code} está cerrado; sus calces no se anulan.")
    await _check_open(session, row.day)
    row.annulled_by, row.annulled_at, row.annulled_reason, row.batch_id = actor.id, at, reason, None
    audit.record(session, actor=actor, action="netting.annul", entity="match", entity_id=row.id, reason=reason)
    return row


async def _check_open(session: AsyncSession, day: date) -> None:
    period = await session.get(LedgerPeriod, (day.year, day.month))
    if period is not None and period.closed:
        raise Conflict("PERIOD_CLOSED", f"El mes {day:%m/%Y} está cerrado.")


async def open_batch(session: AsyncSession, match_ids: Sequence[int], *, actor: Actor, at: datetime) -> Batch:
    """Gather matches that stand and are in no lote. Raises Conflict otherwise."""
    await session.execute(select(func.pg_advisory_xact_lock(BATCH_LOCK)))
    rows = await _free_matches(session, match_ids)
    day = business_day(at)
    number = (await session.scalar(select(func.count()).select_from(Batch)) or 0) + 1
    batch = Batch(
        code=f"LOTE-{number:05}-{day:%Y%m%d}", day=day, state=BatchState.ABIERTO, opened_by=actor.id, opened_at=at
    )
    session.add(batch)
    await session.flush()
    for row in rows:
        row.batch_id = batch.id
    audit.record(session, actor=actor, action="netting.open_batch", entity="batch", entity_id=batch.code)
    return batch


async def _free_matches(session: AsyncSession, match_ids: Sequence[int]) -> Sequence[Match]:
    wanted = select(Match).where(Match.id.in_(match_ids)).order_by(Match.id).with_for_update()
    rows = (await session.scalars(wanted)).all()
    if not rows or len(rows) != len(set(match_ids)):
        raise Missing("MATCH_UNKNOWN", "Elige calces que existan.", field="matches")
    if any(row.annulled_at is not None or row.batch_id is not None for row in rows):
        raise Conflict("MATCH_TAKEN", "Hay calces anulados o que ya están en un lote.")
    return rows


async def close_batch(session: AsyncSession, code: str, *, actor: Actor, at: datetime) -> Batch:
    """Close a lote for good. Raises Missing, or Conflict when it is closed or has no match left."""
    batch = await batch_by_code(session, code, lock=True)
    if batch.state is BatchState.CERRADO:
        raise Conflict("BATCH_CLOSED", f"El lote {code} ya está cerrado.")
    if not await matches(session, batch_id=batch.id, limit=1):
        raise Conflict("BATCH_EMPTY", "Un lote sin calces no se cierra.")
    batch.state, batch.closed_by, batch.closed_at = BatchState.CERRADO, actor.id, at
    change = FieldChange(field="state", before=BatchState.ABIERTO, after=BatchState.CERRADO)
    audit.record(session, actor=actor, action="netting.close_batch", entity="batch", entity_id=code, changes=[change])
    return batch


async def batch_by_code(session: AsyncSession, code: str, *, lock: bool = False) -> Batch:
    """A lote. Raises Missing."""
    wanted = select(Batch).where(Batch.code == code)
    row = await session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None:
        raise Missing("BATCH_UNKNOWN", "No existe ese lote.")
    return row


async def batches(session: AsyncSession, *, before: int | None, limit: int) -> Sequence[Batch]:
    """Lotes newest first; `before` is the id to go on from."""
    wanted = select(Batch).order_by(Batch.id.desc()).limit(limit)
    return (await session.scalars(wanted if before is None else wanted.where(Batch.id < before))).all()


async def matches(
    session: AsyncSession,
    *,
    batch_id: int | None = None,
    since: date | None = None,
    until: date | None = None,
    standing: bool = True,
    loose: bool = False,
    before: int | None = None,
    limit: int = 200,
) -> Sequence[Match]:
    """Matches newest first, those that stand or those that were annulled; `before` is the id to go on from.

    `loose`: only those that no lote has.
    """
    wanted = select(Match).where(Match.annulled_at.is_(None) if standing else Match.annulled_at.is_not(None))
    if loose:
        wanted = wanted.where(Match.batch_id.is_(None))
    if batch_id is not None:
        wanted = wanted.where(Match.batch_id == batch_id)
    if since is not None:
        wanted = wanted.where(Match.day >= since)
    if until is not None:
        wanted = wanted.where(Match.day <= until)
    if before is not None:
        wanted = wanted.where(Match.id < before)
    return (await session.scalars(wanted.order_by(Match.id.desc()).limit(limit))).all()


@dataclass(frozen=True, kw_only=True)
class BatchTotals:
    """What the matches of a lote add up to: matched amounts, not whole operations (the predecessor's inflated)."""

    count: int = 0
    usd: Decimal = ZERO
    total: Decimal = ZERO
    traders: Decimal = ZERO
    house: Decimal = ZERO


async def totals(session: AsyncSession, batch_ids: Collection[int]) -> dict[int, BatchTotals]:
    """What the matches of each lote add up to; one whose matches were all annulled is not there."""
    sums = [func.sum(column) for column in (Match.usd, Match.total, Match.trader_buy + Match.trader_sell, Match.house)]
    wanted = select(Match.batch_id, func.count(), *sums).where(Match.batch_id.in_(batch_ids)).group_by(Match.batch_id)
    rows = (await session.execute(wanted)).all()
    return {
        batch_id: BatchTotals(count=count, usd=usd, total=total, traders=traders, house=house)
        for batch_id, count, usd, total, traders, house in rows
        if batch_id is not None
    }


async def batches_of(session: AsyncSession, batch_ids: Collection[int]) -> dict[int, Batch]:
    """Lotes by id, for a list whose rows only have ids."""
    return {row.id: row for row in await session.scalars(select(Batch).where(Batch.id.in_(batch_ids)))}

"""What the live board reads: the open operations, the last ones finished today, and what the day adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased, load_only

from db.operation_reads import seen_by, within
from db.tables import Client, Note, NoteReading, Proof, User
from db.tables import Operation as OperationRow
from domain.calendar import business_day, day_bounds
from domain.operations import OPEN, Actor, Kind, State

# More cards than this in a lane and nobody reads them; the list has the rest.
LANE = 60
DONE = tuple(state for state in State if state not in OPEN)


@dataclass(frozen=True, kw_only=True)
class Card:
    """One operation of the board."""

    row: OperationRow
    client: Client
    operator_name: str
    trader_name: str
    notes: int
    unread: int
    proofs: int


@dataclass(frozen=True, kw_only=True)
class LaneTotal:
    """How many operations are in a state, and their dollars."""

    count: int = 0
    usd: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class SideTotal:
    """What was completed today on one side: how many, dollars, and the rate weighted by dollars (None without any)."""

    count: int = 0
    usd: Decimal = Decimal(0)
    rate: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Board:
    """Everything that the board shows to one person."""

    pending: Sequence[Card]
    processing: Sequence[Card]
    finished: Sequence[Card]
    totals: dict[State, LaneTotal]
    sides: dict[Kind, SideTotal]

    @property
    def net_usd(self) -> Decimal:
        """Dollars bought less dollars sold today."""
        return self.sides[Kind.COMPRA].usd - self.sides[Kind.VENTA].usd


# What a card tells; an operation and its client have a hundred columns, and a lane has as many cards.
_TOLD = (
    load_only(
        *(getattr(OperationRow, name) for name in ("id", "code", "state", "origin", "kind", "rate", "attention")),
        *(getattr(OperationRow, name) for name in ("amount_usd", "amount_pen", "source_bank", "destination_bank")),
        *(getattr(OperationRow, name) for name in ("created_at", "expires_at", "in_process_since", "finished_at")),
        *(getattr(OperationRow, name) for name in ("assessment", "operator_id")),
    ),
    load_only(Client.id, Client.company_name, Client.given_names, Client.paternal_surname, Client.maternal_surname),
)


async def read_board(session: AsyncSession, reader: Actor, *, now: datetime) -> Board:
    """The board of this moment, within what this person may see. Today is Lima's business day."""
    since, until = day_bounds(business_day(now))
    today: tuple[ColumnElement[bool], ...] = (OperationRow.finished_at >= since, OperationRow.finished_at < until)
    lanes = (
        _lane(reader, State.PENDIENTE).order_by(OperationRow.id).limit(LANE),
        _lane(reader, State.EN_PROCESO).order_by(OperationRow.in_process_since).limit(LANE),
        _wanted(reader).where(*today).order_by(OperationRow.finished_at.desc()).limit(LANE),
    )
    pending, processing, finished = await _cards(session, reader, lanes)
    ended, sides = await _ended(session, reader, today)
    return Board(
        pending=pending,
        processing=processing,
        finished=finished,
        totals={state: LaneTotal() for state in State} | await _open(session, reader) | ended,
        sides=sides,
    )


def _lane(reader: Actor, state: State) -> Select[OperationRow, Client, str, str]:
    return _wanted(reader).where(OperationRow.state == state)


def _wanted(reader: Actor) -> Select[OperationRow, Client, str, str]:
    operator, trader = aliased(User), aliased(User)
    return (
        select(OperationRow, Client, operator.full_name, trader.full_name)
        .join(Client, Client.id == OperationRow.client_id)
        .outerjoin(operator, operator.id == OperationRow.operator_id)
        .outerjoin(trader, trader.id == OperationRow.trader_id)
        .where(within(reader))
    )


async def _cards(
    session: AsyncSession, reader: Actor, lanes: Sequence[Select[OperationRow, Client, str, str]]
) -> Sequence[Sequence[Card]]:
    """The cards of each lane; what is counted of them is counted once for all."""
    found = [(await session.execute(lane.options(*_TOLD))).all() for lane in lanes]
    codes = [row.code for lane in found for row, *_ in lane]
    notes = await _counted(session, Note.operation_code, Note.operation_code.in_(codes))
    unread = await _unread(session, reader, list(notes))
    live = (Proof.operation_code.in_(codes), Proof.removed_at.is_(None))
    proofs = await _counted(session, Proof.operation_code, *live)
    return [
        [
            Card(
                row=row,
                client=client,
                operator_name=operator or "",
                trader_name=trader or "",
                notes=notes.get(row.code, 0),
                unread=unread.get(row.code, 0),
                proofs=proofs.get(row.code, 0),
            )
            for row, client, operator, trader in lane
        ]
        for lane in found
    ]


async def _counted(
    session: AsyncSession, code: InstrumentedAttribute[str], *where: ColumnElement[bool]
) -> dict[str, int]:
    counted = await session.execute(select(code, func.count()).where(*where).group_by(code))
    return dict(counted.all())


async def _unread(session: AsyncSession, reader: Actor, codes: Sequence[str]) -> dict[str, int]:
    """Notes of others that this person has not seen on the operation's page."""
    own = (NoteReading.operation_code == Note.operation_code) & (NoteReading.user_id == reader.id)
    return await _counted(
        session,
        Note.operation_code,
        Note.operation_code.in_(codes),
        Note.user_id.is_distinct_from(reader.id),
        Note.id > func.coalesce(select(NoteReading.last_note_id).where(own).scalar_subquery(), 0),
    )


async def _open(session: AsyncSession, reader: Actor) -> dict[State, LaneTotal]:
    counted = select(OperationRow.state, func.count(), func.sum(OperationRow.amount_usd)).where(
        seen_by(reader), OperationRow.state.in_(OPEN)
    )
    rows = await session.execute(counted.group_by(OperationRow.state))
    return {state: LaneTotal(count=count, usd=usd) for state, count, usd in rows}


async def _ended(
    session: AsyncSession, reader: Actor, today: tuple[ColumnElement[bool], ...]
) -> tuple[dict[State, LaneTotal], dict[Kind, SideTotal]]:
    """What ended today by state, and what was completed by side: the same rows, read once."""
    dollars = func.sum(OperationRow.amount_usd)
    counted = select(
        OperationRow.state,
        OperationRow.kind,
        func.count(),
        dollars,
        func.sum(OperationRow.amount_usd * OperationRow.rate) / dollars,
    ).where(seen_by(reader), *today)
    totals: dict[State, LaneTotal] = {}
    sides = {kind: SideTotal() for kind in Kind}
    for state, kind, count, usd, rate in await session.execute(counted.group_by(OperationRow.state, OperationRow.kind)):
        before = totals.get(state, LaneTotal())
        totals[state] = LaneTotal(count=before.count + count, usd=before.usd + usd)
        if state is State.COMPLETADA:
            sides[kind] = SideTotal(count=count, usd=usd, rate=rate)
    return totals, sides

"""Netting: what is left to match, suggestions, matches and their lotes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Day, Done, Limit, Money, Rate, after, example, page
from api.staff.sheets import FILE, Sheet, download, workbook
from db import netting
from db.netting import Unmatched
from db.tables import Batch, Match
from domain.calendar import business_day
from domain.netting import BatchState, MatchType, Pairing, split
from domain.operations import Kind
from domain.permissions import Permission

router = APIRouter(prefix="/netting", tags=["Neteo"])

Reader = Annotated[SignedUser, requires(Permission.NETTING_READ)]
Manager = Annotated[SignedUser, requires(Permission.NETTING_MANAGE)]
Code = Annotated[str, Field(pattern=r"^EXP-\d{1,12}$")]
BatchCode = Annotated[str, Path(pattern=r"^LOTE-\d{1,9}-\d{8}$")]
MOST_ROWS = 50_000
HEADINGS = ("Fecha", "Lote", "Compra", "Venta", "US$", "T.C. compra", "T.C. venta", "Utilidad", "Traders", "Casa")


class SideView(Answer):
    """A completed operation with dollars still to match. `day` is when it was completed."""

    code: str
    kind: Kind
    client_id: int
    trader_id: int | None
    rate: Rate
    desk_rate: Rate
    amount_usd: Money
    left_usd: Money
    day: date


class Board(Answer):
    """What is left on each side, the 500 oldest first; what earlier days left is there too (F236)."""

    buys: list[SideView]
    sells: list[SideView]
    left_buys: Money
    left_sells: Money


class SuggestionView(Answer):
    """A match that could be made."""

    buy_code: str
    sell_code: str
    usd: Money
    profit: Money


class SuggestionList(Answer):
    """Suggestions, to be made one by one or all together."""

    items: list[SuggestionView]


class MatchBody(Body):
    """The two operations and the dollars to match, all or part of what is left."""

    model_config = example(buy_code="EXP-1001", sell_code="EXP-1002", amount_usd="500.00")
    buy_code: Code
    sell_code: Code
    amount_usd: Money = Field(gt=0, le=99_999_999, decimal_places=2)


class ReasonBody(Body):
    """Why."""

    model_config = example(reason="Se calzó con la operación equivocada")
    reason: str = Field(min_length=3, max_length=300)


class BatchBody(Body):
    """The matches to gather."""

    model_config = example(matches=[1, 2, 3])
    matches: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(min_length=1, max_length=1000)


class MatchView(Answer):
    """A match; its profit in PEN is the traders' parts and the house's."""

    id: int
    buy_code: str
    sell_code: str
    usd: Money
    type: MatchType
    day: date
    buy_rate: Rate
    sell_rate: Rate
    total: Money
    trader_buy: Money
    trader_sell: Money
    house: Money
    batch_id: int | None
    annulled_at: datetime | None
    annulled_reason: str


class MatchList(Answer):
    """A page of matches."""

    items: list[MatchView]
    next_cursor: str | None


class BatchView(Answer):
    """A lote with what its matches add up to: matched dollars, not whole operations."""

    code: str
    day: date
    state: BatchState
    matches: int
    usd: Money
    total: Money
    traders: Money
    house: Money
    opened_at: datetime
    closed_at: datetime | None


class BatchList(Answer):
    """A page of lotes."""

    items: list[BatchView]
    next_cursor: str | None


@router.get("")
async def read_board(_user: Reader, services: ServicesDep) -> Board:
    """What is left to match: the oldest of each side, and how much there is in all."""
    async with services.sessions() as session:
        sides = {kind: await netting.unmatched(session, kind=kind, limit=netting.MOST_SUGGESTED) for kind in Kind}
        left = await netting.left(session, day=business_day(datetime.now(UTC)))
    return Board(
        buys=[_side(one) for one in sides[Kind.COMPRA]],
        sells=[_side(one) for one in sides[Kind.VENTA]],
        left_buys=left[Kind.COMPRA],
        left_sells=left[Kind.VENTA],
    )


@router.get("/suggestions")
async def read_suggestions(_user: Reader, services: ServicesDep, how: Pairing = Pairing.FIFO) -> SuggestionList:
    """Matches to make now: the oldest first, or those that earn the most first."""
    async with services.sessions() as session:
        pairs = await netting.suggestions(session, how)
    items = [
        SuggestionView(
            buy_code=one.buy.code,
            sell_code=one.sell.code,
            usd=one.usd,
            profit=split(one.buy, one.sell, one.usd).total,
        )
        for one in pairs
    ]
    return SuggestionList(items=items)


@router.post("/matches")
async def make_match(body: MatchBody, user: Manager, services: ServicesDep) -> MatchView:
    """Match two operations. Never more than what is left, whoever else is matching."""
    async with services.sessions.begin() as session:
        row = await netting.match(
            session, body.buy_code, body.sell_code, body.amount_usd, actor=user.actor, at=datetime.now(UTC)
        )
        await session.refresh(row)
        return MatchView.model_validate(row)


@router.get("/matches")
async def list_matches(
    *,
    _user: Reader,
    services: ServicesDep,
    since: Day | None = None,
    until: Day | None = None,
    annulled: bool = False,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> MatchList:
    """Matches, newest first; those that stand or those that were annulled."""
    async with services.sessions() as session:
        rows = await netting.matches(
            session, since=since, until=until, standing=not annulled, before=after(cursor), limit=limit + 1
        )
    shown, following = page(rows, limit, lambda row: row.id)
    return MatchList(items=[MatchView.model_validate(row) for row in shown], next_cursor=following)


@router.post("/matches/{match_id}/annul")
async def annul_match(
    match_id: Annotated[int, Path(ge=1, le=MAX_ID)], body: ReasonBody, user: Manager, services: ServicesDep
) -> Done:
    """Give back what a match took, while its lote is open."""
    async with services.sessions.begin() as session:
        await netting.annul(session, match_id, actor=user.actor, at=datetime.now(UTC), reason=body.reason)
    return Done()


@router.get("/batches")
async def list_batches(_user: Reader, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE) -> BatchList:
    """Lotes, newest first."""
    async with services.sessions() as session:
        rows = await netting.batches(session, before=after(cursor), limit=limit + 1)
        shown, following = page(rows, limit, lambda row: row.id)
        items = [_batch(row, await netting.matches(session, batch_id=row.id, limit=MOST_ROWS)) for row in shown]
    return BatchList(items=items, next_cursor=following)


@router.post("/batches")
async def open_batch(body: BatchBody, user: Manager, services: ServicesDep) -> BatchView:
    """Gather matches in a lote."""
    async with services.sessions.begin() as session:
        row = await netting.open_batch(session, body.matches, actor=user.actor, at=datetime.now(UTC))
        return _batch(row, await netting.matches(session, batch_id=row.id, limit=MOST_ROWS))


@router.post("/batches/{code}/close")
async def close_batch(code: BatchCode, user: Manager, services: ServicesDep) -> BatchView:
    """Close a lote for good; its matches are no longer annulled."""
    async with services.sessions.begin() as session:
        row = await netting.close_batch(session, code, actor=user.actor, at=datetime.now(UTC))
        return _batch(row, await netting.matches(session, batch_id=row.id, limit=MOST_ROWS))


@router.get("/batches/{code}/export", response_class=Response, responses=FILE)
async def export_batch(code: BatchCode, _user: Reader, services: ServicesDep) -> Response:
    """The matches of a lote in a sheet, with what they add up to."""
    async with services.sessions() as session:
        batch = await netting.batch_by_code(session, code)
        rows = await netting.matches(session, batch_id=batch.id, limit=MOST_ROWS)
    cells = [
        (
            *(one.day, code, one.buy_code, one.sell_code, one.usd, one.buy_rate, one.sell_rate),
            *(one.total, one.trader_buy + one.trader_sell, one.house),
        )
        for one in reversed(rows)
    ]
    sums = netting.totals(rows)
    total = (None, "Total", None, None, sums.usd, None, None, sums.total, sums.traders, sums.house)
    return download(workbook(Sheet(name="Lote", headings=HEADINGS, rows=[*cells, total])), f"{code}.xlsx")


def _side(one: Unmatched) -> SideView:
    side = one.side
    return SideView(
        code=side.code,
        kind=side.kind,
        client_id=side.client_id,
        trader_id=side.trader_id,
        rate=side.rate,
        desk_rate=side.desk_rate,
        amount_usd=one.usd,
        left_usd=side.left,
        day=one.day,
    )


def _batch(row: Batch, rows: Sequence[Match]) -> BatchView:
    sums = netting.totals(rows)
    return BatchView(
        code=row.code,
        day=row.day,
        state=row.state,
        matches=sums.count,
        usd=sums.usd,
        total=sums.total,
        traders=sums.traders,
        house=sums.house,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )

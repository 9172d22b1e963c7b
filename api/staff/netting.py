"""Netting: what is left to match, suggestions, matches and their lotes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.netting_views import (
    BatchDetail,
    BatchList,
    BatchView,
    Board,
    MatchesMade,
    MatchList,
    MatchView,
    PairView,
    SuggestionList,
    batch_view,
    board_view,
    match_views,
    pair_view,
    suggestion_views,
)
from api.staff.shapes import (
    MAX_ID,
    PAGE,
    Body,
    Cursor,
    Day,
    Done,
    IdempotencyKey,
    Limit,
    Money,
    after,
    example,
    page,
)
from api.staff.sheets import FILE, Cell, Sheet, download, workbook
from db import netting
from db.netting import BatchTotals, Unmatched, Wanted
from db.tables import Batch
from domain import netting as d
from domain.calendar import business_day
from domain.errors import Conflict
from domain.netting import Pairing
from domain.operations import Kind
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/netting", tags=["Neteo"])

Reader = Annotated[SignedUser, requires(Permission.NETTING_READ)]
Manager = Annotated[SignedUser, requires(Permission.NETTING_MANAGE)]
Code = Annotated[str, Field(pattern=r"^EXP-\d{1,12}$")]
Amount = Annotated[Money, Field(gt=0, le=99_999_999, decimal_places=2)]
BatchCode = Annotated[str, Path(pattern=r"^LOTE-\d{1,9}-\d{8}$")]
MatchId = Annotated[int, Path(ge=1, le=MAX_ID)]
# As many as a lote is opened with.
MOST_MATCHES = 1000
HEADINGS = ("Fecha", "Lote", "Compra", "Venta", "US$", "T.C. compra", "T.C. venta", "Utilidad", "Traders", "Casa")


class MatchBody(Body):
    """The two operations and the dollars to match, all or part of what is left."""

    model_config = example(buy_code="EXP-1001", sell_code="EXP-1002", amount_usd="500.00")
    buy_code: Code
    sell_code: Code
    amount_usd: Amount


class ReasonBody(Body):
    """Why."""

    model_config = example(reason="Se calzó con la operación equivocada")
    reason: str = Field(min_length=3, max_length=300)


class BatchBody(Body):
    """The matches to gather."""

    model_config = example(matches=[1, 2, 3])
    matches: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(min_length=1, max_length=MOST_MATCHES)


class SuggestionsBody(Body):
    """The suggestions to make, all of them: how they were paired, and how many and for how much the person saw."""

    model_config = example(how="fifo", matches=3, amount_usd="4800.00")
    how: Pairing
    matches: int = Field(ge=1, le=MOST_MATCHES)
    amount_usd: Money = Field(gt=0, decimal_places=2)


@router.get("")
async def read_board(_user: Reader, services: ServicesDep) -> Board:
    """What is left to match: the oldest of each side, and how much there is in all."""
    async with services.sessions() as session:
        sides = {kind: await netting.unmatched(session, kind=kind, limit=netting.MOST_SUGGESTED) for kind in Kind}
        left = await netting.left(session, day=business_day(datetime.now(UTC)))
        return await board_view(session, sides, left)


@router.get("/pair")
async def read_pair(
    buy_code: Code, sell_code: Code, _user: Reader, services: ServicesDep, amount_usd: Amount | None = None
) -> PairView:
    """What matching two operations would earn and for whom; the whole of the smaller unless an amount is told.

    Nothing is matched. Refused as the match itself would be.
    """
    async with services.sessions() as session:
        found = {one.side.code: one for one in await netting.unmatched(session, codes=[buy_code, sell_code])}
        buy, sell = (_left(found, code) for code in (buy_code, sell_code))
        usd = min(buy.side.left, sell.side.left) if amount_usd is None else amount_usd
        d.check(buy.side, sell.side, usd)
        return await pair_view(session, buy, sell, usd)


def _left(found: dict[str, Unmatched], code: str) -> Unmatched:
    if code not in found:
        raise Conflict("MATCH_TOO_MUCH", f"A {code} no le queda nada por calzar.")
    return found[code]


@router.get("/suggestions")
async def read_suggestions(_user: Reader, services: ServicesDep, how: Pairing = Pairing.FIFO) -> SuggestionList:
    """Matches to make now: the oldest first, or those that earn the most first."""
    async with services.sessions() as session:
        pairs = await netting.suggestions(session, how)
        return SuggestionList(items=await suggestion_views(session, pairs[:MOST_MATCHES]))


@router.post("/suggestions")
async def make_suggestions(
    body: SuggestionsBody, user: Manager, services: ServicesDep, key: IdempotencyKey = None
) -> MatchesMade:
    """Make every match that is suggested now, or none when they are no longer those that the person saw."""
    async with services.sessions.begin() as session:
        if key is not None and (known := await netting.of_key(session, key, str(body), user.actor)):
            return MatchesMade.of(known)
        pairs = (await netting.suggestions(session, body.how))[:MOST_MATCHES]
        wanted = [Wanted(buy_code=one.buy.code, sell_code=one.sell.code, usd=one.usd) for one in pairs]
        if (len(wanted), sum(one.usd for one in wanted)) != (body.matches, body.amount_usd):
            raise Conflict("SUGGESTIONS_MOVED", "Las sugerencias cambiaron mientras las mirabas: revísalas otra vez.")
        rows = await netting.match_all(session, wanted, actor=user.actor, at=datetime.now(UTC))
        if key is not None:
            await netting.keep_key(session, key, rows, user.actor)
        return MatchesMade.of(rows)


@router.post("/matches")
async def make_match(body: MatchBody, user: Manager, services: ServicesDep, key: IdempotencyKey = None) -> MatchView:
    """Match two operations. Never more than what is left, whoever else is matching."""
    wanted = Wanted(buy_code=body.buy_code, sell_code=body.sell_code, usd=body.amount_usd)
    async with services.sessions.begin() as session:
        rows = await netting.of_key(session, key, str(wanted), user.actor) if key is not None else []
        if not rows:
            rows = await netting.match_all(session, [wanted], actor=user.actor, at=datetime.now(UTC))
            if key is not None:
                await netting.keep_key(session, key, rows, user.actor)
        return (await match_views(session, rows))[0]


@router.get("/matches")
async def list_matches(
    *,
    _user: Reader,
    services: ServicesDep,
    since: Day | None = None,
    until: Day | None = None,
    annulled: bool = False,
    loose: bool = False,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> MatchList:
    """Matches, newest first; those that stand or those that were annulled; with `loose`, those that no lote has."""
    async with services.sessions() as session:
        rows = await netting.matches(
            session,
            since=since,
            until=until,
            standing=not annulled,
            loose=loose,
            before=after(cursor),
            limit=limit + 1,
        )
        shown, following = page(rows, limit, lambda row: row.id)
        return MatchList(items=await match_views(session, shown), next_cursor=following)


@router.get("/matches/{match_id}")
async def read_match(match_id: MatchId, _user: Reader, services: ServicesDep) -> MatchView:
    """One match."""
    async with services.sessions() as session:
        row = await netting.match_by_id(session, match_id)
        return (await match_views(session, [row]))[0]


@router.post("/matches/{match_id}/annul")
async def annul_match(match_id: MatchId, body: ReasonBody, user: Manager, services: ServicesDep) -> Done:
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
        sums = await netting.totals(session, [row.id for row in shown])
    items = [batch_view(row, sums.get(row.id, BatchTotals())) for row in shown]
    return BatchList(items=items, next_cursor=following)


@router.post("/batches")
async def open_batch(body: BatchBody, user: Manager, services: ServicesDep) -> BatchView:
    """Gather matches in a lote."""
    async with services.sessions.begin() as session:
        row = await netting.open_batch(session, body.matches, actor=user.actor, at=datetime.now(UTC))
        return await _whole(session, row)


@router.get("/batches/{code}")
async def read_batch(code: BatchCode, _user: Reader, services: ServicesDep) -> BatchDetail:
    """One lote with its matches, the first made first."""
    async with services.sessions() as session:
        batch = await netting.batch_by_code(session, code)
        rows = await netting.matches(session, batch_id=batch.id, limit=MOST_MATCHES)
        return BatchDetail(batch=await _whole(session, batch), items=await match_views(session, rows[::-1]))


@router.post("/batches/{code}/close")
async def close_batch(code: BatchCode, user: Manager, services: ServicesDep) -> BatchView:
    """Close a lote for good; its matches are no longer annulled."""
    async with services.sessions.begin() as session:
        row = await netting.close_batch(session, code, actor=user.actor, at=datetime.now(UTC))
        return await _whole(session, row)


@router.get("/batches/{code}/export", response_class=Response, responses=FILE)
async def export_batch(code: BatchCode, user: Reader, services: ServicesDep) -> Response:
    """The matches of a lote in a sheet, with what they add up to."""
    found = await read_batch(code, user, services)
    cells: list[tuple[Cell, ...]] = [
        (
            *(one.day, code, one.buy_code, one.sell_code, one.usd, one.buy_rate, one.sell_rate),
            *(one.total, one.traders, one.house),
        )
        for one in found.items
    ]
    sums = found.batch
    total: tuple[Cell, ...] = (
        *(None, "Total", None, None, sums.usd, None, None),
        *(sums.total, sums.traders, sums.house),
    )
    return download(workbook(Sheet(name="Lote", headings=HEADINGS, rows=[*cells, total])), f"{code}.xlsx")


async def _whole(session: AsyncSession, row: Batch) -> BatchView:
    return batch_view(row, (await netting.totals(session, [row.id])).get(row.id, BatchTotals()))

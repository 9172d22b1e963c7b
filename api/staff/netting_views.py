"""How netting is answered: the board, a pair, suggestions, matches and lotes, with people and clients by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from api.staff.shapes import Answer, Money, Rate
from db import netting, users
from db.client_reads import names_of
from db.netting import BatchTotals, Unmatched
from db.tables import Batch, Match
from domain.netting import BatchState, MatchType, Pair, Side, Split, match_type, split
from domain.operations import Kind


class SideView(Answer):
    """A completed operation with dollars still to match. `day` is when it was completed."""

    code: str
    kind: Kind
    client_id: int
    client: str
    trader_id: int | None
    trader: str
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


class PartsView(Answer):
    """Whose the profit of a match is, in PEN: the trader of the Compra, that of the Venta, and the house."""

    total: Money
    trader_buy: Money
    trader_sell: Money
    house: Money


class PairView(Answer):
    """Two operations, the dollars to match of them and what that would earn."""

    buy: SideView
    sell: SideView
    usd: Money
    type: MatchType
    parts: PartsView


class SuggestionView(Answer):
    """A match that could be made, and whose its profit would be."""

    buy_code: str
    sell_code: str
    buy_client: str
    sell_client: str
    buy_rate: Rate
    sell_rate: Rate
    usd: Money
    profit: Money
    traders: Money
    house: Money


class SuggestionList(Answer):
    """Suggestions, to be made one by one or all together."""

    items: list[SuggestionView]


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
    buy_trader: str
    sell_trader: str
    batch_id: int | None
    batch_code: str
    batch_closed: bool
    made_by: str
    made_at: datetime
    annulled_at: datetime | None
    annulled_by: str
    annulled_reason: str

    @property
    def traders(self) -> Decimal:
        """Both traders' parts together."""
        return self.trader_buy + self.trader_sell

    @property
    def name(self) -> str:
        """As people tell it from others."""
        return f"{self.buy_code} con {self.sell_code}"


class MatchesMade(Answer):
    """How many matches were made, and what they add up to."""

    matches: int
    usd: Money
    total: Money

    @classmethod
    def of(cls, rows: Sequence[Match]) -> MatchesMade:
        """Those that were made by one click."""
        zero = Decimal("0.00")
        usd, total = sum((row.usd for row in rows), zero), sum((row.total for row in rows), zero)
        return cls(matches=len(rows), usd=usd, total=total)


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


class BatchDetail(Answer):
    """A lote and its matches, the first made first."""

    batch: BatchView
    items: list[MatchView]


class BatchList(Answer):
    """A page of lotes."""

    items: list[BatchView]
    next_cursor: str | None


async def board_view(
    session: AsyncSession, sides: Mapping[Kind, Sequence[Unmatched]], left: Mapping[Kind, Decimal]
) -> Board:
    """Both sides with their names."""
    people = await users.names(session)
    clients = await names_of(session, {one.side.client_id for rows in sides.values() for one in rows})
    return Board(
        buys=[_side(one, clients, people) for one in sides[Kind.COMPRA]],
        sells=[_side(one, clients, people) for one in sides[Kind.VENTA]],
        left_buys=left[Kind.COMPRA],
        left_sells=left[Kind.VENTA],
    )


async def pair_view(session: AsyncSession, buy: Unmatched, sell: Unmatched, usd: Decimal) -> PairView:
    """What a match of both would be."""
    people = await users.names(session)
    clients = await names_of(session, {buy.side.client_id, sell.side.client_id})
    return PairView(
        buy=_side(buy, clients, people),
        sell=_side(sell, clients, people),
        usd=usd,
        type=match_type(buy.side, sell.side),
        parts=_parts(split(buy.side, sell.side, usd)),
    )


async def suggestion_views(session: AsyncSession, pairs: Sequence[Pair]) -> list[SuggestionView]:
    """Suggested matches with their names."""
    sides: list[Side] = [side for one in pairs for side in (one.buy, one.sell)]
    clients = await names_of(session, {side.client_id for side in sides})
    return [_suggestion(one, clients) for one in pairs]


async def match_views(session: AsyncSession, rows: Sequence[Match]) -> list[MatchView]:
    """Matches with their names and the codes of their lotes."""
    people = await users.names(session)
    lotes = await netting.batches_of(session, {row.batch_id for row in rows if row.batch_id is not None})
    return [_match(row, people, lotes.get(row.batch_id or 0)) for row in rows]


def batch_view(row: Batch, sums: BatchTotals) -> BatchView:
    """A lote with what it adds up to."""
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


def _side(one: Unmatched, clients: Mapping[int, str], people: Mapping[int, str]) -> SideView:
    side = one.side
    return SideView(
        code=side.code,
        kind=side.kind,
        client_id=side.client_id,
        client=clients[side.client_id],
        trader_id=side.trader_id,
        trader=people.get(side.trader_id or 0, ""),
        rate=side.rate,
        desk_rate=side.desk_rate,
        amount_usd=one.usd,
        left_usd=side.left,
        day=one.day,
    )


def _suggestion(one: Pair, clients: Mapping[int, str]) -> SuggestionView:
    parts = split(one.buy, one.sell, one.usd)
    return SuggestionView(
        buy_code=one.buy.code,
        sell_code=one.sell.code,
        buy_client=clients[one.buy.client_id],
        sell_client=clients[one.sell.client_id],
        buy_rate=one.buy.rate,
        sell_rate=one.sell.rate,
        usd=one.usd,
        profit=parts.total,
        traders=parts.trader_buy + parts.trader_sell,
        house=parts.house,
    )


def _parts(parts: Split) -> PartsView:
    return PartsView(total=parts.total, trader_buy=parts.trader_buy, trader_sell=parts.trader_sell, house=parts.house)


def _match(row: Match, people: Mapping[int, str], batch: Batch | None) -> MatchView:
    own = {name: getattr(row, name) for name in MatchView.model_fields if hasattr(row, name)}
    return MatchView(
        **own
        | {
            "buy_trader": people.get(row.buy_trader_id or 0, ""),
            "sell_trader": people.get(row.sell_trader_id or 0, ""),
            "batch_code": batch.code if batch else "",
            "batch_closed": batch is not None and batch.state is BatchState.CERRADO,
            "made_by": people.get(row.user_id, ""),
            "made_at": row.at,
            "annulled_by": people.get(row.annulled_by or 0, ""),
        }
    )

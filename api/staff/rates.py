"""The published rates: read by all of the house, set by Master, told to everybody at once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter

from api import rate_alerts
from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import PAGE, Answer, Body, Cursor, Limit, Rate, after, example, page
from db import parameters, treasury
from db.tables import Approval, ExchangeRate
from domain.calendar import business_day
from domain.money import rate
from domain.permissions import Permission
from domain.rates import Quote, published

router = APIRouter(prefix="/api/staff/rates", tags=["Tipo de cambio"])


class RateBody(Body):
    """The pair to publish, in PEN per USD. The house buys at `buy` and sells at `sell`.

    `base_buy` and `base_sell` are the desk's, which margins are counted against; without them, the middle of the pair.
    """

    model_config = example(buy="3.7450", sell="3.7650")
    buy: Rate
    sell: Rate
    base_buy: Rate | None = None
    base_sell: Rate | None = None


class BaseBody(Body):
    """The desk's base, in PEN per USD: the published pair is made from it by the spread of the house."""

    model_config = example(base_buy="3.7500", base_sell="3.7600")
    base_buy: Rate
    base_sell: Rate


class RateView(Answer):
    """A published pair with the desk's base. `approval_id`: it jumps too much and waits for a second person."""

    id: int
    buy: Rate
    sell: Rate
    base_buy: Rate | None = None
    base_sell: Rate | None = None
    at: datetime
    set_by: str = ""
    approval_id: int | None = None


class RatesAnswer(Answer):
    """What is in force and what was."""

    current: RateView | None
    history: list[RateView]
    next_cursor: str | None


@router.get("")
async def list_rates(
    _user: Annotated[SignedUser, requires(Permission.RATES_READ)],
    services: ServicesDep,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> RatesAnswer:
    """The pair in force and the history, newest first. Without a published pair `current` is null."""
    async with services.sessions() as session:
        newest = await treasury.rate_history(session, before=None, limit=1)
        rows = await treasury.rate_history(session, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda item: item[0].id)
    history = [_view(row, name) for row, name in shown]
    return RatesAnswer(current=_view(*newest[0]) if newest else None, history=history, next_cursor=following)


@router.post("")
async def set_rates(
    body: RateBody, user: Annotated[SignedUser, requires(Permission.RATES_SET)], services: ServicesDep
) -> RateView:
    """Publish a pair for every channel, from this moment on. Operations already created keep theirs.

    A pair that jumps more than the house allows waits for a second person (`approval_id`) and changes nothing yet.
    """
    quote = Quote(
        buy=rate(body.buy, field="buy"),
        sell=rate(body.sell, field="sell"),
        base_buy=None if body.base_buy is None else rate(body.base_buy, field="base_buy"),
        base_sell=None if body.base_sell is None else rate(body.base_sell, field="base_sell"),
    )
    return await _publish(services, quote, user)


@router.post("/base")
async def set_base(
    body: BaseBody, user: Annotated[SignedUser, requires(Permission.RATES_SET)], services: ServicesDep
) -> RateView:
    """Publish from the desk's base: the spread of the house goes down on the buy and up on the sell (F050, F051)."""
    base_buy, base_sell = rate(body.base_buy, field="base_buy"), rate(body.base_sell, field="base_sell")
    async with services.sessions() as session:
        spread = await parameters.value(session, "rate_spread_pips", business_day(datetime.now(UTC)))
    buy, sell = published(base_buy, base_sell, int(spread))
    return await _publish(services, Quote(buy=buy, sell=sell, base_buy=base_buy, base_sell=base_sell), user)


async def _publish(services: ServicesDep, quote: Quote, user: SignedUser) -> RateView:
    now = datetime.now(UTC)
    async with services.sessions.begin() as session:
        done = await treasury.publish(session, quote, actor=user.actor, at=now)
    if isinstance(done, Approval):
        return RateView(id=0, **asdict(quote), at=now, set_by=user.full_name, approval_id=done.id)
    await rate_alerts.tell(services, done.id)
    return _view(done, user.full_name)


def _view(row: ExchangeRate, name: str) -> RateView:
    return RateView(
        id=row.id,
        buy=row.buy,
        sell=row.sell,
        base_buy=row.base_buy,
        base_sell=row.base_sell,
        at=row.at,
        set_by=name,
    )

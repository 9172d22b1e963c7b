"""The published rates: read by all of the house, set by Master, told to everybody at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter

from api import rate_alerts
from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import PAGE, Answer, Body, Cursor, Limit, Rate, after, example, page
from db import treasury
from db.tables import ExchangeRate
from domain.errors import Invalid
from domain.money import rate
from domain.permissions import Permission

router = APIRouter(prefix="/rates", tags=["Tipo de cambio"])

# PEN per USD has stayed within these since 1999: anything outside is a slip of the finger.
LOWEST, HIGHEST = Decimal("2.5"), Decimal("5.0")


class RateBody(Body):
    """The pair to publish, in PEN per USD. The house buys at `buy` and sells at `sell`."""

    model_config = example(buy="3.7450", sell="3.7650")
    buy: Rate
    sell: Rate


class RateView(Answer):
    """A published pair."""

    id: int
    buy: Rate
    sell: Rate
    at: datetime
    set_by: str = ""


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
    """Publish a pair for every channel, from this moment on. Operations already created keep theirs."""
    buy, sell = _sane(rate(body.buy, field="buy"), "buy"), _sane(rate(body.sell, field="sell"), "sell")
    if sell < buy:
        raise Invalid("RATE_CROSSED", "La venta no puede ser menor que la compra.", field="sell")
    async with services.sessions.begin() as session:
        row = await treasury.set_rate(session, buy=buy, sell=sell, actor=user.actor)
    await rate_alerts.tell(services, row.id)
    return _view(row, user.full_name)


def _sane(value: Decimal, field: str) -> Decimal:
    if not LOWEST <= value <= HIGHEST:
        raise Invalid("RATE_UNLIKELY", f"El tipo de cambio debe estar entre {LOWEST} y {HIGHEST}.", field=field)
    return value


def _view(row: ExchangeRate, name: str) -> RateView:
    return RateView(id=row.id, buy=row.buy, sell=row.sell, at=row.at, set_by=name)

"""What an exchange would cost now: both amounts from either one, by the rules that creating it applies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from db import referrals
from db.treasury import current_rate
from domain.money import Currency, amount, to_pen, to_usd
from domain.operations import Kind
from domain.referrals import code, improved_rate


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Both sides at `rate`; `base` is the published one, `pips` what the code improves it by."""

    kind: Kind
    usd: Decimal
    pen: Decimal
    rate: Decimal
    base: Decimal
    pips: int
    coupon: str

    @property
    def pays(self) -> Decimal:
        """What the client sends, in `kind.client_pays`."""
        return self.usd if self.kind.client_pays is Currency.USD else self.pen

    @property
    def receives(self) -> Decimal:
        """What the client is paid, in `kind.client_receives`."""
        return self.usd if self.kind.client_receives is Currency.USD else self.pen

    @property
    def saved(self) -> Decimal:
        """PEN that the code is worth."""
        return abs(self.pen - to_pen(self.usd, self.base))


async def quote(
    session: AsyncSession,
    kind: Kind,
    typed: object,
    currency: Currency,
    *,
    coupon: str = "",
    client_id: int | None,
    now: datetime,
) -> Quote:
    """Quote `typed`, in `currency`. Raises Invalid for an amount or a code that won't do, Missing without a rate.

    Soles become the dollars that they buy to the cent, and the soles follow from those: an operation is in dollars.
    """
    given = amount(typed, field="monto")
    published = await current_rate(session)
    base = published.buy if kind is Kind.COMPRA else published.sell
    typed_code = code(coupon, field="cupon") if coupon else ""
    pips = await referrals.benefit(session, typed_code, client_id=client_id, now=now) if typed_code else 0
    return at_rate(kind, given, currency, base=base, pips=pips, coupon=typed_code)


def at_rate(kind: Kind, given: Decimal, currency: Currency, *, base: Decimal, pips: int = 0, coupon: str = "") -> Quote:
    """The other amount of `given`, at a published rate improved by `pips`. Raises Invalid beyond MAX_AMOUNT."""
    rate = improved_rate(kind is Kind.COMPRA, base, pips)
    usd = given if currency is Currency.USD else amount(to_usd(given, rate), field="monto")
    pen = amount(to_pen(usd, rate), field="monto")
    return Quote(kind=kind, usd=usd, pen=pen, rate=rate, base=base, pips=pips, coupon=coupon)

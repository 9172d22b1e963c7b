"""What each event of the house posts, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import ledger
from domain.errors import Conflict, Invalid
from domain.ledger import Entry, Held, Line, Share, Source, Till
from domain.money import Currency, to_pen
from domain.operations import Kind

DAY = date(2026, 11, 25)
USD = Till(currency=Currency.USD, account=ledger.BANK_USD, house_account_id=1)
PEN = Till(currency=Currency.PEN, account=ledger.BANK_PEN, house_account_id=2)
OTHER_PEN = Till(currency=Currency.PEN, account=ledger.BANK_PEN, house_account_id=3)
OTHER_USD = Till(currency=Currency.USD, account=ledger.BANK_USD, house_account_id=4)


def exchange(kind: Kind, usd: str, pen: str, desk: str, *, parts: int = 1) -> Entry:
    amounts = {Currency.USD: Decimal(usd), Currency.PEN: Decimal(pen)}

    def shares(currency: Currency) -> list[Share]:
        till, whole = (USD if currency is Currency.USD else PEN), amounts[currency]
        part = (whole / parts).quantize(Decimal("0.01"))
        return [*[Share(till=till, amount=part)] * (parts - 1), Share(till=till, amount=whole - part * (parts - 1))]

    return ledger.exchange(
        kind,
        code="EXP-1001",
        day=DAY,
        usd=Decimal(usd),
        pen=Decimal(pen),
        desk_rate=Decimal(desk),
        deposits=shares(kind.client_pays),
        payouts=shares(kind.client_receives),
    )


def told(entry: Entry) -> list[tuple[str, str, str]]:
    return [(line.account, f"{line.amount}", f"{line.pen}") for line in entry.lines]


def test_a_compra_debits_the_dollar_bank_and_credits_the_sol_bank():
    """F216"""
    assert told(exchange(Kind.COMPRA, "1000.00", "3700.00", "3.7050")) == [
        (ledger.BANK_USD, "1000.00", "3705.00"),
        (ledger.BANK_PEN, "-3700.00", "-3700.00"),
        (ledger.POSITION_USD, "-1000.00", "-3705.00"),
        (ledger.POSITION_PEN, "3700.00", "3700.00"),
        (ledger.POSITION_MARGIN, "5.00", "5.00"),
        (ledger.MARGIN_GAIN, "-5.00", "-5.00"),
    ]


def test_a_venta_below_the_desk_is_a_loss_by_its_name():
    """F231: a loss is never labelled a gain."""
    assert told(exchange(Kind.VENTA, "1000.00", "3700.00", "3.7050")) == [
        (ledger.BANK_PEN, "3700.00", "3700.00"),
        (ledger.BANK_USD, "-1000.00", "-3705.00"),
        (ledger.POSITION_USD, "1000.00", "3705.00"),
        (ledger.POSITION_PEN, "-3700.00", "-3700.00"),
        (ledger.POSITION_MARGIN, "-5.00", "-5.00"),
        (ledger.MARGIN_LOSS, "5.00", "5.00"),
    ]


def test_without_margin_there_is_no_margin_line():
    assert len(exchange(Kind.COMPRA, "1000.00", "3700.00", "3.7000").lines) == 4


@given(
    kind=st.sampled_from(Kind),
    usd=st.decimals("0.10", "99999.99", places=2),
    rate=st.decimals("2.5000", "5.0000", places=4),
    desk=st.decimals("2.5000", "5.0000", places=4),
    parts=st.integers(1, 4),
)
def test_every_exchange_balances_and_nets_to_nothing_in_the_position(kind, usd, rate, desk, parts):
    """F228. In PEN the three accounts of the position add up to zero; in USD 1038 is the position turned."""
    pen = to_pen(usd, rate)
    entry = exchange(kind, str(usd), str(pen), str(desk), parts=parts)
    position = {ledger.POSITION_MARGIN, ledger.POSITION_USD, ledger.POSITION_PEN}
    assert sum(line.pen for line in entry.lines if line.account in position) == 0
    sign = 1 if kind is Kind.COMPRA else -1
    assert sum(line.amount for line in entry.lines if line.account == ledger.POSITION_USD) == -sign * usd
    earned = -sum(line.pen for line in entry.lines if line.account in {ledger.MARGIN_GAIN, ledger.MARGIN_LOSS})
    assert earned == ledger.margin(kind, usd, pen, desk)


def test_lines_that_do_not_add_up_are_refused():
    """F242"""
    with pytest.raises(Conflict, match="no suman"):
        ledger.exchange(
            Kind.COMPRA,
            code="EXP-1001",
            day=DAY,
            usd=Decimal("1000.00"),
            pen=Decimal("3700.00"),
            desk_rate=Decimal("3.7000"),
            deposits=[Share(till=USD, amount=Decimal("999.99"))],
            payouts=[Share(till=PEN, amount=Decimal("3700.00"))],
        )


def test_an_entry_off_by_a_cent_is_refused():
    """F228"""
    lines = (
        Line(account="1011", currency=Currency.PEN, amount=Decimal("10.00"), pen=Decimal("10.00")),
        Line(account="5011", currency=Currency.PEN, amount=Decimal("-9.99"), pen=Decimal("-9.99")),
    )
    with pytest.raises(Conflict, match="no cuadra"):
        ledger.balanced(Entry(source=Source.AJUSTE, key="k", day=DAY, words="", lines=lines))


def test_a_transfer_carries_its_fee_and_its_itf():
    """F243"""
    entry = ledger.transfer(
        PEN,
        OTHER_PEN,
        key="k",
        day=DAY,
        amount=Decimal("10000.00"),
        fee=Decimal("5.00"),
        itf=(Decimal("0.50"), Decimal("0.50")),
        rate=Decimal("3.7000"),
        words="",
    )
    of = {account: sum(line.amount for line in entry.lines if line.house_account_id == account) for account in (2, 3)}
    assert of == {2: Decimal("-10005.50"), 3: Decimal("9999.50")}


def test_a_transfer_between_currencies_is_no_transfer():
    with pytest.raises(Invalid, match="misma moneda"):
        ledger.transfer(
            PEN,
            USD,
            key="k",
            day=DAY,
            amount=Decimal(1),
            fee=Decimal(0),
            itf=(Decimal(0), Decimal(0)),
            rate=Decimal("3.7"),
            words="",
        )


def test_the_itf_is_cut_down_to_five_cents():
    """Ley 28194: 12,345.67 at 0.005 % is 0.617, so 0.60."""
    percent = Decimal("0.005")
    assert [ledger.itf_of(Decimal(amount), percent) for amount in ("12345.67", "999.99", "10000.00")] == [
        Decimal("0.60"),
        Decimal("0.00"),
        Decimal("0.50"),
    ]


def test_revaluation_gives_each_account_its_own_difference():
    """F234: X 1,000 and Y 3,000 booked at 3.70, closing 3.75."""
    held = [
        Held(till=USD, usd=Decimal("1000.00"), pen=Decimal("3700.00")),
        Held(till=OTHER_USD, usd=Decimal("3000.00"), pen=Decimal("11100.00")),
    ]
    entry = ledger.revaluation(held, key="k", day=DAY, rate=Decimal("3.75"), words="")
    assert entry is not None
    assert [(line.house_account_id, line.pen) for line in entry.lines] == [
        (1, Decimal("50.00")),
        (4, Decimal("150.00")),
        (None, Decimal("-200.00")),
    ]


def test_a_mirror_undoes_every_line():
    entry = exchange(Kind.COMPRA, "1000.00", "3700.00", "3.7050")
    mirror = ledger.mirror(entry, key="m", day=DAY, words="")
    assert [(line.account, -line.amount, -line.pen) for line in mirror.lines] == [
        (line.account, line.amount, line.pen) for line in entry.lines
    ]

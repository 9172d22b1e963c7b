"""The double-entry ledger: which lines each event of the house posts, in its own currency and in PEN.

A line is signed: positive is debe, negative is haber. An entry balances per currency and in PEN value, to the cent, or
it is not posted (F228). Accounts are a subset of the Plan Contable General Empresarial (PCGE, Res. CNC 002-2019-EF/30).

An exchange passes through the position: dollars against 1038, their counter-value in soles against 1039. Dollars are
valued at the desk's rate of the operation; what the client's rate differs from it is the margin, a line of its own
against 1037. In PEN the three accounts of an operation add up to nothing; in USD, 1038 is the open position with its
sign turned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.errors import Conflict, Invalid
from domain.money import CENT, Currency, round_half_up, to_pen
from domain.operations import Kind

ZERO = Decimal("0.00")

BANK_PEN, BANK_USD = "10411", "10412"
UNALLOCATED_PEN, UNALLOCATED_USD = "1031", "1032"
POSITION_MARGIN, POSITION_USD, POSITION_PEN = "1037", "1038", "1039"
REFUNDS_OWED = "4699"
CAPITAL = "5011"
BANK_CHARGES, ITF = "6391", "6412"
SHORTAGE, OVERAGE = "6599", "7599"
MARGIN_LOSS, MARGIN_GAIN = "6761", "7761"
EXCHANGE_LOSS, EXCHANGE_GAIN = "6762", "7762"

CHART: dict[str, str] = {
    UNALLOCATED_PEN: "Efectivo en tránsito por asignar, moneda nacional",
    UNALLOCATED_USD: "Efectivo en tránsito por asignar, moneda extranjera",
    POSITION_MARGIN: "Posición de cambio: margen reconocido",
    POSITION_USD: "Posición de cambio en dólares",
    POSITION_PEN: "Posición de cambio: contravalor en soles",
    BANK_PEN: "Cuentas corrientes operativas, moneda nacional",
    BANK_USD: "Cuentas corrientes operativas, moneda extranjera",
    "4011": "Impuesto general a las ventas",
    "4111": "Sueldos y salarios por pagar",
    "4211": "Facturas por pagar no emitidas",
    REFUNDS_OWED: "Otras cuentas por pagar: devoluciones a clientes",
    "4551": "Préstamos de terceros",
    CAPITAL: "Capital social: acciones",
    "5911": "Utilidades acumuladas",
    "6211": "Sueldos y salarios",
    "6321": "Asesoría y consultoría",
    "6352": "Alquileres: edificaciones",
    "6364": "Teléfono",
    "6365": "Internet",
    "6371": "Publicidad",
    BANK_CHARGES: "Gastos bancarios",
    "6399": "Otros servicios prestados por terceros",
    ITF: "Impuesto a las transacciones financieras",
    SHORTAGE: "Otros gastos de gestión: faltantes de caja y bancos",
    "6711": "Intereses por préstamos",
    MARGIN_LOSS: "Pérdida por margen de intermediación cambiaria",
    EXCHANGE_LOSS: "Pérdida por diferencia de cambio",
    OVERAGE: "Otros ingresos de gestión: sobrantes de caja y bancos",
    MARGIN_GAIN: "Ganancia por margen de intermediación cambiaria",
    EXCHANGE_GAIN: "Ganancia por diferencia de cambio",
}
EXPENSES, INCOME = "6", "7"


class Source(StrEnum):
    """What kind of event an entry tells."""

    OPERACION = "operacion"
    APERTURA = "apertura"
    AJUSTE = "ajuste"
    TRANSFERENCIA = "transferencia"
    GASTO = "gasto"
    DEVOLUCION = "devolucion"
    ASIGNACION = "asignacion"
    REVALUACION = "revaluacion"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line. `amount` in `currency` and `pen`, its value in soles: positive is debe, negative is haber."""

    account: str
    currency: Currency
    amount: Decimal
    pen: Decimal
    house_account_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An event with its lines; `day` is the Lima day on which it counts, `key` makes it happen once."""

    source: Source
    key: str
    day: date
    words: str
    lines: tuple[Line, ...]
    operation_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Till:
    """Where money is: a bank account of the house by its id, with its ledger account; id None is not assigned yet."""

    currency: Currency
    account: str
    house_account_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much of an abono or pago goes through a till; always positive."""

    till: Till
    amount: Decimal


def unallocated(currency: Currency) -> Till:
    """Money whose bank account nobody has named: it is shown in a queue, never guessed nor dropped (F218)."""
    return Till(currency=currency, account=UNALLOCATED_USD if currency is Currency.USD else UNALLOCATED_PEN)


def balanced(entry: Entry) -> Entry:
    """The entry itself. Raises Conflict when it does not balance per currency and in PEN (F228)."""
    by_currency: dict[Currency, Decimal] = defaultdict(lambda: ZERO)
    for line in entry.lines:
        by_currency[line.currency] += line.amount
    pen = sum((line.pen for line in entry.lines), ZERO)
    if pen or any(by_currency.values()) or len(entry.lines) < 2:  # noqa: PLR2004 - double entry
        raise Conflict("ENTRY_UNBALANCED", "El asiento no cuadra: revisa los montos de cada moneda.")
    return entry


def margin(kind: Kind, usd: Decimal, pen: Decimal, desk_rate: Decimal) -> Decimal:
    """What the house earns (PEN) by the client's rate against the desk's: the margin of the operation (F060).

    Compra of US$ 1,000 for S/ 3,700.00 with the desk at 3.7050 earns S/ 5.00. Negative is a loss.
    """
    worth = to_pen(usd, desk_rate)
    return worth - pen if kind is Kind.COMPRA else pen - worth


def exchange(
    kind: Kind,
    *,
    code: str,
    day: date,
    usd: Decimal,
    pen: Decimal,
    desk_rate: Decimal,
    deposits: Sequence[Share],
    payouts: Sequence[Share],
) -> Entry:
    """The entry of a completed operation: two currency legs through the position, and the margin as its own line.

    F216: a Compra debits the dollar bank and credits the sol bank; a Venta the other way round.
    Raises Conflict when abonos or pagos are not what the operation exchanges.
    """
    paid, given = (usd, pen) if kind is Kind.COMPRA else (pen, usd)
    if sum(share.amount for share in deposits) != paid or sum(share.amount for share in payouts) != given:
        raise Conflict("LINES_DO_NOT_ADD_UP", f"Los abonos y pagos de {code} no suman lo que se cambió.")
    worth = to_pen(usd, desk_rate)
    sign = 1 if kind is Kind.COMPRA else -1
    lines = (
        *_shares(deposits, sign=1, worth=worth),
        *_shares(payouts, sign=-1, worth=worth),
        Line(account=POSITION_USD, currency=Currency.USD, amount=-sign * usd, pen=-sign * worth),
        _soles(POSITION_PEN, sign * pen),
        *_margin_lines(margin(kind, usd, pen, desk_rate)),
    )
    words = f"{kind} de dólares {code}"
    return balanced(
        Entry(source=Source.OPERACION, key=f"operacion:{code}", day=day, words=words, lines=lines, operation_code=code)
    )


def transfer(
    origin: Till,
    target: Till,
    *,
    key: str,
    day: date,
    amount: Decimal,
    fee: Decimal,
    itf: tuple[Decimal, Decimal],
    rate: Decimal,
    words: str,
) -> Entry:
    """Money between two accounts of the house in one currency; `fee` and `itf` (origin's, target's) are expenses.

    `rate` values dollars in PEN. Raises Invalid when the currencies differ or both are one account.
    """
    if origin.currency is not target.currency or origin == target:
        raise Invalid("TRANSFER_ACCOUNTS", "Elige dos cuentas distintas de la misma moneda.", field="target_id")
    value = Valued(origin.currency, rate)
    own, theirs = itf
    lines = (
        value.line(target.account, amount, target.house_account_id),
        value.line(origin.account, -amount, origin.house_account_id),
        *value.pair(BANK_CHARGES, origin, fee),
        *value.pair(ITF, origin, own),
        *value.pair(ITF, target, theirs),
    )
    return balanced(Entry(source=Source.TRANSFERENCIA, key=key, day=day, words=words, lines=lines))


def single(
    source: Source, till: Till, *, counterpart: str, key: str, day: date, amount: Decimal, rate: Decimal, words: str
) -> Entry:
    """Money into (positive) or out of (negative) a till, against one account: opening, adjustment, expense, charge."""
    value = Valued(till.currency, rate)
    lines = (value.line(till.account, amount, till.house_account_id), value.line(counterpart, -amount))
    return balanced(Entry(source=source, key=key, day=day, words=words, lines=lines))


def refund(received: Sequence[Share], paid: Till, *, code: str, day: date, rate: Decimal, words: str) -> Entry:
    """The abonos of a cancelled operation came in, were owed, and went back: four movements that the banks also saw."""
    value = Valued(paid.currency, rate)
    total = sum((share.amount for share in received), ZERO)
    owed = value.line(REFUNDS_OWED, total)
    came = _shares(received, sign=1, worth=owed.pen)
    gone = value.line(paid.account, -total, paid.house_account_id)
    lines = (*came, replace(owed, amount=-owed.amount, pen=-owed.pen), owed, gone)
    return balanced(
        Entry(
            source=Source.DEVOLUCION, key=f"devolucion:{code}", day=day, words=words, lines=lines, operation_code=code
        )
    )


def reallocation(line: Line, till: Till, *, key: str, day: date, words: str) -> Entry:
    """What was posted without a bank account goes to the one that a person named (F218)."""
    lines = (
        replace(line, account=till.account, house_account_id=till.house_account_id),
        replace(line, amount=-line.amount, pen=-line.pen),
    )
    return balanced(Entry(source=Source.ASIGNACION, key=key, day=day, words=words, lines=lines))


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the books say of a dollar account: its dollars, and the PEN value that they carry."""

    till: Till
    usd: Decimal
    pen: Decimal


def revaluation(held: Iterable[Held], *, key: str, day: date, rate: Decimal, words: str) -> Entry | None:
    """Dollar accounts at the closing rate, each its own difference (F234); only from posted balances.

    X with US$ 1,000 and Y with US$ 3,000 booked at 3.70, closing 3.75: 50.00 to X and 150.00 to Y. None when nothing
    changes.
    """
    moved = [(one.till, to_pen(one.usd, rate) - one.pen) for one in held]
    lines = [_revalued(till.account, gain, till.house_account_id) for till, gain in moved if gain]
    total = sum((difference for _, difference in moved), ZERO)
    if not lines:
        return None
    if total:
        lines.append(_revalued(EXCHANGE_GAIN if total > 0 else EXCHANGE_LOSS, -total))
    return balanced(Entry(source=Source.REVALUACION, key=key, day=day, words=words, lines=tuple(lines)))


def mirror(entry: Entry, *, key: str, day: date, words: str) -> Entry:
    """The annulment of an entry: the same lines with their signs turned. Nothing is deleted."""
    turned = tuple(replace(line, amount=-line.amount, pen=-line.pen) for line in entry.lines)
    return balanced(replace(entry, key=key, day=day, words=words, lines=turned))


def itf_of(amount: Decimal, percent: Decimal) -> Decimal:
    """Tax on a movement, cut down to a multiple of 0.05 (Ley 28194, article 17): 10,000.00 at 0.005 % is 0.50."""
    return (amount * percent / 100 // Decimal("0.05")) * Decimal("0.05")


@dataclass(frozen=True)
class Valued:
    """Writes lines of one currency; dollars are worth `rate` PEN each."""

    currency: Currency
    rate: Decimal

    def line(self, account: str, amount: Decimal, house_account_id: int | None = None) -> Line:
        """A line with its PEN value."""
        worth = amount if self.currency is Currency.PEN else round_half_up(amount * self.rate, CENT)
        return Line(
            account=account, currency=self.currency, amount=amount, pen=worth, house_account_id=house_account_id
        )

    def pair(self, expense: str, till: Till, amount: Decimal) -> tuple[Line, ...]:
        """An expense paid from a till; nothing for nothing."""
        if not amount:
            return ()
        return self.line(expense, amount), self.line(till.account, -amount, till.house_account_id)


def _soles(account: str, amount: Decimal) -> Line:
    return Line(account=account, currency=Currency.PEN, amount=amount, pen=amount)


def _revalued(account: str, gain: Decimal, house_account_id: int | None = None) -> Line:
    """Only the worth changes, not the dollars: so that each currency still balances."""
    return Line(account=account, currency=Currency.USD, amount=ZERO, pen=gain, house_account_id=house_account_id)


def _margin_lines(earned: Decimal) -> tuple[Line, ...]:
    if not earned:
        return ()
    account = MARGIN_GAIN if earned > 0 else MARGIN_LOSS
    return _soles(POSITION_MARGIN, earned), _soles(account, -earned)


def _shares(shares: Sequence[Share], *, sign: int, worth: Decimal) -> list[Line]:
    """One line a share. Dollars are worth their part of the whole, and the last one takes what rounding leaves."""
    total = sum((share.amount for share in shares), ZERO)
    left, lines = worth, []
    for place, share in enumerate(shares):
        pen = share.amount
        if share.till.currency is Currency.USD:
            last = place == len(shares) - 1
            pen = left if last else round_half_up(worth * share.amount / total, CENT)
            left -= pen
        lines.append(
            Line(
                account=share.till.account,
                currency=share.till.currency,
                amount=sign * share.amount,
                pen=sign * pen,
                house_account_id=share.till.house_account_id,
            )
        )
    return lines

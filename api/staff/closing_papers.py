"""The paper of a daily close: what the books said of each account, what was counted, and who signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from api.staff.papers import Paper, Section
from api.staff.sheets import Cell, Sheet
from db.tables import DailyClosure, DailyClosureLine, HouseAccount
from domain.calendar import format_day, format_moment
from domain.money import Currency, dollars, soles, written

HEADINGS = ("Cuenta", "Moneda", "Apertura", "Entró", "Salió", "Sistema", "Contado", "Diferencia", "Motivo")


def closing_sheet(lines: Sequence[DailyClosureLine], accounts: Mapping[int, HouseAccount]) -> Sheet:
    """The accounts of a close, amounts as numbers."""
    rows: list[Sequence[Cell]] = []
    for line in lines:
        account = accounts[line.house_account_id]
        left = None if line.counted is None else line.counted - line.system
        flow = (line.opening, line.came_in, line.went_out, line.system, line.counted, left)
        rows.append((f"{account.bank} {account.number}", account.currency.value, *flow, line.reason))
    return Sheet(name="Cierre", headings=HEADINGS, rows=rows)


def closing_paper(
    row: DailyClosure,
    lines: Sequence[DailyClosureLine],
    accounts: Mapping[int, HouseAccount],
    *,
    signer: str,
    now: datetime,
) -> Paper:
    """The close of a day, to print and keep."""
    signed = f"{signer}, {format_moment(row.signed_at)}" if row.signed_at else "Sin firmar"
    return Paper(
        title=f"Cierre del {format_day(row.day)}",
        subtitle=f"{row.state} · vuelta {row.round} · impreso el {format_moment(now)}",
        note=f"QoriCash · cierre del {format_day(row.day)}",
        sections=(
            Section(
                heading="Resumen",
                facts=(
                    ("Posición abierta", dollars(row.open_usd)),
                    ("Realizado del día", soles(row.realised_pen)),
                    ("Margen del día", soles(row.margin_pen)),
                    ("Operaciones abiertas", str(row.open_operations)),
                    ("Firmó", signed),
                ),
            ),
            *(_accounts(currency, lines, accounts) for currency in Currency),
        ),
    )


def _accounts(currency: Currency, lines: Sequence[DailyClosureLine], accounts: Mapping[int, HouseAccount]) -> Section:
    own = [line for line in lines if accounts[line.house_account_id].currency is currency]
    total = sum((line.system for line in own), start=own[0].system * 0) if own else None
    return Section(
        heading=f"Cuentas en {currency.words}",
        columns=("Cuenta", "Apertura", "Entró", "Salió", "Sistema", "Contado", "Diferencia", "Motivo"),
        rows=[
            (
                f"{accounts[line.house_account_id].bank} {accounts[line.house_account_id].number}",
                *(f"{figure:,.2f}" for figure in (line.opening, line.came_in, line.went_out, line.system)),
                "" if line.counted is None else f"{line.counted:,.2f}",
                "" if line.counted is None else f"{line.counted - line.system:,.2f}",
                line.reason,
            )
            for line in own
        ],
        text="" if total is None else f"Total según el sistema: {written(total, currency)}.",
    )

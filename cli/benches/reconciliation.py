"""`qoricash bench reconciliation`: two statements against the books that they tell, with what really goes wrong.

Banks cut names and references, pad with zeros, book a day or two later, and charge what nobody registered; people
forget the code or type another one; equal amounts fall on one day. The truth is known by construction, and goes through
the same reading and matching as a person's file. Wrongly matched is worse than left for a person.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import xlsxwriter
from rich.progress import Progress

from cli.benches.figures import Figures, show_figures
from domain.statements import Layout, Line, Movement, StatementRow, match, precision_recall
from integrations.statements import MAPPINGS, read

FIRST_DAY = date(2026, 11, 2)
DAYS = 26
NAMES = ("QUISPE", "FLORES", "MAMANI", "ROJAS", "TORRES", "CASTILLO", "VEGA", "PAREDES", "SALAS", "NUÑEZ", "IBARRA")
GIVEN = ("ROSA", "LUIS", "CARMEN", "JORGE", "ELENA", "PEDRO", "LUCIA", "RAUL", "TERESA", "OSCAR", "NORMA", "HUGO")
# Out of a hundred movements.
WITHOUT_CODE, WRONG_CODE, NOT_IN_THE_BANK = 3, 1, 1
# Out of a hundred lines: charges and ITF that nobody registered, and equal amounts of strangers.
CHARGES, STRANGERS = 2, 1
MEANINGS = {
    "lines": "Líneas de los extractos",
    "matched": "Conciliadas por sí solas",
    "matched_percent": "De las que tienen movimiento, conciliadas (%)",
    "wrong": "Mal conciliadas",
    "precision": "Precisión",
    "recall": "Exhaustividad",
    "suggested": "Sugeridas a una persona",
    "seconds": "Segundos, con la lectura de los archivos",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many lines in each of the two statements."""

    lines: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Case:
    """A statement with the movements of its account; `truth` gives the movement of each line that has one."""

    layout: Layout
    rows: Sequence[StatementRow]
    movements: Sequence[Movement]
    truth: dict[int, int]


def run(plan: Plan, progress: Progress) -> Figures:
    """Make, write, read and match both statements, and compare with the truth."""
    task = progress.add_task("Extractos", total=2)
    luck = random.Random(plan.seed)  # noqa: S311 - a repeatable bench, no secret
    totals = dict.fromkeys(("lines", "with", "matched", "wrong", "suggested"), 0)
    found_right = 0
    started = time.perf_counter()
    for layout in (Layout.BCP, Layout.INTERBANK):
        case = make(layout, plan.lines, luck)
        rows = read(layout, workbook(case))
        lines = [
            Line(id=place, day=row.day, amount=row.amount, reference=row.reference, description=row.description)
            for place, row in enumerate(rows)
        ]
        outcome = match(lines, case.movements)
        found = {one.line_id: one.movement_id for one in outcome.matched}
        precision, _ = precision_recall(found, case.truth)
        right = round(precision * len(found))
        found_right += right
        totals["lines"] += len(lines)
        totals["with"] += len(case.truth)
        totals["matched"] += len(found)
        totals["wrong"] += len(found) - right
        totals["suggested"] += len({one.line_id for one in outcome.suggested})
        progress.advance(task)
    figures: Figures = {
        "lines": totals["lines"],
        "matched": totals["matched"],
        "matched_percent": round(100 * found_right / totals["with"], 2),
        "wrong": totals["wrong"],
        "precision": round(found_right / max(totals["matched"], 1), 5),
        "recall": round(found_right / totals["with"], 5),
        "suggested": totals["suggested"],
        "seconds": round(time.perf_counter() - started, 2),
    }
    show_figures("Conciliación bancaria", figures, MEANINGS)
    return figures


def make(layout: Layout, count: int, luck: random.Random) -> Case:
    """A statement of `count` lines and the movements of its account."""
    told: list[tuple[StatementRow, int | None]] = []
    movements = []
    strange = count * (CHARGES + STRANGERS) // 100
    for number in range(count - strange):
        movement, row = _movement(number, luck)
        movements.append(movement)
        if luck.randrange(100) >= NOT_IN_THE_BANK:
            told.append((row, movement.id))
    told.extend((_stranger(movements, number, luck), None) for number in range(count - len(told)))
    told.sort(key=lambda pair: pair[0].day)
    truth = {place: movement for place, (_, movement) in enumerate(told) if movement is not None}
    return Case(layout=layout, rows=[row for row, _ in told], movements=movements, truth=truth)


def _movement(number: int, luck: random.Random) -> tuple[Movement, StatementRow]:
    day = FIRST_DAY + timedelta(days=luck.randrange(DAYS))
    # Round amounts are what people exchange: many are equal.
    usd = luck.choice((100, 200, 300, 500, 1000, 1500, 2000, 5000)) if luck.random() < 0.5 else luck.randrange(50, 9000)  # noqa: PLR2004 - half of them
    amount = Decimal(usd) * luck.choice((1, 1, -1))
    if luck.random() < 0.6:  # noqa: PLR2004 - soles are seldom round
        amount = (amount * Decimal(luck.randrange(36900, 37900)) / 10000).quantize(Decimal("0.01"))
    name = f"{luck.choice(GIVEN)} {luck.choice(NAMES)} {luck.choice(NAMES)}"
    code, typed = f"{luck.randrange(10**5, 10**7)}", luck.randrange(100)
    codes: tuple[str, ...] = (code,)
    if typed < WITHOUT_CODE:
        codes = ()
    elif typed < WITHOUT_CODE + WRONG_CODE:
        codes = (f"{int(code) + 1}",)
    movement = Movement(
        id=10_000 + number, day=day, amount=amount, operation_code=f"EXP-{1001 + number}", codes=codes, name=name
    )
    booked = day + timedelta(days=luck.choice((0, 0, 0, 0, 1, 1, 2)))
    said = luck.choice((name[:18], name, "TRANSFERENCIA"))
    concept = f"EXP-{1001 + number}" if luck.random() < 0.4 else ""  # noqa: PLR2004 - some clients write it
    words = f"{'TRANSF' if amount > 0 else 'PAGO'} {said} {concept}".strip()
    return movement, StatementRow(day=booked, amount=amount, reference=code.zfill(10), description=words)


def _stranger(movements: Sequence[Movement], number: int, luck: random.Random) -> StatementRow:
    """A charge that nobody registered, or money of a stranger in an amount that the house also moved."""
    day = FIRST_DAY + timedelta(days=luck.randrange(DAYS))
    reference = f"{90_000_000 + number}"
    if luck.randrange(CHARGES + STRANGERS) < CHARGES:
        cents = Decimal(luck.randrange(1, 200) * 5) / 100
        return StatementRow(day=day, amount=-cents, reference=reference, description="ITF Y COMISIONES")
    twin = luck.choice(movements)
    return StatementRow(day=twin.day, amount=twin.amount, reference=reference, description="TRANSFERENCIA INMEDIATA")


def workbook(case: Case) -> bytes:
    """The statement as the bank's sheet, with its heading above the table."""
    mapping, out = MAPPINGS[case.layout], io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Movimientos")
        sheet.write_row(0, 0, ["Cuenta", "193-0000000-0-00"])
        names = [mapping.day, mapping.reference, mapping.description]
        names += [mapping.amount] if mapping.amount else [mapping.charge, mapping.credit]
        sheet.write_row(4, 0, [name[0].capitalize() for name in names])
        for place, row in enumerate(case.rows, start=5):
            sheet.write_row(place, 0, [f"{row.day:%d/%m/%Y}", row.reference, row.description])
            column = 3 if mapping.amount or row.amount < 0 else 4
            sheet.write_string(place, column, f"{row.amount if mapping.amount else abs(row.amount):,.2f}")
    return out.getvalue()

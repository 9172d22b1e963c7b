"""`qoricash bench treasury`: the screens of treasury over years of operations.

Operations with their entries, comprobantes and half of their matches are written straight into the database, with its
triggers asleep: this measures reading, and what writing costs is in `bench operations`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.progress import Progress
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api.staff.sheets import Sheet, workbook
from cli.benches.figures import Figures, percentile, show_figures
from cli.benches.people import move_in
from cli.benches.stack import Stack, database, running_stack
from db import accounting, control, ledger_days, movements, netting, position
from db.accounting import AccountKey, Dimension
from db.session import Sessions
from domain.calendar import business_day
from domain.ledger import BANK_USD
from domain.operations import Kind

MILLISECONDS = 1000
DAYS = 1000
READINGS = 7
MEANINGS = {
    "operations": "Operaciones sembradas",
    "ledger_lines": "Líneas del libro",
    "roll_up_seconds": "Sumar por día lo sembrado (s)",
    "position_p95_ms": "Posición, p95 (ms)",
    "dashboard_p95_ms": "Tablero: posición y saldos, p95 (ms)",
    "control_p95_ms": "Control, p95 (ms)",
    "ledger_p95_ms": "Una página del mayor, a mitad de la historia, p95 (ms)",
    "netting_p95_ms": "Lo que falta calzar, p95 (ms)",
    "month_xlsx_seconds": "Libro diario de un mes en hoja de cálculo (s)",
    "month_rows": "Líneas de esa hoja",
    "nightly_seconds": "Revisión de la noche, de todo (s)",
    "serious": "Cosas que no cuadran",
}

_ASLEEP = "SET LOCAL session_replication_role = replica"
_OPERATIONS = """
INSERT INTO operations (code, version, last_update_id, client_id, kind, origin, state, amount_usd, amount_pen,
                        base_rate, rate, desk_rate, source_account_id, destination_account_id, source_bank,
                        source_account, destination_bank, destination_account, assessment, created_at, finished_at,
                        updated_at)
SELECT 'BEN-' || o.n, 4, 'bench', c.id, o.kind, 'sistema', 'Completada', o.usd, round(o.usd * o.rate, 2), o.rate,
       o.rate, 3.7500, a.id, a.id, 'BCP', '', 'BCP', '', 'conforme', o.at, o.at, o.at
FROM (
    SELECT n, CASE n % 2 WHEN 0 THEN 'Compra' ELSE 'Venta' END AS kind,
           round((100 + 4000 * random() ^ 3)::numeric, 2) AS usd,
           CASE n % 2 WHEN 0 THEN 3.7400 ELSE 3.7600 END AS rate,
           now() - interval '1 hour' - :days * interval '1 day' * (1 - n::float / :operations) AS at
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
) AS o, (SELECT id FROM clients ORDER BY id LIMIT 1) AS c,
  LATERAL (SELECT id FROM client_accounts a WHERE a.client_id = c.id LIMIT 1) AS a
"""
_ENTRIES = """
INSERT INTO ledger_entries (id, year, number, day, source, key, words, operation_code)
OVERRIDING SYSTEM VALUE
SELECT o.id, 2000, o.id, (o.finished_at AT TIME ZONE 'America/Lima')::date, 'operacion', 'operacion:' || o.code,
       o.kind || ' de dólares ' || o.code, o.code
FROM operations o WHERE o.id > :after
"""
_LINES = """
INSERT INTO ledger_lines (entry_id, account, currency, amount, pen, house_account_id)
SELECT o.id, l.account, l.currency, l.amount, l.pen, l.house
FROM (
    SELECT id, amount_usd AS usd, amount_pen AS pen, round(amount_usd * desk_rate, 2) AS worth,
           CASE kind WHEN 'Compra' THEN 1 ELSE -1 END AS sign
    FROM operations WHERE id > :after
) AS o,
LATERAL (VALUES
    ('10412', 'USD', o.sign * o.usd, o.sign * o.worth, CAST(:usd AS bigint)),
    ('10411', 'PEN', -o.sign * o.pen, -o.sign * o.pen, CAST(:pen AS bigint)),
    ('1038', 'USD', -o.sign * o.usd, -o.sign * o.worth, NULL),
    ('1039', 'PEN', o.sign * o.pen, o.sign * o.pen, NULL),
    ('1037', 'PEN', o.sign * (o.worth - o.pen), o.sign * (o.worth - o.pen), NULL),
    ('7761', 'PEN', -o.sign * (o.worth - o.pen), -o.sign * (o.worth - o.pen), NULL)
) AS l (account, currency, amount, pen, house)
WHERE l.amount <> 0
"""
_INVOICES = """
INSERT INTO invoices (operation_code, type, series, number, status, total, issued_on, request)
SELECT o.code, 'boleta', 'B009', o.id, 'Aceptado', o.amount_pen, to_char(o.finished_at, 'YYYY-MM-DD'), '{}'
FROM operations o WHERE o.id > :after
"""
_MATCHES = """
INSERT INTO matches (buy_code, sell_code, usd, type, day, buy_rate, sell_rate, buy_desk, sell_desk, total, trader_buy,
                     trader_sell, house, user_id)
SELECT b.code, s.code, least(b.amount_usd, s.amount_usd), 'cliente con cliente',
       (b.finished_at AT TIME ZONE 'America/Lima')::date, 3.7400, 3.7600, 3.7500, 3.7500, 0, 0, 0, 0, u.id
FROM operations b JOIN operations s ON s.id = b.id - 1, (SELECT min(id) AS id FROM users) AS u
WHERE b.id > :after AND b.kind = 'Compra' AND s.kind = 'Venta'
"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many operations to seed."""

    operations: int


def run(plan: Plan, progress: Progress) -> Figures:
    """Seed, read each screen some times, and print the table."""
    waiting = progress.add_task("Levantando la casa", total=None)
    with running_stack() as stack:
        progress.remove_task(waiting)
        return asyncio.run(_in_database(plan, progress, stack))


async def _in_database(plan: Plan, progress: Progress, stack: Stack) -> Figures:
    async with database(stack) as sessions:
        await move_in(sessions, 1)
        return await measured(plan, progress, sessions)


async def measured(plan: Plan, progress: Progress, sessions: Sessions) -> Figures:
    """The bench on a migrated database with a client, its accounts and the house's."""
    await _seed(plan, progress, sessions)
    now = datetime.now(UTC)
    today = business_day(now)
    rolled = await _timed(lambda: _write(sessions, lambda session: ledger_days.roll_up(session, at=now)))
    waits = {
        "position": await _read(sessions, lambda session: position.standing(session, day=today)),
        "dashboard": await _read(sessions, lambda session: _dashboard(session, today)),
        "control": await _read(sessions, lambda session: control.findings(session, now=now)),
        "ledger": await _read(sessions, lambda session: _ledger_page(session, today)),
        "netting": await _read(sessions, lambda session: _unmatched(session, today)),
    }
    started = time.perf_counter()
    rows = await _month(sessions, today)
    month = time.perf_counter() - started
    started = time.perf_counter()
    checked = await _write(sessions, lambda session: control.check_everything(session, now=now))
    nightly = time.perf_counter() - started
    async with sessions() as session:
        lines = await session.scalar(text("SELECT count(*) FROM ledger_lines"))
    figures: Figures = {
        "operations": plan.operations,
        "ledger_lines": int(lines or 0),
        "roll_up_seconds": round(rolled, 2),
        **{f"{name}_p95_ms": round(percentile(found, 95), 1) for name, found in waits.items()},
        "month_xlsx_seconds": round(month, 2),
        "month_rows": rows,
        "nightly_seconds": round(nightly, 2),
        "serious": len(checked.found),
    }
    show_figures("Tesorería", figures, MEANINGS)
    return figures


async def _dashboard(session: AsyncSession, today: date) -> None:
    await position.standing(session, day=today)
    await movements.balances(session, until=today)


async def _ledger_page(session: AsyncSession, today: date) -> None:
    """The mayor of the dollar bank over all its years: the page that begins halfway."""
    since = today - timedelta(days=DAYS)
    halfway = AccountKey(today - timedelta(days=DAYS // 2), 0)
    await accounting.account_ledger(session, BANK_USD, since=since, until=today, past=halfway, limit=51)


async def _unmatched(session: AsyncSession, today: date) -> None:
    for kind in Kind:
        await netting.unmatched(session, kind=kind, limit=netting.MOST_SUGGESTED)
    await netting.left(session, day=today)


async def _month(sessions: Sessions, today: date) -> int:
    """The daily book and the results of the last 30 days, as a sheet."""
    since = today - timedelta(days=30)
    async with sessions() as session:
        book = await accounting.daily_book(session, since=since, until=today)
        results = await accounting.results(session, Dimension.DAY, since=since, until=today)
    rows = [(row.entry, row.day, row.account, row.words, row.pen) for row in book]
    days = [(row.key, row.operations, row.margin) for row in results]
    diary = Sheet(name="Diario", headings=("Asiento", "Día", "Cuenta", "Detalle", "S/"), rows=rows)
    summary = Sheet(name="Resultados", headings=("Día", "Operaciones", "Margen S/"), rows=days)
    await asyncio.to_thread(workbook, diary, summary)
    return len(rows)


async def _read(sessions: Sessions, screen: Callable[[AsyncSession], Awaitable[Any]]) -> list[float]:
    """Milliseconds of each reading, after one that fills the caches."""
    waits = []
    for _ in range(READINGS + 1):
        async with sessions() as session:
            started = time.perf_counter()
            await screen(session)
            waits.append((time.perf_counter() - started) * MILLISECONDS)
    return waits[1:]


async def _write(sessions: Sessions, doing: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
    async with sessions.begin() as session:
        # What a screen may never take, a night's work may.
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        return await doing(session)


async def _timed(doing: Callable[[], Awaitable[Any]]) -> float:
    started = time.perf_counter()
    await doing()
    return time.perf_counter() - started


async def _seed(plan: Plan, progress: Progress, sessions: Sessions) -> None:
    steps = (_OPERATIONS, _ENTRIES, _LINES, _INVOICES, _MATCHES)
    task = progress.add_task("Sembrando", total=len(steps) + 1)
    async with sessions() as session:
        after = await session.scalar(text("SELECT coalesce(max(id), 0) FROM operations"))
        found = await session.execute(text("SELECT currency, min(id) FROM house_accounts GROUP BY 1"))
        accounts: dict[str, int] = {currency: account for currency, account in found}  # noqa: C416 - rows, not pairs
    figures = {
        "operations": plan.operations,
        "days": DAYS,
        "first": 1,
        "last": plan.operations,
        "after": after,
        "usd": accounts.get("USD"),
        "pen": accounts.get("PEN"),
    }
    for step in steps:
        async with sessions.begin() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            await session.execute(text(_ASLEEP))
            await session.execute(text(step), figures)
        progress.advance(task)
    async with sessions() as session:
        await session.execute(text("ANALYZE"))
    progress.advance(task)

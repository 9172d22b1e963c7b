"""What does not tie, each with what to do about it.

The screen looks at the last week, live. The nightly check looks at everything, and keeps what it finds as incidents.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from db import approvals, closings, incidents, ledger_days, postings
from domain.calendar import business_day, day_bounds, format_day

ZERO = Decimal("0.00")
DAYS_SEEN = 7
MOST_NAMED = 20
# The effects of an operation take seconds; what is missing after this is missing.
GRACE = timedelta(minutes=10)
KIND = "no cuadra"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One kind of thing that does not tie: how many, which ones (some of them), and what to do."""

    key: str
    title: str
    count: int
    which: tuple[str, ...]
    action: str

    @property
    def serious(self) -> bool:
        """Something is wrong, and not only waiting for somebody."""
        return self.key not in _WAITING


_WAITING = frozenset({"por asignar", "devoluciones", "solicitudes", "extractos", "sin calce"})

# What was reversed has nothing to bill or to match any more.
_COMPLETED = """
    SELECT o.code, count(*) OVER () FROM operations o
    WHERE o.state = 'Completada' AND o.finished_at >= :since AND o.finished_at < :until AND {missing}
      AND NOT EXISTS (SELECT 1 FROM reversals r WHERE r.operation_code = o.code AND r.state <> 'Negada')
    ORDER BY o.finished_at LIMIT :most
"""
# OFFSET 0 keeps each look-up by its index: the planner would read a million rows to look for a week's.
_MISSING = {
    "sin asiento": """NOT EXISTS (SELECT 1 FROM ledger_entries e
        WHERE e.operation_code = o.code AND e.source = 'operacion' OFFSET 0)""",
    "sin comprobante": """NOT EXISTS (SELECT 1 FROM invoices i WHERE i.operation_code = o.code
        AND i.type <> 'nota_credito' AND i.superseded_at IS NULL OFFSET 0)""",
    "sin precio base": "o.desk_rate IS NULL",
    "sin calce": """o.amount_usd > (SELECT coalesce(sum(m.usd), 0) FROM matches m WHERE m.annulled_at IS NULL
        AND o.code IN (m.buy_code, m.sell_code))""",
}
_TITLES = {
    "sin asiento": ("Completadas sin asiento ni movimientos", "Reintenta la liquidación de la operación."),
    "sin comprobante": ("Completadas sin comprobante", "Reintenta el comprobante o revisa su rechazo."),
    "sin precio base": ("Completadas sin precio base", "Su margen no se calcula: se contaron a su propio precio."),
    "sin calce": ("Completadas con saldo por calzar", "Cálzalas en el tablero de neteo."),
}

# By day, both sides of the same truth: what operations exchanged, and what the books say of it.
_OPERATIONS = text("""
    SELECT (o.finished_at AT TIME ZONE 'America/Lima')::date AS day,
           sum(CASE o.kind WHEN 'Compra' THEN o.amount_usd ELSE -o.amount_usd END) AS usd,
           sum(CASE o.kind WHEN 'Compra' THEN 1 ELSE -1 END
               * (round(o.amount_usd * coalesce(o.desk_rate, o.rate), 2) - o.amount_pen)) AS margin
    FROM operations o
    WHERE o.state = 'Completada' AND o.finished_at >= :since AND o.finished_at < :until
      AND EXISTS (SELECT 1 FROM ledger_entries e WHERE e.operation_code = o.code AND e.source = 'operacion')
    GROUP BY 1
""")


async def findings(session: AsyncSession, *, now: datetime) -> list[Finding]:
    """What does not tie in the last week, the serious ones first. Nothing that ties is listed."""
    today = business_day(now)
    since = today - timedelta(days=DAYS_SEEN)
    found = [
        *await _operations(session, since=since, now=now),
        *await _books(session, since=since, until=today),
        *await _people(session),
    ]
    return sorted((one for one in found if one.count), key=lambda one: (not one.serious, one.key))


async def _operations(
    session: AsyncSession, *, since: date, now: datetime, keys: Iterable[str] = tuple(_MISSING)
) -> list[Finding]:
    bounds = {"since": day_bounds(since)[0], "until": now - GRACE, "most": MOST_NAMED}
    made = []
    for key in keys:
        rows = (await session.execute(text(_COMPLETED.format(missing=_MISSING[key])), bounds)).all()
        title, action = _TITLES[key]
        count = rows[0][1] if rows else 0
        made.append(Finding(key=key, title=title, count=count, which=tuple(code for code, _ in rows), action=action))
    return made


async def _books(session: AsyncSession, *, since: date, until: date) -> list[Finding]:
    return [
        _finding(
            "posición",
            "Días en que las operaciones y el libro no dicen lo mismo",
            await differing_days(session, since=since, until=until),
            "Revisa los asientos de ese día; un extorno sin su operación revertida también se ve aquí.",
        ),
        _finding("libro", "El libro no cuadra", await untied(session, until=until), "Avisa al contador y a sistemas."),
        _finding(
            "día movido",
            "Días firmados con movimientos posteriores",
            [format_day(row.day) for row, _ in await closings.moved_since(session)],
            "Reabre el día con una segunda persona y fírmalo de nuevo.",
        ),
    ]


async def differing_days(session: AsyncSession, *, since: date, until: date) -> list[str]:
    """Days on which the dollars or the margin of operations are not those of the books (mirrors set apart)."""
    bounds = {"since": day_bounds(since)[0], "until": day_bounds(until)[1]}
    ours = {day: (usd, margin) for day, usd, margin in await session.execute(_OPERATIONS, bounds)}
    posted = await ledger_days.exchanged(session, since=since, until=until, mirrors=False)
    books = {one.sums.day: (one.sums.bought_usd - one.sums.sold_usd, one.margin) for one in posted}
    nothing = (ZERO, ZERO)
    days = sorted(ours.keys() | books.keys())
    return [format_day(day) for day in days if ours.get(day, nothing) != books.get(day, nothing)]


async def untied(session: AsyncSession, *, until: date) -> list[str]:
    """Where the ledger is not the treasury, or does not balance. By construction nothing; it is looked at anyway."""
    sums = await ledger_days.balances(session, until=until)
    banks = set(await session.scalars(text("SELECT DISTINCT ledger_account FROM house_accounts")))
    wrong = []
    if sums.where(lambda _: True).pen:
        wrong.append("El debe y el haber en soles no son iguales")
    for code in sorted(banks):
        loose = sums.where(lambda one, code=code: one.account == code and not one.house_account_id)  # type: ignore[misc]
        if loose.amount or loose.pen:
            wrong.append(f"La cuenta {code} tiene líneas sin cuenta bancaria")
    return wrong


async def _people(session: AsyncSession) -> list[Finding]:
    waiting = await postings.unallocated(session)
    refunds = await postings.refunds(session, owed=True)
    asked = await approvals.listed(session, waiting=True, before=None, limit=200)
    pending = (await session.execute(_STATEMENTS)).all()
    return [
        _finding(
            "por asignar",
            "Abonos o pagos sin cuenta bancaria",
            [entry.operation_code or entry.words for _, entry in waiting],
            "Di por qué cuenta de la casa pasó el dinero.",
        ),
        _finding(
            "devoluciones",
            "Devoluciones por pagar",
            [refund.operation_code for refund, _ in refunds],
            "Paga la devolución y regístrala con su número de operación.",
        ),
        _finding(
            "solicitudes",
            "Solicitudes que esperan a otra persona",
            [one.words for one in asked],
            "Apruébalas o niégalas.",
        ),
        Finding(
            key="extractos",
            title="Líneas de extracto sin conciliar",
            count=sum(count for _, count in pending),
            which=tuple(f"{bank}: {count}" for bank, count in pending),
            action="Concílialas o di por qué no llevan movimiento.",
        ),
    ]


_STATEMENTS = text("""
    SELECT h.bank || ' ' || h.currency, count(*)
    FROM statement_lines s JOIN house_accounts h ON h.id = s.house_account_id
    WHERE s.dismissed_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM statement_matches m WHERE m.statement_line_id = s.id AND m.undone_at IS NULL)
    GROUP BY h.id ORDER BY h.id
""")


def _finding(key: str, title: str, which: Sequence[str], action: str) -> Finding:
    return Finding(key=key, title=title, count=len(which), which=tuple(which[:MOST_NAMED]), action=action)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the nightly check found, by kind."""

    found: tuple[tuple[str, int], ...]


async def check_everything(session: AsyncSession, *, now: datetime) -> Checked:
    """Look at all that there ever was; each kind that does not tie is an incident until it ties again."""
    today = business_day(now)
    first = await session.scalar(text("SELECT min(finished_at) FROM operations WHERE state = 'Completada'"))
    since = business_day(first) if first else today
    serious = [
        *await _operations(session, since=since, now=now, keys=_MISSING.keys() - _WAITING),
        *await _books(session, since=since, until=today),
        _finding("resúmenes", "Saldos por día", await _stale_sums(session), "Recalcula los saldos por día."),
    ]
    for one in serious:
        if one.count:
            detail = f"{one.title}: {one.count}. {', '.join(one.which)}"
            await incidents.open_incident(session, kind=KIND, subject=one.key, detail=detail)
        else:
            await incidents.close_incidents(session, kind=KIND, subject=one.key, at=now)
    return Checked(found=tuple((one.key, one.count) for one in serious if one.count))


async def _stale_sums(session: AsyncSession) -> list[str]:
    """Days whose kept sums are not those of their lines."""
    rows = await session.scalars(_SUMS_DIFFER)
    return [format_day(day) for day in rows]


_SUMS_DIFFER = text("""
    WITH lines AS (
        SELECT e.day, sum(l.amount) AS amount, sum(abs(l.pen)) AS pen, count(*) AS count
        FROM ledger_lines l JOIN ledger_entries e ON e.id = l.entry_id
        WHERE l.id <= (SELECT last_line_id FROM ledger_mark) GROUP BY 1
    ), kept AS (
        SELECT day, sum(debit - credit) AS amount, sum(pen_debit + pen_credit) AS pen, sum(lines) AS count
        FROM ledger_days GROUP BY 1
    )
    SELECT day FROM lines FULL JOIN kept USING (day)
    WHERE (lines.amount, lines.pen, lines.count) IS DISTINCT FROM (kept.amount, kept.pen, kept.count) ORDER BY 1
""")

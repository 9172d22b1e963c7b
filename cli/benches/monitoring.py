"""`qoricash bench monitoring`: every rule that ships, tried on months of operations, and what an assessment costs.

The operations are invented and written straight into the database: this measures the rules and PostgreSQL, not the
house's workflows. A few clients have most of the operations, as in any house, since windows cost most on them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.progress import Progress
from sqlalchemy import text

from cli.benches.figures import Figures, percentile, show, show_figures
from cli.benches.stack import Stack, database, running_stack
from db import monitoring
from db.rules import back_test, in_force
from db.session import Sessions
from domain.calendar import business_day

DAYS = 180
MILLISECONDS = 1000
MEANINGS = {
    "operations": "Operaciones sembradas",
    "clients": "Clientes sembrados",
    "rules": "Reglas probadas",
    "alerts": "Alertas que habrían levantado",
    "slowest_rule_seconds": "La regla más lenta (s)",
    "all_rules_seconds": "Todas, una tras otra (s)",
    "assess_p50_ms": "Evaluar una operación, p50 (ms)",
    "assess_p95_ms": "Evaluar una operación, p95 (ms)",
}

# A client's place in 1..n is n * u ** 3 for u in 0..1: the first tenth of the clients has almost half the operations.
CLIENTS = text("""
INSERT INTO clients (document_type, document_number, given_names, email, phone, address, status, kyc_status,
                     password_hash, referral_code, created_at, has_complete_documents)
SELECT 'DNI', lpad(n::text, 8, '0'), 'Persona ' || n, 'p' || n || '@ejemplo.example',
       '+519' || lpad(greatest(n, 50)::text, 8, '0'),
       'Calle ' || greatest(n, 50), 'Activo', 'aprobado', '!', 'B' || n, now() - interval '1 year', true
FROM generate_series(1, :clients) AS n
""")
ACCOUNTS = text("""
INSERT INTO client_accounts (client_id, position, bank, account_type, currency, number, region, identity)
SELECT c.id, p, 'BCP', 'Ahorro', CASE p WHEN 0 THEN 'USD' ELSE 'PEN' END, c.id || '-' || p, 'Lima',
       greatest(c.id, 20) || '-' || p
FROM clients c, generate_series(0, 1) AS p
""")
OPERATIONS = text("""
INSERT INTO operations (code, version, last_update_id, client_id, kind, origin, state, amount_usd, amount_pen,
                        base_rate, rate, source_account_id, destination_account_id, source_bank, source_account,
                        destination_bank, destination_account, assessment, created_at, finished_at, updated_at)
SELECT 'BEN-' || n, 4, 'bench', o.client_id, o.kind, 'sistema', o.state, o.usd, o.usd * 3.75, 3.75, 3.75, a.id, a.id,
       'BCP', '', 'BCP', '', 'conforme', o.at, o.at + interval '20 minutes', o.at
FROM (
    SELECT n, ids[1 + floor(:clients * random() ^ 3)::int] AS client_id,
           CASE WHEN random() < 0.5 THEN 'Compra' ELSE 'Venta' END AS kind,
           CASE WHEN random() < 0.15 THEN 'Cancelado' ELSE 'Completada' END AS state,
           round((100 + 60000 * random() ^ 4)::numeric, 2) AS usd,
           now() - :days * interval '1 day' * (1 - n::float / :operations) AS at
    FROM generate_series(1, :operations) AS n, (SELECT array_agg(id ORDER BY id) AS ids FROM clients) AS everybody
) AS o
JOIN LATERAL (SELECT id FROM client_accounts a WHERE a.client_id = o.client_id LIMIT 1) AS a ON true
""")


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What one rule would have raised, and how long that took to tell."""

    key: str
    alerts: int
    clients: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much to seed."""

    operations: int
    clients: int
    assessments: int = 300


def run(plan: Plan, progress: Progress) -> Figures:
    """Seed, try every rule, assess some operations; print both tables."""
    with running_stack() as stack:
        return asyncio.run(_in_database(plan, progress, stack))


async def _in_database(plan: Plan, progress: Progress, stack: Stack) -> Figures:
    async with database(stack) as sessions:
        return await measured(plan, progress, sessions)


async def measured(plan: Plan, progress: Progress, sessions: Sessions) -> Figures:
    """The bench on an empty, migrated database."""
    await _seed(plan, sessions)
    trials = await _tried(sessions, progress)
    waits = await _assessed(plan, sessions, progress)
    show(
        "Prueba de cada regla sobre lo sembrado",
        [(one.key, f"{one.alerts:,}", f"{one.clients:,}", f"{one.seconds:.2f}") for one in trials],
        columns=("Regla", "Alertas", "Clientes", "Segundos"),
    )
    figures: Figures = {
        "operations": plan.operations,
        "clients": plan.clients,
        "rules": len(trials),
        "alerts": sum(one.alerts for one in trials),
        "slowest_rule_seconds": round(max(one.seconds for one in trials), 2),
        "all_rules_seconds": round(sum(one.seconds for one in trials), 2),
        "assess_p50_ms": round(percentile(waits, 50), 1),
        "assess_p95_ms": round(percentile(waits, 95), 1),
    }
    show_figures("Monitoreo", figures, MEANINGS)
    return figures


async def _seed(plan: Plan, sessions: Sessions) -> None:
    figures = {"operations": plan.operations, "clients": plan.clients, "days": DAYS}
    async with sessions.begin() as session:
        for statement in (CLIENTS, ACCOUNTS, OPERATIONS):
            await session.execute(statement, figures)
    async with sessions.begin() as session:
        await session.execute(text("ANALYZE"))


async def _tried(sessions: Sessions, progress: Progress) -> Sequence[Tried]:
    """Each rule in force over everything that was seeded."""
    today = business_day(datetime.now(UTC))
    async with sessions.begin() as session:
        rules = (await in_force(session)).rules
    found = []
    task = progress.add_task("Prueba las reglas", total=len(rules))
    for rule in rules:
        started = time.perf_counter()
        async with sessions.begin() as session:
            since = today - timedelta(days=DAYS + 1)
            trial = await back_test(session, rule.key, rule.definition, since=since, until=today)
        seconds = time.perf_counter() - started
        found.append(Tried(key=rule.key, alerts=trial.alerts, clients=len(trial.clients), seconds=seconds))
        progress.advance(task)
    return found


async def _assessed(plan: Plan, sessions: Sessions, progress: Progress) -> Sequence[float]:
    """Milliseconds of each assessment, alerts and cases written, one at a time."""
    async with sessions() as session:
        chosen = text("SELECT code FROM operations ORDER BY random() LIMIT :count")
        codes = (await session.scalars(chosen, {"count": plan.assessments})).all()
    waits, book = [], None
    task = progress.add_task("Evalúa operaciones", total=len(codes))
    for code in codes:
        started = time.perf_counter()
        async with sessions.begin() as session:
            book, _ = await monitoring.assess(session, book, code, occasion="creacion")
        waits.append((time.perf_counter() - started) * MILLISECONDS)
        progress.advance(task)
    return waits

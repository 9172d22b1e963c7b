"""A house after a busy half year, written straight into the database: what every list of the panel has to show.

Everybody and everything is invented. The numbers follow from the operations: a mail, a line of the audit and one on
screen for each, a comprobante for each completed one, and what compliance and referrals have of the rest.
"""

from __future__ import annotations

from sqlalchemy import text

from cli.benches.monitoring import ACCOUNTS, CLIENTS, DAYS, OPERATIONS
from db.session import Sessions

# The last hundred are still open, as on any afternoon; one client in forty is the Trader's.
OPEN = text("""
UPDATE operations SET state = 'En proceso', in_process_since = now(), finished_at = NULL
WHERE id IN (SELECT id FROM operations ORDER BY id DESC LIMIT 100)
""")
PORTFOLIO = text("UPDATE clients SET trader_id = :trader WHERE id % 40 = 0")
MAILS = text("""
INSERT INTO deliveries (subject_key, notice, channel, recipient, message_id, status, attempts, created_at, sent_at)
SELECT code, 'completada', 'correo', 'p' || client_id || '@ejemplo.example', '<' || code || '>',
       CASE WHEN id % 500 = 0 THEN 'rechazado' ELSE 'enviado' END, 1, created_at, created_at FROM operations
""")
ACTS = text("""
INSERT INTO audit_log (actor_kind, actor_id, actor_role, action, entity, entity_id, changes, at)
SELECT 'usuario', 1, 'Master', 'operations.complete', 'operation', code, '[]'::jsonb, created_at FROM operations
""")
TOLD = text("""
INSERT INTO notifications (key, room, event, operation_code, payload, at)
SELECT 'banco:' || code, 'role_Master', 'operacion_completada', code, '{}'::jsonb, created_at FROM operations
""")
SERIES = text("INSERT INTO invoice_series (series, type) VALUES ('B009', 'boleta') ON CONFLICT DO NOTHING")
INVOICES = text("""
INSERT INTO invoices (operation_code, type, series, number, status, total, issued_on, request)
SELECT code, 'boleta', 'B009', row_number() OVER (ORDER BY id), 'Aceptado', amount_pen,
       to_char(created_at, 'YYYY-MM-DD'), '{}'::jsonb
FROM operations WHERE state = 'Completada'
""")
PIPS = text("""
INSERT INTO referral_ledger (client_id, kind, pips, operation_code, at)
SELECT client_id, 'beneficio', 30, code, created_at FROM operations WHERE id % 10 = 0
""")
CASES = text("""
INSERT INTO compliance_cases (kind, client_id, state, severity, summary, opened_at, closed_at)
SELECT 'monitoreo', id, 'Pendiente', 'Media', 'Operaciones seguidas', now(), NULL FROM clients WHERE id % 20 = 0
""")
ALERTS = text("""
INSERT INTO compliance_alerts (case_id, source_key, operation_code, rule_key, severity, summary)
SELECT c.id, 'banco:' || o.code, o.code, 'bajo-el-umbral', 'Media', 'Operaciones seguidas'
FROM compliance_cases c JOIN operations o ON o.client_id = c.client_id
""")
NOTES = text("""
INSERT INTO operation_notes (operation_code, user_id, key, text, at)
SELECT code, NULL, 'banco', 'El cliente llama', created_at FROM operations WHERE id % 4 = 0
""")
STEPS = (OPEN, MAILS, ACTS, TOLD, SERIES, INVOICES, PIPS, CASES, ALERTS, NOTES)


async def fill(sessions: Sessions, *, operations: int, clients: int, trader_id: int | None = None) -> None:
    """Clients with accounts and their operations over six months, with all that follows from them."""
    figures = {"operations": operations, "clients": clients, "days": DAYS}
    async with sessions.begin() as session:
        for statement in (CLIENTS, ACCOUNTS, OPERATIONS):
            await session.execute(statement, figures)
        if trader_id is not None:
            await session.execute(PORTFOLIO, {"trader": trader_id})
        for statement in STEPS:
            await session.execute(statement)
    async with sessions.begin() as session:
        await session.execute(text("ANALYZE"))

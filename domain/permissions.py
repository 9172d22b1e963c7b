"""Who may do what: one table of roles and permissions, and how much of the house each role sees.

Source: the house's organisation (design, sections 4 and 7). That an Operador acts only on what it has assigned, and a
Trader only on its portfolio, is checked where the operation or the client is at hand.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The roles of the staff. The values are what the database and the pages show."""

    MASTER = "Master"
    TRADER = "Trader"
    OPERADOR = "Operador"
    MIDDLE_OFFICE = "Middle Office"


class Permission(StrEnum):
    """One thing that a person of the house may be allowed to do: `<noun>.<verb>`."""

    OPERATIONS_READ = "operations.read"
    OPERATIONS_NOTE = "operations.note"
    OPERATIONS_CREATE = "operations.create"
    OPERATIONS_SUBMIT_PROOF = "operations.submit_proof"
    OPERATIONS_EDIT_PENDING = "operations.edit_pending"
    OPERATIONS_EDIT_DEPOSITS = "operations.edit_deposits"
    OPERATIONS_EDIT_PAYOUTS = "operations.edit_payouts"
    OPERATIONS_START_PROCESSING = "operations.start_processing"
    OPERATIONS_RETURN = "operations.return"
    OPERATIONS_REASSIGN = "operations.reassign"
    OPERATIONS_ATTACH_PROOF = "operations.attach_proof"
    OPERATIONS_COMPLETE = "operations.complete"
    OPERATIONS_CANCEL_PENDING = "operations.cancel_pending"
    OPERATIONS_CANCEL_IN_PROCESS = "operations.cancel_in_process"
    OPERATIONS_EXTEND_DEADLINE = "operations.extend_deadline"
    OPERATIONS_RESOLVE_HOLD = "operations.resolve_hold"
    OPERATIONS_RETRY_EFFECT = "operations.retry_effect"
    OPERATIONS_WAIVE_EFFECT = "operations.waive_effect"
    OPERATIONS_REVERSE = "operations.reverse"
    CLIENTS_READ = "clients.read"
    CLIENTS_CREATE = "clients.create"
    CLIENTS_EDIT = "clients.edit"
    CLIENTS_KYC = "clients.kyc"
    CLIENTS_REASSIGN = "clients.reassign"
    CLIENTS_EXPORT = "clients.export"
    CLIENTS_CLOSE = "clients.close"
    COMPLAINTS_READ = "complaints.read"
    COMPLAINTS_ANSWER = "complaints.answer"
    RATES_READ = "rates.read"
    RATES_SET = "rates.set"
    USERS_MANAGE = "users.manage"
    INVOICES_READ = "invoices.read"
    INVOICES_MANAGE = "invoices.manage"
    REFERRALS_MANAGE = "referrals.manage"
    PARTNERS_MANAGE = "partners.manage"
    PARAMETERS_MANAGE = "parameters.manage"
    COMPLIANCE_READ = "compliance.read"
    COMPLIANCE_RESOLVE = "compliance.resolve"
    TREASURY_READ = "treasury.read"
    TREASURY_MOVE = "treasury.move"
    TREASURY_APPROVE = "treasury.approve"
    TREASURY_ACCOUNTS = "treasury.accounts"
    RECONCILIATION_MANAGE = "reconciliation.manage"
    CLOSINGS_SIGN = "closings.sign"
    NETTING_READ = "netting.read"
    NETTING_MANAGE = "netting.manage"
    GOALS_READ = "goals.read"
    GOALS_MANAGE = "goals.manage"
    ACCOUNTING_READ = "accounting.read"
    ACCOUNTING_MANAGE = "accounting.manage"
    COMPLIANCE_RULES = "compliance.rules"
    COMPLIANCE_REPORT = "compliance.report"
    AUDIT_READ = "audit.read"
    INCIDENTS_MANAGE = "incidents.manage"
    NOTICES_RESEND = "notices.resend"
    # Decoded payloads show any client and any hold, so only roles that may see all of both have it.
    TEMPORAL_DECODE = "temporal.decode"


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.MASTER: frozenset(Permission),
    Role.TRADER: frozenset(
        {
            Permission.OPERATIONS_READ,
            Permission.OPERATIONS_NOTE,
            Permission.OPERATIONS_CREATE,
            Permission.OPERATIONS_SUBMIT_PROOF,
            Permission.OPERATIONS_EDIT_PENDING,
            Permission.OPERATIONS_EDIT_DEPOSITS,
            Permission.OPERATIONS_START_PROCESSING,
            Permission.OPERATIONS_CANCEL_PENDING,
            Permission.OPERATIONS_EXTEND_DEADLINE,
            Permission.CLIENTS_READ,
            Permission.CLIENTS_CREATE,
            Permission.CLIENTS_EDIT,
            Permission.CLIENTS_EXPORT,
            Permission.RATES_READ,
            Permission.INVOICES_READ,
            Permission.GOALS_READ,
            Permission.NOTICES_RESEND,
        }
    ),
    Role.OPERADOR: frozenset(
        {
            Permission.OPERATIONS_READ,
            Permission.OPERATIONS_NOTE,
            Permission.OPERATIONS_EDIT_PAYOUTS,
            Permission.OPERATIONS_RETURN,
            Permission.OPERATIONS_ATTACH_PROOF,
            Permission.OPERATIONS_COMPLETE,
            Permission.CLIENTS_READ,
            Permission.RATES_READ,
            Permission.INVOICES_READ,
            Permission.TREASURY_READ,
            Permission.TREASURY_MOVE,
            Permission.RECONCILIATION_MANAGE,
            Permission.CLOSINGS_SIGN,
            Permission.NETTING_READ,
            Permission.NOTICES_RESEND,
        }
    ),
    Role.MIDDLE_OFFICE: frozenset(
        {
            Permission.OPERATIONS_READ,
            Permission.OPERATIONS_NOTE,
            Permission.OPERATIONS_RESOLVE_HOLD,
            Permission.CLIENTS_READ,
            Permission.CLIENTS_KYC,
            Permission.CLIENTS_EXPORT,
            Permission.COMPLAINTS_READ,
            Permission.COMPLAINTS_ANSWER,
            Permission.RATES_READ,
            Permission.COMPLIANCE_READ,
            Permission.COMPLIANCE_RESOLVE,
            Permission.COMPLIANCE_RULES,
            Permission.COMPLIANCE_REPORT,
            Permission.TEMPORAL_DECODE,
        }
    ),
}


def allows(role: Role, permission: Permission) -> bool:
    """Whether the role has the permission."""
    return permission in GRANTS[role]


class Scope(StrEnum):
    """How much of a noun a role sees: everything, or only what belongs to its portfolio."""

    ALL = "all"
    PORTFOLIO = "portfolio"


# Published to everybody; every other noun belongs to a client, and with it to a portfolio.
_SHARED_NOUNS = frozenset({"rates"})


def scope(role: Role, noun: str) -> Scope:
    """What `role` sees of `noun` ("operations", "clients", "invoices", ...), in lists, search, exports and sockets.

    A Trader's portfolio: clients it owns, and operations that it created or that are of those clients (F165).
    """
    if role is Role.TRADER and noun not in _SHARED_NOUNS:
        return Scope.PORTFOLIO
    return Scope.ALL

"""The sections of the panel, and which of them each role has in its rail."""

from __future__ import annotations

from dataclasses import dataclass

from api.auth import SignedUser
from domain.permissions import Permission


@dataclass(frozen=True)
class Section:
    """A place of the panel; `letter` follows G on the keyboard."""

    icon: str
    name: str
    path: str
    letter: str
    permission: Permission


SECTIONS = (
    Section("layout-dashboard", "Hoy", "/panel/hoy", "d", Permission.OPERATIONS_READ),
    Section("columns-3", "Tablero", "/panel/tablero", "t", Permission.OPERATIONS_READ),
    Section("list", "Operaciones", "/panel/operaciones", "o", Permission.OPERATIONS_READ),
    Section("users", "Clientes", "/panel/clientes", "c", Permission.CLIENTS_READ),
    Section("user-round-check", "KYC", "/panel/kyc", "k", Permission.CLIENTS_KYC),
    Section("folder-search", "Casos", "/panel/casos", "s", Permission.COMPLIANCE_READ),
    Section("list-checks", "Reglas", "/panel/reglas", "r", Permission.COMPLIANCE_READ),
    Section("shield-alert", "Listas", "/panel/listas", "l", Permission.COMPLIANCE_READ),
    Section("file-text", "Reportes", "/panel/reportes", "e", Permission.COMPLIANCE_REPORT),
    Section("book-open-check", "Reclamos", "/panel/reclamos", "q", Permission.COMPLAINTS_READ),
    Section("siren", "Incidentes", "/panel/incidentes", "i", Permission.INCIDENTS_MANAGE),
    Section("arrow-left-right", "Calce", "/panel/calce", "n", Permission.NETTING_READ),
    Section("library", "Libros", "/panel/libros", "y", Permission.ACCOUNTING_READ),
    Section("target", "Metas", "/panel/metas", "m", Permission.GOALS_READ),
    Section("chart-line", "Tasas", "/panel/tasas", "a", Permission.RATES_READ),
    Section("receipt", "Facturas", "/panel/comprobantes", "b", Permission.INVOICES_READ),
    Section("gift", "Referidos", "/panel/referidos", "f", Permission.REFERRALS_MANAGE),
    Section("mail", "Avisos", "/panel/avisos", "v", Permission.OPERATIONS_READ),
    Section("user-round-cog", "Usuarios", "/panel/usuarios", "u", Permission.USERS_MANAGE),
    Section("sliders-horizontal", "Parámetros", "/panel/parametros", "p", Permission.PARAMETERS_MANAGE),
    Section("history", "Auditoría", "/panel/auditoria", "h", Permission.AUDIT_READ),
)


def rail(user: SignedUser) -> tuple[Section, ...]:
    """What this person may open."""
    return tuple(section for section in SECTIONS if user.may(section.permission))

"""The sections of the panel, in the groups in which people look for them, and which of them each role has."""

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


@dataclass(frozen=True)
class Group:
    """Sections that belong together: one place of the rail, and tabs under the header once inside."""

    icon: str
    name: str
    sections: tuple[Section, ...]

    @property
    def path(self) -> str:
        """Where it leads: its first section."""
        return self.sections[0].path

    def holds(self, name: str) -> bool:
        """Whether the section of this name is one of its own."""
        return any(section.name == name for section in self.sections)


# A rail of more places than these is cut on a laptop's screen (900 px): a role with more sections sees groups.
MOST_FLAT = 12

GROUPS = (
    Group(
        "layout-dashboard",
        "Hoy",
        (Section("layout-dashboard", "Hoy", "/panel/hoy", "d", Permission.OPERATIONS_READ),),
    ),
    Group(
        "columns-3",
        "Tablero",
        (Section("columns-3", "Tablero", "/panel/tablero", "t", Permission.OPERATIONS_READ),),
    ),
    Group(
        "list",
        "Operaciones",
        (
            Section("list", "Operaciones", "/panel/operaciones", "o", Permission.OPERATIONS_READ),
            Section("receipt", "Facturas", "/panel/comprobantes", "b", Permission.INVOICES_READ),
            Section("mail", "Avisos", "/panel/avisos", "v", Permission.OPERATIONS_READ),
            Section("siren", "Incidentes", "/panel/incidentes", "i", Permission.INCIDENTS_MANAGE),
        ),
    ),
    Group(
        "users",
        "Clientes",
        (
            Section("users", "Clientes", "/panel/clientes", "c", Permission.CLIENTS_READ),
            Section("gift", "Referidos", "/panel/referidos", "f", Permission.REFERRALS_MANAGE),
            Section("handshake", "Aliados", "/panel/aliados", "w", Permission.PARTNERS_MANAGE),
            Section("book-open-check", "Reclamos", "/panel/reclamos", "q", Permission.COMPLAINTS_READ),
        ),
    ),
    Group(
        "shield-alert",
        "Cumplimiento",
        (
            Section("user-round-check", "KYC", "/panel/kyc", "k", Permission.CLIENTS_KYC),
            Section("folder-search", "Casos", "/panel/casos", "s", Permission.COMPLIANCE_READ),
            Section("list-checks", "Reglas", "/panel/reglas", "r", Permission.COMPLIANCE_READ),
            Section("shield-alert", "Listas", "/panel/listas", "l", Permission.COMPLIANCE_READ),
            Section("file-text", "Reportes", "/panel/reportes", "e", Permission.COMPLIANCE_REPORT),
        ),
    ),
    Group(
        "chart-line",
        "Tesorería",
        (
            Section("chart-line", "Tasas", "/panel/tasas", "a", Permission.RATES_READ),
            Section("landmark", "Cuentas", "/panel/cuentas", "n", Permission.TREASURY_READ),
            Section("scale", "Posición", "/panel/posicion", "x", Permission.TREASURY_READ),
            Section("arrow-left-right", "Calce", "/panel/calce", "g", Permission.NETTING_READ),
            Section("calendar-check", "Cierre", "/panel/cierre", "y", Permission.TREASURY_READ),
            Section("list-todo", "Conciliación", "/panel/conciliacion", "m", Permission.RECONCILIATION_MANAGE),
            Section("badge-check", "Control", "/panel/control", "z", Permission.TREASURY_READ),
            Section("users-round", "Aprobaciones", "/panel/aprobaciones", "j", Permission.TREASURY_READ),
        ),
    ),
    Group(
        "library",
        "Contabilidad",
        (
            Section("library", "Libros", "/panel/libros", "1", Permission.ACCOUNTING_READ),
            Section("target", "Metas", "/panel/metas", "2", Permission.GOALS_READ),
        ),
    ),
    Group(
        "sliders-horizontal",
        "Casa",
        (
            Section("user-round-cog", "Usuarios", "/panel/usuarios", "u", Permission.USERS_MANAGE),
            Section("sliders-horizontal", "Parámetros", "/panel/parametros", "p", Permission.PARAMETERS_MANAGE),
            Section("history", "Auditoría", "/panel/auditoria", "h", Permission.AUDIT_READ),
        ),
    ),
)
SECTIONS = tuple(section for group in GROUPS for section in group.sections)


def sections(user: SignedUser) -> tuple[Section, ...]:
    """What this person may open."""
    return tuple(section for section in SECTIONS if user.may(section.permission))


def rail(user: SignedUser) -> tuple[Group, ...]:
    """The places of this person's rail: each section by itself while they are few, groups when they are many."""
    opened = sections(user)
    if len(opened) <= MOST_FLAT:
        return tuple(Group(one.icon, one.name, (one,)) for one in opened)
    kept = ((group, tuple(one for one in group.sections if one in opened)) for group in GROUPS)
    return tuple(_place(group, own) for group, own in kept if own)


def _place(group: Group, own: tuple[Section, ...]) -> Group:
    """A group of which the person has one section is that section."""
    return Group(own[0].icon, own[0].name, own) if len(own) == 1 else Group(group.icon, group.name, own)

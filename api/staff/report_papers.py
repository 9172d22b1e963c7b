"""What each paper of compliance says, section by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from api.staff.papers import Paper, Section
from db.client_reads import display_name
from db.reports import ClientReport, Figure, RosReport, Statistics
from db.tables import CaseAlert, Client, ClientRiskProfile, Operation, RegisterEntry
from domain.calendar import format_day, format_moment
from domain.cases import ros_deadline
from domain.money import dollars, soles
from domain.register import PartyRole

CONFIDENTIAL = "Confidencial. Deber de reserva: no se muestra al cliente ni a terceros."
MONTHS = ("Ene", "Feb", "Mar", "Abr", "May", "Jun", "Jul", "Ago", "Set", "Oct", "Nov", "Dic")
OPERATION = ("Código", "Fecha", "Tipo", "Estado", "Monto US$", "Monto S/", "Tipo de cambio", "Origen", "Destino")
ALERT = ("Fecha", "Operación", "Severidad", "Qué se encontró")
PARTY = ("person_type", "document_type", "document_number", "name", "address", "phone", "pep")
_PARTY_WORDS = ("tipo de persona", "tipo de documento", "documento", "nombre", "dirección", "teléfono", "PEP")
# What the officer writes of a ROS, in the order in which it is read.
ROS_TEXTS = {
    "facts": "Descripción de los hechos",
    "analysis": "Análisis y por qué es sospechosa",
    "actions": "Acciones tomadas",
}


def client_paper(told: ClientReport, *, now: datetime) -> Paper:
    """A client's whole file."""
    client = told.client
    return Paper(
        title=f"Expediente del cliente {client.id}",
        subtitle=f"{display_name(client)} · al {format_moment(now)}",
        note=CONFIDENTIAL,
        sections=(
            _identity(client),
            _risk(told.profile),
            Section(
                heading="Cálculos de riesgo",
                columns=("Fecha", "Motivo", "Puntaje", "Nivel", "Factores"),
                rows=[
                    (format_moment(one.at), one.occasion, str(one.score), one.level, _factors(one.factors))
                    for one in told.scores
                ],
            ),
            Section(
                heading="Cuentas bancarias",
                columns=("Banco", "Moneda", "Número", "Registrada", "Retirada"),
                rows=[
                    (one.bank, one.currency, one.number, format_moment(one.created_at), _moment(one.removed_at))
                    for one in told.accounts
                ],
            ),
            Section(
                heading="Documentos",
                columns=("Documento", "Estado", "Recibido", "Revisado", "Observación"),
                rows=[
                    (one.kind, one.status, format_moment(one.created_at), _moment(one.reviewed_at), one.reason)
                    for one in told.documents
                ],
            ),
            Section(
                heading="Correcciones de identidad",
                columns=("Fecha", "Dato", "Antes", "Después", "Motivo"),
                rows=[
                    (format_moment(one.at), one.field, one.before, one.after, one.reason)
                    for one in told.identity_changes
                ],
            ),
            _operations(told.operations),
            *_compliance(told),
        ),
    )


def _compliance(told: ClientReport) -> tuple[Section, ...]:
    return (
        Section(
            heading="Casos",
            columns=("Caso", "Tipo", "Estado", "Severidad", "Abierto", "Cerrado", "Resolución"),
            rows=[
                (
                    str(one.id),
                    one.kind,
                    one.state,
                    one.severity,
                    format_moment(one.opened_at),
                    _moment(one.closed_at),
                    one.resolution,
                )
                for one in told.cases
            ],
        ),
        _alerts(told.alerts),
        Section(
            heading="Registro de Operaciones",
            columns=("Operación", "Día", "Modalidad", "Monto US$", "Origen de fondos"),
            rows=[
                (one.operation_code, format_day(one.day), one.modality, _plain(one.amount_usd), one.funds_origin)
                for one in told.register
            ],
        ),
    )


def ros_paper(told: RosReport, *, now: datetime) -> Paper:
    """The draft of a ROS. It names nobody of the house: the officer's identity does not go in it."""
    case = told.case
    assert case.suspicious_at is not None  # the route asks for it
    return Paper(
        title=f"Borrador de ROS · caso {case.id}",
        subtitle=f"Versión {told.version} · al {format_moment(now)}",
        note=f"{CONFIDENTIAL} Se envía por el portal de la UIF-Perú.",
        sections=(
            Section(
                heading="Operación inusual",
                facts=(
                    ("Señal", case.summary),
                    ("Calificada como sospechosa", format_moment(case.suspicious_at)),
                    ("Enviar hasta", format_moment(ros_deadline(case.suspicious_at))),
                    ("Monto involucrado", dollars(sum((one.amount_usd for one in told.operations), Decimal("0.00")))),
                ),
            ),
            _identity(told.client),
            _risk(told.profile),
            _alerts(told.alerts),
            _operations(told.operations),
            *[
                Section(heading=heading, text=told.content.get(name, "") or "Por escribir.")
                for name, heading in ROS_TEXTS.items()
            ],
        ),
    )


def statistics_paper(told: Statistics, *, now: datetime) -> Paper:
    """The year's figures."""
    return Paper(
        title=f"Estadísticas de cumplimiento {told.year}",
        subtitle=f"Al {format_moment(now)}",
        note=CONFIDENTIAL,
        sections=(
            Section(
                heading="Por mes",
                columns=("Concepto", *MONTHS, "Total"),
                rows=[
                    (name, *(_short(one) for one in line), _short(sum(line, start=0)))
                    for name, line in told.lines.items()
                ],
            ),
            Section(
                heading="Alertas por regla",
                columns=("Regla", "Alertas"),
                rows=[(name, str(count)) for name, count in told.rules.items()],
            ),
            Section(
                heading="Clientes hoy",
                columns=("Grupo", "Clientes"),
                rows=[(name, str(count)) for name, count in told.clients.items()],
            ),
        ),
    )


def register_paper(rows: Sequence[RegisterEntry], *, month: str) -> Paper:
    """The month's register, a row an operation, the three roles side by side."""
    roles = [f"{role}: {word}" for role in PartyRole for word in _PARTY_WORDS]
    columns = (
        *("Fila", "Operación", "Fila corregida", "Fecha y hora", "Modalidad", "Tipo", "Monto US$", "Monto S/"),
        *("Tipo de cambio", "Forma de pago", "Banco de origen", "Cuenta de origen", "Banco de destino"),
        *("Cuenta de destino", *roles, "Origen de fondos", "Observaciones", "Motivo de la corrección"),
    )
    lines = [_register_row(place, row) for place, row in enumerate(rows, start=1)]
    section = Section(heading=f"Registro {month}", columns=columns, rows=lines)
    title, subtitle = f"Registro de Operaciones {month}", f"{len(lines)} operaciones"
    return Paper(title=title, subtitle=subtitle, note=CONFIDENTIAL, sections=(section,))


def _register_row(place: int, row: RegisterEntry) -> tuple[str, ...]:
    parties = [str(row.people[role].get(name, "")) for role in PartyRole for name in PARTY]
    return (
        str(place),
        row.operation_code,
        str(row.entry - 1) if row.entry > 1 else "",
        format_moment(row.occurred_at),
        row.modality,
        row.kind,
        _plain(row.amount_usd),
        _plain(row.amount_pen),
        f"{row.rate:.4f}",
        "Transferencia",
        row.source_bank,
        row.source_account,
        row.destination_bank,
        row.destination_account,
        *parties,
        row.funds_origin,
        row.observations,
        row.reason,
    )


def _identity(client: Client) -> Section:
    place = ", ".join(part for part in (client.address, client.district, client.province, client.department) if part)
    return Section(
        heading="Identidad",
        facts=(
            ("Nombre", display_name(client)),
            ("Documento", f"{client.document_type} {client.document_number}"),
            ("Representante", client.contact_person or "—"),
            ("Correo", client.email or "—"),
            ("Teléfono", client.phone or "—"),
            ("Dirección", place or "—"),
            ("Estado", f"{client.status} · revisión {client.kyc_status}"),
            ("Registrado", format_moment(client.created_at)),
        ),
    )


def _risk(profile: ClientRiskProfile) -> Section:
    pep = f"{profile.pep_kind}: {profile.pep_position}, {profile.pep_entity}" if profile.pep_kind else "No"
    return Section(
        heading="Riesgo",
        facts=(
            ("Puntaje", f"{profile.score} de 100"),
            ("Nivel", profile.level),
            ("Debida diligencia", profile.regime),
            ("PEP", pep),
            ("Listas", profile.list_status),
            ("Procesos legales", "Sí" if profile.legal_issues else "No"),
        ),
    )


def _operations(rows: Sequence[Operation]) -> Section:
    return Section(
        heading="Operaciones",
        columns=OPERATION,
        rows=[
            (
                one.code,
                format_moment(one.created_at),
                one.kind,
                one.state,
                _plain(one.amount_usd),
                _plain(one.amount_pen),
                f"{one.rate:.4f}",
                f"{one.source_bank} {one.source_account}",
                f"{one.destination_bank} {one.destination_account}",
            )
            for one in reversed(rows)
        ],
        text=f"En total: {dollars(_total(rows, 'amount_usd'))} y {soles(_total(rows, 'amount_pen'))}." if rows else "",
    )


def _alerts(rows: Sequence[CaseAlert]) -> Section:
    return Section(
        heading="Señales de alerta",
        columns=ALERT,
        rows=[(format_moment(one.at), one.operation_code or "—", one.severity, one.summary) for one in rows],
    )


def _total(rows: Sequence[Operation], column: str) -> Decimal:
    return sum((getattr(one, column) for one in rows), Decimal("0.00"))


def _factors(factors: Sequence[Mapping[str, object]]) -> str:
    return ", ".join(f"{one['name']} {one['points']}" for one in factors if one["points"])


def _moment(instant: datetime | None) -> str:
    return format_moment(instant) if instant else ""


def _plain(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _short(figure: Figure) -> str:
    return f"{figure:,.0f}"

"""The receipt of an exchange, as a paper of the house. It is no comprobante: that one is SUNAT's."""

from __future__ import annotations

from api.pages.words import bank, grouped, rate, with_symbol
from api.staff.papers import Paper, Section
from db.client_operations import ClientOperation
from db.client_reads import display_name
from db.tables import Client
from domain.calendar import format_moment
from domain.clients import masked
from domain.money import Currency

NOTE = "QoriCash · Constancia de la operación. No reemplaza a la boleta o factura electrónica."


def receipt(operation: ClientOperation, client: Client) -> Paper:
    """Who exchanged what, at which rate, from and to which accounts, and when. Instants on Lima's clock."""
    row = operation.row
    pays, receives = row.kind.client_pays, row.kind.client_receives
    amounts = {Currency.USD: row.amount_usd, Currency.PEN: row.amount_pen}
    exchange = (
        ("Enviaste", with_symbol(amounts[pays], pays)),
        ("Recibiste", with_symbol(amounts[receives], receives)),
        ("Tipo de cambio", rate(row.rate)),
        ("Comisión", with_symbol(row.amount_pen * 0, Currency.PEN)),
    )
    route = (
        ("Desde", f"{bank(row.source_bank)} {grouped(row.source_account)}"),
        ("Hacia", f"{bank(row.destination_bank)} {grouped(row.destination_account)}"),
        *(("N.° de tu transferencia", one.transfer_code) for one in operation.deposits if one.transfer_code),
    )
    moments = [("Creada", format_moment(row.created_at))]
    if row.finished_at is not None:
        moments.append(("Pagada", format_moment(row.finished_at)))
    papers = [(f"{one.type.value.capitalize()}", f"{one.series}-{one.number:08d}") for one in operation.invoices]
    holder = (("Titular", display_name(client)), (client.document_type.value, masked(client.document_number)))
    return Paper(
        title="Constancia de operación",
        subtitle=f"{row.code} · {row.state}",
        note=NOTE,
        sections=(
            Section(heading="Cliente", facts=holder),
            Section(heading="Cambio", facts=exchange),
            Section(heading="Cuentas", facts=route),
            Section(heading="Fechas (hora de Lima)", facts=moments),
            *([Section(heading="Comprobantes", facts=papers)] if papers else []),
        ),
    )

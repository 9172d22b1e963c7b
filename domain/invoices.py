"""Comprobantes: type, series, tax treatment, sums and wording, by NubeFact's JSON manual v2.9 (31-05-2023)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from domain.clients import DocumentType
from domain.errors import Invalid
from domain.money import CENT, Currency, round_half_up
from domain.operations import Kind

IGV_PERCENT = Decimal("18.00")  # IGV 16 % + IPM 2 %; NubeFact wants it even when nothing is taxed
MAX_DESCRIPTION = 250
_UNIT_STEP = Decimal("0.0000000001")  # NubeFact takes up to 10 decimals in a unit value
_RATE_STEP = Decimal("0.001")  # and 3 in an exchange rate
_ZERO = Decimal("0.00")


class InvoiceType(StrEnum):
    """The documents that the house issues."""

    FACTURA = "factura"
    BOLETA = "boleta"
    NOTA_CREDITO = "nota_credito"

    @property
    def nubefact(self) -> int:
        """NubeFact's `tipo_de_comprobante`: its own codes, not SUNAT's 01, 03 and 07."""
        return {InvoiceType.FACTURA: 1, InvoiceType.BOLETA: 2, InvoiceType.NOTA_CREDITO: 3}[self]


class InvoiceStatus(StrEnum):
    """Where a document stands. Enviado: NubeFact has it and SUNAT has not answered; only SUNAT makes it Aceptado."""

    PENDIENTE = "Pendiente"
    ENVIADO = "Enviado"
    ACEPTADO = "Aceptado"
    RECHAZADO = "Rechazado"
    ANULADO = "Anulado"


class Treatment(StrEnum):
    """How IGV treats the operation. Currency is not a good in the IGV law, so the default is inafecto (F092)."""

    INAFECTO = "inafecto"
    EXONERADO = "exonerado"
    GRAVADO = "gravado"

    @property
    def nubefact(self) -> int:
        """NubeFact's `tipo_de_igv` of a line: its own list, not SUNAT's catalogue 07."""
        return {Treatment.GRAVADO: 1, Treatment.EXONERADO: 8, Treatment.INAFECTO: 9}[self]


class CreditNoteReason(IntEnum):
    """NubeFact's `tipo_de_nota_de_credito`, those that an exchange can need."""

    ANULACION = 1
    ERROR_RUC = 2
    ERROR_DESCRIPCION = 3
    DEVOLUCION_TOTAL = 6
    OTROS = 10


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The sums of a document in its currency: gravada + inafecta + exonerada + igv = total, to the cent."""

    gravada: Decimal
    inafecta: Decimal
    exonerada: Decimal
    igv: Decimal
    total: Decimal

    @property
    def base(self) -> Decimal:
        """The value without IGV: `subtotal` of the document's only line."""
        return self.total - self.igv


_DOCUMENT_CODES = {
    DocumentType.RUC: "6",
    DocumentType.DNI: "1",
    DocumentType.CE: "4",
    DocumentType.PASAPORTE: "7",
}


def invoice_type_for(document_type: DocumentType) -> InvoiceType:
    """A client with RUC gets a factura, anyone else a boleta."""
    return InvoiceType.FACTURA if document_type is DocumentType.RUC else InvoiceType.BOLETA


def document_code(document_type: DocumentType) -> str:
    """NubeFact's `cliente_tipo_de_documento`."""
    return _DOCUMENT_CODES[document_type]


def totals(treatment: Treatment, total: Decimal, *, igv_percent: Decimal = IGV_PERCENT) -> Totals:
    """Split `total`, IGV included, by treatment. The IGV is what the rounded base leaves, so the sum is exact."""
    base = round_half_up(unit_value(treatment, total, igv_percent=igv_percent), CENT)
    return Totals(
        gravada=base if treatment is Treatment.GRAVADO else _ZERO,
        inafecta=base if treatment is Treatment.INAFECTO else _ZERO,
        exonerada=base if treatment is Treatment.EXONERADO else _ZERO,
        igv=total - base,
        total=total,
    )


def unit_value(treatment: Treatment, total: Decimal, *, igv_percent: Decimal = IGV_PERCENT) -> Decimal:
    """The value without IGV of the only line, before its rounding to cents: its price is `total` again with IGV."""
    if treatment is not Treatment.GRAVADO:
        return total
    return round_half_up(total * 100 / (100 + igv_percent), _UNIT_STEP)


def stated_rate(rate: Decimal) -> Decimal:
    """NubeFact's `tipo_de_cambio` of a document in USD: the operation's own rate, to 3 decimals."""
    return round_half_up(rate, _RATE_STEP)


def description(kind: Kind, usd: Decimal, rate: Decimal, pen: Decimal) -> str:
    """The document's only line: what the house does, at which rate (4 decimals, F056), and what each side sends."""
    verb = "COMPRA" if kind is Kind.COMPRA else "VENDE"
    sides = {Currency.USD: f"{usd:,.2f} USD", Currency.PEN: f"{pen:,.2f} PEN"}
    sentence = (
        f"QORICASH {verb} {usd:,.2f} USD CON TIPO DE CAMBIO {rate:.4f}"
        f" - CLIENTE ENVIA {sides[kind.client_pays]} - CLIENTE RECIBE {sides[kind.client_receives]}"
    )
    return sentence[:MAX_DESCRIPTION]


def check_series(series: str, document: InvoiceType, *, field: str = "series") -> None:
    """Four characters: `F***` for facturas, `B***` for boletas, either for notas. Raises Invalid."""
    first = {InvoiceType.FACTURA: "F", InvoiceType.BOLETA: "B", InvoiceType.NOTA_CREDITO: "[FB]"}[document]
    if not re.fullmatch(first + "[A-Z0-9]{3}", series):
        raise Invalid(
            "SERIES_FORMAT", "La serie tiene 4 caracteres: F y tres más para facturas, B para boletas.", field=field
        )

"""Comprobantes: type, series, tax treatment, sums and wording, by NubeFact's JSON manual v2.9 (31-05-2023)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum

from domain.clients import DocumentType
from domain.errors import Conflict, Invalid
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


# The life of a document. Rechazado goes back to Pendiente only while its number was never at SUNAT; what is not yet
# Aceptado goes to Anulado when somebody annuls it in NubeFact's own panel.
TRANSITIONS: Mapping[InvoiceStatus, frozenset[InvoiceStatus]] = {
    InvoiceStatus.PENDIENTE: frozenset(set(InvoiceStatus) - {InvoiceStatus.PENDIENTE}),
    InvoiceStatus.ENVIADO: frozenset({InvoiceStatus.ACEPTADO, InvoiceStatus.RECHAZADO, InvoiceStatus.ANULADO}),
    InvoiceStatus.ACEPTADO: frozenset({InvoiceStatus.ANULADO}),
    InvoiceStatus.RECHAZADO: frozenset({InvoiceStatus.PENDIENTE}),
    InvoiceStatus.ANULADO: frozenset(),
}


def may_become(now: InvoiceStatus, then: InvoiceStatus) -> bool:
    """Whether a document goes from one state to the other. Staying is always allowed: the same answer again."""
    return now is then or then in TRANSITIONS[now]


def is_burnt(status: InvoiceStatus, sunat_code: str) -> bool:
    """Rejected by SUNAT itself: the number is used for ever. What only NubeFact refused is sent again under its own."""
    return status is InvoiceStatus.RECHAZADO and sunat_code != ""


class VoidMethod(StrEnum):
    """How an accepted document is taken back."""

    BAJA = "baja"
    NOTA_CREDITO = "nota_credito"


class VoidState(StrEnum):
    """Where taking a document back stands. Two people: who asked never approves."""

    SOLICITADA = "Solicitada"
    APROBADA = "Aprobada"
    NEGADA = "Negada"
    HECHA = "Hecha"
    FALLIDA = "Fallida"


# A comunicación de baja is taken until the seventh day after the emission (NubeFact's help, RS 097-2012/SUNAT art. 14).
BAJA_DAYS = 7
# A silence longer than this is told: a factura reaches SUNAT within 3 days of its emission (RS 000003-2023/SUNAT).
SILENCE = timedelta(days=3)
_ASK_SOON, _ASK_LATER, _YOUNG = timedelta(minutes=10), timedelta(hours=1), timedelta(hours=1)


def baja_until(issued_on: date) -> date:
    """The last Lima day on which SUNAT takes the baja of a document issued on `issued_on`."""
    return issued_on + timedelta(days=BAJA_DAYS)


def void_method(issued_on: date, today: date) -> VoidMethod:
    """By baja while its term runs, by nota de crédito after it."""
    return VoidMethod.BAJA if today <= baja_until(issued_on) else VoidMethod.NOTA_CREDITO


def ask_again_in(age: timedelta) -> timedelta:
    """How long to wait before SUNAT's answer is asked for again: facturas take minutes, boletas until the next day."""
    return _ASK_SOON if age < _YOUNG else _ASK_LATER


def check_voidable(kind: InvoiceType, status: InvoiceStatus, *, superseded: bool) -> None:
    """Raises Conflict unless it is a factura or boleta that SUNAT accepted and that still stands."""
    if kind is InvoiceType.NOTA_CREDITO:
        raise Conflict("NOTE_STANDS", "Una nota de crédito no se anula: emite un comprobante nuevo.")
    if superseded or status is InvoiceStatus.ANULADO:
        raise Conflict("ALREADY_TAKEN_BACK", "Este comprobante ya está anulado o acreditado.")
    if status is not InvoiceStatus.ACEPTADO:
        raise Conflict("NOT_ACCEPTED", f"Está {status}. Solo se anula lo que la SUNAT ya aceptó.")


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

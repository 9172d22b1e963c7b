"""What is said to NubeFact and what it answers: the requests and answers of its JSON API V1 (manual v2.9), typed.

Money travels as text with a point and no thousands separator; whatever is too long for a field is cut here, so that no
comprobante is held by the length of a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.invoices import IGV_PERCENT, CreditNoteReason, InvoiceType, Treatment, totals, unit_value
from domain.money import Currency
from domain.sunat import is_rejection

Json = dict[str, Any]

ISSUE, QUERY = "generar_comprobante", "consultar_comprobante"
VOID, QUERY_VOID = "generar_anulacion", "consultar_anulacion"
MAX_NAME = MAX_ADDRESS = MAX_REASON = 100
MAX_LINE = MAX_EMAIL = 250
MAX_NOTES = 1000
CURRENCIES = {Currency.PEN: 1, Currency.USD: 2}
# The provider refuses the whole document for an address that it cannot write to.
EMAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[^@\s;,]{2,}")
# Position of each fact in `cadena_para_codigo_qr`: RUC | type | series | number | IGV | total | date | doc type | doc |
QR_TOTAL, QR_DOCUMENT = 5, 8


@dataclass(frozen=True, kw_only=True)
class Amended:
    """The document that a nota de crédito takes back, and why."""

    type: InvoiceType
    series: str
    number: int
    reason: CreditNoteReason


@dataclass(frozen=True, kw_only=True)
class Document:
    """A comprobante of one line. `total` is in `currency`, IGV included; `document_code` is NubeFact's own.

    `exchange_rate` (PEN per USD, 3 decimals) goes only with a document in USD; `amends` only with a nota de crédito.
    """

    type: InvoiceType
    series: str
    number: int
    issued_on: date
    document_code: str
    document_number: str
    name: str
    address: str
    email: str
    total: Decimal
    treatment: Treatment
    description: str
    unique_code: str
    notes: str
    currency: Currency = Currency.PEN
    exchange_rate: Decimal | None = None
    amends: Amended | None = None

    def body(self) -> Json:
        """The request, with the fields of the provider's sample of an inafecta boleta that carry something."""
        sums = totals(self.treatment, self.total)
        return {
            "operacion": ISSUE,
            **named(self.type, self.series, self.number),
            "sunat_transaction": 1,
            "cliente_tipo_de_documento": self.document_code,
            "cliente_numero_de_documento": self.document_number,
            "cliente_denominacion": fitted(self.name, MAX_NAME),
            "cliente_direccion": fitted(self.address, MAX_ADDRESS) or "-",
            "cliente_email": self.email if _is_reachable(self.email) else "",
            "fecha_de_emision": f"{self.issued_on:%d-%m-%Y}",
            **self._money(),
            "porcentaje_de_igv": _figure(IGV_PERCENT),
            "total_gravada": _figure(sums.gravada),
            "total_inafecta": _figure(sums.inafecta),
            "total_exonerada": _figure(sums.exonerada),
            "total_igv": _figure(sums.igv),
            "total": _figure(sums.total),
            "detraccion": False,
            "observaciones": fitted(self.notes, MAX_NOTES),
            **self._amended(),
            "enviar_automaticamente_a_la_sunat": True,
            "enviar_automaticamente_al_cliente": False,
            "codigo_unico": self.unique_code,
            "formato_de_pdf": "A4",
            "items": [self._line()],
        }

    def _money(self) -> Json:
        if self.exchange_rate is None:
            return {"moneda": CURRENCIES[self.currency]}
        return {"moneda": CURRENCIES[self.currency], "tipo_de_cambio": f"{self.exchange_rate:.3f}"}

    def _amended(self) -> Json:
        if self.amends is None:
            return {}
        return {
            "documento_que_se_modifica_tipo": self.amends.type.nubefact,
            "documento_que_se_modifica_serie": self.amends.series,
            "documento_que_se_modifica_numero": self.amends.number,
            "tipo_de_nota_de_credito": self.amends.reason.value,
        }

    def _line(self) -> Json:
        sums = totals(self.treatment, self.total)
        return {
            "unidad_de_medida": "ZZ",
            "codigo": "001",
            "descripcion": fitted(self.description, MAX_LINE),
            "cantidad": "1",
            "valor_unitario": f"{unit_value(self.treatment, self.total):f}",
            "precio_unitario": _figure(sums.total),
            "subtotal": _figure(sums.base),
            "tipo_de_igv": self.treatment.nubefact,
            "igv": _figure(sums.igv),
            "total": _figure(sums.total),
            "anticipo_regularizacion": False,
        }


def taking_back(
    request: Mapping[str, Any], amended: Amended, *, series: str, number: int, issued_on: date, unique_code: str
) -> Document:
    """The nota de crédito for the whole of a document that was sent as `request`: same client, sums and treatment."""
    line = request["items"][0]
    treatments = {one.nubefact: one for one in Treatment}
    currencies = {code: currency for currency, code in CURRENCIES.items()}
    rate = request.get("tipo_de_cambio")
    return Document(
        type=InvoiceType.NOTA_CREDITO,
        series=series,
        number=number,
        issued_on=issued_on,
        document_code=str(request["cliente_tipo_de_documento"]),
        document_number=str(request["cliente_numero_de_documento"]),
        name=str(request["cliente_denominacion"]),
        address=str(request["cliente_direccion"]),
        email=str(request["cliente_email"]),
        total=Decimal(str(request["total"])),
        currency=currencies[int(request["moneda"])],
        exchange_rate=Decimal(str(rate)) if rate else None,
        treatment=treatments[int(line["tipo_de_igv"])],
        description=str(line["descripcion"]),
        unique_code=unique_code,
        notes=str(request["observaciones"]),
        amends=amended,
    )


class Answer(BaseModel):
    """What NubeFact has of a document, and what SUNAT has said so far. `kept` is the raw answer, without the token."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    serie: str
    numero: int
    aceptada_por_sunat: bool
    sunat_responsecode: str | None = None
    sunat_description: str | None = None
    enlace_del_pdf: str | None = None
    enlace_del_xml: str | None = None
    enlace_del_cdr: str | None = None
    codigo_hash: str | None = None
    cadena_para_codigo_qr: str | None = None
    anulado: bool = False
    kept: Json = Field(default_factory=dict)

    @property
    def rejected(self) -> bool:
        """SUNAT has answered, and said no."""
        return _is_no(accepted=self.aceptada_por_sunat, code=self.sunat_responsecode)

    def belongs_to_other(self, *requests: Mapping[str, Any]) -> bool:
        """The number is taken by a comprobante that is none of these requests (F089); only when it is certain."""
        parts = [part.strip() for part in (self.cadena_para_codigo_qr or "").split("|")]
        if len(parts) <= QR_DOCUMENT or not parts[QR_DOCUMENT]:
            return False
        try:
            total = Decimal(parts[QR_TOTAL].replace(",", ""))
        except InvalidOperation:
            return False
        known = {(Decimal(str(one["total"])), one["cliente_numero_de_documento"]) for one in requests if one}
        return (total, parts[QR_DOCUMENT]) not in known


class VoidTicket(BaseModel):
    """A comunicación de baja as SUNAT has it: silence until it answers. `kept` is the raw answer, without token."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    numero: int
    sunat_ticket_numero: str
    aceptada_por_sunat: bool
    sunat_responsecode: str | None = None
    sunat_description: str | None = None
    enlace_del_pdf: str | None = None
    enlace_del_xml: str | None = None
    enlace_del_cdr: str | None = None
    kept: Json = Field(default_factory=dict)

    @property
    def rejected(self) -> bool:
        """SUNAT has answered, and said no: a nota de crédito is what is left."""
        return _is_no(accepted=self.aceptada_por_sunat, code=self.sunat_responsecode)

    @property
    def pending(self) -> bool:
        """SUNAT has not answered yet."""
        return not self.aceptada_por_sunat and not self.rejected


def named(kind: InvoiceType, series: str, number: int) -> Json:
    """The three fields by which every operation names its document."""
    return {"tipo_de_comprobante": kind.nubefact, "serie": series, "numero": number}


def question(kind: InvoiceType, series: str, number: int) -> Json:
    """A `consultar_comprobante`."""
    return {"operacion": QUERY, **named(kind, series, number)}


def void_order(kind: InvoiceType, series: str, number: int, reason: str) -> Json:
    """A `generar_anulacion`; `reason` is cut to the 100 characters of `motivo`."""
    return {"operacion": VOID, **named(kind, series, number), "motivo": fitted(reason, MAX_REASON)}


def void_question(kind: InvoiceType, series: str, number: int) -> Json:
    """A `consultar_anulacion`."""
    return {"operacion": QUERY_VOID, **named(kind, series, number)}


def fitted(text: str, most: int) -> str:
    """One line of at most `most` characters, without doubled blanks."""
    return " ".join(text.split())[:most].rstrip()


def _is_no(*, accepted: bool, code: str | None) -> bool:
    return not accepted and is_rejection(code or "")


def _is_reachable(address: str) -> bool:
    return len(address) <= MAX_EMAIL and EMAIL.fullmatch(address) is not None


def _figure(value: Decimal) -> str:
    """`3700.00`: a point for decimals and no thousands separator (manual, 1.2)."""
    return f"{value:.2f}"

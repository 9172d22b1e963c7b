"""The fields of NubeFact's JSON API V1: type, length and allowed codes, as its manual v2.9 lists them.

Scalars may be JSON numbers or strings alike; "" and null count as absent (the provider's own samples send both).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Values = dict[str, Any]
EMAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[^@\s;,]{2,}")
EMAIL_LENGTH = 250


class Refusal(Exception):
    """An answer `{"errors", "codigo"}`; the code decides the HTTP status (manual, table of errors)."""

    def __init__(self, codigo: int, errors: str) -> None:
        """`errors` is the Spanish text of the answer."""
        super().__init__(errors)
        self.codigo = codigo
        self.errors = errors

    @property
    def status(self) -> int:
        """401 for credentials and suspended accounts, 500 for the provider's own fault, else 400."""
        return {10: 401, 50: 401, 51: 401, 40: 500}.get(self.codigo, 400)


@dataclass(frozen=True)
class Field:
    """One field: how it is read (ValueError with the reason when it cannot be) and whether it must be there."""

    read: Callable[[Any], Any]
    required: bool = False


def integer(digits: int, *, allowed: Collection[int] = (), least: int = 0, required: bool = False) -> Field:
    """Up to `digits` figures, no sign and no leading zeros, from `least` on."""

    def read(value: Any) -> int:
        text = _scalar(value)
        if not re.fullmatch(rf"\d{{1,{digits}}}", text) or text != str(int(text)):
            raise ValueError(f"debe ser un entero de hasta {digits} dígitos, sin ceros a la izquierda")
        if int(text) < least or (allowed and int(text) not in allowed):
            raise ValueError(f"el valor {text} no está permitido")
        return int(text)

    return Field(read, required)


def text(most: int, *, least: int = 1, allowed: Collection[str] = (), required: bool = False) -> Field:
    """A string of `least` to `most` characters."""

    def read(value: Any) -> str:
        written = _scalar(value)
        if not least <= len(written) <= most:
            raise ValueError(f"debe tener de {least} a {most} caracteres")
        if allowed and written not in allowed:
            raise ValueError(f"el valor {written} no está permitido")
        return written

    return Field(read, required)


def number(integers: int = 12, decimals: int = 2, *, required: bool = False) -> Field:
    """A decimal with a point, without thousands separator; trailing zeros do not count as decimals."""

    def read(value: Any) -> Decimal:
        written = _scalar(value)
        if not re.fullmatch(rf"\d{{1,{integers}}}(\.\d{{1,{decimals}}}0*)?", written):
            raise ValueError(f"debe ser un número con hasta {integers} enteros y {decimals} decimales")
        return Decimal(written)

    return Field(read, required)


def day(*, required: bool = False) -> Field:
    """A date written DD-MM-YYYY."""

    def read(value: Any) -> date:
        if not re.fullmatch(r"\d{2}-\d{2}-\d{4}", str(value)):
            raise ValueError("debe ser una fecha DD-MM-YYYY")
        return datetime.strptime(str(value), "%d-%m-%Y").date()  # noqa: DTZ007 - a calendar day has no zone

    return Field(read, required)


def boolean(*, required: bool = False) -> Field:
    """`true` or `false`, bare or quoted, in lower case."""

    def read(value: Any) -> bool:
        if value in (True, "true") or value in (False, "false"):
            return value in (True, "true")
        raise ValueError("debe ser true o false")

    return Field(read, required)


def email() -> Field:
    """One address; several separated by `;` are refused, each has its own field."""

    def read(value: Any) -> str:
        if not EMAIL.fullmatch(str(value)) or len(str(value)) > EMAIL_LENGTH:
            raise ValueError("debe ser un correo válido")
        return str(value)

    return Field(read)


def _scalar(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError("debe ser un texto o un número")  # noqa: TRY004 - one kind of error for every bad field
    return str(value).strip()


SUNAT_TRANSACTIONS = (1, 2, 4, 29, 30, 31, 32, 33, 34, 35)
IDENTITY_TYPES = ("6", "1", "-", "4", "7", "A", "B", "0", "G")
DOCUMENT_TYPES = (1, 2, 3, 4)

DOCUMENT: Mapping[str, Field] = {
    "tipo_de_comprobante": integer(1, allowed=DOCUMENT_TYPES, required=True),
    "serie": text(4, least=4, required=True),
    "numero": integer(8, least=1, required=True),
}

VOID: Mapping[str, Field] = {**DOCUMENT, "motivo": text(100, required=True), "codigo_unico": text(250)}

HEADER: Mapping[str, Field] = {
    **DOCUMENT,
    "sunat_transaction": integer(2, allowed=SUNAT_TRANSACTIONS, required=True),
    "cliente_tipo_de_documento": text(1, allowed=IDENTITY_TYPES, required=True),
    "cliente_numero_de_documento": text(15, required=True),
    "cliente_denominacion": text(100, required=True),
    "cliente_direccion": text(100),
    "cliente_email": email(),
    "cliente_email_1": email(),
    "cliente_email_2": email(),
    "fecha_de_emision": day(required=True),
    "fecha_de_vencimiento": day(),
    "moneda": integer(1, allowed=(1, 2, 3, 4), required=True),
    "tipo_de_cambio": number(1, 3),
    "porcentaje_de_igv": number(2, 2, required=True),
    "descuento_global": number(),
    "total_descuento": number(),
    "total_anticipo": number(),
    "total_gravada": number(),
    "total_inafecta": number(),
    "total_exonerada": number(),
    "total_igv": number(),
    "total_gratuita": number(),
    "total_otros_cargos": number(),
    "total_isc": number(),
    "total_impuestos_bolsas": number(),
    "total": number(required=True),
    "percepcion_tipo": integer(1, allowed=(1, 2, 3)),
    "percepcion_base_imponible": number(),
    "total_percepcion": number(),
    "total_incluido_percepcion": number(),
    "retencion_tipo": integer(1, allowed=(1, 2)),
    "retencion_base_imponible": number(),
    "total_retencion": number(),
    "detraccion": boolean(),
    "detraccion_tipo": integer(2, allowed=range(1, 45)),
    "detraccion_total": number(),
    "detraccion_porcentaje": number(3, 5),
    "medio_de_pago_detraccion": integer(2, allowed=range(1, 23)),
    "matricula_emb_pesquera": text(250),
    "nombre_emb_pesquera": text(250),
    "descripcion_tipo_especie_vendida": text(250),
    "lugar_de_descarga": text(250),
    "cantidad_especie_vendida": number(),
    "fecha_de_descarga": day(),
    "observaciones": text(1000),
    "documento_que_se_modifica_tipo": integer(1, allowed=(1, 2)),
    "documento_que_se_modifica_serie": text(4, least=4),
    "documento_que_se_modifica_numero": integer(8),
    "tipo_de_nota_de_credito": integer(2, allowed=range(1, 14)),
    "tipo_de_nota_de_debito": integer(1, allowed=range(1, 6)),
    "enviar_automaticamente_a_la_sunat": boolean(),
    "enviar_automaticamente_al_cliente": boolean(),
    "codigo_unico": text(20),
    "condiciones_de_pago": text(250),
    "medio_de_pago": text(250),
    "placa_vehiculo": text(8),
    "orden_compra_servicio": text(20),
    "tabla_personalizada_codigo": text(250),
    "formato_de_pdf": text(6, allowed=("A4", "A5", "TICKET")),
    "generado_por_contingencia": boolean(),
    "bienes_region_selva": boolean(),
    "servicios_region_selva": boolean(),
    "nubecont_tipo_de_venta_codigo": text(5),
}

ITEM: Mapping[str, Field] = {
    "unidad_de_medida": text(5, least=2, required=True),
    "codigo": text(250),
    "descripcion": text(250, required=True),
    "cantidad": number(12, 10, required=True),
    "valor_unitario": number(12, 10, required=True),
    "precio_unitario": number(12, 10, required=True),
    "descuento": number(),
    "subtotal": number(required=True),
    # Its codes are not listed here: a wrong one is refused by the rules (21, "Tipo de IGV incorrecto"), not as format.
    "tipo_de_igv": integer(2),
    "tipo_de_ivap": integer(3, allowed=(17, 101)),
    "igv": number(required=True),
    "total": number(required=True),
    "anticipo_regularizacion": boolean(required=True),
    "anticipo_documento_serie": text(4, least=4),
    "anticipo_documento_numero": integer(8),
    "codigo_producto_sunat": text(8),
    "tipo_de_isc": integer(1, allowed=(1, 2, 3)),
    "isc": number(),
    "impuesto_bolsas": number(),
}

INSTALMENT: Mapping[str, Field] = {
    "cuota": integer(3, required=True),
    "fecha_de_pago": day(required=True),
    "importe": number(required=True),
}

GUIDE: Mapping[str, Field] = {
    "guia_tipo": integer(1, allowed=(1, 2), required=True),
    "guia_serie_numero": text(30, required=True),
}


def read(body: Any, fields: Mapping[str, Field], *, where: str = "") -> Values:
    """The fields of `body` that are present, each in its type. Raises Refusal 20 naming the field at fault."""
    if not isinstance(body, dict):
        raise malformed(f"{where or 'el archivo'} debe ser un objeto JSON")
    values: Values = {}
    for name, field in fields.items():
        value = body.get(name)
        if value is None or value == "":
            if field.required:
                raise malformed(f"{where}{name} es obligatorio")
            continue
        try:
            values[name] = field.read(value)
        except ValueError as error:
            raise malformed(f"{where}{name} {error}") from error
    return values


def read_document(body: Any) -> Values:
    """A whole `generar_comprobante`: header, items, instalments and guides. Raises Refusal 20."""
    values = read(body, HEADER)
    values["items"] = _rows(body, "items", ITEM)
    values["venta_al_credito"] = _rows(body, "venta_al_credito", INSTALMENT)
    values["guias"] = _rows(body, "guias", GUIDE)
    if not values["items"]:
        raise malformed("items es obligatorio")
    _require_what_depends(values)
    return values


def malformed(detail: str) -> Refusal:
    """Code 20, in the provider's words, with the detail that helps whoever reads it."""
    return Refusal(20, f"El archivo enviado no cumple con el formato establecido: {detail}")


def _rows(body: Any, name: str, fields: Mapping[str, Field]) -> list[Values]:
    rows = body.get(name) or []
    if not isinstance(rows, list):
        raise malformed(f"{name} debe ser una lista")
    return [read(row, fields, where=f"{name}[{position}].") for position, row in enumerate(rows, start=1)]


NOTES = {3: "tipo_de_nota_de_credito", 4: "tipo_de_nota_de_debito"}
# A field that is there makes these obligatory.
TOGETHER: Mapping[str, tuple[str, ...]] = {
    "percepcion_tipo": ("percepcion_base_imponible", "total_percepcion", "total_incluido_percepcion"),
    "retencion_tipo": ("retencion_base_imponible", "total_retencion"),
    "detraccion": ("detraccion_tipo", "detraccion_total", "medio_de_pago_detraccion"),
}


def _require_what_depends(values: Values) -> None:
    """Fields that become obligatory by the value of another."""
    wanted = [name for first, names in TOGETHER.items() if values.get(first) for name in names]
    if values["serie"].startswith("F"):
        wanted.append("cliente_direccion")
    if values["moneda"] != 1:
        wanted.append("tipo_de_cambio")
    if values["tipo_de_comprobante"] in NOTES:
        wanted += [f"documento_que_se_modifica_{part}" for part in ("tipo", "serie", "numero")]
        wanted.append(NOTES[values["tipo_de_comprobante"]])
    for name in wanted:
        if name not in values:
            raise malformed(f"{name} es obligatorio")
    for position, item in enumerate(values["items"], start=1):
        if ("tipo_de_igv" in item) == ("tipo_de_ivap" in item):
            raise malformed(f"items[{position}].tipo_de_igv es obligatorio, salvo con tipo_de_ivap")

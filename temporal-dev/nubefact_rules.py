"""What NubeFact checks before it takes a document: parties, series, dates and sums.

Messages marked "seen" were answered by the real service; the others say the same in the stand-in's words. Sums are
compared to the cent: the real tolerance is unknown, and a stricter stand-in hides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from stdnum.pe import ruc

from nubefact_format import Refusal, Values

CENT = Decimal("0.01")
FACTURA, BOLETA, CREDIT_NOTE, DEBIT_NOTE = 1, 2, 3, 4
NOTES = (CREDIT_NOTE, DEBIT_NOTE)
# A boleta above this must name its customer (SUNAT); below it the identity type "-" (varios) is allowed.
ANONYMOUS_LIMIT_PEN = Decimal(700)
# Facturas reach SUNAT within 3 calendar days of emission (RS 000003-2023/SUNAT), boletas within 7 (RS 097-2012).
LATEST_DAYS: Final = {"F": 3, "B": 7}
VOID_DAYS = 7
# Percent by percepcion_tipo and retencion_tipo.
WITHHELD: Final = {
    "percepcion": {1: Decimal(2), 2: Decimal(1), 3: Decimal("0.5")},
    "retencion": {1: Decimal(3), 2: Decimal(6)},
}


@dataclass(frozen=True)
class Tribute:
    """A group of tipo_de_igv codes with the header total that must carry their sum, and SUNAT's code for it."""

    name: str
    total: str
    code: int
    types: tuple[int, ...]


# NubeFact's own list of tipo_de_igv, not SUNAT's catalogue 07: 18 and 19 do not exist, 30 is SUNAT's and is refused.
TAXED = Tribute("GRAVADA", "total_gravada", 1000, (1,))
EXEMPT = Tribute("EXONERADA", "total_exonerada", 9997, (8,))
NOT_SUBJECT = Tribute("INAFECTA", "total_inafecta", 9998, (9,))
FREE = Tribute("GRATUITA", "total_gratuita", 9996, (2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 17, 20))
EXPORT_TYPE = 16
SOLD = (TAXED, NOT_SUBJECT, EXEMPT)


def refuse(message: str) -> Refusal:
    """Code 21: the operation could not be completed, and why."""
    return Refusal(21, message)


def check_document(document: Values, *, series: Collection[str], today: date | None) -> None:
    """Raise Refusal 21 or 22 when the provider would not take the document; `today` None skips the terms."""
    _check_series(document, series)
    if today is not None:
        _check_term(document, today)
    for rule in RULES:
        rule(document)


def check_void_term(document: Values, today: date) -> None:
    """Refusal 22 when the baja comes more than 7 days after emission; then only a nota de crédito is left."""
    if today - document["fecha_de_emision"] > timedelta(days=VOID_DAYS):
        raise Refusal(22, "El plazo de 7 días para comunicar la baja venció: emite una nota de crédito")


def _check_series(document: Values, series: Collection[str]) -> None:
    name, kind = document["serie"], document["tipo_de_comprobante"]
    modified = document.get("documento_que_se_modifica_tipo") if kind in NOTES else kind
    letter = "F" if modified == FACTURA else "B"
    if document.get("generado_por_contingencia"):
        if name[0] in "FB":
            raise refuse(f"La serie {name} es de contingencia y no debe empezar con F ni B")
    elif not name.startswith(letter):
        raise refuse(f"La serie {name} debe empezar con {letter}")
    if name not in series:
        raise refuse(f"La serie {name} no está autorizada en la cuenta")


def _check_term(document: Values, today: date) -> None:
    emitted, allowed = document["fecha_de_emision"], LATEST_DAYS.get(document["serie"][0], LATEST_DAYS["B"])
    if not today - timedelta(days=allowed) <= emitted <= today:
        raise Refusal(22, f"Documento enviado fuera de plazo: fecha_de_emision debe ser {today:%d-%m-%Y}")


def _check_customer(document: Values) -> None:
    kind, number = document["cliente_tipo_de_documento"], document["cliente_numero_de_documento"]
    if document["serie"].startswith("F") and kind != "6":
        raise refuse(
            "El tipo de documento del cliente no está permitido en una factura, Error al PreValidar INFO : 2800"
        )
    if kind == "6" and not ruc.is_valid(number):
        raise refuse("El RUC del cliente no es válido")
    if kind == "1" and not (len(number) == 8 and number.isdigit()):  # noqa: PLR2004 - a DNI has 8 digits
        raise refuse("El DNI del cliente debe tener 8 dígitos")
    if kind == "-" and document["total"] * document.get("tipo_de_cambio", 1) > ANONYMOUS_LIMIT_PEN:
        raise refuse("Un comprobante de más de S/ 700.00 debe llevar el documento del cliente")


def _check_dates(document: Values) -> None:
    emitted, due = document["fecha_de_emision"], document.get("fecha_de_vencimiento")
    if due is not None and due <= emitted:
        raise refuse("La fecha de vencimiento debe ser posterior a la de emisión")
    if any(row["fecha_de_pago"] <= emitted for row in document["venta_al_credito"]):
        raise refuse("La fecha de pago de cada cuota debe ser posterior a la de emisión")


def _check_instalments(document: Values) -> None:
    rows = document["venta_al_credito"]
    if rows:
        _same("venta_al_credito", sum((row["importe"] for row in rows), Decimal(0)), document["total"])


def _check_scope(document: Values) -> None:
    """What a currency exchange house never issues is refused outright rather than taken unchecked."""
    if document["sunat_transaction"] in (2, 4) or document.get("total_anticipo"):
        raise refuse("Este sustituto local no modela exportaciones ni anticipos")
    if any(item["anticipo_regularizacion"] or item.get("tipo_de_igv") == EXPORT_TYPE for item in document["items"]):
        raise refuse("Este sustituto local no modela exportaciones ni anticipos")
    if any("tipo_de_ivap" in item or item.get("isc") for item in document["items"]):
        raise refuse("Este sustituto local no modela IVAP ni ISC")


def _check_tax_types(document: Values) -> None:
    known = {code for group in (*SOLD, FREE) for code in group.types}
    if any(item.get("tipo_de_igv") not in known for item in document["items"]):
        raise refuse("Tipo de IGV incorrecto")  # seen


def _check_lines(document: Values) -> None:
    percentage = document["porcentaje_de_igv"] / 100
    for position, item in enumerate(document["items"], start=1):
        where, taxed = f"items[{position}]", item["tipo_de_igv"] in TAXED.types
        net = item["valor_unitario"] * item["cantidad"] - item.get("descuento", 0)
        _same(f"{where}.subtotal", item["subtotal"], net)
        if item["tipo_de_igv"] in FREE.types:
            continue
        _same(f"{where}.igv", item["igv"], item["subtotal"] * percentage if taxed else Decimal(0))
        _same(f"{where}.total", item["total"], item["subtotal"] + item["igv"])
        gross = item["valor_unitario"] * (1 + percentage if taxed else 1)
        _same(f"{where}.precio_unitario", item["precio_unitario"], gross)


def _check_groups(document: Values) -> None:
    """The sum of the lines of each tribute against its header total, the global discount taken off."""
    expected, discount = {}, document.get("descuento_global", Decimal(0))
    for group in SOLD:
        lines = _sum(document, group)
        taken = min(discount, lines)
        discount -= taken
        expected[group] = lines - taken
    expected[FREE] = _sum(document, FREE)
    for group, amount in expected.items():
        if amount and not document.get(group.total):
            raise refuse(_missing_total(group))
    for group, amount in expected.items():
        _same(group.total, document.get(group.total, Decimal(0)), amount)


def _missing_total(group: Tribute) -> str:
    """The two forms in which the real service was seen to say it."""
    code = f"Error al PreValidar codigo Tributo: {group.code}"
    return code if group is FREE else f"Total {group.name} debe ser mayor a cero, {code}"


def _check_tax(document: Values) -> None:
    if document.get("descuento_global"):
        expected = document.get("total_gravada", Decimal(0)) * document["porcentaje_de_igv"] / 100
    else:
        expected = sum((item["igv"] for item in document["items"] if item["tipo_de_igv"] in TAXED.types), Decimal(0))
    _same("total_igv", document.get("total_igv", Decimal(0)), expected)


def _check_total(document: Values) -> None:
    parts = [group.total for group in SOLD]
    parts += ["total_igv", "total_otros_cargos", "total_isc", "total_impuestos_bolsas"]
    _same("total", document["total"], sum((document.get(part, Decimal(0)) for part in parts), Decimal(0)))
    if not document["total"] and not document.get("total_gratuita"):
        raise refuse("El total debe ser mayor a cero")


def _check_withheld(document: Values) -> None:
    """Percepción is added to what the client pays and retención taken from it: neither moves `total`."""
    for kind, percentages in WITHHELD.items():
        chosen = document.get(f"{kind}_tipo")
        if chosen is not None:
            expected = document[f"{kind}_base_imponible"] * percentages[chosen] / 100
            _same(f"total_{kind}", document[f"total_{kind}"], expected)
    if "percepcion_tipo" in document:
        _same(
            "total_incluido_percepcion",
            document["total_incluido_percepcion"],
            document["total"] + document["total_percepcion"],
        )


def check_note(note: Values, original: Values | None, *, standing: bool) -> None:
    """Refusal 21 unless the nota amends a document of the account, its client's, that SUNAT accepted and still stands.

    In the stand-in's words: the real service leaves part of this to SUNAT (2119, the document is not registered).
    """
    name = f"{note['documento_que_se_modifica_serie']}-{note['documento_que_se_modifica_numero']}"
    if original is None:
        raise refuse(f"El documento que se modifica, {name}, no existe, Error al PreValidar INFO : 2119")
    if not standing:
        raise refuse(f"El documento que se modifica, {name}, no fue aceptado por la SUNAT o está anulado")
    if note["cliente_numero_de_documento"] != original["cliente_numero_de_documento"]:
        raise refuse(f"El documento que se modifica, {name}, es de otro cliente")
    if note["moneda"] != original["moneda"]:
        raise refuse(f"La moneda debe ser la del documento que se modifica, {name}")
    if note["tipo_de_comprobante"] == CREDIT_NOTE and note["total"] > original["total"]:
        raise refuse(f"La nota de crédito no puede ser mayor que {name}")


def _sum(document: Values, group: Tribute) -> Decimal:
    return sum((item["subtotal"] for item in document["items"] if item["tipo_de_igv"] in group.types), Decimal(0))


def _same(what: str, stated: Decimal, expected: Decimal) -> None:
    if abs(stated - expected) >= CENT:
        rounded = expected.quantize(CENT, rounding=ROUND_HALF_UP)
        raise refuse(f"La suma no coincide en {what}: dice {stated}, se esperaba {rounded}")


RULES: tuple[Callable[[Values], None], ...] = (
    _check_scope,
    _check_customer,
    _check_dates,
    _check_tax_types,
    _check_groups,
    _check_lines,
    _check_tax,
    _check_total,
    _check_withheld,
    _check_instalments,
)

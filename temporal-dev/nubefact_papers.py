"""The papers behind NubeFact's links: a PDF that people can read, the XML that was signed, and SUNAT's CDR."""

from __future__ import annotations

import base64
import hashlib
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import segno

from pdf_page import MARGIN, WIDTH, Align, Page

CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
UBL = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
SUNAT_CODES = {1: "01", 2: "03", 3: "07", 4: "08"}
TITLES = {
    1: "FACTURA ELECTRÓNICA",
    2: "BOLETA DE VENTA ELECTRÓNICA",
    3: "NOTA DE CRÉDITO ELECTRÓNICA",
    4: "NOTA DE DÉBITO ELECTRÓNICA",
}
CURRENCIES = {1: ("S/", "PEN"), 2: ("US$", "USD"), 3: ("€", "EUR"), 4: ("£", "GBP")}
TOTALS = {
    "total_gravada": "Gravada",
    "total_inafecta": "Inafecta",
    "total_exonerada": "Exonerada",
    "total_gratuita": "Gratuita",
    "total_descuento": "Descuento",
    "total_igv": "IGV",
}
GREEN = (11, 83, 69)
GREY = (95, 105, 102)
RIGHT, BOX, PRICE = WIDTH - MARGIN, 130.0, 162.0
COLUMNS: tuple[tuple[float, Align], ...] = (
    (MARGIN, "left"),
    (MARGIN + 12, "left"),
    (MARGIN + 28, "left"),
    (PRICE, "right"),
    (RIGHT, "right"),
)

Request = dict[str, Any]


@dataclass(frozen=True)
class Issuer:
    """The house as the provider's panel knows it: none of this is in the request."""

    ruc: str
    name: str
    address: str


def qr_text(request: Request, issuer: Issuer, digest: str) -> str:
    """The QR string of the manual: RUC | type | series | number | IGV | total | date | client's document | hash |."""
    parts = [
        issuer.ruc,
        SUNAT_CODES[int(request["tipo_de_comprobante"])],
        request["serie"],
        f"{int(request['numero']):06d}",
        request.get("total_igv") or "0.00",
        request["total"],
        request["fecha_de_emision"],
        request["cliente_tipo_de_documento"],
        request["cliente_numero_de_documento"],
        digest,
    ]
    return " | ".join(str(part) for part in parts) + " |"


def digest(xml: bytes) -> str:
    """`codigo_hash`: SHA-1 of the XML in base 64, 28 characters as in the provider's sample."""
    return base64.b64encode(hashlib.sha1(xml, usedforsecurity=False).digest()).decode()


def xml(request: Request, issuer: Issuer) -> bytes:
    """A minimal UBL document: enough to recognise it, not to pass a schema."""
    kind = int(request["tipo_de_comprobante"])
    root = _root({3: "CreditNote", 4: "DebitNote"}.get(kind, "Invoice"))
    _tag(root, "UBLVersionID", "2.1")
    _tag(root, "ID", f"{request['serie']}-{int(request['numero'])}")
    _tag(root, "IssueDate", "-".join(reversed(request["fecha_de_emision"].split("-"))))
    _tag(root, "InvoiceTypeCode", SUNAT_CODES[kind])
    _tag(root, "DocumentCurrencyCode", CURRENCIES[int(request["moneda"])][1])
    _tag(root, "CompanyID", issuer.ruc)
    _tag(root, "CustomerID", str(request["cliente_numero_de_documento"]))
    for item in request["items"]:
        _tag(root, "Description", item["descripcion"])
    _tag(root, "PayableAmount", str(request["total"]))
    return _written(root)


def cdr(request: Request, *, code: str, description: str) -> bytes:
    """SUNAT's receipt: code 0 when accepted, the reason otherwise."""
    root = _root("ApplicationResponse")
    _tag(root, "ReferenceID", f"{request['serie']}-{int(request['numero'])}")
    _tag(root, "ResponseCode", code)
    _tag(root, "Description", description)
    return _written(root)


def pdf(request: Request, issuer: Issuer, *, qr: str, note: str) -> bytes:
    """One A4 page: issuer, client, lines, totals and QR; `note` says in a sentence what SUNAT answered."""
    page = Page()
    _heading(page, request, issuer)
    below = _client(page, request, 50)
    below = _lines(page, request, below + 5)
    below = _totals(page, request, below + 3)
    _foot(page, request, below, qr, note)
    return page.output(f"{request['serie']}-{int(request['numero'])}")


def _root(name: str) -> ET.Element:
    return ET.Element(name, {"xmlns": UBL.format(name), "xmlns:cbc": CBC})


def _tag(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"cbc:{name}").text = text


def _written(root: ET.Element) -> bytes:
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _money(request: Request, value: object) -> str:
    return f"{CURRENCIES[int(request['moneda'])][0]} {Decimal(str(value)):,.2f}"


def _heading(page: Page, request: Request, issuer: Issuer) -> None:
    page.text(MARGIN, 21, issuer.name, size=17, bold=True, colour=GREEN)
    page.paragraph(MARGIN, 28, issuer.address, wide=105, leading=5, colour=GREY)
    page.frame(BOX, 15, RIGHT - BOX, 27, colour=GREEN)
    middle = (BOX + RIGHT) / 2
    page.text(middle, 22, f"RUC {issuer.ruc}", size=10, align="centre")
    page.text(middle, 29, TITLES[int(request["tipo_de_comprobante"])], size=10, bold=True, align="centre")
    number = f"{request['serie']}-{int(request['numero']):08d}"
    page.text(middle, 37, number, size=12, bold=True, align="centre")


def _client(page: Page, request: Request, y: float) -> float:
    rows = [
        ("Cliente", request["cliente_denominacion"]),
        ("Documento", request["cliente_numero_de_documento"]),
        ("Dirección", request.get("cliente_direccion") or "-"),
        ("Fecha de emisión", request["fecha_de_emision"]),
        ("Moneda", CURRENCIES[int(request["moneda"])][1]),
    ]
    if request.get("tipo_de_cambio"):
        rows.append(("Tipo de cambio", request["tipo_de_cambio"]))
    if amended := request.get("documento_que_se_modifica_serie"):
        rows.append(("Modifica a", f"{amended}-{request['documento_que_se_modifica_numero']}"))
    for label, value in rows:
        page.text(MARGIN, y, label, bold=True)
        y = page.paragraph(MARGIN + 34, y, value, wide=RIGHT - MARGIN - 34, leading=6)
    return y


def _lines(page: Page, request: Request, y: float) -> float:
    for (x, align), name in zip(COLUMNS, ("Cant.", "Unidad", "Descripción", "P. unitario", "Importe"), strict=True):
        page.text(x, y, name, bold=True, align=align)
    page.line(y + 2, colour=GREEN)
    y += 7
    for item in request["items"]:
        prices = (_money(request, item["precio_unitario"]), _money(request, item["total"]))
        cells = (item["cantidad"], item["unidad_de_medida"], "", *prices)
        for (x, align), cell in zip(COLUMNS, cells, strict=True):
            page.text(x, y, cell, align=align)
        y = page.paragraph(COLUMNS[2][0], y, item["descripcion"], wide=84, leading=5.5)
    return y


def _totals(page: Page, request: Request, y: float) -> float:
    for name, label in TOTALS.items():
        if request.get(name) not in (None, "", 0, "0", "0.00"):
            page.text(PRICE, y, label, align="right")
            page.text(RIGHT, y, _money(request, request[name]), align="right")
            y += 6
    page.text(PRICE, y + 1, "TOTAL", size=11, bold=True, align="right")
    page.text(RIGHT, y + 1, _money(request, request["total"]), size=11, bold=True, align="right")
    return y + 8


def _foot(page: Page, request: Request, y: float, qr: str, note: str) -> None:
    # One mask for all codes: choosing the best of eight would cost five times as much.
    page.squares(MARGIN, y, 32, list(segno.make(qr, error="m", micro=False, mask=0).matrix_iter(border=2)))
    observations = str(request.get("observaciones") or "").replace("<br>", "\n")
    about = [observations, note, "Documento de prueba del entorno local, sin valor tributario."]
    text = "\n".join(line for line in about if line)
    page.paragraph(MARGIN + 38, y + 6, text, wide=RIGHT - MARGIN - 38, leading=5, size=8, colour=GREY)

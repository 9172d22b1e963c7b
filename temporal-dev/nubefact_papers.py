"""The papers behind NubeFact's links: a PDF that people can read, the XML that was signed, and SUNAT's CDR."""

from __future__ import annotations

import base64
import hashlib
import importlib
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import segno

if TYPE_CHECKING:
    from fpdf import FPDF
    from PIL.Image import Image

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


def get_ready() -> None:
    """Load the library that draws: half a second, more on a busy machine, that the first open link would wait for."""
    importlib.import_module("fpdf")


def pdf(request: Request, issuer: Issuer, *, qr: str, note: str) -> bytes:
    """One A4 page: issuer, client, lines, totals and QR; `note` says in a sentence what SUNAT answered."""
    from fpdf import FPDF

    page = FPDF(format="A4")
    page.set_title(f"{request['serie']}-{int(request['numero'])}")
    page.set_margin(15)
    page.add_page()
    _heading(page, request, issuer)
    _client(page, request)
    _lines(page, request)
    _totals(page, request)
    _foot(page, request, qr, note)
    return bytes(page.output())


def _root(name: str) -> ET.Element:
    return ET.Element(name, {"xmlns": UBL.format(name), "xmlns:cbc": CBC})


def _tag(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"cbc:{name}").text = text


def _written(root: ET.Element) -> bytes:
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _square(text: str) -> Image:
    """The QR code, a pixel a module. One mask for all: choosing the best of eight would cost five times as much."""
    from PIL import Image

    matrix = list(segno.make(text, error="m", micro=False, mask=0).matrix_iter(border=2))
    pixels = bytes(0 if dark else 255 for row in matrix for dark in row)
    return Image.frombytes("L", (len(matrix), len(matrix)), pixels)


def _latin(text: object) -> str:
    """The built-in fonts know Latin-1, which holds all of Spanish; anything beyond it shows as a question mark."""
    written = str(text).replace("<br>", "\n").replace("€", "EUR").replace("–", "-").replace("—", "-").replace("→", "->")
    return written.encode("latin-1", "replace").decode("latin-1")


def _money(request: Request, value: object) -> str:
    return f"{CURRENCIES[int(request['moneda'])][0]} {Decimal(str(value)):,.2f}"


def _heading(page: FPDF, request: Request, issuer: Issuer) -> None:
    top = page.get_y()
    page.set_font("Helvetica", "B", 17)
    page.set_text_color(*GREEN)
    page.cell(110, 9, _latin(issuer.name), new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", size=9)
    page.set_text_color(*GREY)
    page.multi_cell(110, 5, _latin(issuer.address), new_x="LMARGIN", new_y="NEXT")
    page.set_draw_color(*GREEN)
    page.rect(130, top, 65, 27)
    page.set_text_color(0, 0, 0)
    for offset, style, size, text in (
        (3, "", 10, f"RUC {issuer.ruc}"),
        (10, "B", 10, TITLES[int(request["tipo_de_comprobante"])]),
        (18, "B", 12, f"{request['serie']}-{int(request['numero']):08d}"),
    ):
        page.set_xy(130, top + offset)
        page.set_font("Helvetica", style, size)
        page.cell(65, 6, _latin(text), align="C")
    page.set_xy(page.l_margin, top + 34)


def _client(page: FPDF, request: Request) -> None:
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
        page.set_font("Helvetica", "B", 9)
        page.cell(34, 6, _latin(label))
        page.set_font("Helvetica", size=9)
        page.multi_cell(0, 6, _latin(value), new_x="LMARGIN", new_y="NEXT")
    page.ln(4)


def _lines(page: FPDF, request: Request) -> None:
    # Plain cells: fpdf's tables cost three times the time of the rest of the page.
    page.set_font("Helvetica", "B", 9)
    _row(page, "Descripción", before=("Cant.", "Unidad"), after=("P. unitario", "Importe"))
    page.line(page.l_margin, page.get_y(), page.w - page.r_margin, page.get_y())
    page.set_font("Helvetica", size=9)
    for item in request["items"]:
        prices = (_money(request, item["precio_unitario"]), _money(request, item["total"]))
        _row(page, item["descripcion"], before=(item["cantidad"], item["unidad_de_medida"]), after=prices)
    page.ln(3)


def _row(page: FPDF, description: str, *, before: tuple[object, object], after: tuple[str, str]) -> None:
    top = page.get_y()
    page.set_x(page.l_margin + 30)
    page.multi_cell(82, 6, _latin(description), align="L", new_x="LMARGIN", new_y="NEXT")
    bottom = page.get_y()
    page.set_xy(page.l_margin, top)
    for width, text in zip((12, 18), before, strict=True):
        page.cell(width, 6, _latin(text))
    page.set_x(page.l_margin + 112)
    for text in after:
        page.cell(34, 6, _latin(text), align="R")
    page.set_xy(page.l_margin, bottom)


def _totals(page: FPDF, request: Request) -> None:
    for name, label in TOTALS.items():
        if request.get(name) not in (None, "", 0, "0", "0.00"):
            page.cell(146, 6, _latin(label), align="R")
            page.cell(34, 6, _latin(_money(request, request[name])), align="R", new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", "B", 11)
    page.cell(146, 8, "TOTAL", align="R")
    page.cell(34, 8, _latin(_money(request, request["total"])), align="R", new_x="LMARGIN", new_y="NEXT")
    page.ln(6)


def _foot(page: FPDF, request: Request, qr: str, note: str) -> None:
    left, top, side = page.l_margin, page.get_y(), 32
    page.image(_square(qr), x=left, y=top, w=side)
    page.set_xy(left + side + 6, top + 2)
    page.set_font("Helvetica", size=8)
    page.set_text_color(*GREY)
    about = [request.get("observaciones") or "", note, "Documento de prueba del entorno local, sin valor tributario."]
    page.multi_cell(0, 5, _latin("\n".join(line for line in about if line)), align="L")

"""The sample payload of the house's first description, as it was printed: what NubeFact says of it, fault by fault."""

from __future__ import annotations

from typing import Any

from tests.standins.invoices import FLAGS, lima_day, send
from tests.standins.programs import Starter

LINE: dict[str, Any] = {
    "unidad_de_medida": "ZZ",
    "codigo": "001",
    "descripcion": "Servicio de cambio de divisa",
    "cantidad": 1,
    "valor_unitario": 3500.00,
    "precio_unitario": 4130.00,
    "subtotal": 4130.00,
    "tipo_de_igv": "1",
    "igv": 630.00,
    "total": 4130.00,
}
PRINTED: dict[str, Any] = {
    "operacion": "generar_comprobante",
    "tipo_de_comprobante": "01",
    "serie": "F001",
    "numero": "00000123",
    "sunat_transaction": "1",
    "cliente_tipo_de_documento": "6",
    "cliente_numero_de_documento": "20123456789",
    "cliente_denominacion": "EMPRESA SAC",
    "items": [LINE],
}
# What each answer complains of, and what mends it. The table of docs/invoicing.md says the same.
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("tipo_de_comprobante", {"tipo_de_comprobante": 1}),
    ("numero", {"numero": 123}),
    ("fecha_de_emision", {"fecha_de_emision": lima_day()}),
    ("moneda", {"moneda": 1}),
    ("porcentaje_de_igv", {"porcentaje_de_igv": "18.00"}),
    ("total", {"total": 4130}),
    ("anticipo_regularizacion", {"items": [LINE | {"anticipo_regularizacion": False}]}),
    ("cliente_direccion", {"cliente_direccion": "AV. LOS ÁLAMOS 450, LIMA"}),
    ("RUC", {"cliente_numero_de_documento": "20512345671"}),
    ("Total GRAVADA", {"total_gravada": 3500}),
    ("total_gravada", {"items": [LINE | {"anticipo_regularizacion": False, "subtotal": 3500}]}),
    ("total_igv", {"total_igv": 630}),
]


def test_the_seeds_sample_is_refused_for_twelve_reasons_and_then_taken(start: Starter):
    """F092: SUNAT's codes in place of NubeFact's, and sums that do not tie."""
    nubefact, body = start("nubefact", *FLAGS), PRINTED
    for complaint, mended in FAULTS:
        answer = send(nubefact, body)
        assert answer.status_code == 400
        assert complaint in answer.json()["errors"]
        body = body | mended
    assert send(nubefact, body).status_code == 200

"""Requests to NubeFact as the house would send them, with invented people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.standins.programs import HTTP, StandIn

TOKEN = "un-token-de-prueba"
ACCOUNT = "0b1f2c3d-0000-4000-8000-00000000c0de"
FLAGS = ("--token", TOKEN, "--account", ACCOUNT)


def lima_day(*, days_ago: int = 0) -> str:
    return f"{datetime.now(UTC).astimezone(ZoneInfo('America/Lima')) - timedelta(days=days_ago):%d-%m-%Y}"


def factura(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A currency exchange of S/ 3,700.00 to a company: inafecta, one line of service."""
    item = {
        "unidad_de_medida": "ZZ",
        "codigo": "001",
        "descripcion": "QORICASH VENDE 1,000.00 USD CON TIPO DE CAMBIO 3.7000",
        "cantidad": "1",
        "valor_unitario": "3700.00",
        "precio_unitario": "3700.00",
        "subtotal": "3700.00",
        "tipo_de_igv": 9,
        "igv": 0,
        "total": "3700.00",
        "anticipo_regularizacion": "false",
    }
    request = {
        "operacion": "generar_comprobante",
        "tipo_de_comprobante": 1,
        "serie": "F001",
        "numero": number,
        "sunat_transaction": 1,
        "cliente_tipo_de_documento": 6,
        "cliente_numero_de_documento": "20990000001",
        "cliente_denominacion": "COMERCIAL AURORA S.A.C.",
        "cliente_direccion": "AV. LOS ÁLAMOS 450, LIMA",
        "fecha_de_emision": lima_day(),
        "moneda": 1,
        "porcentaje_de_igv": "18.00",
        "total_inafecta": "3700.00",
        "total": "3700.00",
        "observaciones": f"Operación EXP-{1000 + number}",
        "codigo_unico": f"EXP-{1000 + number}",
        "items": [item],
    }
    request["items"] = [item | changes.pop("item", {})]
    return request | changes


def boleta(number: int = 1, **changes: Any) -> dict[str, Any]:
    """The same exchange to a person."""
    person = {
        "tipo_de_comprobante": "2",
        "serie": "B001",
        "cliente_tipo_de_documento": "1",
        "cliente_numero_de_documento": "40000001",
        "cliente_denominacion": "ROSA QUISPE MAMANI",
    }
    return factura(number, **{**person, **changes})


def about(request: dict[str, Any], operation: str, **more: Any) -> dict[str, Any]:
    """A consult or a void of the document that `request` generated."""
    return {"operacion": operation, **{k: request[k] for k in ("tipo_de_comprobante", "serie", "numero")}, **more}


def send(nubefact: StandIn, body: Any, *, timeout: float = 10, path: str = ACCOUNT, **headers: str) -> httpx.Response:
    """POST to the account's address with its token, unless `headers` say otherwise."""
    return HTTP.post(
        f"{nubefact.url}/api/v1/{path}", json=body, timeout=timeout, headers={"Authorization": TOKEN, **headers}
    )


def code(response: httpx.Response) -> tuple[int, int]:
    """The HTTP status and the provider's own code of a refusal."""
    return response.status_code, int(response.json()["codigo"])

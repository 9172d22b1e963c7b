"""RENIEC and SUNAT look-ups on this machine: every document has an invented holder, always the same one.

    python temporal-dev/lookup.py --port 8009 --data var/lookup --token secret

`GET /reniec/dni/{8}` and `/sunat/ruc/{11}` with `Authorization: Bearer <token>`: 401 without it, 404 for numbers that
end in 00, 200 else. Failures: `500`, `429` (the quota is used up), `timeout_after`. See `standin.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from standin import Faults, Json, Store, application, arguments, serve

GIVEN = ("MARÍA ELENA", "JOSÉ LUIS", "ANA LUCÍA", "CARLOS ALBERTO", "ROSA ISABEL", "JORGE ANDRÉS")
SURNAMES = ("QUISPE", "DE LA CRUZ", "HUAMÁN", "ROJAS", "FLORES", "DEL CASTILLO", "MAMANI", "SALAZAR")
TRADES = ("IMPORTACIONES", "SERVICIOS GENERALES", "COMERCIAL", "TRANSPORTES", "INVERSIONES")
PLACES = (("LIMA", "LIMA", "MIRAFLORES"), ("AREQUIPA", "AREQUIPA", "CAYMA"), ("CUSCO", "CUSCO", "WANCHAQ"))
UNKNOWN = "00"


def _drawn(number: str) -> list[int]:
    """The same lots for the same number, on every machine."""
    return list(hashlib.sha256(number.encode()).digest())


def person(number: str) -> Json:
    """An invented holder of a DNI, as the provider writes one: both surnames in one field."""
    lots = _drawn(number)
    names, first, second = GIVEN[lots[0] % 6], SURNAMES[lots[1] % 8], SURNAMES[lots[2] % 8]
    return {"nombres": names, "apellidos": f"{first} {second}", "nombre_completo": f"{names} {first} {second}"}


def company(number: str) -> Json:
    """An invented taxpayer of a RUC; one in eight is no longer active."""
    lots = _drawn(number)
    department, province, district = PLACES[lots[2] % 3]
    return {
        "razon_social": f"{TRADES[lots[0] % 5]} {SURNAMES[lots[1] % 8]} S.A.C.",
        "direccion": f"AV. INVENTADA {100 + lots[3]}",
        "departamento": department,
        "provincia": province,
        "distrito": district,
        "estado": "ACTIVO" if lots[4] % 8 else "BAJA DE OFICIO",
        "condicion": "HABIDO" if lots[5] % 8 else "NO HABIDO",
    }


def build(store: Store, *, token: str) -> FastAPI:
    """The whole application."""
    faults = Faults("500", "429", "timeout_after")
    app = application(store, lambda: store.all("query"), faults=faults)

    async def answer(request: Request, kind: str, number: str, digits: int, found: Any) -> Response:
        fault = faults.take(kind)
        if fault and fault.failure == "timeout_after":
            await asyncio.sleep(fault.seconds)
        elif fault:
            return _said({"429": 429, "500": 500}.get(fault.failure, 503), "Cuota agotada o falla del servicio")
        if not hmac.compare_digest(request.headers.get("authorization", ""), f"Bearer {token}"):
            return _said(401, "API key inválida")
        store.add("query", {"kind": kind, "number": number})
        if not re.fullmatch(rf"[0-9]{{{digits}}}", number) or number.endswith(UNKNOWN):
            return _said(404, "No encontrado")
        return JSONResponse({"success": True, "message": "OK", "data": found(number)})

    @app.get("/reniec/dni/{number}")
    async def dni(request: Request, number: str) -> Response:
        return await answer(request, "dni", number, 8, person)

    @app.get("/sunat/ruc/{number}")
    async def ruc(request: Request, number: str) -> Response:
        return await answer(request, "ruc", number, 11, company)

    return app


def _said(status: int, message: str) -> Response:
    return JSONResponse({"success": False, "message": message}, status)


def main() -> None:
    """Run until stopped."""
    parser = arguments("Consultas de DNI y RUC en esta máquina")
    parser.add_argument("--token", default="local", help="the key that callers must show")
    options = parser.parse_args()
    serve(build(Store(options.data, "lookup"), token=options.token), port=options.port)


if __name__ == "__main__":
    main()

"""NubeFact's JSON API V1 on this machine: takes, refuses, voids and consults documents as the real service does.

    python temporal-dev/nubefact.py --port 8004 --data var/nubefact --token T --account UUID

The client posts to `http://127.0.0.1:<port>/api/v1/<account>`. `GET /received` lists the documents taken, each with the
whole request; `GET /admin/calls` every call with its outcome; `GET /admin/gaps` the numbers that a series skipped;
`POST /admin/sunat {"outcome": "rejected", "code": "2017", "serie": "B001", "numero": 7}` makes SUNAT answer what is
pending. See `standin.py` for the injection of failures, one by one or by luck.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import threading
from decimal import Decimal
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from nubefact_format import Refusal, malformed
from nubefact_ledger import SERIES, Account, Ledger
from nubefact_papers import Issuer, cdr, get_ready, pdf, xml
from nubefact_sunat import PENDING, Verdict, word
from standin import Fault, Faults, Json, Store, application, arguments, serve

FAILURES = (
    "timeout_before",  # sleeps without taking the document, then 504
    "timeout_after",  # takes it, then answers too late
    "slow",  # takes it and answers well after `seconds`
    "500",  # code 40, nothing taken
    "500_after",  # taken, and yet code 40
    "wrong_json",  # taken, and the answer is cut in the middle
    "html",  # a gateway's page with status 200; nothing taken
    "suspended",  # code 50
    "suspended_unpaid",  # code 51
    "reject_sunat",  # taken, refused by SUNAT with the code in `detail` (2800)
    "pending_sunat",  # taken, SUNAT answers when it is asked
    "later_sunat",  # taken, SUNAT says nothing for `seconds`
)
PAGE = "<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"


class Desk:
    """The door of the API: credentials, route, media type, and the failures it was asked to show."""

    def __init__(self, ledger: Ledger, faults: Faults) -> None:
        """Serve `ledger`."""
        self.ledger = ledger
        self.faults = faults

    async def call(self, request: Request, path: str) -> Response:
        """Answer one POST and keep it in the list of calls."""
        raw = await request.body()
        body = _parsed(raw)
        operation = str(body.get("operacion", "")) if isinstance(body, dict) else ""
        fault = self.faults.take(operation)
        response = await self._failed(fault) or await self._answered(request, path, body, fault)
        outcome = {"status": response.status_code, "answer": bytes(response.body).decode()}
        failure = fault.failure if fault else None
        self.ledger.store.add("call", {"operacion": operation, "failure": failure, **outcome, "request": body})
        return response

    async def _failed(self, fault: Fault | None) -> Response | None:
        """The answer of a failure that comes before anything is taken."""
        if fault is None:
            return None
        if fault.failure in ("timeout_before", "slow"):
            await asyncio.sleep(fault.seconds)
        answers = {
            "down": Response("Service Unavailable", status_code=503),
            "timeout_before": Response("Gateway Timeout", status_code=504),
            "html": HTMLResponse(PAGE),
            "500": _refused(Refusal(40, "Error interno desconocido")),
            "suspended": _refused(Refusal(50, "Su cuenta ha sido suspendida")),
            "suspended_unpaid": _refused(Refusal(51, "Su cuenta ha sido suspendida por falta de pago")),
        }
        return answers.get(fault.failure)

    async def _answered(self, request: Request, path: str, body: Any, fault: Fault | None) -> Response:
        failure = fault.failure if fault else ""
        try:
            self._admit(request, path)
            answer = self._operation(body, fault)
        except Refusal as refusal:
            return _refused(refusal)
        if failure == "timeout_after" and fault:
            await asyncio.sleep(fault.seconds)
        if failure == "500_after":
            return _refused(Refusal(40, "Error interno desconocido"))
        text = json.dumps(answer, ensure_ascii=False)
        return Response(text[: len(text) // 2] if failure == "wrong_json" else text, media_type="application/json")

    def _admit(self, request: Request, path: str) -> None:
        if path != self.ledger.account.uuid:
            raise Refusal(11, "La RUTA o URL que estás usando no es correcta o no existe")
        if not self._knows(request.headers.get("authorization", "")):
            raise Refusal(10, "No se pudo autenticar, el token es incorrecto o ha sido eliminado")
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise Refusal(12, "El Content-Type de la cabecera no es correcto: usa application/json")

    def _knows(self, header: str) -> bool:
        """The manual shows the bare token; most clients send `Token token="..."`, which is taken as well."""
        token = self.ledger.account.token
        return any(hmac.compare_digest(header.encode(), form.encode()) for form in (token, f'Token token="{token}"'))

    def _operation(self, body: Any, fault: Fault | None) -> Json:
        if not isinstance(body, dict):
            raise malformed("el archivo debe ser un objeto JSON")
        operations = {
            "generar_comprobante": self.ledger.generar_comprobante,
            "consultar_comprobante": self.ledger.consultar_comprobante,
            "generar_anulacion": self.ledger.generar_anulacion,
            "consultar_anulacion": self.ledger.consultar_anulacion,
        }
        operation = operations.get(str(body.get("operacion")))
        if operation is None:
            raise malformed("operacion no es una de las cuatro permitidas")
        return operation(body, word(fault))


def _parsed(raw: bytes) -> Any:
    """The JSON body with exact decimals kept as their text; None when it is not JSON."""
    try:
        return json.loads(raw, parse_float=lambda text: f"{Decimal(text):f}")
    except ValueError:
        return None


def _refused(refusal: Refusal) -> JSONResponse:
    return JSONResponse({"errors": refusal.errors, "codigo": refusal.codigo}, status_code=refusal.status)


class Papers:
    """What the links open: the provider's page, PDF, XML and CDR, without credentials as in the real service."""

    def __init__(self, ledger: Ledger, faults: Faults) -> None:
        """Show the documents of `ledger`; failures injected for `descarga` are shown instead of a paper."""
        self.ledger = ledger
        self.faults = faults

    async def open(self, link: str) -> Response:
        """The paper behind `<link>.<kind>`; a bare link leads to its PDF."""
        fault = self.faults.take("descarga")
        if fault is not None:
            return await self._failed(fault)
        name, _, kind = link.partition(".")
        record = self.ledger.by_link(name)
        if record is None or kind not in ("", "pdf", "xml", "cdr"):
            return HTMLResponse("<!doctype html><h1>Documento no encontrado</h1>", status_code=404)
        if not kind:
            return RedirectResponse(f"{name}.pdf")
        return await asyncio.to_thread(self._paper, record, kind)

    async def _failed(self, fault: Fault) -> Response:
        if fault.failure == "html":
            return HTMLResponse(PAGE)
        if fault.failure in ("slow", "timeout_before", "timeout_after"):
            await asyncio.sleep(fault.seconds)
        return Response("Service Unavailable", status_code=503)

    def _paper(self, record: Json, kind: str) -> Response:
        request, issuer, answer = record["request"], self.ledger.account.issuer, self.ledger.answer(record)
        if kind == "xml":
            return Response(xml(request, issuer), media_type="application/xml")
        if kind == "cdr":
            if record["outcome"] == PENDING:
                return HTMLResponse("<!doctype html><h1>La SUNAT aún no responde</h1>", status_code=404)
            description = answer["sunat_description"]
            return Response(
                cdr(request, code=answer["sunat_responsecode"], description=description), media_type="application/xml"
            )
        note = "DOCUMENTO ANULADO" if record["anulado"] else answer["sunat_description"] or "Pendiente de la SUNAT"
        content = pdf(request, issuer, qr=answer["cadena_para_codigo_qr"], note=note)
        return Response(content, media_type="application/pdf")


def build(store: Store, account: Account) -> FastAPI:
    """The whole application."""
    faults = Faults(*FAILURES)
    ledger = Ledger(store, account)
    desk, papers = Desk(ledger, faults), Papers(ledger, faults)
    app = application(store, ledger.documents, faults=faults)

    @app.post("/api/v1/{path:path}")
    async def api(request: Request, path: str) -> Response:
        return await desk.call(request, path)

    @app.get("/cpe/{link}")
    @app.get("/anulacion/{link}")
    async def paper(link: str) -> Response:
        return await papers.open(link)

    @app.post("/admin/sunat")
    async def sunat(verdict: Verdict) -> Json:
        return {"answered": ledger.settle(verdict)}

    @app.get("/admin/calls")
    async def calls() -> list[Json]:
        return store.all("call")

    @app.get("/admin/gaps")
    async def gaps() -> list[Json]:
        return ledger.gaps()

    return app


def account_from(options: argparse.Namespace) -> Account:
    """The account that the command line describes."""
    return Account(
        token=options.token,
        uuid=options.account,
        base=f"http://127.0.0.1:{options.port}",
        issuer=Issuer(options.issuer_ruc, options.issuer_name, options.issuer_address),
        series=tuple(options.series.split(",")),
        boletas=options.boletas,
        any_date=options.any_date,
    )


def main() -> None:
    """Run until stopped."""
    parser = arguments("NubeFact en esta máquina")
    parser.add_argument("--token", required=True)
    parser.add_argument("--account", required=True, help="UUID of the account, last part of the URL")
    parser.add_argument("--series", default=",".join(SERIES), help="series authorised in the panel, comma separated")
    parser.add_argument("--boletas", choices=("accepted", "pending", "next-day"), default="accepted")
    parser.add_argument("--any-date", action="store_true", help="take documents of any emission date")
    parser.add_argument("--issuer-ruc", default="20990000001")
    parser.add_argument("--issuer-name", default="QORICASH S.A.C.")
    parser.add_argument("--issuer-address", default="AV. DEL ORO 123, LIMA")
    options = parser.parse_args()
    threading.Thread(target=get_ready, daemon=True).start()
    serve(build(Store(options.data, "nubefact"), account_from(options)), port=options.port)


if __name__ == "__main__":
    main()

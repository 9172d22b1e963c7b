"""Inspektor on this machine: both generations of its REST interface, over a few people that nobody is.

    python temporal-dev/inspektor.py --port 8010 --data var/inspektor

Log in with any user and the password `inspektor`. A: `POST /Auth/login` and `/ConsultaPrincipal`. B:
`POST /auth/login/external` and `/IndivdualQuery/query` (as it is spelt). Failures: `500`, `timeout_before`, `expired`
(the token is no longer good), for `operacion` `login` or `query`. See `standin.py`.
"""

from __future__ import annotations

import asyncio
import unicodedata
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from standin import Faults, Json, Store, application, arguments, serve

FAILURES = ("500", "timeout_before", "expired")
PASSWORD = "inspektor"  # noqa: S105 - of a stand-in
PEOPLE = (
    ("Lista Clinton Inventada", "Sanciones", "NICANOR AMARU PUMACAHUA", "98000111", "", "Lavado de activos"),
    ("Noticias", "Prensa", "SEBASTIANA ROQUE ILLATINTA", "98000122", "", "Corrupción"),
    ("Cargos públicos", "PEP", "EDELMIRA CUSIRRAMOS TACO", "98000133", "Alcaldesa", ""),
)


class Vendor:
    """The service over one store."""

    def __init__(self, store: Store, faults: Faults) -> None:
        """Record in `store`."""
        self.store = store
        self.faults = faults
        self.tokens: set[str] = set()

    async def login(self, request: Request, *, nested: bool) -> Response:
        """A token, or what a wrong password gets."""
        if refused := await self._failure("login"):
            return refused
        if (await request.json()).get("password") != PASSWORD:
            return JSONResponse({"errors": ["Usuario o clave incorrectos"]}, status_code=401)
        token = uuid4().hex
        self.tokens.add(token)
        return JSONResponse({"token": {"access_token": token} if nested else token})

    async def query(self, request: Request, *, capitals: bool) -> Response:
        """Coincidences: 1 name and document, 2 document, 3 name, 4 some words of the name."""
        if refused := await self._failure("query"):
            return refused
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Response(status_code=401)
        asked = {key.lower(): value for key, value in (await request.json()).items()}
        number = self.store.add("query", asked)
        found = [item for person in PEOPLE if (item := _item(person, asked, capitals=capitals))]
        told = {"numConsulta": number, "cantCoincidencias": len(found), "listas": found, "listas_propias": []}
        if capitals:
            told = {"NumConsulta": number, "CantCoincidencias": len(found), "Listas": found, "Listas_Propias": []}
        return JSONResponse(told)

    async def _failure(self, operation: str) -> Response | None:
        fault = self.faults.take(operation)
        if fault is None:
            return None
        if fault.failure == "timeout_before":
            await asyncio.sleep(fault.seconds)
        if fault.failure == "expired":
            self.tokens.clear()
            return Response(status_code=401)
        return Response(status_code=503 if fault.failure == "down" else 500)


def _item(person: tuple[str, ...], asked: Json, *, capitals: bool) -> Json | None:
    group, kind, name, document, post, offence = person
    words, wanted = set(name.split()), set(_plain(str(asked.get("nombre", ""))).split())
    same_document, same_name = asked.get("identificacion") == document, words == wanted
    partly = bool(asked.get("tieneprioridad_4")) and len(words & wanted) >= min(
        int(asked["cantidadpalabras"]), len(words)
    )
    matched = (same_name and same_document, same_document, same_name, partly)
    priority = next((str(place) for place, met in enumerate(matched, start=1) if met), "")
    if not priority:
        return None
    item = {
        "nombreGrupoLista": group,
        "nombreTipoLista": kind,
        "nombreCompleto": name,
        "documentoIdentidad": document,
        "peps": post,
        "delito": offence,
        "fuenteConsulta": "https://lista.inventada.test",
    }
    # Both spellings of a key occur in real answers.
    keyed = {f"{key[0].upper()}{key[1:]}": value for key, value in item.items()} if capitals else item
    return {**keyed, "Prioridad" if capitals else "prioridad": priority}


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.upper())
    return "".join(char for char in bare if not unicodedata.combining(char))


def build(store: Store) -> FastAPI:
    """The whole application."""
    faults = Faults(*FAILURES)
    vendor = Vendor(store, faults)
    app = application(store, lambda: store.all("query"), faults=faults)

    @app.post("/Auth/login")
    async def login_a(request: Request) -> Response:
        return await vendor.login(request, nested=True)

    @app.post("/auth/login/external")
    async def login_b(request: Request) -> Response:
        return await vendor.login(request, nested=False)

    @app.post("/ConsultaPrincipal")
    async def query_a(request: Request) -> Response:
        return await vendor.query(request, capitals=False)

    @app.post("/IndivdualQuery/query")
    async def query_b(request: Request) -> Response:
        return await vendor.query(request, capitals=True)

    return app


def main() -> None:
    """Run until stopped."""
    options = arguments("Inspektor en esta máquina").parse_args()
    serve(build(Store(options.data, "inspektor")), port=options.port)


if __name__ == "__main__":
    main()

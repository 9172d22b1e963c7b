"""What anybody reads: the home page with its calculator, the questions, the terms and the privacy policy."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import quotes
from api.auth import SignedClient, identity, public
from api.pages.words import amount
from api.portal import pages
from api.portal.errors import PortalRoute
from api.portal.questions import QUESTIONS
from api.portal.words import clock_hour
from api.public.legal import PAGES
from api.services import Services, ServicesDep
from db.tables import ExchangeRate
from domain.calendar import Hours
from domain.errors import Refused
from domain.money import Currency
from domain.operations import Kind

router = APIRouter(route_class=PortalRoute)

EXAMPLE = Decimal(1000)
_BODY = re.compile(r"<main>(.*)</main>", re.DOTALL)
Word = Annotated[str, Query(max_length=20)]


@router.get("/", dependencies=[public("es la página de inicio")])
async def home(request: Request, services: ServicesDep) -> Response:
    """The rate of now and what an exchange would give."""
    signed = isinstance(await identity(request), SignedClient)
    quote, hours = await pages.rate(services), await pages.hours(services)
    known: dict[str, Any] = {"schedule": schedule(hours), "questions": QUESTIONS, "example": example(quote)}
    return await pages.open_page(request, services, "home.html", signed=signed, **known)


@router.get("/cotizacion", dependencies=[public("la calculadora de la página de inicio pregunta aquí")])
async def quotation(
    *,
    request: Request,
    services: ServicesDep,
    quiero: Word = "comprar",
    campo: Word = "recibe",
    envia: Word = "",
    recibe: Word = "",
    cupon: Word = "",
) -> JSONResponse:
    """Both amounts at the rate of now, as texts to show; a refusal is a sentence for the calculator."""
    try:
        given = await quoted(request, services, quiero=quiero, campo=campo, envia=envia, recibe=recibe, cupon=cupon)
    except Refused as refused:
        return JSONResponse({"problem": refused.message, "field": refused.field}, headers={"Cache-Control": "no-store"})
    shown = {
        "envia": amount(given.pays),
        "recibe": amount(given.receives),
        "rate": f"{given.rate:.4f}",
        "pips": given.pips,
        "saved": f"S/\u00a0{amount(given.saved)}",
    }
    return JSONResponse(shown, headers={"Cache-Control": "no-store"})


@router.get("/preguntas", dependencies=[public("se lee antes de abrir una cuenta")])
async def questions(request: Request, services: ServicesDep) -> Response:
    """Frequent questions."""
    signed = isinstance(await identity(request), SignedClient)
    return await pages.open_page(request, services, "faq.html", signed=signed, questions=QUESTIONS)


@router.get("/terminos", dependencies=[public("se lee antes de abrir una cuenta")])
async def terms(request: Request, services: ServicesDep) -> Response:
    """Terms of the service: the text of /legal/terms."""
    return await _legal(request, services, "terms.html", "Términos del servicio")


@router.get("/privacidad", dependencies=[public("se lee antes de abrir una cuenta")])
async def privacy(request: Request, services: ServicesDep) -> Response:
    """What is done with personal data (Ley 29733): the text of /legal/privacy."""
    return await _legal(request, services, "privacy.html", "Privacidad")


async def quoted(
    request: Request,
    services: Services,
    *,
    quiero: str,
    campo: str,
    envia: str,
    recibe: str,
    cupon: str,
) -> quotes.Quote:
    """What a calculator asks for. `campo` names the amount that the person typed. Raises Refused."""
    kind = kind_of(quiero)
    sends = campo == "envia"
    signed = await identity(request)
    async with services.sessions() as session:
        return await quotes.quote(
            session,
            kind,
            plain(envia if sends else recibe),
            kind.client_pays if sends else kind.client_receives,
            coupon=cupon.strip(),
            client_id=signed.id if isinstance(signed, SignedClient) else None,
            now=datetime.now(UTC),
        )


def kind_of(wish: str) -> Kind:
    """The house sells what the client buys."""
    return Kind.COMPRA if wish == "vender" else Kind.VENTA


def plain(typed: str) -> str:
    """An amount without the commas and the symbols that people write with it."""
    return re.sub(r"[,\s\u00a0]|S/|US\$|\$", "", typed)


def example(rate: ExchangeRate | None) -> quotes.Quote | None:
    """What the calculator shows before anybody types: a round amount of dollars, bought at the rate of now."""
    if rate is None:
        return None
    return quotes.at_rate(Kind.VENTA, EXAMPLE, Currency.USD, base=rate.sell)


def schedule(hours: Hours) -> tuple[tuple[str, str], ...]:
    """The hours of the house, from the one table of every channel."""
    week, saturday = (
        " – ".join(clock_hour(hour) for hour in hours[day]) if day in hours else "Cerrado" for day in (0, 5)
    )
    return ("Lunes a viernes", week), ("Sábados", saturday), ("Domingos y feriados", "Cerrado")


async def _legal(request: Request, services: Services, name: str, title: str) -> Response:
    signed = isinstance(await identity(request), SignedClient)
    return await pages.open_page(request, services, "text.html", signed=signed, title=title, body=_text(name))


@cache
def _text(name: str) -> Markup:
    """Our own text, so it is no risk to print it as it is."""
    found = _BODY.search((PAGES / name).read_text(encoding="utf-8"))
    assert found is not None
    return Markup(found[1])  # noqa: S704 - a file of ours, not what somebody typed

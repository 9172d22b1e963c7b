"""How the client wants to be told: by mail, by push, and what comes in any case."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentClient, SignedClient
from api.pages.refusals import problem_of
from api.portal import pages
from api.portal.errors import PortalRoute, notice
from api.public import notice_preferences as contract
from api.services import Services, ServicesDep
from db import notice_preferences
from domain.errors import Refused
from domain.notice_preferences import Topic

router = APIRouter(route_class=PortalRoute)

# Topic → its title and what belongs to it.
TOPICS = {
    Topic.PASOS: ("Pasos de tu operación", "Cuando la registramos y cuando recibimos tu constancia."),
    Topic.ALERTAS: ("Alertas de precio", "Cuando el dólar llega al valor que pediste."),
    Topic.DOCUMENTOS: ("Tus documentos", "Si falta uno, si hay que corregirlo y cuando activamos tu cuenta."),
}
ALWAYS = (
    ("Tu pago y tu comprobante", "La ley pide que lo recibas, y es tu constancia del cambio."),
    ("Cancelada, expirada o con otro monto", "Es tu dinero: tienes que saberlo aunque no estés en la página."),
    ("Seguridad de tu cuenta", "Contraseñas, códigos y respuestas a tus reclamos."),
)


@router.get("/cuenta/avisos")
async def preferences(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """What may be turned off, and what may not and why."""
    known = await _known(services, client)
    return await pages.page(request, services, client, "notice_preferences.html", active="cuenta", **known)


@router.post("/cuenta/avisos")
async def choose(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """Keep what is ticked."""
    form = await request.form()
    temas = [
        contract.TopicChosen(tema=topic, correo=f"{topic}:correo" in form, push=f"{topic}:push" in form)
        for topic in TOPICS
    ]
    try:
        await contract.change(contract.Chosen(temas=temas), client, services)
    except (Refused, ValueError) as refused:
        problem = problem_of(request, refused)
        known = {**await _known(services, client), "problem": problem}
        return pages.fragment(request, client, "notice_preferences.html", "main", status=problem["status"], **known)
    answered = pages.fragment(request, client, "notice_preferences.html", "main", **await _known(services, client))
    answered.headers.update(notice("circle-check", "Guardamos cómo quieres tus avisos."))
    return answered


async def _known(services: Services, client: SignedClient) -> dict[str, Any]:
    async with services.sessions() as session:
        found = await notice_preferences.read(session, client.id)
    rows = [(one, *TOPICS[one.topic]) for one in found]
    return {"rows": rows, "always": ALWAYS, "problem": None}

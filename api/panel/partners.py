"""Partners' systems on the screen: their keys, made, changed and ended by a Master. A key is shown once."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.errors import PanelRoute, notice
from api.panel.questions import Ask, Question, Typed, ask, done
from api.services import Services, ServicesDep
from api.staff import partners as staff
from api.staff.partners import IssuedAnswer, Manager, PartnerId
from domain.errors import Missing, Refused

router = APIRouter(prefix="/panel/aliados", route_class=PanelRoute)
GRACES = (("24", "Un día"), ("72", "Tres días"), ("168", "Una semana"), ("0", "Nada: se filtró la anterior"))
NEW = Question(
    title="Nuevo aliado",
    lead="Su sistema registra clientes y crea operaciones con una clave, que se muestra una sola vez.",
    asks=(Ask(name="name", label="Nombre", most=80),),
    ok="Crear aliado",
)


@router.get("")
async def partners_page(request: Request, user: Manager, services: ServicesDep) -> Response:
    """Every partner with its keys."""
    known: dict[str, Any] = {"partners": await staff.list_partners(user, services)}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "partners.html", "live", **known)
    return await pages.page(request, services, user, "partners.html", here="Aliados", **known)


@router.get("/nuevo")
async def ask_partner(request: Request, user: Manager) -> Response:
    """What it is called."""
    return ask(request, user, NEW)


@router.post("/nuevo")
async def add_partner(request: Request, user: Manager, services: ServicesDep) -> Response:
    """Add it; its first key is shown once."""
    typed = Typed(form=await request.form())
    try:
        made = await staff.create_partner(staff.NewPartnerBody(name=typed.text("name")), user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, NEW, typed=typed.texts(), problem=problem_of(request, refused))
    return _secret(request, user, made)


@router.get("/{partner_id}/clave")
async def ask_key(request: Request, partner_id: PartnerId, user: Manager, services: ServicesDep) -> Response:
    """For how long the old key still works."""
    return ask(request, user, _rotation(await _name(services, user, partner_id)))


@router.post("/{partner_id}/clave")
async def rotate_key(request: Request, partner_id: PartnerId, user: Manager, services: ServicesDep) -> Response:
    """Another key, shown once."""
    typed = Typed(form=await request.form())
    try:
        hours = int(next((one for one, _ in GRACES if one == typed.text("grace_hours")), GRACES[0][0]))
        made = await staff.rotate_key(partner_id, staff.RotationBody(grace_hours=hours), user, services)
    except (Refused, ValidationError) as refused:
        question = _rotation(await _name(services, user, partner_id))
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return _secret(request, user, made)


@router.get("/{partner_id}/suspender")
async def ask_end(request: Request, partner_id: PartnerId, user: Manager, services: ServicesDep) -> Response:
    """What ends, and what stays."""
    return ask(request, user, _end(await _name(services, user, partner_id)))


@router.post("/{partner_id}/suspender")
async def end(request: Request, partner_id: PartnerId, user: Manager, services: ServicesDep) -> Response:
    """No key of it works any more."""
    try:
        await staff.close_partner(partner_id, user, services)
    except Refused as refused:
        question = _end(await _name(services, user, partner_id))
        return ask(request, user, question, problem=problem_of(request, refused))
    return done("Aliado suspendido")


def _rotation(name: str) -> Question:
    return Question(
        title=f"Nueva clave para {name}",
        effects=(("key-round", "La nueva se muestra una sola vez."),),
        asks=(Ask(name="grace_hours", label="La anterior sirve todavía", kind="choice", options=GRACES),),
        ok="Crear clave",
    )


def _end(name: str) -> Question:
    effects = (
        ("ban", "Sus claves dejan de servir al instante."),
        ("users", "Sus clientes y operaciones se quedan."),
    )
    return Question(title=f"¿Suspender a {name}?", effects=effects, ok="Suspender aliado", danger=True)


async def _name(services: Services, user: SignedUser, partner_id: int) -> str:
    found = next((one for one in await staff.list_partners(user, services) if one.id == partner_id), None)
    if found is None or found.closed_at is not None:
        raise Missing("PARTNER_NOT_FOUND", "No hay un aliado activo con ese número.")
    return found.name


def _secret(request: Request, user: SignedUser, made: IssuedAnswer) -> Response:
    """Shown once, in place of the dialog."""
    title = f"Clave de {made.partner.name}"
    known: dict[str, Any] = {
        "title": title,
        "lead": "Entrégala por un canal seguro: su sistema la envía en cada pedido.",
        "secret": made.key,
        "what": "la clave",
        "after": "Se muestra esta única vez. Si se pierde, crea otra.",
    }
    headers = notice("completada", "circle-check", title)["HX-Trigger"][:-1] + ', "leer": ""}'
    return pages.fragment(request, user, "question.html", "secret", headers={"HX-Trigger": headers}, **known)

"""Better rates than the published ones, by amount and for a client, and the price from the desk's base."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.errors import PanelRoute, notice
from api.panel.operation_commands import number, pips
from api.panel.questions import Ask, Question, Typed, ask, done
from api.panel.search import clients_named
from api.panel.tables import day_of
from api.services import Services, ServicesDep
from api.staff import preferential_rates as staff
from api.staff.clients import read_client
from api.staff.preferential_rates import TierBody
from api.staff.rates import BaseBody, set_base
from api.staff.shapes import MAX_ID
from domain.errors import Missing, Refused
from domain.permissions import Permission

router = APIRouter(prefix="/panel/tasas", route_class=PanelRoute)
Setter = Annotated[SignedUser, requires(Permission.RATES_SET)]
ClientId = Annotated[int, Path(ge=1, le=MAX_ID)]
FOUND = 8
BASE = Question(
    title="Publicar desde la base de la mesa",
    lead="A la base se le quita y se le suma el margen de la casa, y eso ven los clientes.",
    effects=(
        ("users", "La ven al instante la web, la app y el panel."),
        ("triangle-alert", "Un salto grande espera a una segunda persona."),
    ),
    asks=(
        Ask(name="base_buy", label="Base de compra", most=8),
        Ask(name="base_sell", label="Base de venta", most=8),
    ),
    ok="Publicar tasas",
)
TIER = Question(
    title="Nuevo tramo por monto",
    lead="Desde ese monto, la tasa es mejor para el cliente por esos pips.",
    asks=(
        Ask(name="from_usd", label="Desde (US$)", most=12),
        Ask(name="pips", label="Pips de mejora", most=4),
    ),
    ok="Guardar tramo",
)


async def known(user: SignedUser, services: Services) -> dict[str, Any]:
    """What the page of rates shows of this: tiers, clients with a rate of their own, and the authorities' rates."""
    better = await staff.read_preferential(user, services)
    newest: dict[str, staff.ReferenceView] = {}
    for one in (await staff.read_reference(user, services)).items:
        newest.setdefault(one.source, one)
    return {"tiers": better.tiers, "clients": better.clients, "references": list(newest.values())}


@router.get("/base")
async def ask_base(request: Request, user: Setter) -> Response:
    """The desk's base, from which the pair is made."""
    return ask(request, user, BASE)


@router.post("/base")
async def publish_base(request: Request, user: Setter, services: ServicesDep) -> Response:
    """Publish from it; a pair that jumps waits for a second person."""
    typed = Typed(form=await request.form())
    try:
        given = {name: Decimal(number(typed.text(name), name)) for name in ("base_buy", "base_sell")}
        made = await set_base(BaseBody(**given), user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, BASE, typed=typed.texts(), problem=problem_of(request, refused))
    said = f"Compra {made.buy:.4f} · Venta {made.sell:.4f}"
    told = notice("completada", "arrow-left-right", "Tasas publicadas", said)
    if made.approval_id is not None:
        told = notice("pendiente", "users", "Falta que otra persona lo apruebe", f"{said}: es un salto grande")
    return pages.answer("", headers={"HX-Trigger": told["HX-Trigger"][:-1] + ', "leer": "", "hecho": "", "tasas": ""}'})


@router.get("/tramos/nuevo")
async def ask_tier(request: Request, user: Setter) -> Response:
    """From which amount, how many pips."""
    return ask(request, user, TIER)


@router.post("/tramos/nuevo")
async def add_tier(request: Request, user: Setter, services: ServicesDep) -> Response:
    """Add it; the tier of the same amount is replaced."""
    typed = Typed(form=await request.form())
    try:
        better = pips(typed.text("pips"), "pips")
        one = TierBody(from_usd=Decimal(number(typed.text("from_usd"), "from_usd")), pips=better)
        seen = await _tiers(user, services)
        kept = [tier for tier in seen if tier.from_usd != one.from_usd]
        await staff.set_tiers(staff.TiersBody(tiers=[*kept, one], seen=seen), user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, TIER, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Tramo guardado")


@router.get("/tramos/{from_usd}/quitar")
async def ask_no_tier(request: Request, from_usd: Decimal, user: Setter, services: ServicesDep) -> Response:
    """Whether it goes."""
    return ask(request, user, _no_tier(await _tier(user, services, from_usd)))


@router.post("/tramos/{from_usd}/quitar")
async def remove_tier(request: Request, from_usd: Decimal, user: Setter, services: ServicesDep) -> Response:
    """Take it away."""
    gone = await _tier(user, services, from_usd)
    seen = await _tiers(user, services)
    kept = [tier for tier in seen if tier.from_usd != gone.from_usd]
    try:
        await staff.set_tiers(staff.TiersBody(tiers=kept, seen=seen), user, services)
    except Refused as refused:
        return ask(request, user, _no_tier(gone), problem=problem_of(request, refused))
    return done("Tramo quitado")


@router.post("/cliente")
async def find_client(
    request: Request, user: Setter, services: ServicesDep, texto: Annotated[str, Form(max_length=80)] = ""
) -> Response:
    """Clients by name or document, to give one a rate of its own."""
    text = texto.strip()
    found = await clients_named(user, services, text, FOUND)
    return pages.fragment(request, user, "preferential_rates.html", "found", found=found, text=text)


@router.get("/cliente/{client_id}")
async def ask_client_rate(request: Request, client_id: ClientId, user: Setter, services: ServicesDep) -> Response:
    """How much better, until when and why."""
    return ask(request, user, await _client_question(user, services, client_id))


@router.post("/cliente/{client_id}")
async def set_client_rate(request: Request, client_id: ClientId, user: Setter, services: ServicesDep) -> Response:
    """Give it, or take it away with zero."""
    typed = Typed(form=await request.form())
    try:
        better = pips(typed.text("pips"), "pips")
        given = {"pips": better, "until": day_of(typed.text("until"), "until"), "reason": typed.text("reason")}
        await staff.set_client_rate(client_id, staff.ClientRateBody.model_validate(given), user, services)
    except (Refused, ValidationError) as refused:
        question = await _client_question(user, services, client_id)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Tasa propia guardada" if better else "Tasa propia quitada")


async def _tiers(user: SignedUser, services: Services) -> list[TierBody]:
    found = (await staff.read_preferential(user, services)).tiers
    return [TierBody(from_usd=one.from_usd, pips=one.pips) for one in found]


async def _tier(user: SignedUser, services: Services, from_usd: Decimal) -> TierBody:
    found = next((one for one in await _tiers(user, services) if one.from_usd == from_usd), None)
    if found is None:
        raise Missing("TIER_UNKNOWN", "Ese tramo ya no está.")
    return found


def _no_tier(tier: TierBody) -> Question:
    return Question(
        title=f"¿Quitar el tramo desde US$ {tier.from_usd:,.2f}?",
        lead=f"Mejora la tasa en {tier.pips} pips. Las operaciones ya creadas conservan la suya.",
        ok="Quitar tramo",
        danger=True,
    )


async def _client_question(user: SignedUser, services: Services, client_id: int) -> Question:
    client = await read_client(client_id, user, services)
    own = (await staff.read_preferential(user, services)).clients
    now = next((one for one in own if one.client_id == client_id), None)
    return Question(
        title=f"Tasa propia de {client.name}",
        lead="Vale la mejor entre la suya y la de su monto, nunca las dos.",
        asks=(
            Ask(name="pips", label="Pips de mejora", value=str(now.pips) if now else "", hint="0 la quita.", most=4),
            Ask(
                name="until",
                label="Hasta",
                kind="date",
                value=now.until.isoformat() if now and now.until else "",
                hint="Vacío: sin fecha.",
            ),
            Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría.", most=300),
        ),
        ok="Guardar tasa",
    )

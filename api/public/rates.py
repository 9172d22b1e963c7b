"""The house's rates, in the two shapes that the clients read (contract #1 and M8). Anybody may see them."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import public
from api.public.identity import Json
from api.public.objects import moment
from api.services import ServicesDep
from db.treasury import current_rate

router = APIRouter(tags=["Contrato: tipo de cambio"])


@router.get(
    "/api/platform/public/exchange-rates", dependencies=[public("el tipo de cambio se publica en la página de inicio")]
)
async def public_rates(services: ServicesDep) -> Json:
    """Buy and sell rates in PEN per USD, for the web. 404 before the first one is published."""
    async with services.sessions() as session:
        rate = await current_rate(session)
    return {
        "success": True,
        "data": {
            "tipo_compra": float(rate.buy),
            "tipo_venta": float(rate.sell),
            "fecha_actualizacion": moment(rate.at, services.settings.client_dates),
        },
    }


@router.get("/api/client/exchange-rates", dependencies=[public("la app los muestra antes de ingresar")])
async def mobile_rates(services: ServicesDep) -> Json:
    """The same pair, for the mobile."""
    async with services.sessions() as session:
        rate = await current_rate(session)
    return {
        "success": True,
        "rates": {
            "compra": float(rate.buy),
            "venta": float(rate.sell),
            "updated_at": moment(rate.at, "lima"),
        },
    }

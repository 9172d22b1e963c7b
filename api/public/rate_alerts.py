"""Rate alerts of a client: tell me when the dollar is above or below a value, once or each time, until a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from api.auth import CurrentClient
from api.public.identity import Json, Text
from api.public.objects import moment
from api.services import ServicesDep
from api.staff.shapes import MAX_ID
from db import rate_alerts
from db.rate_alerts import NewAlert
from db.tables import RateAlert
from domain import rate_alerts as rules
from domain.calendar import business_day

router = APIRouter(prefix="/api/web/rate-alerts", tags=["Contrato: alertas de tipo de cambio"])


class AlertWanted(BaseModel):
    """What to wait for. `moneda` is which rate (compra: what the house pays for a dollar), `tipo` the side of `valor`.

    `hasta` is the last day in Lima; without it, thirty days.
    """

    tipo: Text = Field(examples=["sobre"])
    moneda: Text = Field(examples=["compra"])
    valor: Decimal = Field(examples=[3.8])
    repetir: bool = False
    hasta: date | None = None


@router.get("")
async def list_alerts(client: CurrentClient, services: ServicesDep) -> Json:
    """The client's alerts that still watch, the newest first."""
    today = business_day(datetime.now(UTC))
    async with services.sessions() as session:
        found = await rate_alerts.live(session, client.id, today)
    return {"success": True, "data": [_shown(alert, at) for alert, at in found], "maximo": rules.MAX_LIVE}


@router.post("", status_code=201)
async def add_alert(body: AlertWanted, client: CurrentClient, services: ServicesDep) -> Json:
    """Watch for a value that the rate has not reached yet. Its client hears by screen, mail and push."""
    now = datetime.now(UTC)
    new = NewAlert(
        side=rules.side(body.moneda),
        direction=rules.direction(body.tipo),
        value=rules.threshold(body.valor),
        repeats=body.repetir,
        until=rules.last_day(body.hasta, business_day(now)),
    )
    async with services.sessions.begin() as session:
        row = await rate_alerts.add(session, client.id, new, actor=client.actor, now=now)
    return {"success": True, "message": "Te avisaremos cuando llegue a ese valor.", "data": _shown(row, None)}


@router.delete("/{alert_id}")
async def end_alert(
    alert_id: Annotated[int, Path(ge=1, le=MAX_ID)], client: CurrentClient, services: ServicesDep
) -> Json:
    """Watch no more. 404 for anybody else's."""
    async with services.sessions.begin() as session:
        await rate_alerts.end(session, client.id, alert_id, actor=client.actor, now=datetime.now(UTC))
    return {"success": True, "message": "Eliminamos tu alerta."}


def _shown(alert: RateAlert, fired_at: datetime | None) -> Json:
    return {
        "id": alert.id,
        "tipo": alert.direction.value,
        "moneda": alert.side.value,
        "valor": float(alert.value),
        "repetir": alert.repeats,
        "hasta": alert.until.isoformat(),
        "creada": moment(alert.created_at, "lima"),
        "ultimo_aviso": moment(fired_at, "lima") if fired_at else None,
    }

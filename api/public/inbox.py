"""A client's own notices: what its screens were told, in words, newest first, and what of it has been read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.auth import CurrentClient
from api.public.identity import Json
from api.public.objects import moment
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, Cursor, Limit, after, page
from db import inbox
from db.tables import Notification
from domain import notifications as events
from domain.money import Currency, written
from domain.operations import State

router = APIRouter(prefix="/api/web/notices", tags=["Contrato: avisos"])

PAGE = 20
Payload = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """A notice in the client's words. `kind` is what it is about; `operation` its code, or empty."""

    kind: str
    title: str
    text: str
    operation: str = ""


class Read(BaseModel):
    """Up to which notice, by its id, the client has read."""

    hasta: Annotated[int, Field(ge=1, le=MAX_ID)]


@router.get("")
async def list_notices(
    client: CurrentClient, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE
) -> Json:
    """What the client was told, newest first; `sin_leer` counts all that are new, 100 standing for as many or more."""
    async with services.sessions() as session:
        found = await inbox.page(session, client.id, before=after(cursor), limit=limit + 1)
        unread = await inbox.unread(session, client.id)
    shown, following = page(found.rows, limit, lambda row: row.id)
    data = [_shown(row, found.read_to) for row in shown]
    return {"success": True, "data": data, "sin_leer": unread, "next_cursor": following}


@router.post("/read")
async def mark_read(body: Read, client: CurrentClient, services: ServicesDep) -> Json:
    """The client has seen its notices up to this one."""
    async with services.sessions.begin() as session:
        await inbox.mark_read(session, client.id, up_to=body.hasta)
        unread = await inbox.unread(session, client.id)
    return {"success": True, "sin_leer": unread}


def told(row: Notification) -> Told:
    """The words of a notice. Nothing of a hold is in any of them: its steps reach no client's room."""
    return _TELLERS[row.event](row.payload)


def _shown(row: Notification, read_to: int) -> Json:
    said = told(row)
    return {
        "id": row.id,
        "tipo": said.kind,
        "titulo": said.title,
        "mensaje": said.text,
        "operacion": said.operation or None,
        "fecha": moment(row.at, "lima"),
        "leido": row.id <= read_to,
    }


def _amounts(payload: Payload) -> str:
    """`US$ 100.00 por S/ 341.20 a 3.4120`."""
    usd, pen, rate = (Decimal(str(payload[name])) for name in ("amount_usd", "amount_pen", "exchange_rate"))
    return f"{written(usd, Currency.USD)} por {written(pen, Currency.PEN)} a {rate:.4f}"


def _created(payload: Payload) -> Told:
    code = payload["operation_id"]
    return Told(kind="creada", title=f"Registramos tu operación {code}", text=_amounts(payload), operation=code)


def _moved(payload: Payload) -> Told:
    code = payload["operation_id"]
    state = next((one for one in State if one == payload["status"]), State.CANCELADO)
    if payload["old_status"] == state:
        return Told(kind="cambio", title=f"Cambió {code}", text=f"Ahora es {_amounts(payload)}.", operation=code)
    kind, title, text = _STATES[state]
    return Told(kind=kind, title=title.format(code=code), text=text or _amounts(payload), operation=code)


def _rate(payload: Payload) -> Told:
    buy, sell = (Decimal(str(payload[name])) for name in ("compra", "venta"))
    return Told(kind="alerta", title="El dólar llegó a tu alerta", text=f"Compra {buy:.4f} · Venta {sell:.4f}")


def _invoice(payload: Payload, title: str, text: str) -> Told:
    kind = {"nota_credito": "Nota de crédito"}.get(payload["tipo"], str(payload["tipo"]).capitalize())
    code = payload["operation_id"]
    named = f"{kind} {payload['comprobante']} de {code}"
    return Told(kind="comprobante", title=title, text=f"{named}. {text}", operation=code)


_STATES = {
    State.PENDIENTE: ("pendiente", "{code} vuelve a esperar tu transferencia", "Mira en la operación qué falta."),
    State.EN_PROCESO: ("en_proceso", "Recibimos la constancia de {code}", "Verificamos tu abono y te pagamos."),
    State.COMPLETADA: ("completada", "Te pagamos {code}", ""),
    State.CANCELADO: ("cancelada", "Se canceló {code}", "Si ya transferiste, te devolvemos a la misma cuenta."),
    State.EXPIRADA: ("expirada", "{code} expiró sin costo", "Si ya habías transferido, escríbenos."),
}
_TELLERS: Mapping[str, Callable[[Payload], Told]] = {
    events.OPERATION_CREATED: _created,
    events.OPERATION_MOVED: _moved,
    events.RATE_REACHED: _rate,
    events.ACCOUNT_APPROVED: lambda _: Told(
        kind="aprobada", title="Tu cuenta ya está activa", text="Puedes cambiar dólares y soles."
    ),
    events.ACCOUNT_CHANGED: lambda _: Told(
        kind="revision", title="Terminamos de revisar tu cuenta", text="Te escribimos por correo qué falta."
    ),
    events.PAPER_OBSERVED: lambda _: Told(
        kind="documento", title="Necesitamos otro documento", text="Mira cuál y qué corregir en tus documentos."
    ),
    events.INVOICE_ISSUED: lambda payload: _invoice(payload, "Tu comprobante está listo", "Descárgalo cuando quieras."),
    events.INVOICE_ANNULLED: lambda payload: _invoice(payload, "Anulamos un comprobante", "Ya no tiene validez."),
    events.PASSWORD_CHANGED: lambda _: Told(
        kind="seguridad", title="Cambiaste tu contraseña", text="Si no fuiste tú, recupérala ahora y escríbenos."
    ),
}

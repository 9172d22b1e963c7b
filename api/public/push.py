"""Web push: a browser of a client subscribes to what happens to its operations, and stops."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from api.auth import CurrentClient, public
from api.public.identity import Json
from api.services import ServicesDep
from db import push_subscriptions
from domain import push_subscriptions as rules
from domain.errors import Invalid, Missing
from integrations.loopback import is_loopback
from integrations.vapid import public_key

router = APIRouter(prefix="/api/web/push", tags=["Contrato: avisos"])

Endpoint = Annotated[str, StringConstraints(min_length=10, max_length=1000, strip_whitespace=True)]
Key = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]


class SubscriptionKeys(BaseModel):
    """The browser's own keys, as `PushSubscription.toJSON()` gives them."""

    p256dh: Key
    auth: Key


class Subscription(BaseModel):
    """What `PushManager.subscribe()` answers."""

    endpoint: Endpoint = Field(examples=["https://fcm.googleapis.com/fcm/send/abc"])
    keys: SubscriptionKeys


class Device(BaseModel):
    """Which subscription."""

    endpoint: Endpoint = Field(examples=["https://fcm.googleapis.com/fcm/send/abc"])


@router.get("/key", dependencies=[public("es la mitad pública de la clave; sin ella el navegador no se suscribe")])
async def push_key(services: ServicesDep) -> Json:
    """The key to subscribe with. 404 where the house sends no web pushes."""
    private = services.settings.vapid_private_key.get_secret_value()
    if not private:
        raise Missing("PUSH_OFF", "Por ahora no enviamos avisos al navegador.")
    return {"success": True, "key": public_key(private)}


@router.post("/subscribe")
async def subscribe(body: Subscription, client: CurrentClient, services: ServicesDep) -> Json:
    """Send this browser the client's pushes, until its session is ended. It belongs to the last that subscribed."""
    local = not services.settings.production and is_loopback(body.endpoint)
    if not (rules.known_service(body.endpoint) or local):
        raise Invalid("PUSH_ENDPOINT", "Ese navegador no es de los que podemos avisar.", field="endpoint")
    keys = rules.keys(body.keys.p256dh, body.keys.auth)
    async with services.sessions.begin() as session:
        kind = push_subscriptions.WEB
        await push_subscriptions.subscribe(
            session, client.id, session_id=client.session_id, kind=kind, endpoint=body.endpoint, keys=keys
        )
    return {"success": True, "message": "Este navegador recibirá tus avisos."}


@router.post("/resume")
async def resume(body: Device, client: CurrentClient, services: ServicesDep) -> Json:
    """Ask, after signing in, whether a browser that kept its subscription still receives this client's pushes.

    `active` false: it was signed out from elsewhere or was another client's, who hears no more on it. The page then
    drops the subscription and offers it anew.
    """
    async with services.sessions.begin() as session:
        active = await push_subscriptions.resume(
            session, client.id, session_id=client.session_id, endpoint=body.endpoint
        )
    return {"success": True, "active": active}


@router.post("/unsubscribe")
async def unsubscribe(body: Device, client: CurrentClient, services: ServicesDep) -> Json:
    """Send this browser no more. One that was not subscribed, or is another client's, changes nothing."""
    async with services.sessions.begin() as session:
        await push_subscriptions.unsubscribe(session, client.id, endpoint=body.endpoint)
    return {"success": True, "message": "Este navegador ya no recibirá avisos."}

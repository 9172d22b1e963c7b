"""Signing in and out, and what a client may know of itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import (
    CurrentClient,
    clear_session_cookie,
    end_session,
    identity,
    prove,
    public,
    set_session_cookie,
    start_client_session,
)
from api.public.identity import Document, Json, Text, Whose, check_own, plain
from api.public.objects import client_object
from api.services import Services, ServicesDep
from db import accounts, client_changes, clients, push_subscriptions
from db.sessions import MAX_FAILURES
from db.tables import Client
from domain.errors import Invalid

router = APIRouter(tags=["Contrato: cliente"])

_EXPO_TOKEN = re.compile(r"Expo(nent)?PushToken\[[A-Za-z0-9_\-:]{10,200}\]")


class Login(BaseModel):
    """A document of any type and its password."""

    dni: Document = Field(examples=["40000010"])
    password: str = Field(max_length=200)


class Address(Whose):
    """Where the client lives, as the profile panel sends it."""

    direccion: Text = Field(examples=["Av. Inventada 123"])
    departamento: Text = Field(default="", examples=["Lima"])
    provincia: Text = Field(default="", examples=["Lima"])
    distrito: Text = Field(default="", examples=["Miraflores"])


class PushToken(Whose):
    """Where Expo delivers to this phone."""

    push_token: Text = Field(examples=["ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]"])


@router.post("/api/client/login", dependencies=[public("es la puerta de entrada; cuenta los intentos por sí misma")])
async def login(body: Login, request: Request, response: Response, services: ServicesDep) -> Json:
    """Sign in. A wrong password answers 200 with `success` false: a 401 would reload the web's page (contract 0.5).

    The web calls this twice in a row (contract 0.6), so a right password never counts as an attempt.
    """
    number, now = plain(body.dni), datetime.now(UTC)
    async with services.sessions() as session:
        client = await clients.by_document(session, number)
    kept = _passwords_of(client, now)
    found = await prove(request, services, client, name=number, password=body.password, kept=kept)
    if client is None or found is None:
        return {"success": False, "message": await _wrong(services, client), "requires_password_change": False}
    if found != client.password_hash:
        async with services.sessions.begin() as session:
            await clients.adopt_temporary_password(session, client.id, found, now)
    token = await start_client_session(services, client.id)
    set_session_cookie(response, token, services, life=services.settings.client_absolute)
    async with services.sessions() as session:
        fresh = await clients.live(session, client.id)
        return {
            "success": True,
            "message": "Ingresaste a tu cuenta.",
            "client": await _described(services, session, fresh),
            "requires_password_change": fresh.requires_password_change,
            "token": token,
        }


@router.post("/api/client/me")
async def me(client: CurrentClient, services: ServicesDep, body: Whose | None = None) -> Json:
    """The client of this session. The web asks for it without pause while papers are missing: three small reads."""
    check_own(client, body.dni if body else None)
    async with services.sessions() as session:
        found = await clients.live(session, client.id)
        return {"success": True, "client": await _described(services, session, found)}


@router.post("/api/web/update-address")
async def update_address(body: Address, client: CurrentClient, services: ServicesDep) -> Json:
    """Keep the client's address (contract #13). Phone and e-mail are not sent by the existing pages."""
    check_own(client, body.dni)
    if not body.direccion:
        raise Invalid("ADDRESS_MISSING", "Escribe tu dirección.", field="direccion")
    values = {
        "address": body.direccion,
        "department": body.departamento,
        "province": body.provincia,
        "district": body.distrito,
    }
    async with services.sessions.begin() as session:
        await client_changes.edit(session, client.id, values, actor=client.actor)
    return {"success": True, "message": "Guardamos tu dirección."}


@router.post("/auth/logout", dependencies=[public("salir sin haber ingresado no es un error")])
async def logout(request: Request, response: Response, services: ServicesDep) -> Json:
    """Sign out in every tab (F174); without a session there is nothing to end."""
    signed = await identity(request)
    if signed is not None:
        await end_session(services, signed)
    clear_session_cookie(response, services)
    return {"success": True, "message": "Cerraste tu sesión."}


@router.get("/auth/logout", dependencies=[public("salir sin haber ingresado no es un error")])
async def logout_from_mobile(request: Request, response: Response, services: ServicesDep) -> Json:
    """The same: the mobile asks by GET (contract M2)."""
    return await logout(request, response, services)


@router.post("/api/client/register-push-token")
async def register_push_token(body: PushToken, client: CurrentClient, services: ServicesDep) -> Json:
    """Send this phone the client's pushes."""
    check_own(client, body.dni)
    if not _EXPO_TOKEN.fullmatch(body.push_token):
        raise Invalid("PUSH_TOKEN", "Ese no es un token de notificaciones de Expo.", field="push_token")
    async with services.sessions.begin() as session:
        kind = push_subscriptions.EXPO
        await push_subscriptions.subscribe(
            session, client.id, session_id=client.session_id, kind=kind, endpoint=body.push_token
        )
    return {"success": True, "message": "Este teléfono recibirá tus avisos."}


def _passwords_of(client: Client | None, now: datetime) -> list[str | None]:
    """Its own, and the temporary one while it lasts: asking for one voids nothing (F180)."""
    if client is None:
        return [None]
    until = client.temporary_password_until
    alive = client.temporary_password_hash is not None and until is not None and now < until
    return [client.password_hash, client.temporary_password_hash] if alive else [client.password_hash]


async def _wrong(services: Services, client: Client | None) -> str:
    """The same words for a wrong password and for a document without an account."""
    left = MAX_FAILURES - 1
    if client is not None:
        async with services.sessions() as session:
            left = MAX_FAILURES - (await clients.live(session, client.id)).failed_attempts
    if left <= 0:
        return "El documento o la contraseña no son correctos. Por seguridad bloqueamos el ingreso por 15 minutos."
    tries = "Te queda 1 intento" if left == 1 else f"Te quedan {left} intentos"
    return f"El documento o la contraseña no son correctos. {tries}."


async def _described(services: Services, session: AsyncSession, client: Client) -> Json:
    mine = await accounts.live(session, client.id)
    return client_object(services, client, mine, await clients.documents(session, client.id))

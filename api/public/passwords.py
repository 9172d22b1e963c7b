"""A client's password: forgotten, and changed (contract #3, #4)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import CurrentClient, SignedClient, prove, public
from api.public.identity import Document, Json, Text, Whose, check_own, plain
from api.public.notices import promise
from api.services import Services, ServicesDep
from db import clients, deliveries, passwords
from db.tables import Client
from domain.clients import check_password, split_emails
from domain.errors import Invalid

router = APIRouter(tags=["Contrato: contraseña"])

# A second mail within these minutes would only make the first one's password stop working.
ASK_AGAIN_AFTER = timedelta(minutes=5)
_NEUTRAL = "Si los datos coinciden con tu cuenta, te enviamos una contraseña temporal a tu correo."


class Forgotten(BaseModel):
    """Who forgot it; both must belong to one account."""

    dni: Document = Field(examples=["40000010"])
    email: Text = Field(examples=["persona@example.com"])


class PasswordChange(Whose):
    """The new one; `current_password` may be missing only after a temporary password."""

    current_password: str | None = Field(default=None, max_length=200)
    new_password: str = Field(max_length=200)


@router.post(
    "/api/client/forgot-password", dependencies=[public("quien olvidó su contraseña no puede ingresar; no dice nada")]
)
async def forgot_password(body: Forgotten, services: ServicesDep) -> Json:
    """Mail a temporary password. The answer is the same for all, and the present password keeps working (F180)."""
    now = datetime.now(UTC)
    async with services.sessions() as session:
        client = await clients.by_document(session, plain(body.dni))
    good, _ = split_emails(client.email if client else "")
    known = body.email.casefold() in {address.casefold() for address in good}
    if client is None or not known or _just_asked(client, now):
        await passwords.matches(body.email, None)  # as slow as the other way, so that time says nothing either
    else:
        await _send_temporary(services, client, good, now)
    return {"success": True, "message": _NEUTRAL}


@router.post("/api/client/change-password")
async def change_password(body: PasswordChange, request: Request, signed: CurrentClient, services: ServicesDep) -> Json:
    """Set the client's own password; its other sessions end.

    The current one may be missing only while this session's client has to change a temporary password: naming a
    document is never enough (contract #4).
    """
    check_own(signed, body.dni)
    async with services.sessions() as session:
        client = await clients.live(session, signed.id)
    if not client.requires_password_change:
        await _prove_current(services, request, client, body.current_password or "")
    check_password(body.new_password, document=client.document_number, field="new_password")
    if await passwords.matches(body.new_password, client.password_hash):
        raise Invalid("PASSWORD_SAME", "Elige una contraseña distinta de la que tienes.", field="new_password")
    await _set(services, signed, await passwords.hashed(body.new_password))
    return {"success": True, "message": "Cambiaste tu contraseña. Úsala la próxima vez que ingreses."}


def _just_asked(client: Client, now: datetime) -> bool:
    until = client.temporary_password_until
    return until is not None and until - deliveries.SECRET_LIFE > now - ASK_AGAIN_AFTER


async def _send_temporary(services: Services, client: Client, recipients: tuple[str, ...], now: datetime) -> None:
    temporary = passwords.temporary()
    hashed = await passwords.hashed(temporary)
    async with services.sessions.begin() as session:
        row = await clients.live(session, client.id)
        await give_temporary(services, session, row, recipients=recipients, password=temporary, hashed=hashed, now=now)


async def give_temporary(
    services: Services,
    session: AsyncSession,
    client: Client,
    *,
    recipients: tuple[str, ...],
    password: str,
    hashed: str,
    now: datetime,
) -> None:
    """Beside the present password, not in its place: a lost mail locks nobody out (F180). Raises Unavailable."""
    key = secrets.token_hex(8)
    client.temporary_password_hash = hashed
    client.temporary_password_until = now + deliveries.SECRET_LIFE
    await deliveries.leave_temporary_password(
        session,
        client_id=client.id,
        key=key,
        recipients=recipients,
        password=password,
        secret_key=services.settings.secret_key.get_secret_value(),
    )
    await session.flush()
    await promise(services, client.id, deliveries.TEMPORARY_PASSWORD, key=key)


async def _prove_current(services: Services, request: Request, client: Client, password: str) -> None:
    name = client.document_number
    kept = [client.password_hash]
    if await prove(request, services, client, name=name, password=password, kept=kept) is None:
        raise Invalid("PASSWORD_WRONG", "Tu contraseña actual no es correcta.", field="current_password")


async def _set(services: Services, signed: SignedClient, hashed: str) -> None:
    async with services.sessions.begin() as session:
        await clients.set_password(session, signed.id, hashed, keep_session=signed.session_id, now=datetime.now(UTC))

"""A client's passkeys: added after its password is proven again, and a way in beside the password.

`api.passkeys` is read where it is used: the proof's library takes 16 MB of each API process, and few keys come by.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedClient, prove, set_session_cookie, start_client_session
from api.public.notices import promise
from api.services import Services
from db import clients
from db import passkeys as keys
from db.client_reads import display_name
from db.tables import Client, ClientPasskey
from domain.errors import Invalid

if TYPE_CHECKING:
    from api.passkeys import Asked

ADDED = "llave_agregada"


async def ask_new(request: Request, services: Services, client: SignedClient, *, password: str) -> Asked:
    """What to ask of the browser for a new passkey. An open screen is not enough: raises Invalid, TooMany, Locked."""
    from api import passkeys

    async with services.sessions() as session:
        row = await clients.live(session, client.id)
        known = await keys.owned(session, ClientPasskey, client.id)
    kept = [row.password_hash]
    if not await prove(request, services, row, name=row.document_number, password=password, kept=kept):
        raise Invalid("PASSWORD_WRONG", "Tu contraseña actual no es correcta.", field="clave")
    return passkeys.ask_new(request, services.settings, _holder(row), known)


async def keep(
    request: Request, services: Services, client: SignedClient, *, state: str, answer: dict[str, Any], name: str
) -> None:
    """Keep it and tell the client by mail. Only `ask_new` makes a `state`. Raises Invalid, Conflict, Unavailable."""
    from api import passkeys

    async with services.sessions.begin() as session:
        row = await clients.live(session, client.id)
        given: dict[str, Any] = {"state": state, "answer": answer, "name": name}
        new = passkeys.read_new(request, services.settings, _holder(row), **given)
        await keys.add(session, ClientPasskey, client.id, new, actor=client.actor)
        await session.flush()
        await promise(services, client.id, ADDED, key=secrets.token_hex(8))


async def remove(services: Services, client: SignedClient, passkey_id: int) -> None:
    """It opens no more. Raises Missing."""
    async with services.sessions.begin() as session:
        await keys.remove(session, ClientPasskey, client.id, passkey_id, actor=client.actor)


def ask_proof(request: Request, services: Services) -> Asked:
    """What to ask of the browser of whoever comes in with a passkey."""
    from api import passkeys

    return passkeys.ask_proof(request, services.settings, passkeys.Door.CLIENT)


async def enter(
    request: Request, response: Response, services: Services, *, state: str, answer: dict[str, Any]
) -> Client:
    """Open the session of whoever holds the key. Raises SignInNeeded."""
    from api import passkeys

    door = passkeys.Door.CLIENT
    client = await passkeys.prove(request, services, door, keys.of_client, state=state, answer=answer)
    token = await start_client_session(services, client.id)
    set_session_cookie(response, token, services, life=services.settings.client_absolute)
    return client


def _holder(client: Client) -> keys.Holder:
    """The word before the number keeps a client's handle from ever being that of a person of the house."""
    return keys.Holder(handle=f"cliente-{client.id}", name=client.document_number, shown=display_name(client))

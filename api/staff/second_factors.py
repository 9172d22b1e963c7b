"""One's own second step: codes of the telephone with their spare ones, and passkeys, also to come in with.

`api.passkeys` is read where it is used: the proof's library takes 16 MB of each API process, and few keys come by.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import pyotp
from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentUser, SignedUser, public
from api.errors import SignInNeeded
from api.second_factors import prove_code
from api.services import Services, ServicesDep
from api.staff.auth import LoginAnswer, open_session
from api.staff.shapes import MAX_ID, Answer, Body, Done, example
from db import passkeys as keys
from db import second_factors, users
from db.tables import Passkey
from domain.errors import Invalid

router = APIRouter(prefix="/api/staff", tags=["Ingreso"])
DOOR = "es otra puerta de entrada: entra quien tiene la llave"


class PasskeyView(Answer):
    """One passkey of one's own."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


class FactorsView(Answer):
    """What one has set up; `spare_codes` are those left."""

    totp: bool
    spare_codes: int
    passkeys: list[PasskeyView]


class TotpSecret(Answer):
    """What the authenticator app scans or takes by hand."""

    secret: str
    uri: str


class CodeBody(Body):
    """The code that the app shows now."""

    model_config = example(otp="492039")
    otp: str = Field(min_length=6, max_length=20)


class SpareCodes(Answer):
    """Ten codes, each of which opens once. They are shown this once."""

    codes: list[str]


class AskedView(Answer):
    """What to give the browser's WebAuthn, and what comes back with its answer."""

    options: dict[str, Any]
    state: str


class NewPasskeyBody(Body):
    """The browser's answer, and how one calls this key."""

    model_config = example(
        name="Laptop de la oficina", state="IkVqZW1wbG8i", answer={"id": "AbC", "type": "public-key"}
    )
    name: str = Field(min_length=1, max_length=60)
    state: str = Field(max_length=2000)
    answer: dict[str, Any]


class PasskeyBody(Body):
    """The browser's answer."""

    model_config = example(state="IkVqZW1wbG8i", answer={"id": "AbC", "type": "public-key"})
    state: str = Field(max_length=2000)
    answer: dict[str, Any]


@router.get("/second-factors")
async def own_factors(user: CurrentUser, services: ServicesDep) -> FactorsView:
    """What one has set up."""
    async with services.sessions() as session:
        return FactorsView.model_validate(await second_factors.factors(session, user.id))


@router.post("/second-factors/totp")
async def begin_totp(user: CurrentUser, services: ServicesDep) -> TotpSecret:
    """A new secret for the app; it counts once `confirm` has seen one of its codes."""
    async with services.sessions.begin() as session:
        secret = await second_factors.begin_totp(session, user.id, secret_key=_key(services))
    return TotpSecret(
        secret=secret, uri=pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name="QoriCash")
    )


@router.post("/second-factors/totp/confirm")
async def confirm_totp(body: CodeBody, user: CurrentUser, services: ServicesDep) -> SpareCodes:
    """From now on one's sign-in asks for a code."""
    now = datetime.now(UTC)
    async with services.sessions.begin() as session:
        codes = await second_factors.confirm_totp(session, user.actor, body.otp, now=now, secret_key=_key(services))
    return SpareCodes(codes=list(codes))


@router.post("/second-factors/totp/remove")
async def remove_totp(body: CodeBody, request: Request, user: CurrentUser, services: ServicesDep) -> Done:
    """The password alone opens again. It takes a code: an open screen is not enough."""
    await _prove(request, services, user, body.otp)
    async with services.sessions.begin() as session:
        await second_factors.remove_totp(session, user.id, actor=user.actor)
    return Done()


@router.post("/second-factors/spare-codes")
async def renew_spare_codes(body: CodeBody, request: Request, user: CurrentUser, services: ServicesDep) -> SpareCodes:
    """Ten new spare codes in the place of the old ones."""
    await _prove(request, services, user, body.otp)
    async with services.sessions.begin() as session:
        return SpareCodes(codes=list(await second_factors.new_spare_codes(session, user.actor)))


@router.post("/second-factors/passkeys/options")
async def ask_new_passkey(request: Request, user: CurrentUser, services: ServicesDep) -> AskedView:
    """What to ask of the browser for a new passkey."""
    async with services.sessions() as session:
        known = await second_factors.factors(session, user.id)
    from api import passkeys

    return AskedView.model_validate(passkeys.ask_new(request, services.settings, _holder(user), known.passkeys))


@router.post("/second-factors/passkeys")
async def add_passkey(body: NewPasskeyBody, request: Request, user: CurrentUser, services: ServicesDep) -> FactorsView:
    """Keep it."""
    from api import passkeys

    given: dict[str, Any] = {"state": body.state, "answer": body.answer, "name": body.name}
    new = passkeys.read_new(request, services.settings, _holder(user), **given)
    async with services.sessions.begin() as session:
        await keys.add(session, Passkey, user.id, new, actor=user.actor)
    return await own_factors(user, services)


@router.post("/second-factors/passkeys/{passkey_id}/remove")
async def remove_passkey(
    passkey_id: Annotated[int, Path(ge=1, le=MAX_ID)], user: CurrentUser, services: ServicesDep
) -> Done:
    """It opens no more."""
    async with services.sessions.begin() as session:
        await keys.remove(session, Passkey, user.id, passkey_id, actor=user.actor)
    return Done()


@router.post("/passkey/options", dependencies=[public(DOOR)])
async def ask_passkey(request: Request, services: ServicesDep) -> AskedView:
    """What to ask of the browser of whoever comes in with a passkey."""
    from api import passkeys

    return AskedView.model_validate(passkeys.ask_proof(request, services.settings, passkeys.Door.HOUSE))


@router.post("/passkey/login", dependencies=[public(DOOR)])
async def login_by_passkey(
    body: PasskeyBody, request: Request, response: Response, services: ServicesDep
) -> LoginAnswer:
    """Open a session: a passkey is both the password and the code."""
    from api import passkeys

    door = passkeys.Door.HOUSE
    user = await passkeys.prove(request, services, door, keys.of_user, state=body.state, answer=body.answer)
    return await open_session(response, services, user)


async def _prove(request: Request, services: Services, user: SignedUser, code: str) -> None:
    """Counted and limited as at the door; a wrong code closes nothing here. Raises Invalid."""
    async with services.sessions() as session:
        row = await users.by_id(session, user.id)
    try:
        await prove_code(request, services, row, code)
    except SignInNeeded as refused:
        raise Invalid("OTP_WRONG", refused.message, field="otp") from refused


def _holder(user: SignedUser) -> keys.Holder:
    return keys.Holder(handle=str(user.id), name=user.username, shown=user.full_name)


def _key(services: Services) -> str:
    return services.settings.secret_key.get_secret_value()

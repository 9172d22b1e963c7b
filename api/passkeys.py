"""Passkeys (WebAuthn): what is asked of the browser, and whether what it answers is true. py_webauthn does the proof.

The challenge travels signed with the page and comes back with the answer; one issued before the key's last use is
refused, so that an answer is never taken twice. The house and its clients have each a door: what one door asked, and
whose keys it knows, is nothing to the other.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import webauthn
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from api.errors import SignInNeeded
from api.services import Services
from api.settings import ApiSettings
from db.passkeys import Holder, NewKey
from db.tables import ClientPasskey, Passkey
from domain.errors import Conflict, Invalid

LIFE = 300
NAME = "QoriCash"
NOT_TAKEN = "La llave no se reconoció. Inténtalo otra vez o entra con tu contraseña."

AnyKey = Passkey | ClientPasskey
Person = TypeVar("Person")


class Door(StrEnum):
    """Where a passkey opens."""

    HOUSE = "casa"
    CLIENT = "cliente"


@dataclass(frozen=True, kw_only=True)
class House:
    """Who we are to the browser: the host name that keys belong to, and the page's origin."""

    rp_id: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the browser is asked (`options`), and the signed note that comes back with its answer (`state`)."""

    options: dict[str, Any]
    state: str


def house(request: Request, settings: ApiSettings) -> House:
    """By PUBLIC_URL in production; on one machine, as the browser names it. Raises Conflict for a bare address."""
    url = settings.public_url if settings.production else f"{request.url.scheme}://{request.url.netloc}"
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return House(rp_id=host, origin=f"{parts.scheme}://{parts.netloc}")
    raise Conflict(
        "PASSKEY_HOST", f"Las llaves no funcionan en {host}: abre la página como http://localhost:{parts.port}."
    )


def ask_new(request: Request, settings: ApiSettings, holder: Holder, known: Sequence[AnyKey]) -> Asked:
    """For a new passkey of this person, not one that it has already."""
    asked = webauthn.generate_registration_options(
        rp_id=house(request, settings).rp_id,
        rp_name=NAME,
        user_name=holder.name,
        user_id=holder.handle.encode(),
        user_display_name=holder.shown,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
    )
    return _asked(settings, asked, asked.challenge, holder.handle)


def ask_proof(request: Request, settings: ApiSettings, door: Door) -> Asked:
    """For whoever holds a passkey: the browser offers those of this house."""
    asked = webauthn.generate_authentication_options(
        rp_id=house(request, settings).rp_id, user_verification=UserVerificationRequirement.REQUIRED
    )
    return _asked(settings, asked, asked.challenge, f"puerta-{door}")


def read_new(
    request: Request, settings: ApiSettings, holder: Holder, *, state: str, answer: dict[str, Any], name: str
) -> NewKey:
    """The new passkey, to be kept. Raises Invalid when the answer does not prove it."""
    here = house(request, settings)
    challenge, _ = _opened(settings, state, holder.handle)
    try:
        proven = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=here.rp_id,
            expected_origin=here.origin,
            require_user_verification=True,
        )
    except WebAuthnException as error:
        raise Invalid("PASSKEY_NOT_TAKEN", NOT_TAKEN) from error
    return NewKey(
        credential_id=proven.credential_id,
        public_key=proven.credential_public_key,
        sign_count=proven.sign_count,
        name=name,
    )


async def prove(
    request: Request,
    services: Services,
    door: Door,
    find: Callable[[AsyncSession, bytes], Awaitable[tuple[AnyKey, Person] | None]],
    *,
    state: str,
    answer: dict[str, Any],
) -> Person:
    """Whose passkey answered, of those that `find` knows.

    Raises SignInNeeded for an unknown key, a false proof, one already used, or a count that went back (a copied key).
    """
    here = house(request, services.settings)
    challenge, issued = _opened(services.settings, state, f"puerta-{door}")
    async with services.sessions.begin() as session:
        found = await find(session, _credential_id(answer))
        if found is None or (found[0].last_used_at is not None and issued <= found[0].last_used_at):
            raise SignInNeeded(NOT_TAKEN, code="PASSKEY_NOT_TAKEN")
        row, person = found
        try:
            proven = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=here.rp_id,
                expected_origin=here.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except WebAuthnException as error:
            raise SignInNeeded(NOT_TAKEN, code="PASSKEY_NOT_TAKEN") from error
        row.sign_count, row.last_used_at = proven.new_sign_count, datetime.now(UTC)
        return person


def _asked(settings: ApiSettings, asked: Any, challenge: bytes, whom: str) -> Asked:
    state = _signer(settings).dumps([base64.b64encode(challenge).decode(), whom, datetime.now(UTC).isoformat()])
    return Asked(options=json.loads(webauthn.options_to_json(asked)), state=state)


def _opened(settings: ApiSettings, state: str, whom: str) -> tuple[bytes, datetime]:
    try:
        challenge, whose, issued = _signer(settings).loads(state, max_age=LIFE)
    except BadSignature as error:
        raise Invalid("PASSKEY_LATE", "Pasó demasiado tiempo. Inténtalo otra vez.") from error
    if whose != whom:
        raise Invalid("PASSKEY_NOT_TAKEN", NOT_TAKEN)
    return base64.b64decode(challenge), datetime.fromisoformat(issued)


def _credential_id(answer: dict[str, Any]) -> bytes:
    try:
        return webauthn.base64url_to_bytes(str(answer.get("id", "")))
    except ValueError:
        return b""


def _signer(settings: ApiSettings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key.get_secret_value(), salt="passkey")

"""Partners' systems: who is calling by an API key, and how often it may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader
from starlette.requests import Request

from api.errors import SignInNeeded
from api.services import ServicesDep
from db import partners
from domain.operations import Actor, ActorKind

HEADER = "X-API-Key"
_documented = Security(
    APIKeyHeader(name=HEADER, auto_error=False, description="La clave que la casa dio al aliado; se muestra una vez.")
)


@dataclass(frozen=True, kw_only=True)
class SignedPartner:
    """A partner that showed a living key."""

    id: int
    name: str

    @property
    def actor(self) -> Actor:
        """As histories name it."""
        return Actor(kind=ActorKind.PARTNER, id=self.id)


class _ByKey:
    """The policy "a partner's system, by its key"."""

    policy = "aliado con su clave"

    async def __call__(
        self, request: Request, services: ServicesDep, key: Annotated[Any, _documented] = None
    ) -> SignedPartner:
        """Raises SignInNeeded for a key that is none, and TooMany for too many calls or too many such keys."""
        now = datetime.now(UTC)
        found = None
        if key:
            async with services.sessions.begin() as session:
                found = await partners.of_key(session, key, now=now)
        if found is None:
            await services.allowances.wrong_key(request)
            raise SignInNeeded(f"Envía tu clave vigente en {HEADER}.", code="API_KEY_NEEDED")
        await services.allowances.partner(found.id)
        return SignedPartner(id=found.id, name=found.name)


CurrentPartner = Annotated[SignedPartner, Depends(_ByKey())]

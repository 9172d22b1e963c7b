"""Partners' systems and their keys, managed by Master. A key is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, Answer, Body, example
from db import partners
from db.partners import Issued
from db.tables import Partner, PartnerKey
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/partners", tags=["Aliados"])

PartnerId = Annotated[int, Path(ge=1, le=MAX_ID)]
Manager = Annotated[SignedUser, requires(Permission.PARTNERS_MANAGE)]


class NewPartnerBody(Body):
    """What the partner is called."""

    model_config = example(name="Remesas del Sur")
    name: str = Field(min_length=partners.MIN_NAME, max_length=partners.MAX_NAME)


class RotationBody(Body):
    """For how many hours the old key still works; 0 ends it now, as after a leak."""

    model_config = example(grace_hours=24)
    grace_hours: int = Field(default=24, ge=0, le=168)


class KeyView(Answer):
    """A key by its first characters."""

    hint: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class PartnerView(Answer):
    """A partner and its keys."""

    id: int
    name: str
    created_at: datetime
    closed_at: datetime | None
    keys: list[KeyView] = Field(default_factory=list)


class IssuedAnswer(Answer):
    """The partner with its new key: it is shown this once."""

    partner: PartnerView
    key: str


@router.get("")
async def list_partners(_user: Manager, services: ServicesDep) -> list[PartnerView]:
    """Every partner, the newest first, with its keys by their first characters."""
    async with services.sessions() as session:
        return [_view(partner, keys) for partner, keys in await partners.listed(session)]


@router.post("", status_code=201)
async def create_partner(body: NewPartnerBody, user: Manager, services: ServicesDep) -> IssuedAnswer:
    """Add a partner and make its first key."""
    async with services.sessions.begin() as session:
        return _issued(await partners.create(session, body.name, actor=user.actor))


@router.post("/{partner_id}/rotate-key")
async def rotate_key(partner_id: PartnerId, body: RotationBody, user: Manager, services: ServicesDep) -> IssuedAnswer:
    """Make another key; those before it stop working when the grace is over."""
    grace, now = timedelta(hours=body.grace_hours), datetime.now(UTC)
    async with services.sessions.begin() as session:
        return _issued(await partners.rotate(session, partner_id, grace=grace, actor=user.actor, now=now))


@router.post("/{partner_id}/close")
async def close_partner(partner_id: PartnerId, user: Manager, services: ServicesDep) -> PartnerView:
    """End every key of the partner now. Its clients and their operations stay."""
    async with services.sessions.begin() as session:
        return _view(await partners.close(session, partner_id, actor=user.actor, now=datetime.now(UTC)), [])


def _issued(made: Issued) -> IssuedAnswer:
    return IssuedAnswer(partner=_view(made.partner, []), key=made.key)


def _view(partner: Partner, keys: Sequence[PartnerKey]) -> PartnerView:
    return PartnerView(
        id=partner.id,
        name=partner.name,
        created_at=partner.created_at,
        closed_at=partner.closed_at,
        keys=[KeyView.model_validate(key) for key in keys],
    )

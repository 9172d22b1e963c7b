"""Better rates than the published ones, by amount and for one client; and what the authorities published."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, Answer, Body, Day, Done, Money, Rate, example
from db import preferential_rates, reference_rates
from db.client_reads import display_name
from domain.calendar import business_day
from domain.money import amount
from domain.permissions import Permission
from domain.rates import Tier

router = APIRouter(prefix="/api/staff/rates", tags=["Tipo de cambio"])

Reader = Annotated[SignedUser, requires(Permission.RATES_READ)]
Setter = Annotated[SignedUser, requires(Permission.RATES_SET)]


class TierBody(Body):
    """From this many dollars on, so many pips better for the client."""

    from_usd: Money
    pips: int = Field(ge=1, le=1000)


class TiersBody(Body):
    """The tiers, all of them: what is not here is taken away. `seen`: what there was when the person decided."""

    model_config = example(tiers=[{"from_usd": "5000.00", "pips": 15}])
    tiers: list[TierBody] = Field(max_length=20)
    seen: list[TierBody] | None = Field(default=None, max_length=20)


class ClientRateBody(Body):
    """So many pips better for the client, until a Lima day or for good; 0 takes it away."""

    model_config = example(pips=20, until="2026-12-31", reason="Cliente con más de 50 operaciones al mes")
    pips: int = Field(ge=0, le=1000)
    until: Day | None = None
    reason: str = Field(min_length=3, max_length=300)


class TierView(Answer):
    """A tier by amount."""

    from_usd: Money
    pips: int


class ClientRateView(Answer):
    """A client with a rate of its own."""

    client_id: int
    name: str
    pips: int
    until: date | None


class ReferenceView(Answer):
    """What an authority published for a Lima day, in PEN per USD."""

    source: str
    day: date
    buy: Rate
    sell: Rate
    fetched_at: datetime


class PreferentialAnswer(Answer):
    """Every improvement in force. A client gets the better of its own and of its amount's, never both."""

    tiers: list[TierView]
    clients: list[ClientRateView]


class ReferenceAnswer(Answer):
    """The last days of each source, newest first."""

    items: list[ReferenceView]


@router.get("/preferential")
async def read_preferential(_user: Reader, services: ServicesDep) -> PreferentialAnswer:
    """Tiers by amount, and clients with a rate of their own."""
    async with services.sessions() as session:
        tiers = await preferential_rates.tiers(session)
        clients = await preferential_rates.clients(session, day=business_day(datetime.now(UTC)))
    return PreferentialAnswer(
        tiers=[TierView.model_validate(row) for row in tiers],
        clients=[
            ClientRateView(client_id=row.client_id, name=display_name(client), pips=row.pips, until=row.until)
            for row, client in clients
        ],
    )


@router.post("/preferential/tiers")
async def set_tiers(body: TiersBody, user: Setter, services: ServicesDep) -> Done:
    """Replace the tiers by amount; with `seen`, refused when somebody changed them meanwhile."""
    tiers, seen = _tiers(body.tiers), None if body.seen is None else _tiers(body.seen)
    async with services.sessions.begin() as session:
        await preferential_rates.set_tiers(session, tiers, seen=seen, actor=user.actor, at=datetime.now(UTC))
    return Done()


@router.post("/preferential/clients/{client_id}")
async def set_client_rate(
    client_id: Annotated[int, Path(ge=1, le=MAX_ID)], body: ClientRateBody, user: Setter, services: ServicesDep
) -> Done:
    """Give a client a better rate, or take it away."""
    async with services.sessions.begin() as session:
        await preferential_rates.set_client(
            session,
            client_id,
            body.pips,
            until=body.until,
            actor=user.actor,
            at=datetime.now(UTC),
            reason=body.reason,
        )
    return Done()


@router.get("/reference")
async def read_reference(_user: Reader, services: ServicesDep) -> ReferenceAnswer:
    """What BCRP and SBS published, with when it was fetched: an old figure is seen to be old (F288)."""
    async with services.sessions() as session:
        rows = await reference_rates.latest(session)
    return ReferenceAnswer(items=[ReferenceView.model_validate(row) for row in rows])


def _tiers(given: list[TierBody]) -> list[Tier]:
    return [Tier(from_usd=amount(one.from_usd, field="from_usd"), pips=one.pips) for one in given]

"""The live board: what waits, what is being worked on, and what ended today. It moves by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.errors import PanelRoute
from api.services import ServicesDep
from api.staff.operation_views import ASSESSED, IN_REVIEW
from db import parameters
from db.board import Board, Card, read_board
from db.client_reads import display_name
from domain.calendar import business_day
from domain.money import Currency
from domain.operations import Assessment, Kind, Origin, State
from domain.permissions import Permission, Role

router = APIRouter(prefix="/panel", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]


@dataclass(frozen=True, kw_only=True)
class Deal:
    """What comes in and what goes out, as it is always drawn."""

    kind: Kind
    pays: Decimal
    pays_in: Currency
    receives: Decimal
    receives_in: Currency
    rate: Decimal
    from_bank: str
    to_bank: str


@dataclass(frozen=True, kw_only=True)
class CardView:
    """A card of the board. `held` is what this person may read of a hold; empty when there is none."""

    code: str
    state: State
    origin: Origin
    client: str
    deal: Deal
    held: str
    attention: str
    expires_at: datetime | None
    term: timedelta | None
    created_at: datetime
    in_process_since: datetime | None
    finished_at: datetime | None
    trader: str
    operator: str
    mine: bool
    notes: int
    unread: int
    proofs: int
    amount_usd: Decimal


@router.get("/tablero")
async def show_board(request: Request, user: Reader, services: ServicesDep) -> Response:
    """The board, or only its lanes when the page asks for them again."""
    now = datetime.now(UTC)
    async with services.sessions() as session:
        board = await read_board(session, user.actor, now=now)
        minutes = await parameters.value(session, "operator_alert_minutes", business_day(now))
    known: dict[str, Any] = {
        "board": board,
        "lanes": lanes(board, user),
        "alert_seconds": int(minutes * 60),
        # Middle Office is told of holds only, so its board asks more often.
        "hears": user.role is not Role.MIDDLE_OFFICE,
        "State": State,
        "Kind": Kind,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "board.html", "live", **known)
    return await pages.page(request, services, user, "board.html", here="Tablero", **known)


def lanes(board: Board, user: SignedUser) -> dict[str, list[CardView]]:
    """The cards of each lane, as this person may read them."""
    return {
        "pending": [card_view(card, user) for card in board.pending],
        "processing": [card_view(card, user) for card in board.processing],
        "finished": [card_view(card, user) for card in board.finished],
    }


def card_view(card: Card, user: SignedUser) -> CardView:
    """A card, without what compliance alone may know."""
    row = card.row
    term = row.expires_at - row.created_at if row.expires_at else None
    copied = ("code", "state", "origin", "expires_at", "created_at", "in_process_since", "finished_at", "amount_usd")
    return CardView(
        **{name: getattr(row, name) for name in copied},
        client=display_name(card.client),
        deal=_deal(card),
        held=_held(row.assessment, user),
        attention=row.attention,
        term=term,
        trader=card.trader_name,
        operator=card.operator_name,
        mine=row.operator_id == user.id,
        notes=card.notes,
        unread=card.unread,
        proofs=card.proofs,
    )


def _deal(card: Card) -> Deal:
    row = card.row
    buys = row.kind is Kind.COMPRA
    return Deal(
        kind=row.kind,
        pays=row.amount_usd if buys else row.amount_pen,
        pays_in=row.kind.client_pays,
        receives=row.amount_pen if buys else row.amount_usd,
        receives_in=row.kind.client_receives,
        rate=row.rate,
        from_bank=row.source_bank,
        to_bank=row.destination_bank,
    )


def _held(assessment: Assessment, user: SignedUser) -> str:
    if assessment is not Assessment.HELD:
        return ""
    return ASSESSED[assessment] if user.may(Permission.COMPLIANCE_READ) else IN_REVIEW

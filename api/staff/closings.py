"""The daily close: draft, signature, reopening by two people."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.closing_papers import closing_paper, closing_sheet
from api.staff.papers import CONTENT_TYPES, PaperFormat, as_pdf
from api.staff.position import ApprovalView
from api.staff.shapes import MAX_ID, PAGE, Answer, Body, Cursor, Day, Limit, Money, after, example, page
from api.staff.sheets import download, workbook
from db import approvals, closings, house_accounts, users
from db.tables import DailyClosure
from domain.approvals import ApprovalKind
from domain.calendar import format_day
from domain.closings import ClosingState, Count
from domain.errors import Missing
from domain.permissions import Permission

router = APIRouter(prefix="/api/staff/closings", tags=["Cierre del día"])

Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in sorted(CONTENT_TYPES.values())}}}
Signer = Annotated[SignedUser, requires(Permission.CLOSINGS_SIGN)]


class CountBody(Body):
    """What was counted in an account, in its currency, and why it differs."""

    house_account_id: int = Field(ge=1, le=MAX_ID)
    counted: Money = Field(ge=-99_999_999_999, le=99_999_999_999, decimal_places=2)
    reason: str = Field(default="", max_length=300)


class SignBody(Body):
    """Every account of the house, counted."""

    model_config = example(counts=[{"house_account_id": 1, "counted": "15000.00", "reason": ""}])
    counts: list[CountBody] = Field(min_length=1, max_length=100)


class ReopenBody(Body):
    """Why a signed day must be opened again."""

    model_config = example(reason="Llegó un abono que faltaba registrar")
    reason: str = Field(min_length=3, max_length=300)


class ClosureLineView(Answer):
    """An account in a close, in its currency: opening + came_in − went_out = system."""

    house_account_id: int
    opening: Money
    came_in: Money
    went_out: Money
    system: Money
    counted: Money | None
    reason: str


class ClosureView(Answer):
    """A close of a Lima day. A reopened one keeps the figures of then; `round` tells them apart."""

    day: date
    round: int
    state: ClosingState
    open_operations: int
    open_usd: Money
    realised_pen: Money
    margin_pen: Money
    drafted_at: datetime
    signed_by: int | None
    signed_at: datetime | None
    reopened_reason: str
    lines: list[ClosureLineView] = Field(default_factory=list)


class ClosureList(Answer):
    """A page of closes."""

    items: list[ClosureView]
    next_cursor: str | None


@router.get("")
async def list_closings(
    _user: Reader, services: ServicesDep, cursor: Cursor = None, limit: Limit = PAGE
) -> ClosureList:
    """Closes, newest first, reopened ones too."""
    async with services.sessions() as session:
        rows = await closings.listed(session, before=after(cursor), limit=limit + 1)
    shown, following = page(rows, limit, lambda row: row.id)
    return ClosureList(items=[_bare(row) for row in shown], next_cursor=following)


@router.get("/{day}")
async def read_closing(day: Day, _user: Reader, services: ServicesDep) -> ClosureView:
    """The draft or the signed close of a day."""
    async with services.sessions.begin() as session:
        return await _view(session, await _live(session, day))


@router.get("/{day}/export", response_class=Response, responses=FILE)
async def export_closing(
    day: Day,
    _user: Reader,
    services: ServicesDep,
    form: Annotated[PaperFormat, Query(alias="format", description="pdf o xlsx.")] = PaperFormat.PDF,
) -> Response:
    """The close of a day as a paper to keep, or as a sheet."""
    async with services.sessions.begin() as session:
        row = await _live(session, day)
        lines = await closings.lines(session, row.id)
        accounts = {one.id: one for one in await house_accounts.every(session)}
        signer = (await users.names(session)).get(row.signed_by or 0, "")
    if form is PaperFormat.XLSX:
        content = await asyncio.to_thread(workbook, closing_sheet(lines, accounts))
    else:
        paper = closing_paper(row, lines, accounts, signer=signer, now=datetime.now(UTC))
        content = await asyncio.to_thread(as_pdf, paper)
    return download(content, f"cierre-{day}.{form}", media_type=CONTENT_TYPES[form])


@router.post("/{day}/draft")
async def draft_closing(day: Day, _user: Signer, services: ServicesDep) -> ClosureView:
    """Make the draft of a day now, or bring it up to date."""
    async with services.sessions.begin() as session:
        row = await closings.draft(session, day=day, at=datetime.now(UTC))
        return await _view(session, row)


@router.post("/{day}/sign")
async def sign_closing(day: Day, body: SignBody, user: Signer, services: ServicesDep) -> ClosureView:
    """Sign a day with what was counted; a difference needs its reason."""
    counts = [Count(**one.model_dump()) for one in body.counts]
    async with services.sessions.begin() as session:
        row = await closings.sign(session, day=day, counts=counts, actor=user.actor, at=datetime.now(UTC))
        return await _view(session, row)


@router.post("/{day}/reopen")
async def ask_reopening(day: Day, body: ReopenBody, user: Signer, services: ServicesDep) -> ApprovalView:
    """Ask to open a signed day again; a second person decides (F248)."""
    async with services.sessions.begin() as session:
        row = await closings.live(session, day)
        if row is None or row.state is not ClosingState.FIRMADO:
            raise Missing("DAY_NOT_SIGNED", f"El {format_day(day)} no está firmado.")
        asked = await approvals.ask_once(
            session,
            ApprovalKind.REABRIR_DIA,
            {"day": day.isoformat()},
            words=f"Reabrir el {format_day(day)}",
            reason=body.reason,
            actor=user.actor,
        )
        return ApprovalView.model_validate(asked)


async def _live(session: AsyncSession, day: date) -> DailyClosure:
    row = await closings.live(session, day)
    if row is None:
        raise Missing("CLOSURE_UNKNOWN", f"El {format_day(day)} no tiene cierre todavía.")
    return row


async def _view(session: AsyncSession, row: DailyClosure) -> ClosureView:
    await session.flush()
    lines = [ClosureLineView.model_validate(line) for line in await closings.lines(session, row.id)]
    return _bare(row).model_copy(update={"lines": lines})


def _bare(row: DailyClosure) -> ClosureView:
    names = ClosureView.model_fields.keys() - {"lines"}
    return ClosureView(**{name: getattr(row, name) for name in names})

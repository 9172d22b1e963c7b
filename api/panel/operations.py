"""The page of an operation: everything about it in one place, and every act as a button with its reason when not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import operation_story as story
from api.panel import pages, reversals
from api.panel.board import Deal
from api.panel.dialogs import PERMISSIONS
from api.panel.errors import PanelRoute
from api.panel.words import with_symbol
from api.services import ServicesDep
from api.staff.clients import AccountView
from api.staff.operation_views import ASSESSED, IN_REVIEW, OperationView
from api.staff.operations import Code, read_operation
from db import notes, parameters
from db.client_reads import ClientDetail, get_client
from domain.calendar import business_day
from domain.decisions import editable
from domain.errors import Missing
from domain.money import Currency
from domain.operations import MAX_DEPOSITS, MAX_PAYOUTS, Assessment, State
from domain.permissions import Permission, Role

router = APIRouter(prefix="/panel/operaciones", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]

# Command → icon, words and key of its button, in the order of the page. The main one is drawn apart.
BUTTONS: dict[str, tuple[str, str, str]] = {
    "submit-proof": ("banknote-arrow-down", "Registrar abono", "A"),
    "attach-proof": ("paperclip", "Adjuntar constancia de pago", "A"),
    "return-to-pending": ("undo-2", "Devolver a Pendiente", "D"),
    "reassign": ("user-round-cog", "Reasignar operador", "R"),
    "extend-deadline": ("calendar-clock", "Ampliar plazo", ""),
    "edit": ("pencil", "Cambiar el monto", ""),
    "release-hold": ("lock-open", "Liberar", ""),
    "confirm-hold": ("lock", "Confirmar retención", ""),
    "retry-effect": ("rotate-cw", "Reintentar", ""),
    "waive-effect": ("file-check", "Exonerar", ""),
    "cancel": ("ban", "Cancelar operación", ""),
}
CLEAR = ASSESSED[Assessment.CLEAR]
DANGER = frozenset({"cancel", "confirm-hold", "waive-effect"})
# Said better than "it is already in such a state".
ONLY = {"extend-deadline": "Solo mientras está Pendiente.", "cancel": "En proceso, solo un Master la cancela."}
MAIN: dict[State, tuple[str, str, str]] = {
    State.PENDIENTE: ("start-processing", "refresh-cw", "Pasar a En proceso"),
    State.EN_PROCESO: ("complete", "circle-check", "Completar operación"),
}


@dataclass(frozen=True, kw_only=True)
class Button:
    """An act on the page; `reason` says why not now."""

    command: str
    icon: str
    text: str
    key: str
    reason: str
    danger: bool


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Abonos or pagos: the rows, what they add up to and what they should, and whether this person edits them now."""

    name: str
    title: str
    hint: str
    currency: Currency
    rows: Sequence[Any]
    target: Decimal
    editable: bool
    accounts: Sequence[AccountView]
    most: int

    @property
    def total(self) -> Decimal:
        """What the rows add up to."""
        return sum((row.amount for row in self.rows), Decimal(0))

    @property
    def missing(self) -> Decimal:
        """What is missing; negative when it is too much."""
        return self.target - self.total


@router.get("/{code}")
async def show_operation(request: Request, code: Code, user: Reader, services: ServicesDep) -> Response:
    """One operation with everything that this person may know of it."""
    view = await read_operation(code, user, services)
    async with services.sessions() as session:
        client = await _client(session, user, view.client.id)
        minutes = await parameters.value(session, "operator_alert_minutes", business_day(datetime.now(UTC)))
        read = await _readings(request, session, view, user)
        await session.commit()
    accounts = [AccountView.model_validate(one) for one in client.accounts] if client else []
    known: dict[str, Any] = {
        "view": view,
        "deal": deal(view),
        "deposits": lines(view, user, accounts, "deposits"),
        "payouts": lines(view, user, accounts, "payouts"),
        "main": main_button(view, user),
        "buttons": buttons(view, user),
        "undoing": reversals.buttons(view, user),
        "checks": checks(view),
        "story": story.story(view),
        "deliveries": story.deliveries(view.deliveries, view.state),
        "invoice_tone": story.invoice_tone,
        "awaits": story.awaits(view),
        "read": read,
        "completed": client.client.completed_operations if client else None,
        "alert_seconds": int(minutes * 60),
        "held": view.assessment if view.assessment != CLEAR and view.state in MAIN else "",
        "State": State,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "operation.html", "live", **known)
    return await pages.page(request, services, user, "operation.html", here="Operaciones", **known)


async def _client(session: AsyncSession, user: SignedUser, client_id: int) -> ClientDetail | None:
    """None for one that is not this person's: an operation stays with its Trader when its client passes to another."""
    if not user.may(Permission.CLIENTS_READ):
        return None
    try:
        return await get_client(session, user.actor, client_id)
    except Missing:
        return None


async def _readings(
    request: Request, session: AsyncSession, view: OperationView, user: SignedUser
) -> dict[int, list[str]]:
    """Note → who else has read it. A page that is looked at marks what it shows."""
    if not view.notes:
        return {}
    looked_at = not pages.wants_parts(request) or request.headers.get("x-visible") == "1"
    if looked_at:
        await notes.mark_read(session, view.code, user.id, max(note.id for note in view.notes))
    known = await notes.readings(session, view.code)
    return {
        note.id: [name for one, name, last in known if last >= note.id and one not in {note.author_id, user.id}]
        for note in view.notes
    }


def deal(view: OperationView) -> Deal:
    """What comes in and what goes out."""
    buys = view.client_pays is Currency.USD
    return Deal(
        kind=view.kind,
        pays=view.amount_usd if buys else view.amount_pen,
        pays_in=view.client_pays,
        receives=view.amount_pen if buys else view.amount_usd,
        receives_in=view.client_receives,
        rate=view.rate,
        from_bank=view.source_account["bank"],
        to_bank=view.destination_account["bank"],
    )


def lines(view: OperationView, user: SignedUser, accounts: Sequence[AccountView], name: str) -> Lines:
    """The abonos or the pagos of an operation."""
    paid = deal(view)
    mine = name == "deposits"
    currency = paid.pays_in if mine else paid.receives_in
    edit = next(one for one in view.actions if one.command == "edit")
    return Lines(
        name=name,
        title="Abonos" if mine else "Pagos",
        hint="el cliente paga a la casa" if mine else f"la casa paga al cliente, hasta {MAX_PAYOUTS}",
        currency=currency,
        rows=view.deposits if mine else view.payouts,
        target=paid.pays if mine else paid.receives,
        editable=edit.allowed and name in editable(view.state, Role(user.role)),
        accounts=[one for one in accounts if one.currency is currency],
        most=MAX_DEPOSITS if mine else MAX_PAYOUTS,
    )


def main_button(view: OperationView, user: SignedUser) -> Button | None:
    """The one next step, for who may ever take it."""
    if view.state not in MAIN:
        return None
    command, icon, text = MAIN[view.state]
    possible = {one.command: one for one in view.actions}
    if view.state is State.PENDIENTE and not view.deposits and possible["submit-proof"].allowed:
        command, icon, text = "submit-proof", "banknote-arrow-down", "Registrar abono"
    if not user.may(PERMISSIONS[command]):
        return None
    reason = possible[command].reason
    return Button(command=command, icon=icon, text=text, key="", reason=reason, danger=False)


def buttons(view: OperationView, user: SignedUser) -> list[Button]:
    """Every other act that this role can ever do and that makes sense in this state or the next."""
    main = main_button(view, user)
    shown = []
    for one in view.actions:
        if one.command not in BUTTONS or (main and main.command == one.command):
            continue
        if not user.may(PERMISSIONS[one.command]) or _pointless(view, user, one.command, allowed=one.allowed):
            continue
        icon, text, key = BUTTONS[one.command]
        shown.append((one, icon, text, key))
    order = list(BUTTONS)
    made = [
        Button(command=one.command, icon=icon, text=text, key=key, reason=one.reason, danger=one.command in DANGER)
        for one, icon, text, key in shown
    ]
    return sorted(made, key=lambda button: order.index(button.command))


def _pointless(view: OperationView, user: SignedUser, command: str, *, allowed: bool) -> bool:
    """Not worth a locked button: after the end, or what only compliance, a refusal or another state calls for."""
    if command in {"release-hold", "confirm-hold", "retry-effect", "waive-effect"}:
        return not allowed
    if command == "edit":
        return "amount_usd" not in editable(view.state, Role(user.role))
    if command == "submit-proof":
        return view.state is not State.PENDIENTE
    if command in {"attach-proof", "return-to-pending", "reassign"}:
        return view.state is not State.EN_PROCESO
    return story.ended(view.state)


def checks(view: OperationView) -> list[tuple[str, str]]:
    """What completing needs: (tone, sentence), only while En proceso."""
    if view.state is not State.EN_PROCESO:
        return []
    paid = deal(view)
    owed = paid.pays - sum((line.amount for line in view.deposits), Decimal(0))
    due = paid.receives - sum((line.amount for line in view.payouts), Decimal(0))
    proofs = sum(1 for proof in view.proofs if proof.by_operator)
    reviewed = view.assessment == CLEAR
    return [
        _check(not owed, "Abonos completos", _off("Abonos", owed, view.client_pays)),
        _check(not due, "Pagos completos", _off("Pagos", due, view.client_receives)),
        _check(
            bool(proofs),
            f"{proofs} {'constancia' if proofs == 1 else 'constancias'} de pago",
            "Falta la constancia de pago",
        ),
        _check(reviewed, "Revisión conforme", IN_REVIEW),
    ]


def _check(holds: bool, yes: str, no: str) -> tuple[str, str]:
    return ("ok", yes) if holds else ("bad", no)


def _off(what: str, by: Decimal, currency: Currency) -> str:
    return f"{what}: {'faltan' if by > 0 else 'sobran'} {with_symbol(abs(by), currency)}"

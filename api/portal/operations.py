"""A client's history and one operation of it: where to pay, how it goes, its papers, and giving it up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentMember, SignedClient
from api.files import link
from api.pages.answers import wants_parts
from api.pages.refusals import problem_of
from api.pages.words import with_symbol
from api.portal import pages, scan, words
from api.portal.errors import PortalRoute, go
from api.portal.receipt import receipt
from api.public.cancellations import WebCancel, cancel_from_web
from api.services import Services, ServicesDep
from api.staff.papers import as_pdf
from db import client_operations, clients, house_accounts, reversals
from db.client_operations import ClientOperation, Wanted
from db.tables import HouseAccount
from domain.calendar import business_day
from domain.clients import split_emails
from domain.errors import Invalid, Refused
from domain.invoices import InvoiceStatus
from domain.money import Currency
from domain.operations import Kind, State

router = APIRouter(route_class=PortalRoute)

PAGE = 20
REASONS = (
    "Ya no necesito cambiar",
    "Encontré otro precio",
    "Me equivoqué de monto o de cuenta",
    "Otro motivo",
)
ISSUED = frozenset({InvoiceStatus.ENVIADO, InvoiceStatus.ACEPTADO})
Code = Annotated[str, Path(max_length=20)]
Word = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True, kw_only=True)
class View:
    """One operation from the client's side."""

    operation: ClientOperation
    target: HouseAccount | None
    email: str
    attends: str

    @property
    def row(self) -> Any:
        """The operation itself."""
        return self.operation.row

    @property
    def pays_in(self) -> Currency:
        """What the client sends, by currency."""
        return self.operation.row.kind.client_pays

    @property
    def receives_in(self) -> Currency:
        """What it is paid in."""
        return self.operation.row.kind.client_receives

    @property
    def pays(self) -> Any:
        """How much it sends."""
        return self.row.amount_usd if self.pays_in is Currency.USD else self.row.amount_pen

    @property
    def receives(self) -> Any:
        """How much it is paid."""
        return self.row.amount_usd if self.receives_in is Currency.USD else self.row.amount_pen

    @property
    def scan(self) -> Any:
        """Where to pay and how much, for a phone to read off this screen; None when there is no account to pay into."""
        if self.target is None:
            return None
        return scan.drawn(scan.text(self.row.code, with_symbol(self.pays, self.pays_in), self.target))

    @property
    def by_cci(self) -> bool:
        """Whether the house has no account at the client's bank."""
        return self.target is not None and self.target.bank is not self.row.source_bank

    @property
    def mine(self) -> list[Any]:
        """The client's own proofs."""
        return [proof for proof in self.operation.proofs if not proof.by_operator]

    @property
    def theirs(self) -> list[Any]:
        """The proofs that the house has paid."""
        return [proof for proof in self.operation.proofs if proof.by_operator]

    @property
    def invoices(self) -> list[Any]:
        """The comprobantes that SUNAT has, or will soon."""
        return [one for one in self.operation.invoices if one.status in ISSUED]


@router.get("/operaciones")
async def history(
    *,
    request: Request,
    client: CurrentMember,
    services: ServicesDep,
    estado: Word = "",
    quise: Word = "",
    desde: Word = "",
    hasta: Word = "",
    antes: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """The client's operations, newest first, narrowed by what the address says."""
    filters = {"estado": estado, "quise": quise, "desde": desde, "hasta": hasta}
    wanted = Wanted(
        state=next((state for state in State if state == estado), None),
        kind={"compre": Kind.VENTA, "vendi": Kind.COMPRA}.get(quise),
        since=_day(desde),
        until=_day(hasta),
        before=antes,
    )
    async with services.sessions() as session:
        found = await client_operations.page(session, client.id, wanted, limit=PAGE + 1)
        totals = await client_operations.totals(session, client.id)
    known: dict[str, Any] = {
        "months": _by_month(found[:PAGE]),
        "more": found[PAGE - 1].id if len(found) > PAGE else None,
        "filters": filters,
        "filtered": any(filters.values()),
        "states": [(state.value, state.value) for state in State],
        "totals": totals,
    }
    return await pages.page(request, services, client, "operations.html", active="operaciones", **known)


@router.get("/operaciones/{code}")
async def one_operation(code: Code, request: Request, client: CurrentMember, services: ServicesDep) -> Response:
    """Where to pay while it is Pendiente, then how it goes, then what came of it."""
    view = await _view(services, client, code)
    known = {**_known(services, view), "undone_at": await _undone_at(services, view)}
    if wants_parts(request):
        return pages.fragment(request, client, "operation.html", "main", **known)
    return await pages.page(request, services, client, "operation.html", **known)


async def _undone_at(services: Services, view: View) -> datetime | None:
    """When the house undid it; only what was completed is ever undone."""
    if view.row.state is not State.COMPLETADA:
        return None
    async with services.sessions() as session:
        return await reversals.undone_at(session, view.row.code)


@router.post("/operaciones/{code}/cancelar")
async def cancel(code: Code, request: Request, client: CurrentMember, services: ServicesDep) -> Response:
    """Give it up, as the web's own button does."""
    view = await _view(services, client, code)
    form = await request.form()
    reason = str(form.get("motivo", ""))[:500]
    body = WebCancel(operation_id=view.row.id, reason=reason or REASONS[-1])
    try:
        await cancel_from_web(body, client, services, str(form.get("clave_unica", ""))[:200] or None)
    except Refused as refused:
        return await refused_on(request, services, client, code, problem_of(request, refused))
    return go(f"/operaciones/{view.row.code}")


@router.get("/operaciones/{code}/constancia")
async def download_receipt(code: Code, client: CurrentMember, services: ServicesDep) -> Response:
    """The receipt of the exchange as PDF; of one that is not Completada there is none."""
    view = await _view(services, client, code)
    if view.row.state is not State.COMPLETADA:
        raise Invalid("NOT_COMPLETED", "La constancia estará aquí cuando te paguemos.")
    async with services.sessions() as session:
        row = await clients.live(session, client.id)
    content = await asyncio.to_thread(as_pdf, receipt(view.operation, row))
    headers = {
        "Content-Disposition": f'attachment; filename="QoriCash-{view.row.code}.pdf"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="application/pdf", headers=headers)


async def refused_on(
    request: Request, services: Services, client: SignedClient, code: str, problem: dict[str, Any]
) -> Response:
    """The operation's page again, with what was refused."""
    view = await _view(services, client, code)
    known = {**_known(services, view), "undone_at": None, "problem": problem}
    return pages.fragment(request, client, "operation.html", "main", status=int(problem["status"]), **known)


async def _view(services: Services, client: SignedClient, code: str) -> View:
    async with services.sessions() as session:
        operation = await client_operations.owned_by_code(session, client.id, code)
        house = await house_accounts.active(session)
        row = await clients.live(session, client.id)
    attends = words.attends(datetime.now(UTC), await pages.hours(services))
    found = operation.row
    target = house_accounts.to_pay_into(house, found.source_bank, found.kind.client_pays)
    good, _ = split_emails(row.email)
    return View(operation=operation, target=target, email=good[0] if good else "", attends=attends)


def _known(services: Services, view: View) -> dict[str, Any]:
    return {
        "view": view,
        "o": view.row,
        "problem": None,
        "reasons": REASONS,
        "url_of": lambda proof: link(services, proof.file_key, proof.content_type),
    }


def _by_month(rows: Any) -> list[tuple[str, list[Any]]]:
    """The operations under the month in which they were created, in Lima."""
    months: dict[str, list[Any]] = {}
    for row in rows:
        day = business_day(row.created_at)
        months.setdefault(f"{words.MONTHS[day.month - 1].capitalize()} {day.year}", []).append(row)
    return list(months.items())


def _day(text: str) -> date | None:
    """A day as the browser's own field writes it; anything else narrows nothing."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

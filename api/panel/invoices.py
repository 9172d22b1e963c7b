"""Comprobantes on the screen: the queue, one document with its whole life, and the account at NubeFact."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.errors import PanelRoute
from api.panel.invoice_acts import buttons
from api.panel.invoice_words import KINDS, TONES, attempts, kind, voids
from api.panel.operation_story import deliveries
from api.panel.sheets import CHUNK, everything, sheet
from api.panel.tables import Asked, Column, Table, asked_of, chosen, day_of
from api.services import Services, ServicesDep
from api.staff.invoice_views import InvoiceLineView
from api.staff.invoices import InvoiceId, InvoiceList, read_account, read_invoice, read_invoices, read_series
from db import audit, users
from domain.invoices import InvoiceStatus, InvoiceType
from domain.permissions import Permission

router = APIRouter(prefix="/panel/comprobantes", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.INVOICES_READ)]
Manager = Annotated[SignedUser, requires(Permission.INVOICES_MANAGE)]
PATH = "/panel/comprobantes"
HERE = "Facturas"
# What somebody has to look at, as the filter names it.
TO_ATTEND = (InvoiceStatus.RECHAZADO, InvoiceStatus.PENDIENTE)

COLUMNS: tuple[Column[InvoiceLineView], ...] = (
    Column(
        key="numero", label="Número", kind="code", value=lambda i: i.name, link=lambda i: f"{PATH}/{i.id}", phone=True
    ),
    Column(key="tipo", label="Tipo", kind="text", value=lambda i: kind(i.type)),
    Column(key="estado", label="Estado", kind="badge", value=lambda i: (TONES[i.status], i.status.value), phone=True),
    Column(key="cliente", label="Cliente", kind="name", value=lambda i: i.client),
    Column(key="soles", label="Total", kind="PEN", value=lambda i: i.total, phone=True),
    Column(
        key="operacion",
        label="Operación",
        kind="code",
        value=lambda i: i.operation_code,
        link=lambda i: f"/panel/operaciones/{i.operation_code}",
    ),
    Column(key="emision", label="Emisión", kind="text", value=lambda i: f"{i.issued_on:%d/%m/%Y}"),
    Column(key="hacer", label="Qué hacer", kind="wrap", value=lambda i: i.what_to_do or i.sunat_description),
    Column(key="vigente", label="Vigente", kind="text", value=lambda i: "Sí" if i.stands else "No", hidden=True),
)


@router.get("")
async def invoices_page(
    request: Request,
    user: Reader,
    services: ServicesDep,
    formato: Annotated[Literal["csv", "xlsx"] | None, Query()] = None,
) -> Response:
    """The queue; with `formato`, its sheet."""
    asked = asked_of(request.query_params, sorts=("emision",))
    if formato is not None:
        return await _sheet(services, user, asked, formato)
    found = await read_invoices(user=user, services=services, cursor=asked.cursor or None, **_filters(asked))
    known: dict[str, Any] = {
        "table": _table(found, asked),
        "series": await read_series(user, services),
        "kinds": KINDS,
        "kind": kind,
        "InvoiceStatus": InvoiceStatus,
    }
    return await pages.page(request, services, user, "invoices.html", here=HERE, **known)


@router.get("/cuenta")
async def account_page(request: Request, user: Manager, services: ServicesDep) -> Response:
    """Whether NubeFact would take the house's comprobantes now; it is asked in this very moment."""
    known: dict[str, Any] = {
        "account": await read_account(user, services),
        "series": await read_series(user, services),
        "kind": kind,
    }
    return await pages.page(request, services, user, "invoice_account.html", here=HERE, **known)


@router.get("/{invoice_id}")
async def invoice_page(request: Request, invoice_id: InvoiceId, user: Reader, services: ServicesDep) -> Response:
    """One comprobante with every call, request, paper and mail."""
    view = await read_invoice(invoice_id, user, services)
    async with services.sessions() as session:
        people = await users.names(session)
    known: dict[str, Any] = {
        "view": view,
        "tone": TONES[view.status],
        "kind": kind,
        "buttons": buttons(view, user),
        "attempts": attempts(view),
        "voids": voids(view, people),
        "deliveries": deliveries(view.deliveries),
        "tones": TONES,
        "awaits": view.status in {InvoiceStatus.PENDIENTE, InvoiceStatus.ENVIADO},
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "invoice.html", "live", **known)
    return await pages.page(request, services, user, "invoice.html", here=HERE, **known)


def _table(found: InvoiceList, asked: Asked) -> Table[InvoiceLineView]:
    return Table(
        path=PATH,
        caption="Comprobantes",
        columns=COLUMNS,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=True,
    )


def _filters(asked: Asked) -> dict[str, Any]:
    given = asked.filters
    status = given.get("estado", "")
    known = [one for one in InvoiceStatus if one == status]
    return {
        "status": list(TO_ATTEND) if status == "por-atender" else known or None,
        "kind": next((one for one in InvoiceType if one == given.get("tipo")), None),
        "series": given.get("serie", "")[:4],
        "operation_code": given.get("operacion", "")[:20].strip().upper(),
        "since": day_of(given.get("desde", "")),
        "until": day_of(given.get("hasta", "")),
    }


async def _sheet(services: Services, user: SignedUser, asked: Asked, form: str) -> Response:
    """Every page of these filters; audited as the export of a period is."""

    async def read(cursor: str | None) -> InvoiceList:
        return await read_invoices(user=user, services=services, cursor=cursor, limit=CHUNK, **_filters(asked))

    rows = await everything(read)
    async with services.sessions.begin() as session:
        audit.record(
            session,
            actor=user.actor,
            action="invoices.export",
            entity="invoice",
            entity_id="lista",
            reason=f"{len(rows)} comprobantes, {form}",
        )
    return await sheet(form, "comprobantes", chosen(COLUMNS, asked), rows)

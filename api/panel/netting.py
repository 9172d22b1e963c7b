"""Netting on the screen: what is left to match, what the house suggests, matches and their lotes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel.accounting import operation_address
from api.panel.acts import offered
from api.panel.errors import PanelRoute
from api.panel.netting_acts import BATCH_ACTS, PATH, day_of, pair_of
from api.panel.sheets import CHUNK, everything, sheet
from api.panel.tables import Asked, Column, Table, asked_of, chosen
from api.services import Services, ServicesDep
from api.staff import netting as staff
from api.staff.netting_views import BatchView, MatchList, MatchView, SuggestionView
from db import audit
from domain.calendar import business_day
from domain.netting import BatchState, Pairing
from domain.permissions import Permission

router = APIRouter(prefix="/panel/calce", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.NETTING_READ)]
Typed = Annotated[str, Query(max_length=24)]
HERE = "Calce"
TABS = (
    (PATH, "Por calzar"),
    (f"{PATH}/sugerencias", "Sugerencias"),
    (f"{PATH}/calces", "Calces"),
    (f"{PATH}/lotes", "Lotes"),
)
WAYS = {Pairing.FIFO: "Las más antiguas primero", Pairing.BEST: "Las que más ganan primero"}
TONES = {BatchState.ABIERTO: "pendiente", BatchState.CERRADO: "completada"}
LOOSE, ANNULLED = "sin-lote", "anulados"
STATES = {"": "Vigentes", LOOSE: "Sin lote", ANNULLED: "Anulados"}


@router.get("")
async def board_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Both sides with what is left of each."""
    board = await staff.read_board(user, services)
    stamp = "-".join(f"{one.code}.{one.left_usd}" for one in (*board.buys, *board.sells))
    known: dict[str, Any] = {
        "board": board,
        "tabs": TABS,
        "stamp": stamp,
        "today": business_day(datetime.now(UTC)),
        "pair": None,
        "refused": None,
        "typed": "",
        "one": False,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "netting.html", "live", **known)
    return await pages.page(request, services, user, "netting.html", here=HERE, **known)


@router.get("/pareja")
async def pair_part(
    *,
    request: Request,
    user: Reader,
    services: ServicesDep,
    compra: Typed = "",
    venta: Typed = "",
    monto: Typed = "",
) -> Response:
    """What is chosen so far: the amount, and what matching it would earn for whom."""
    found = await pair_of(user, services, compra, venta, monto)
    typed = monto or (f"{found.pair.usd:,.2f}" if found.pair else "")
    known: dict[str, Any] = {"pair": found.pair, "refused": found.refused, "typed": typed, "one": bool(compra or venta)}
    return pages.fragment(request, user, "netting.html", "pair", **known)


@router.get("/sugerencias")
async def suggestions_page(
    request: Request, user: Reader, services: ServicesDep, como: Pairing = Pairing.FIFO
) -> Response:
    """Matches that the house proposes, to make one by one or all."""
    found = await staff.read_suggestions(user, services, como)
    table = Table(
        path=f"{PATH}/sugerencias",
        caption="Calces sugeridos",
        columns=_suggested_columns(may=user.may(Permission.NETTING_MANAGE)),
        rows=found.items,
        asked=asked_of({}, sorts=("monto",)),
        next_cursor="",
        exports=False,
    )
    zero = Decimal("0.00")
    sums = {name: sum((getattr(one, name) for one in found.items), zero) for name in ("usd", "profit", "house")}
    known: dict[str, Any] = {"table": table, "tabs": TABS, "ways": WAYS, "how": como, "sums": sums}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "netting_suggestions.html", "live", **known)
    return await pages.page(request, services, user, "netting_suggestions.html", here=HERE, **known)


@router.get("/calces")
async def matches_page(
    request: Request,
    user: Reader,
    services: ServicesDep,
    formato: Annotated[Literal["csv", "xlsx"] | None, Query()] = None,
) -> Response:
    """Matches that stand, are in no lote or were annulled; with `formato`, their sheet."""
    asked = asked_of(request.query_params, sorts=("dia",))
    may = user.may(Permission.NETTING_MANAGE)
    if formato is not None:
        return await _sheet(services, user, asked, formato)
    found = await staff.list_matches(_user=user, services=services, cursor=asked.cursor or None, **_filters(asked))
    table = Table(
        path=f"{PATH}/calces",
        caption="Calces",
        columns=[*_match_columns(asked), *_act_column(may=may)],
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=True,
        selects=f"{PATH}/lotes/nuevo" if may and asked.filters.get("estado") == LOOSE and found.items else "",
        verb="Abrir lote con los elegidos",
    )
    known: dict[str, Any] = {"table": table, "tabs": TABS, "states": STATES, "may": may, "loose": LOOSE}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "netting_matches.html", "live", **known)
    return await pages.page(request, services, user, "netting_matches.html", here=HERE, **known)


@router.get("/lotes")
async def batches_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Lotes, newest first."""
    asked = asked_of(request.query_params, sorts=("dia",))
    found = await staff.list_batches(user, services, cursor=asked.cursor or None)
    table = Table(
        path=f"{PATH}/lotes",
        caption="Lotes",
        columns=BATCHES,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known: dict[str, Any] = {"table": table, "tabs": TABS, "loose": LOOSE}
    return await pages.page(request, services, user, "netting_batches.html", here=HERE, **known)


@router.get("/lotes/{code}")
async def batch_page(
    request: Request,
    code: staff.BatchCode,
    user: Reader,
    services: ServicesDep,
    formato: Annotated[Literal["xlsx"] | None, Query()] = None,
) -> Response:
    """One lote with its matches and what they add up to; with `formato`, its sheet."""
    if formato is not None:
        return await staff.export_batch(code, user, services)
    found = await staff.read_batch(code, user, services)
    still = found.batch.state is BatchState.ABIERTO and user.may(Permission.NETTING_MANAGE)
    table = Table(
        path=f"{PATH}/lotes/{code}",
        caption=f"Calces de {code}",
        columns=[*(one for one in MATCHES if one.key not in {"lote", "anulado"}), *_act_column(may=still)],
        rows=found.items,
        asked=asked_of({}, sorts=("dia",)),
        next_cursor="",
        exports=False,
    )
    known: dict[str, Any] = {
        "batch": found.batch,
        "table": table,
        "tone": TONES[found.batch.state],
        "buttons": offered(BATCH_ACTS, user, found.batch),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "netting_batch.html", "live", **known)
    return await pages.page(request, services, user, "netting_batch.html", here=HERE, **known)


def _filters(asked: Asked) -> dict[str, Any]:
    given = asked.filters
    return {
        "since": day_of(given.get("desde", ""), "desde"),
        "until": day_of(given.get("hasta", ""), "hasta"),
        "annulled": given.get("estado") == ANNULLED,
        "loose": given.get("estado") == LOOSE,
    }


async def _sheet(services: Services, user: SignedUser, asked: Asked, form: str) -> Response:
    """Every page of these filters; audited as every export is."""

    async def read(cursor: str | None) -> MatchList:
        return await staff.list_matches(_user=user, services=services, cursor=cursor, limit=CHUNK, **_filters(asked))

    rows = await everything(read)
    async with services.sessions.begin() as session:
        audit.record(
            session,
            actor=user.actor,
            action="netting.export",
            entity="match",
            entity_id="lista",
            reason=f"{len(rows)} calces, {form}",
        )
    return await sheet(form, "calces", chosen(_match_columns(asked), asked), rows)


def _batch(code: str) -> str:
    return f"{PATH}/lotes/{code}"


def _written(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _suggested_columns(*, may: bool) -> Sequence[Column[SuggestionView]]:
    def make(one: SuggestionView) -> tuple[str, str]:
        return f"{PATH}/calzar?compra={one.buy_code}&venta={one.sell_code}&monto={one.usd}", "Calzar"

    columns: list[Column[SuggestionView]] = [
        Column(
            key="compra",
            label="Compra",
            kind="open",
            value=lambda s: s.buy_code,
            link=lambda s: operation_address(s.buy_code),
            phone=True,
        ),
        Column(key="de", label="De", kind="name", value=lambda s: s.buy_client),
        Column(key="tc-compra", label="TC compra", kind="rate", value=lambda s: s.buy_rate),
        Column(
            key="venta",
            label="Venta",
            kind="open",
            value=lambda s: s.sell_code,
            link=lambda s: operation_address(s.sell_code),
            phone=True,
        ),
        Column(key="a", label="A", kind="name", value=lambda s: s.sell_client),
        Column(key="tc-venta", label="TC venta", kind="rate", value=lambda s: s.sell_rate),
        Column(key="dolares", label="Dólares", kind="USD", value=lambda s: s.usd, phone=True),
        Column(key="utilidad", label="Utilidad", kind="gain", value=lambda s: s.profit),
        Column(key="casa", label="De la casa", kind="gain", value=lambda s: s.house),
    ]
    return [*columns, Column(key="hacer", label="Hacer", kind="act", value=make, phone=True)] if may else columns


def _match_columns(asked: Asked) -> Sequence[Column[MatchView]]:
    """Why it was annulled is a column of those that were."""
    return MATCHES if asked.filters.get("estado") == ANNULLED else [one for one in MATCHES if one.key != "anulado"]


def _act_column(*, may: bool) -> Sequence[Column[MatchView]]:
    def annul(one: MatchView) -> tuple[str, str] | None:
        return None if one.annulled_at or one.batch_closed else (f"{PATH}/calces/{one.id}/anular", "Anular")

    return [Column(key="hacer", label="Hacer", kind="act", value=annul, phone=True)] if may else []


MATCHES: tuple[Column[MatchView], ...] = (
    Column(key="dia", label="Día", kind="text", value=lambda m: _written(m.day)),
    Column(
        key="compra",
        label="Compra",
        kind="open",
        value=lambda m: m.buy_code,
        link=lambda m: operation_address(m.buy_code),
        phone=True,
    ),
    Column(
        key="venta",
        label="Venta",
        kind="open",
        value=lambda m: m.sell_code,
        link=lambda m: operation_address(m.sell_code),
        phone=True,
    ),
    Column(key="dolares", label="Dólares", kind="USD", value=lambda m: m.usd, phone=True),
    Column(key="tc-compra", label="TC compra", kind="rate", value=lambda m: m.buy_rate),
    Column(key="tc-venta", label="TC venta", kind="rate", value=lambda m: m.sell_rate),
    Column(key="utilidad", label="Utilidad", kind="gain", value=lambda m: m.total),
    Column(key="de-compra", label="Trader de la Compra", kind="text", value=lambda m: m.buy_trader, hidden=True),
    Column(key="su-compra", label="Su parte", kind="gain", value=lambda m: m.trader_buy, hidden=True),
    Column(key="de-venta", label="Trader de la Venta", kind="text", value=lambda m: m.sell_trader, hidden=True),
    Column(key="su-venta", label="Su parte", kind="gain", value=lambda m: m.trader_sell, hidden=True),
    Column(key="traders", label="De los traders", kind="gain", value=lambda m: m.traders),
    Column(key="casa", label="De la casa", kind="gain", value=lambda m: m.house),
    Column(key="tipo", label="Tipo", kind="text", value=lambda m: m.type.value, hidden=True),
    Column(
        key="lote",
        label="Lote",
        kind="open",
        value=lambda m: m.batch_code,
        link=lambda m: _batch(m.batch_code),
    ),
    Column(key="quien", label="Lo hizo", kind="text", value=lambda m: m.made_by, hidden=True),
    Column(key="anulado", label="Por qué se anuló", kind="wrap", value=lambda m: m.annulled_reason),
)
BATCHES: tuple[Column[BatchView], ...] = (
    Column(
        key="lote",
        label="Lote",
        kind="code",
        value=lambda b: b.code,
        link=lambda b: _batch(b.code),
        phone=True,
    ),
    Column(key="estado", label="Estado", kind="badge", value=lambda b: (TONES[b.state], b.state.value), phone=True),
    Column(key="dia", label="Día", kind="text", value=lambda b: _written(b.day)),
    Column(key="calces", label="Calces", kind="count", value=lambda b: b.matches),
    Column(key="dolares", label="Dólares", kind="USD", value=lambda b: b.usd, phone=True),
    Column(key="utilidad", label="Utilidad", kind="gain", value=lambda b: b.total),
    Column(key="traders", label="De los traders", kind="gain", value=lambda b: b.traders),
    Column(key="casa", label="De la casa", kind="gain", value=lambda b: b.house),
    Column(key="cerrado", label="Cerrado", kind="moment", value=lambda b: b.closed_at),
)

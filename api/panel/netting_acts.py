"""What is done in netting: each act asks in a dialog that says whose the profit is, and is the staff API's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel.acts import Act, Call, attempt, known
from api.panel.acts import asked as dialog
from api.panel.errors import PanelRoute
from api.panel.operation_commands import number
from api.panel.questions import REASON, Question, Typed, ask, done
from api.panel.words import with_symbol
from api.services import Services, ServicesDep
from api.staff import netting as staff
from api.staff.netting_views import BatchView, MatchView, PairView, SideView
from domain.errors import Conflict, Invalid, Refused
from domain.money import Currency
from domain.netting import BatchState, Pairing
from domain.permissions import Permission

router = APIRouter(prefix="/panel/calce", route_class=PanelRoute)
Manager = Annotated[SignedUser, requires(Permission.NETTING_MANAGE)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
Chosen = Annotated[list[int], Query(max_length=staff.MOST_MATCHES)]
Told = Annotated[str, Query(max_length=24)]
PATH = "/panel/calce"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A pair that may be matched, or why not."""

    pair: PairView | None = None
    refused: Refused | None = None


async def pair_of(user: SignedUser, services: Services, buy: str, sell: str, amount: str) -> Found:
    """The chosen pair with what it would earn; with a wrong amount, the pair as it is without it and why."""
    if not (buy and sell):
        return Found()
    try:
        usd = Decimal(number(amount, "amount_usd")) if amount.strip() else None
        return Found(pair=await staff.read_pair(buy, sell, user, services, usd))
    except Refused as refused:
        whole = await pair_of(user, services, buy, sell, "") if refused.field == "amount_usd" else Found()
        return Found(pair=whole.pair, refused=refused)


def day_of(text: str, field: str) -> date | None:
    """A day of a filter. Raises Invalid."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("DAY_FORMAT", "Escribe la fecha como 2026-11-25.", field=field) from error


@router.get("/calzar")
async def ask_match(
    *, request: Request, user: Manager, services: ServicesDep, compra: Told, venta: Told, monto: Told
) -> Response:
    """What the match would earn, and for whom."""
    return ask(request, user, _match_question(await _pair(user, services, compra, venta, monto)))


@router.post("/calzar")
async def make_match(
    *, request: Request, user: Manager, services: ServicesDep, compra: Told, venta: Told, monto: Told
) -> Response:
    """Match them. When somebody else was first, it is said what is left."""
    typed = Typed(form=await request.form())
    try:
        body = staff.MatchBody(buy_code=compra, sell_code=venta, amount_usd=Decimal(number(monto, "amount_usd")))
        made = await staff.make_match(body, user, services, typed.key)
    except (Refused, ValidationError) as refused:
        stale = Question(title=f"¿Calzar {compra} con {venta}?", ok="Volver a intentar")
        return ask(request, user, stale, typed=typed.texts(), problem=problem_of(request, refused))
    return done(f"{with_symbol(made.usd, Currency.USD)} calzados")


@router.get("/sugerencias/calzar")
async def ask_all(request: Request, user: Manager, services: ServicesDep, como: Pairing = Pairing.FIFO) -> Response:
    """What all the suggestions would earn."""
    return ask(request, user, await _all_question(user, services, como))


@router.post("/sugerencias/calzar")
async def make_all(request: Request, user: Manager, services: ServicesDep, como: Pairing = Pairing.FIFO) -> Response:
    """Make them all, or none when they changed meanwhile."""
    typed = Typed(form=await request.form())
    try:
        body = staff.SuggestionsBody.model_validate(
            {"how": como, "matches": typed.text("calces"), "amount_usd": typed.text("amount_usd")}
        )
        made = await staff.make_suggestions(body, user, services, typed.key)
    except (Refused, ValidationError) as refused:
        stale = Question(title="¿Hacer todos los calces sugeridos?", ok="Volver a intentar")
        return ask(request, user, stale, typed=typed.texts(), problem=problem_of(request, refused))
    return done(f"{made.matches} {'calce hecho' if made.matches == 1 else 'calces hechos'}")


@router.get("/calces/{match_id}/{act}")
async def ask_of_match(
    request: Request, match_id: staff.MatchId, act: ActName, user: Manager, services: ServicesDep
) -> Response:
    """The dialog of an act on a match."""
    order = known(MATCH_ACTS, user, act)
    return dialog(request, user, order, await staff.read_match(match_id, user, services))


@router.post("/calces/{match_id}/{act}")
async def do_on_match(
    request: Request, match_id: staff.MatchId, act: ActName, user: Manager, services: ServicesDep
) -> Response:
    """Do it."""
    order = known(MATCH_ACTS, user, act)
    return await attempt(request, order, await staff.read_match(match_id, user, services), user, services)


@router.get("/lotes/nuevo")
async def ask_batch(request: Request, user: Manager, n: Chosen = ()) -> Response:  # type: ignore[assignment]
    """How many matches go in it."""
    return ask(request, user, _batch_question(n))


@router.post("/lotes/nuevo")
async def open_batch(request: Request, user: Manager, services: ServicesDep, n: Chosen = ()) -> Response:  # type: ignore[assignment]
    """Open it with the chosen matches."""
    typed = Typed(form=await request.form())
    try:
        made = await staff.open_batch(staff.BatchBody(matches=list(n)), user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, _batch_question(n), typed=typed.texts(), problem=problem_of(request, refused))
    return done(f"{made.code} abierto", go=f"{PATH}/lotes/{made.code}")


@router.get("/lotes/{code}/{act}")
async def ask_of_batch(
    request: Request, code: staff.BatchCode, act: ActName, user: Manager, services: ServicesDep
) -> Response:
    """The dialog of an act on a lote."""
    order = known(BATCH_ACTS, user, act)
    return dialog(request, user, order, (await staff.read_batch(code, user, services)).batch)


@router.post("/lotes/{code}/{act}")
async def do_on_batch(
    request: Request, code: staff.BatchCode, act: ActName, user: Manager, services: ServicesDep
) -> Response:
    """Do it."""
    order = known(BATCH_ACTS, user, act)
    return await attempt(request, order, (await staff.read_batch(code, user, services)).batch, user, services)


async def _pair(user: SignedUser, services: Services, buy: str, sell: str, amount: str) -> PairView:
    found = await pair_of(user, services, buy, sell, amount)
    if found.refused is not None:
        raise found.refused
    if found.pair is None:
        raise Invalid("MATCH_SIDES", "Elige una Compra y una Venta.", field="compra")
    return found.pair


def _match_question(pair: PairView) -> Question:
    parts = pair.parts
    whose = {"Compra": (pair.buy, parts.trader_buy), "Venta": (pair.sell, parts.trader_sell)}
    effects = [("users", f"{_won(pen)} {_for(side)}, por la {kind}.") for kind, (side, pen) in whose.items()]
    effects.append(("landmark", f"{_won(parts.house)} para la casa."))
    effects.append(("book-open", "Los libros no cambian: el margen ya está en el asiento de cada operación."))
    earns = "una pérdida" if parts.total < 0 else "una utilidad"
    return Question(
        title=f"¿Calzar {with_symbol(pair.usd, Currency.USD)} de {pair.buy.code} con {pair.sell.code}?",
        lead=f"Compra a {pair.buy.rate:.4f} y Venta a {pair.sell.rate:.4f}: {earns} de {_plain(parts.total)}.",
        effects=effects,
        ok="Calzar",
    )


async def _all_question(user: SignedUser, services: Services, how: Pairing) -> Question:
    items = (await staff.read_suggestions(user, services, how)).items
    if not items:
        raise Conflict("NOTHING_TO_MATCH", "No queda nada que calzar.")
    zero = Decimal("0.00")
    usd, profit, traders, house = (
        sum((getattr(one, name) for one in items), zero) for name in ("usd", "profit", "traders", "house")
    )
    count = f"{len(items)} {'calce' if len(items) == 1 else 'calces'}"
    return Question(
        title=f"¿Hacer {count} por {with_symbol(usd, Currency.USD)}?",
        lead=f"En total, {_won(profit)}. Se hacen todos o ninguno.",
        effects=(
            ("users", f"{_won(traders)} para los traders."),
            ("landmark", f"{_won(house)} para la casa."),
        ),
        keeps={"calces": str(len(items)), "amount_usd": f"{usd:.2f}"},
        ok="Hacer todos",
    )


def _batch_question(ids: list[int]) -> Question:
    if not ids:
        raise Invalid("MATCHES_NONE", "Elige al menos un calce de la lista.", field="matches")
    count = f"{len(ids)} {'calce' if len(ids) == 1 else 'calces'}"
    return Question(
        title=f"¿Abrir un lote con {count}?",
        lead="Mientras el lote esté abierto, sus calces todavía se pueden anular.",
        ok="Abrir lote",
    )


def _annul(match: MatchView) -> Question:
    return Question(
        title=f"¿Anular el calce de {match.name}?",
        effects=(
            ("undo-2", f"{with_symbol(match.usd, Currency.USD)} vuelven a quedar por calzar en las dos operaciones."),
            ("users", f"Los traders dejan de ver {_won(match.traders)} en lo calzado del {match.day:%d/%m/%Y}."),
        ),
        asks=(REASON,),
        ok="Anular calce",
        danger=True,
    )


def _close(batch: BatchView) -> Question:
    return Question(
        title=f"¿Cerrar {batch.code} para siempre?",
        lead=f"{batch.matches} {'calce' if batch.matches == 1 else 'calces'} por "
        f"{with_symbol(batch.usd, Currency.USD)}: {_won(batch.total)}.",
        effects=(
            ("lock", "Un lote cerrado no se vuelve a abrir."),
            ("ban", "Sus calces ya no se pueden anular."),
        ),
        ok="Cerrar para siempre",
        danger=True,
    )


async def _do_annul(call: Call[MatchView]) -> None:
    body = staff.ReasonBody(reason=call.typed.text("reason"))
    await staff.annul_match(call.view.id, body, call.user, call.services)


async def _do_close(call: Call[BatchView]) -> None:
    await staff.close_batch(call.view.code, call.user, call.services)


def _not_to_annul(match: MatchView) -> str | None:
    if match.annulled_at:
        return "Este calce ya está anulado."
    return f"El lote {match.batch_code} está cerrado; sus calces no se anulan." if match.batch_closed else ""


def _not_to_close(batch: BatchView) -> str | None:
    if batch.state is BatchState.CERRADO:
        return None
    return "" if batch.matches else "Un lote sin calces no se cierra."


def _plain(pen: Decimal) -> str:
    return with_symbol(abs(pen), Currency.PEN)


def _for(side: SideView) -> str:
    return f"para {side.trader}" if side.trader else "sin trader"


def _won(pen: Decimal) -> str:
    return f"una pérdida de {_plain(pen)}" if pen < 0 else _plain(pen)


MATCH_ACTS: dict[str, Act[MatchView]] = {
    "anular": Act(
        permission=Permission.NETTING_MANAGE,
        icon="undo-2",
        text="Anular calce",
        done="Calce anulado",
        question=_annul,
        run=_do_annul,
        why_not=_not_to_annul,
        danger=True,
    ),
}
BATCH_ACTS: dict[str, Act[BatchView]] = {
    "cerrar": Act(
        permission=Permission.NETTING_MANAGE,
        icon="lock",
        text="Cerrar lote",
        done="Lote cerrado",
        question=_close,
        run=_do_close,
        why_not=_not_to_close,
        danger=True,
    ),
}

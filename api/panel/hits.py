"""Hits of the lists on the screen: the queue, and the decision on each from its case or the client's review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires_unseen
from api.panel import compliance_words as said
from api.panel import pages
from api.panel.acts import Act, Call, attempt, known
from api.panel.acts import asked as dialog
from api.panel.cases import TABS, exported
from api.panel.errors import PanelRoute
from api.panel.questions import REASON, Question
from api.panel.sheets import CHUNK, Format, everything, sheet
from api.panel.tables import Column, Table, asked_of, chosen
from api.services import Services, ServicesDep
from api.staff import screening as staff
from api.staff.screening import HitId, HitLine
from api.staff.shapes import PAGE
from db import hits
from db.client_reads import names_of
from db.tables import ClientHit
from domain.lists import ListCode
from domain.permissions import Permission
from domain.screening import HitState

router = APIRouter(prefix="/panel/coincidencias", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
PATH = "/panel/coincidencias"


@router.get("")
async def hits_page(request: Request, user: Reader, services: ServicesDep, formato: Format = None) -> Response:
    """The queue, newest first; without a filter, those that nobody has decided. With `formato`, its sheet."""
    asked = asked_of(request.query_params, sorts=("cuando",))
    given = asked.filters
    wanted = given.get("estado", HitState.NUEVA.value)

    async def read(cursor: str | None, limit: int = CHUNK) -> staff.HitList:
        return await staff.read_hits(
            _user=user,
            services=services,
            state=next((one for one in HitState if one == wanted), None),
            list_code=next((one for one in ListCode if one == given.get("lista")), None),
            ended=given.get("terminadas") == "si",
            cursor=cursor,
            limit=limit,
        )

    if formato is not None:
        rows = await everything(read)
        await exported(services, user, "coincidencias", f"{len(rows)} filas, {formato}")
        return await sheet(formato, "coincidencias", chosen(_columns(await _names(services, rows)), asked), rows)
    found = await read(asked.cursor or None, PAGE)
    names = await _names(services, found.items)
    table = Table(
        path=PATH,
        caption="Coincidencias",
        columns=_columns(names),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=True,
    )
    return await pages.page(
        request, services, user, "hits.html", here="Casos", table=table, tabs=TABS, said=said, wanted=wanted
    )


async def _names(services: Services, rows: Sequence[HitLine]) -> dict[int, str]:
    async with services.sessions() as session:
        return await names_of(session, {one.client_id for one in rows})


@router.get("/{hit_id}/{act}")
async def ask_act(request: Request, hit_id: HitId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """The dialog of a decision."""
    order = known(ACTS, user, act)
    async with services.sessions() as session:
        hit = await hits.get_hit(session, hit_id)
    return dialog(request, user, order, hit)


@router.post("/{hit_id}/{act}")
async def do_act(request: Request, hit_id: HitId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """Decide it."""
    order = known(ACTS, user, act)
    async with services.sessions() as session:
        hit = await hits.get_hit(session, hit_id)
    return await attempt(request, order, hit, user, services)


def _clear(hit: ClientHit) -> Question:
    return Question(
        title=f"¿No es {hit.listed_name}?",
        lead="La coincidencia queda descartada hasta que cambien la entrada o el cliente.",
        effects=(("circle-check", "Si era la última por resolver, su caso se cierra y lo retenido sigue."),),
        asks=(REASON,),
        ok="Descartar coincidencia",
    )


def _confirm(hit: ClientHit) -> Question:
    return Question(
        title=f"¿Es {hit.listed_name}?",
        effects=(
            ("lock", "Lo que retiene queda retenido hasta que decidas su caso."),
            ("eye-off", "Al cliente no se le dice."),
        ),
        asks=(REASON,),
        ok="Confirmar coincidencia",
        danger=True,
    )


async def _do_clear(call: Call[ClientHit]) -> None:
    body = staff.ReasonBody(reason=call.typed.text("reason"))
    await staff.clear_hit(call.view.id, body, call.user, call.services)


async def _do_confirm(call: Call[ClientHit]) -> None:
    body = staff.ReasonBody(reason=call.typed.text("reason"))
    await staff.confirm_hit(call.view.id, body, call.user, call.services)


ACTS: dict[str, Act[ClientHit]] = {
    "descartar": Act(
        permission=Permission.COMPLIANCE_RESOLVE,
        icon="check",
        text="No es la misma",
        done="Coincidencia descartada",
        question=_clear,
        run=_do_clear,
    ),
    "confirmar": Act(
        permission=Permission.COMPLIANCE_RESOLVE,
        icon="shield-alert",
        text="Es la misma persona",
        done="Coincidencia confirmada",
        question=_confirm,
        run=_do_confirm,
    ),
}


def _columns(names: dict[int, str]) -> Sequence[Column[HitLine]]:
    return (
        Column(
            key="cliente",
            label="Cliente",
            kind="link",
            value=lambda h: names.get(h.client_id, ""),
            link=lambda h: f"/panel/casos/{h.case_id}#coincidencia-{h.id}",
            phone=True,
        ),
        Column(key="lista", label="Lista", kind="text", value=lambda h: said.LISTS[h.list_code]),
        Column(key="entrada", label="En la lista", kind="name", value=lambda h: h.listed_name),
        Column(key="puntaje", label="Puntaje", kind="count", value=lambda h: h.score, phone=True),
        Column(
            key="probable",
            label="Parecido",
            kind="badge",
            value=lambda h: ("alerta", "Probable") if h.likely else ("pendiente", "Posible"),
        ),
        Column(key="estado", label="Decisión", kind="badge", value=lambda h: said.HITS[h.state], phone=True),
        Column(key="cuando", label="Encontrada", kind="moment", value=lambda h: h.found_at),
    )

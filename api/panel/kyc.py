"""The review of clients on the screen: who waits and for what, and one client's documents beside its data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import compliance_words as said
from api.panel import pages
from api.panel.client_acts import ACTS
from api.panel.clients import KYC_WORDS, PAPER_NAMES, PAPER_WORDS, STATUS_TONES
from api.panel.errors import PanelRoute
from api.panel.tables import PAGE, Column, Table, asked_of, cursor_of, key_of
from api.services import Services, ServicesDep
from api.staff.client_actions import ClientId
from api.staff.client_kyc import read_risk
from api.staff.clients import read_client
from db import hits, kyc_queue, onboarding, screenings, users
from db.client_reads import display_name
from db.kyc_queue import Waiting
from domain.clients import KycStatus, masked
from domain.permissions import Permission
from domain.risk import Regime

router = APIRouter(prefix="/panel/kyc", route_class=PanelRoute)
Officer = Annotated[SignedUser, requires(Permission.CLIENTS_KYC)]
PATH = "/panel/kyc"
STAGES = {"": KycStatus.EN_PROCESO, "sin-documentos": KycStatus.PENDIENTE, "rechazados": KycStatus.RECHAZADO}
ASIDE = 40
HITS_OPEN = "Hay coincidencias por resolver. Resuélvelas antes de aprobar."


@router.get("")
async def queue_page(request: Request, user: Officer, services: ServicesDep) -> Response:
    """The queue, who has waited longest first."""
    asked = asked_of(request.query_params, sorts=("espera",))
    stage = STAGES.get(asked.filters.get("etapa", ""), KycStatus.EN_PROCESO)
    key = key_of(asked.cursor)
    after = (datetime.fromisoformat(key[0]), key[1]) if key else None
    async with services.sessions() as session:
        rows = await kyc_queue.waiting(session, stage=stage, after=after, limit=PAGE + 1)
        counts = {name: await kyc_queue.counted(session, one) for name, one in STAGES.items()}
        people = await users.names(session)
    shown = rows[:PAGE]
    table = Table(
        path=PATH,
        caption="Clientes",
        columns=_columns(people),
        rows=shown,
        asked=asked,
        next_cursor=cursor_of(shown[-1].since, shown[-1].client.id) if len(rows) > PAGE else "",
        exports=False,
    )
    known: dict[str, Any] = {"table": table, "counts": counts, "stage": asked.filters.get("etapa", "")}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "kyc_queue.html", "live", density=pages.density_of(request), **known)
    return await pages.page(request, services, user, "kyc_queue.html", here="KYC", **known)


@router.get("/{client_id}")
async def review_page(request: Request, client_id: ClientId, user: Officer, services: ServicesDep) -> Response:
    """One client: its documents to look at, its data, lists and risk, and the decision."""
    client = await read_client(client_id, user, services)
    known: dict[str, Any] = {
        "client": client,
        "papers": _newest(client.documents),
        "older": len(client.documents) - len(_newest(client.documents)),
        "paper_names": {kind.value: name for kind, name in PAPER_NAMES.items()},
        "paper_words": PAPER_WORDS,
        "kyc_words": KYC_WORDS,
        "status_tones": STATUS_TONES,
        "said": said,
        "acts": [(name, ACTS[name]) for name in ("aprobar", "rechazar", "reabrir") if ACTS[name].now(client)],
        "Regime": Regime,
        "risk": await read_risk(client_id, user, services) if user.may(Permission.COMPLIANCE_READ) else None,
        **await _around(services, user, client_id),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "kyc.html", "live", **known)
    return await pages.page(request, services, user, "kyc.html", here="KYC", **known)


async def _around(services: Services, user: SignedUser, client_id: int) -> dict[str, Any]:
    """The queue beside it, what the lists say, and why it can't be approved now."""
    async with services.sessions() as session:
        rows = await kyc_queue.waiting(session, stage=KycStatus.EN_PROCESO, after=None, limit=ASIDE)
        check = await screenings.check_of(session, client_id)
        found = await hits.list_hits(session, hits.HitFilter(client_id=client_id), before=None, limit=PAGE)
        refused = await onboarding.why_not_approved(session, client_id, user.actor)
        outcome = await screenings.outcome_of(session, client_id)
        people = await users.names(session)
    order = [one.client.id for one in rows]
    place = order.index(client_id) if client_id in order else -1
    return {
        "queue": rows,
        "following": order[place + 1] if place + 1 < len(order) else None,
        "check": check,
        "hits": found if user.may(Permission.COMPLIANCE_READ) else [],
        "locked": refused or (HITS_OPEN if outcome.open_hits else ""),
        "people": people,
        "display_name": display_name,
    }


def _newest(documents: Sequence[Any]) -> list[Any]:
    """The last paper of each kind: what an approval looks at. They come newest first."""
    newest: dict[str, Any] = {}
    for paper in documents:
        newest.setdefault(paper.kind, paper)
    return [newest[kind] for kind in PAPER_NAMES if kind in newest]


def _columns(people: dict[int, str]) -> Sequence[Column[Waiting]]:
    return (
        Column(
            key="cliente",
            label="Cliente",
            kind="link",
            value=lambda w: display_name(w.client),
            link=lambda w: f"{PATH}/{w.client.id}",
            phone=True,
        ),
        Column(
            key="documento",
            label="Documento",
            kind="text",
            value=lambda w: f"{w.client.document_type} {masked(w.client.document_number)}",
        ),
        Column(
            key="falta", label="Qué sigue", kind="badge", value=lambda w: said.stage(w.papers, w.open_hits), phone=True
        ),
        Column(key="espera", label="Espera desde", kind="moment", value=lambda w: w.since),
        Column(key="registro", label="Registro", kind="moment", value=lambda w: w.client.created_at),
        Column(key="origen", label="Origen", kind="text", value=lambda w: w.client.origin),
        Column(key="trader", label="Trader", kind="text", value=lambda w: people.get(w.client.trader_id or 0, "")),
    )

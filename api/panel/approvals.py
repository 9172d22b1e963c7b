"""What one person of treasury asked and another decides: the queue, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel import pages
from api.panel import treasury_words as said
from api.panel.acts import Act, Call, attempt, known, offered
from api.panel.acts import asked as dialog
from api.panel.errors import PanelRoute
from api.panel.questions import Ask, Question
from api.panel.sheets import everything
from api.panel.tables import Column, Table, asked_of
from api.services import Services, ServicesDep
from api.staff import position as staff
from api.staff.position import ApprovalView
from api.staff.shapes import MAX_ID, PAGE
from db import users
from domain.approvals import ApprovalState
from domain.permissions import Permission

router = APIRouter(prefix="/panel/aprobaciones", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
Approver = Annotated[SignedUser, requires(Permission.TREASURY_APPROVE)]
ApprovalId = Annotated[int, Path(ge=1, le=MAX_ID)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
PATH = "/panel/aprobaciones"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A request as the person who looks at it may decide it."""

    view: ApprovalView
    asked_by: str
    own: bool


@router.get("")
async def approvals_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """What waits, and below it what was decided, newest first."""
    asked = asked_of(request.query_params, sorts=("cuando",))
    decided = await staff.list_approvals(
        _user=user, services=services, waiting=False, cursor=asked.cursor or None, limit=PAGE
    )
    people = await _people(services)
    known_now: dict[str, Any] = {
        "waiting": [(one, offered(ACTS, user, one)) for one in await _waiting(user, services, people)],
        "said": said,
        "table": Table(
            path=PATH,
            caption="Decididas",
            columns=_columns(people),
            rows=decided.items,
            asked=asked,
            next_cursor=decided.next_cursor or "",
            exports=False,
        ),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "approvals.html", "live", **known_now)
    return await pages.page(request, services, user, "approvals.html", here="Aprobaciones", **known_now)


@router.get("/{approval_id}/{act}")
async def ask_act(
    request: Request, approval_id: ApprovalId, act: ActName, user: Approver, services: ServicesDep
) -> Response:
    """The dialog of a decision."""
    return dialog(request, user, known(ACTS, user, act), await _one(user, services, approval_id))


@router.post("/{approval_id}/{act}")
async def do_act(
    request: Request, approval_id: ApprovalId, act: ActName, user: Approver, services: ServicesDep
) -> Response:
    """Decide it."""
    order = known(ACTS, user, act)
    return await attempt(request, order, await _one(user, services, approval_id), user, services)


async def _waiting(user: SignedUser, services: Services, people: dict[int, str]) -> list[Waiting]:
    async def read(cursor: str | None) -> staff.ApprovalList:
        return await staff.list_approvals(_user=user, services=services, waiting=True, cursor=cursor, limit=PAGE)

    return [
        Waiting(view=one, asked_by=people.get(one.requested_by, ""), own=one.requested_by == user.id)
        for one in await everything(read)
    ]


async def _one(user: SignedUser, services: Services, approval_id: int) -> Waiting:
    view = await staff.read_approval(approval_id, user, services)
    people = await _people(services)
    return Waiting(view=view, asked_by=people.get(view.requested_by, ""), own=view.requested_by == user.id)


async def _people(services: Services) -> dict[int, str]:
    async with services.sessions() as session:
        return await users.names(session)


def _columns(people: dict[int, str]) -> Sequence[Column[ApprovalView]]:
    return (
        Column(key="que", label="Qué", kind="text", value=lambda a: said.REQUESTS[a.kind][1], phone=True),
        Column(key="detalle", label="Detalle", kind="wrap", value=lambda a: a.words, phone=True),
        Column(key="estado", label="Decisión", kind="badge", value=lambda a: (said.REQUEST_TONES[a.state], a.state)),
        Column(key="pidio", label="Pidió", kind="name", value=lambda a: people.get(a.requested_by, "")),
        Column(key="decidio", label="Decidió", kind="name", value=lambda a: people.get(a.decided_by or 0, "")),
        Column(key="cuando", label="Cuándo", kind="moment", value=lambda a: a.decided_at),
        Column(key="motivo", label="Por qué", kind="wrap", value=lambda a: a.decision),
    )


def _why(label: str) -> Ask:
    return Ask(name="reason", label=label, kind="area", hint="Queda en la auditoría.", most=300)


def _approve(one: Waiting) -> Question:
    return Question(
        title="¿Aprobar esta solicitud?",
        lead=one.view.words,
        effects=(
            ("user-round", f"La pidió {one.asked_by}: {one.view.reason}"),
            ("check", "Se hace en este momento, y queda a nombre de los dos."),
        ),
        asks=(_why("Qué revisaste"),),
        ok="Aprobar",
    )


def _refuse(one: Waiting) -> Question:
    return Question(
        title="¿Negar esta solicitud?",
        lead=one.view.words,
        effects=(("user-round", f"La pidió {one.asked_by}: {one.view.reason}"), ("ban", "Nada cambia.")),
        asks=(_why("Por qué no"),),
        ok="Negar",
        danger=True,
    )


async def _decide(call: Call[Waiting], *, approve: bool) -> None:
    body = staff.DecisionBody(approve=approve, reason=call.typed.text("reason"))
    await staff.decide_approval(call.view.view.id, body, call.user, call.services)


async def _do_approve(call: Call[Waiting]) -> None:
    await _decide(call, approve=True)


async def _do_refuse(call: Call[Waiting]) -> None:
    await _decide(call, approve=False)


def _why_not(one: Waiting) -> str | None:
    if one.view.state is not ApprovalState.PENDIENTE:
        return None
    return "La pediste tú: la decide otra persona." if one.own else ""


ACTS: dict[str, Act[Waiting]] = {
    "aprobar": Act(
        permission=Permission.TREASURY_APPROVE,
        icon="circle-check",
        text="Aprobar",
        done="Solicitud aprobada",
        question=_approve,
        run=_do_approve,
        why_not=_why_not,
        main=True,
    ),
    "negar": Act(
        permission=Permission.TREASURY_APPROVE,
        icon="ban",
        text="Negar",
        done="Solicitud negada",
        question=_refuse,
        run=_do_refuse,
        why_not=_why_not,
    ),
}

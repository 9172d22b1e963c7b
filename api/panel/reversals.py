"""Undoing a completed operation from its page: a Master asks, another one decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.panel.acts import Act, Button, Call, attempt, known, offered
from api.panel.acts import asked as dialog
from api.panel.errors import PanelRoute
from api.panel.questions import REASON, Ask, Question
from api.services import ServicesDep
from api.staff import reversals as staff
from api.staff.operation_views import OperationView
from api.staff.operations import Code, read_operation
from domain.operations import State
from domain.permissions import Permission
from domain.reversals import ReversalState

router = APIRouter(prefix="/panel/operaciones/{code}/reverso", route_class=PanelRoute)
Reverser = Annotated[SignedUser, requires(Permission.OPERATIONS_REVERSE)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
WHY = Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría y va con la anulación.", most=300)


@dataclass(frozen=True, kw_only=True)
class Reversible:
    """An operation, as the person who looks at it may undo it."""

    view: OperationView
    user_id: int

    @property
    def state(self) -> ReversalState | None:
        """Where its newest request stands; None when nobody has asked."""
        return self.view.reversal.state if self.view.reversal else None


def buttons(view: OperationView, user: SignedUser) -> list[Button]:
    """What this person may do about undoing it, with the reason when not now."""
    return offered(ACTS, user, Reversible(view=view, user_id=user.id))


@router.get("/{act}")
async def ask_act(request: Request, code: Code, act: ActName, user: Reverser, services: ServicesDep) -> Response:
    """The dialog of an act."""
    order = known(ACTS, user, act)
    return dialog(request, user, order, Reversible(view=await read_operation(code, user, services), user_id=user.id))


@router.post("/{act}")
async def do_act(request: Request, code: Code, act: ActName, user: Reverser, services: ServicesDep) -> Response:
    """Do it."""
    order = known(ACTS, user, act)
    found = Reversible(view=await read_operation(code, user, services), user_id=user.id)
    return await attempt(request, order, found, user, services)


def _request(found: Reversible) -> Question:
    return Question(
        title=f"Pedir el reverso de {found.view.code}",
        lead="Una operación completada no se cancela ni se borra: se deshace, y queda la historia.",
        effects=(("users", "Lo decide otra persona. Hasta entonces nada cambia."),),
        asks=(WHY,),
        ok="Pedir reverso",
        danger=True,
    )


def _approve(found: Reversible) -> Question:
    return Question(
        title=f"¿Aprobar el reverso de {found.view.code}?",
        lead=found.view.reversal.reason if found.view.reversal else "",
        effects=(
            ("undo-2", "Sus calces, asientos, movimientos, pips y cupón se deshacen en los libros de hoy."),
            ("receipt", "Se pide a la SUNAT anular su comprobante, y el cliente recibe el correo."),
            ("landmark", "El dinero vuelve por el banco, como cualquier transferencia."),
        ),
        ok="Aprobar reverso",
        danger=True,
    )


def _refuse(found: Reversible) -> Question:
    return Question(title=f"¿Negar el reverso de {found.view.code}?", asks=(REASON,), ok="Negar reverso")


async def _do_request(call: Call[Reversible]) -> None:
    body = staff.ReversalBody(reason=call.typed.text("reason"))
    await staff.ask_reversal(call.view.view.code, body, call.user, call.services)


async def _do_approve(call: Call[Reversible]) -> None:
    await staff.approve_reversal(call.view.view.code, call.user, call.services, call.typed.key)


async def _do_refuse(call: Call[Reversible]) -> None:
    body = staff.ReversalBody(reason=call.typed.text("reason"))
    await staff.refuse_reversal(call.view.view.code, body, call.user, call.services, call.typed.key)


def _not_to_request(found: Reversible) -> str | None:
    undone = found.state not in {None, ReversalState.NEGADA}
    return None if undone or found.view.state is not State.COMPLETADA else ""


def _not_to_decide(found: Reversible) -> str | None:
    if found.view.reversal is None or found.state is not ReversalState.SOLICITADA:
        return None
    return "Lo pediste tú: lo decide otra persona." if found.view.reversal.requested_by == found.user_id else ""


ACTS: dict[str, Act[Reversible]] = {
    "pedir": Act(
        permission=Permission.OPERATIONS_REVERSE,
        icon="undo-2",
        text="Pedir reverso",
        done="Reverso pedido",
        question=_request,
        run=_do_request,
        why_not=_not_to_request,
        danger=True,
    ),
    "aprobar": Act(
        permission=Permission.OPERATIONS_REVERSE,
        icon="circle-check",
        text="Aprobar reverso",
        done="Reverso aprobado",
        question=_approve,
        run=_do_approve,
        why_not=_not_to_decide,
        danger=True,
    ),
    "negar": Act(
        permission=Permission.OPERATIONS_REVERSE,
        icon="ban",
        text="Negar reverso",
        done="Reverso negado",
        question=_refuse,
        run=_do_refuse,
        why_not=_not_to_decide,
    ),
}

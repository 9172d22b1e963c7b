"""The commands of an operation's page: the dialog that asks, and the act. Each act is the staff API's own function."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Path
from pydantic import ValidationError
from sqlalchemy import select
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.appearing import appears
from api.panel.dialogs import EXTENSIONS, PERMISSIONS, dialog_of
from api.panel.errors import PanelRoute, notice
from api.panel.tables import MAX_DIGITS, day_of, id_of
from api.services import Services, ServicesDep
from api.staff import operation_commands as staff
from api.staff.operation_views import OperationView
from api.staff.operations import Code, read_operation
from db import desk
from db.tables import Note
from domain.errors import Invalid, Missing, Refused
from domain.operations import State
from domain.permissions import Permission

router = APIRouter(prefix="/panel/operaciones/{code}", route_class=PanelRoute)

Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]
CommandName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
# "1,5" is refused: read as fifteen it would move ten times the money.
AMOUNT = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d*)?|\.\d+", re.ASCII)
DONE = {
    "submit-proof": "Abono registrado",
    "edit": "Cambios guardados",
    "start-processing": "Está En proceso",
    "return-to-pending": "Devuelta a Pendiente",
    "reassign": "Reasignada",
    "attach-proof": "Constancia adjuntada",
    "remove-proof": "Constancia quitada",
    "complete": State.COMPLETADA.value,
    "cancel": "Cancelada",
    "extend-deadline": "Plazo ampliado",
    "release-hold": "Liberada",
    "confirm-hold": "Retención confirmada",
    "retry-effect": "Se reintenta",
    "waive-effect": "Pedido anotado",
}


@dataclass(frozen=True, kw_only=True)
class Act:
    """One click: whose, on what, and what the form says."""

    code: str
    user: SignedUser
    services: Services
    form: FormData

    def text(self, name: str) -> str:
        """A field, without the spaces around it."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def files(self) -> list[Any]:
        """The files that were chosen; a field left empty sends one without a name."""
        return [one for one in self.form.getlist("archivo") if isinstance(one, UploadFile) and one.filename]

    @property
    def common(self) -> dict[str, Any]:
        """What every function of the staff API takes."""
        key = self.text("clave_unica")[:200] or str(uuid4())
        return {"code": self.code, "user": self.user, "services": self.services, "key": key}


async def _submit_proof(act: Act) -> None:
    paid = staff.LineBody(amount=number(act.text("importe"), "importe")).amount if act.text("importe") else None
    code = act.text("codigo")[:60]
    await staff.submit_proof(files=act.files(), transfer_code=code, amount=paid, **act.common)


async def _edit(act: Act) -> None:
    """One of: the amount, the abonos, the pagos. What the form does not have stays."""
    body: dict[str, Any] = {"version": whole(act.text("version")) or None}
    if "monto" in act.form:
        body["amount_usd"] = number(act.text("monto"), "monto")
    for name in ("deposits", "payouts"):
        if f"{name}.sent" in act.form:
            body[name] = _lines(act, name)
    await staff.edit(body=staff.EditBody(**body), **act.common)


async def _start(act: Act) -> None:
    await staff.start_processing(body=None, **act.common)


async def _return(act: Act) -> None:
    await staff.return_to_pending(body=staff.ReasonBody(reason=act.text("motivo")), **act.common)


async def _reassign(act: Act) -> None:
    await staff.reassign(body=staff.ReassignBody(operator_id=whole(act.text("operador"))), **act.common)


async def _attach_proof(act: Act) -> None:
    await staff.attach_proof(file=act.files(), comentario=act.text("comentario")[:500], **act.common)


async def _remove_proof(act: Act) -> None:
    await staff.remove_proof(body=staff.RemoveProofBody(number=whole(act.text("numero"))), **act.common)


async def _complete(act: Act) -> None:
    body = staff.CompleteBody(value_day=day_of(act.text("fecha"), "value_day"), reason=act.text("motivo"))
    await staff.complete(body=body, **act.common)


async def _cancel(act: Act) -> None:
    await staff.cancel(body=staff.ReasonBody(reason=act.text("motivo")), **act.common)


async def _extend(act: Act) -> None:
    minutes = next((m for m, _ in EXTENSIONS if str(m) == act.text("plazo")), EXTENSIONS[0][0])
    view = await read_operation(act.code, act.user, act.services)
    until = _present_deadline(view, datetime.now(UTC)) + timedelta(minutes=minutes)
    await staff.extend_deadline(body=staff.ExtendBody(expires_at=until, reason=act.text("motivo")), **act.common)


async def _release(act: Act) -> None:
    await staff.release_hold(body=staff.ResolutionBody(resolution=act.text("resolucion")), **act.common)


async def _confirm_hold(act: Act) -> None:
    await staff.confirm_hold(body=staff.ResolutionBody(resolution=act.text("resolucion")), **act.common)


async def _retry(act: Act) -> None:
    await staff.retry_effect(body=staff.EffectBody.model_validate({"effect": act.text("efecto")}), **act.common)


async def _waive(act: Act) -> None:
    body = {"effect": act.text("efecto"), "reason": act.text("motivo")}
    await staff.waive_effect(body=staff.WaiveBody.model_validate(body), **act.common)


ACTS: dict[str, Callable[[Act], Awaitable[None]]] = {
    "submit-proof": _submit_proof,
    "edit": _edit,
    "start-processing": _start,
    "return-to-pending": _return,
    "reassign": _reassign,
    "attach-proof": _attach_proof,
    "remove-proof": _remove_proof,
    "complete": _complete,
    "cancel": _cancel,
    "extend-deadline": _extend,
    "release-hold": _release,
    "confirm-hold": _confirm_hold,
    "retry-effect": _retry,
    "waive-effect": _waive,
}


@router.post("/notas")
async def write_note(request: Request, code: Code, user: Reader, services: ServicesDep) -> Response:
    """A remark of the house."""
    act = Act(code=code, user=user, services=services, form=await request.form())
    common = act.common
    try:
        await staff.write_note(body=staff.NoteBody(text=act.text("nota")), **common)
    except (Refused, ValidationError) as refused:
        problem = problem_of(request, refused)
        return pages.answer("", status=problem["status"], headers=notice("alerta", "circle-alert", problem["detail"]))
    await appears(services, select(Note.id).where(Note.operation_code == code, Note.key == common["key"]))
    return pages.answer("", headers={"HX-Trigger": "leer"})


@router.get("/{command}")
async def ask(request: Request, code: Code, command: CommandName, user: Reader, services: ServicesDep) -> Response:
    """The dialog of a command, for who may give it now."""
    view = await read_operation(code, user, services)
    _check_possible(view, command, user)
    return await _dialog(request, services, user, view, command, asked=dict(request.query_params))


@router.post("/{command}")
async def act(request: Request, code: Code, command: CommandName, user: Reader, services: ServicesDep) -> Response:
    """Give the command. A refusal is said where the person typed."""
    _check_known(command, user)
    order = Act(code=code, user=user, services=services, form=await request.form())
    try:
        await ACTS[command](order)
    except (Refused, ValidationError) as refused:
        problem = problem_of(request, refused)
        if "en_pagina" in order.form:
            return _in_page(request, user, problem)
        view = await read_operation(code, user, services)
        typed = {name: order.text(name) for name in order.form}
        return await _dialog(request, services, user, view, command, asked=typed, problem=problem)
    told = notice("completada", "circle-check", f"{code} · {DONE[command]}")["HX-Trigger"]
    return pages.answer("", headers={"HX-Trigger": told[:-1] + ', "leer": "", "hecho": ""}'})


async def _dialog(
    request: Request,
    services: Services,
    user: SignedUser,
    view: OperationView,
    command: str,
    *,
    asked: dict[str, str],
    problem: dict[str, Any] | None = None,
) -> Response:
    operators = await _operators(services, view) if command == "reassign" else []
    return pages.fragment(
        request,
        user,
        "dialog.html",
        "dialog",
        status=int(problem["status"]) if problem else 200,
        dialog=dialog_of(view, command, user),
        action=f"/panel/operaciones/{view.code}/{command}",
        key=asked.get("clave_unica") or str(uuid4()),
        view=view,
        asked=asked,
        problem=problem or {},
        operators=operators,
        extensions=EXTENSIONS,
    )


def _in_page(request: Request, user: SignedUser, problem: dict[str, Any]) -> Response:
    return pages.fragment(request, user, "dialog.html", "refusal", status=problem["status"], problem=problem)


async def _operators(services: Services, view: OperationView) -> list[tuple[int, str]]:
    """Whose turn it would be, with how busy each is."""
    async with services.sessions() as session:
        seats = await desk.seats(session)
    holder = view.operator.id if view.operator else 0
    return [
        (one.user_id, f"{one.name} · {'en su puesto' if one.present else 'ausente'} · {one.load} en proceso")
        for one in seats
        if one.user_id != holder
    ]


def _check_known(command: str, user: SignedUser) -> None:
    if command not in ACTS:
        raise Missing("NOT_FOUND", "No existe lo que buscas.")
    if not user.may(PERMISSIONS[command]):
        raise Missing("NOT_FOUND", "Tu rol no tiene esta acción.")


def _check_possible(view: OperationView, command: str, user: SignedUser) -> None:
    _check_known(command, user)
    action = next(one for one in view.actions if one.command == command)
    if not action.allowed:
        raise Invalid("NOT_NOW", action.reason)


def _lines(act: Act, name: str) -> list[dict[str, Any]]:
    """The rows of a table of abonos or pagos, in their order; the row that was left empty is no line."""
    columns = [act.form.getlist(f"{name}.{field}") for field in ("number", "account", "code", "amount")]
    rows = []
    for number_, account, code, amount in zip(*columns, strict=True):
        if not str(amount).strip():
            continue
        rows.append(
            {
                "number": whole(str(number_)) or None,
                "account_id": whole(str(account)) or None,
                "transfer_code": str(code).strip(),
                "amount": number(str(amount), name),
            }
        )
    return rows


def number(text: str, field: str) -> str:
    """An amount as people type it: a point before the decimals, commas only between thousands. Raises Invalid."""
    plain = text.replace("\u00a0", "").strip()
    if not AMOUNT.fullmatch(plain):
        raise Invalid("NOT_A_NUMBER", "Escribe un número, por ejemplo 1500.50.", field=field)
    return plain.replace(",", "")


def pips(text: str, field: str) -> int:
    """A number of pips as people type it. Raises Invalid: half a pip is nobody's, and never read as none."""
    plain = text.strip()
    if not plain.isdecimal() or len(plain) >= MAX_DIGITS:
        raise Invalid("NOT_WHOLE", "Escribe los pips como un número entero, por ejemplo 15.", field=field)
    return int(plain)


def whole(text: str) -> int:
    """A number of ours that the page sent back; 0 for anything else."""
    return id_of(text) or 0


def _present_deadline(view: OperationView, now: datetime) -> datetime:
    """What is added is added to the time that is left, or to now when none is."""
    return max(view.expires_at or now, now)

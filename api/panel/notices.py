"""The history of notices: mails and pushes with how they fared, and what one's own screen was told."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.appearing import appears
from api.panel.errors import PanelRoute
from api.panel.operation_story import SENT, notice_name
from api.panel.questions import Question, Typed, ask, done
from api.panel.sheets import CHUNK, Format, everything, sheet
from api.panel.tables import PAGE, Column, Table, asked_of, chosen
from api.services import Services, ServicesDep
from api.staff.notices import (
    AgainView,
    DeliveryId,
    SentList,
    SentView,
    ToldView,
    look_again,
    read_sent,
    read_told,
    send_again,
)
from db import audit
from db.tables import Delivery
from domain.errors import Conflict, Refused
from domain.permissions import Permission

router = APIRouter(prefix="/panel/avisos", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.OPERATIONS_READ)]
Sender = Annotated[SignedUser, requires(Permission.NOTICES_RESEND)]
PATH = "/panel/avisos"
Status = Literal["pendiente", "enviado", "rechazado"]
Channel = Literal["correo", "push"]
TOLD = {
    "nueva_operacion": "Nueva operación",
    "operacion_actualizada": "Cambió una operación",
    "operacion_en_proceso": "Pasó a En proceso",
    "operacion_completada": "Se completó",
    "operacion_cancelada": "Se canceló",
    "operacion_expirada": "Expiró",
    "operacion_asignada": "Te la asignaron",
    "operacion_reasignada_removida": "Pasó a otra persona",
    "operacion_demorada": "Lleva demasiado en proceso",
    "operacion_retenida": "Cambió una retención",
    "tipos_cambio_actualizados": "Tasas nuevas",
    "posicion_limite": "La posición pasó su límite",
    "comprobante_rechazado": "Comprobante rechazado",
    "anulacion_solicitada": "Piden anular un comprobante",
    "anulacion_terminada": "Terminó una anulación",
    "reverso": "Reverso de una operación",
    "alerta_cumplimiento": "Alerta de cumplimiento",
    "ros_por_vencer": "Un ROS está por vencer",
    "ros_vencido": "Venció el plazo de un ROS",
    "reclamo_recibido": "Hoja nueva de reclamo",
    "reclamo_por_vencer": "Un reclamo está por vencer",
    "documentos_recibidos": "Llegaron documentos",
}


def _place(view: SentView) -> str:
    if view.subject.startswith("cliente-"):
        return f"/panel/clientes/{view.subject.removeprefix('cliente-')}"
    if view.subject.startswith("EXP-"):
        return f"/panel/operaciones/{view.subject}"
    return f"{PATH}?sobre={view.subject}"


def _subject(text: str) -> str:
    """As it is kept, however the code was typed."""
    plain = text.strip()[:40]
    return plain.upper() if plain.lower().startswith("exp-") else plain


def named(event: str) -> str:
    """An event in the house's words."""
    return TOLD.get(event) or event.replace("_", " ").capitalize()


COLUMNS: tuple[Column[SentView], ...] = (
    Column(key="cuando", label="Cuándo", kind="moment", value=lambda s: s.sent_at or s.created_at, phone=True),
    Column(
        key="que",
        label="Qué",
        kind="text",
        value=lambda s: notice_name(s.notice),
        phone=True,
    ),
    Column(
        key="sobre",
        label="Sobre",
        kind="code",
        value=lambda s: s.subject.replace("cliente-", "Cliente "),
        link=_place,
        phone=True,
    ),
    Column(key="canal", label="Canal", kind="text", value=lambda s: "Correo" if s.channel == "correo" else "Push"),
    Column(key="a", label="A", kind="text", value=lambda s: s.recipient if s.channel == "correo" else "Su equipo"),
    Column(
        key="estado", label="Estado", kind="badge", value=lambda s: SENT.get(s.status, ("quiet", s.status)), phone=True
    ),
    Column(key="intentos", label="Intentos", kind="count", value=lambda s: s.attempts),
    Column(key="abierto", label="Abrió el enlace", kind="moment", value=lambda s: s.opened_at),
    Column(key="motivo", label="Motivo", kind="wrap", value=lambda s: s.why),
)
MINE: tuple[Column[ToldView], ...] = (
    Column(key="cuando", label="Cuándo", kind="moment", value=lambda t: t.at, phone=True),
    Column(key="que", label="Qué", kind="text", value=lambda t: named(t.event), phone=True),
    Column(
        key="sobre",
        label="Operación",
        kind="code",
        value=lambda t: t.operation_code or "",
        link=lambda t: f"/panel/operaciones/{t.operation_code}",
        phone=True,
    ),
)


@router.get("")
async def notices_page(request: Request, user: Reader, services: ServicesDep, formato: Format = None) -> Response:
    """Mails and pushes of the house; with `formato`, their sheet."""
    asked = asked_of(request.query_params, sorts=("cuando",))
    given = asked.filters
    status = given.get("estado") or ("rechazado" if given.get("rechazados") == "si" else "")

    async def read(cursor: str | None, limit: int = CHUNK) -> SentList:
        return await read_sent(
            user=user,
            services=services,
            status=cast("Status", status) if status in SENT else None,
            channel=cast("Channel", given["canal"]) if given.get("canal") in {"correo", "push"} else None,
            subject=_subject(given.get("sobre", "")),
            cursor=cursor,
            limit=limit,
        )

    if formato is not None:
        rows = await everything(read)
        await _exported(services, user, f"{len(rows)} envíos, {formato}")
        return await sheet(formato, "avisos", chosen(COLUMNS, asked), rows)
    found = await read(asked.cursor or None, PAGE)
    table = Table(
        path=PATH,
        caption="Correos y avisos",
        columns=COLUMNS,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=True,
    )
    known: dict[str, Any] = {"table": table, "mine": False, "state": status}
    return await pages.page(request, services, user, "notices.html", here="Avisos", **known)


async def _exported(services: Services, user: SignedUser, what: str) -> None:
    async with services.sessions.begin() as session:
        audit.record(
            session, actor=user.actor, action="notices.export", entity="operation", entity_id="lista", reason=what
        )


@router.get("/mios")
async def own_notices_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """What one's own screen was told."""
    asked = asked_of(request.query_params, sorts=("cuando",))
    found = await read_told(user, services, cursor=asked.cursor or None)
    table = Table(
        path=f"{PATH}/mios",
        caption="Avisos en tu pantalla",
        columns=MINE,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known: dict[str, Any] = {"table": table, "mine": True, "state": ""}
    return await pages.page(request, services, user, "notices.html", here="Avisos", **known)


@router.get("/{delivery_id}/reenviar")
async def ask_again(request: Request, delivery_id: DeliveryId, user: Sender, services: ServicesDep) -> Response:
    """To whom it would go."""
    return ask(request, user, _question(await look_again(delivery_id, user, services)))


@router.post("/{delivery_id}/reenviar")
async def again(request: Request, delivery_id: DeliveryId, user: Sender, services: ServicesDep) -> Response:
    """Send it once more."""
    typed = Typed(form=await request.form())
    try:
        sent = await send_again(delivery_id, user, services, typed.key)
    except Refused as refused:
        question = _question(await look_again(delivery_id, user, services))
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    await appears(services, select(Delivery.id).where(Delivery.subject_key == sent.subject, Delivery.key == sent.key))
    return done(f"Va en camino a {people(sent.to)}")


def _question(view: AgainView) -> Question:
    """Raises Conflict for one that is not sent again."""
    if view.why_not:
        raise Conflict("NOT_AGAIN", view.why_not)
    effects = [
        ("mail", f"Sale a {people(view.to)}."),
        ("refresh-cw", "Dice lo que es cierto ahora, no lo de entonces."),
    ]
    return Question(title=f"¿Enviar otra vez «{notice_name(view.notice)}»?", effects=effects, ok="Enviar correo")


def people(addresses: list[str]) -> str:
    """`ro***@correo.pe y an***@correo.pe`."""
    return " y ".join(addresses) if len(addresses) < 3 else f"{', '.join(addresses[:-1])} y {addresses[-1]}"  # noqa: PLR2004 - two have no comma

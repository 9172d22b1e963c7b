"""Cases on the screen: the queue, one case with its story and reasons, its acts. To others there is nothing here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires_unseen
from api.pages.refusals import problem_of
from api.panel import compliance_words as said
from api.panel import pages
from api.panel.acts import asked as dialog
from api.panel.acts import attempt, known, offered
from api.panel.case_acts import ACTS, CaseFile
from api.panel.errors import PanelRoute, notice
from api.panel.questions import Typed, done
from api.panel.sheets import CHUNK, Format, everything, sheet
from api.panel.tables import Column, Table, asked_of, chosen, id_of
from api.services import Services, ServicesDep
from api.staff import cases as staff
from api.staff.cases import CaseId, CaseLine, StoryView, whole_case
from api.staff.shapes import PAGE
from db import cases, hits, rules, users
from db.cases import audit_subject
from db.client_reads import names_of
from domain.cases import CaseState
from domain.errors import Refused
from domain.permissions import Permission, allows
from domain.rules import Definition

router = APIRouter(prefix="/panel/casos", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
Officer = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_RESOLVE)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
PATH = "/panel/casos"
TABS = (
    (PATH, "Casos"),
    ("/panel/alertas", "Alertas"),
    ("/panel/coincidencias", "Coincidencias"),
    ("/panel/riesgo", "Riesgo"),
)
MOST_RULES = 200
LOOKS = {"visto": "Vio el caso", "coincidencia vista": "Vio una coincidencia", "borrador de ROS visto": "Vio el ROS"}
ICONS = {
    "nota": ("message-square-text", "proceso"),
    "alerta": ("shield-alert", "pendiente"),
    "escalado": ("triangle-alert", "alerta"),
    "alarma": ("alarm-clock", "alerta"),
    "asignado": ("user-round", ""),
    "adjunto": ("paperclip", ""),
    "ROS enviado": ("send", "completada"),
    "decisión: liberar": ("circle-check", "completada"),
    "decisión: confirmar": ("ban", "alerta"),
}


@router.get("")
async def cases_page(request: Request, user: Reader, services: ServicesDep, formato: Format = None) -> Response:
    """The queue, newest first, by state, by person; with `formato`, its sheet."""
    asked = asked_of(request.query_params, sorts=("apertura",))
    given = asked.filters
    state = next((one for one in CaseState if one == given.get("estado")), None)
    person, client = given.get("persona", ""), given.get("cliente", "")

    async def read(cursor: str | None, limit: int = CHUNK) -> staff.CaseList:
        return await staff.read_cases(
            user=user,
            services=services,
            state=state,
            assigned_to=id_of(person),
            client_id=id_of(client),
            cursor=cursor,
            limit=limit,
        )

    if formato is not None:
        rows = await everything(read)
        names, people = await _names(services, rows)
        await exported(services, user, "casos", f"{len(rows)} filas, {formato}")
        return await sheet(formato, "casos", chosen(_columns(names, people), asked), rows)
    found = await read(asked.cursor or None, PAGE)
    names, people = await _names(services, found.items)
    table = Table(
        path=PATH,
        caption="Casos",
        columns=_columns(names, people),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=True,
    )
    able = await officers(services)
    return await pages.page(
        request, services, user, "cases.html", here="Casos", table=table, tabs=TABS, officers=able, CaseState=CaseState
    )


async def _names(services: Services, rows: Sequence[CaseLine]) -> tuple[dict[int, str], dict[int, str]]:
    """Clients and people of the house, by id."""
    async with services.sessions() as session:
        names = await names_of(session, {one.client_id for one in rows})
        return names, {one.id: one.full_name for one in await users.list_users(session)}


async def exported(services: Services, user: SignedUser, what: str, detail: str) -> None:
    """A sheet of compliance is a look at all that is in it."""
    async with services.sessions.begin() as session:
        audit_subject(session, what, user_id=user.id, action="exportado", detail=detail)


@router.get("/{case_id}")
async def case_page(request: Request, case_id: CaseId, user: Reader, services: ServicesDep) -> Response:
    """One case with everything. A look by a person is audited; the page reading its own parts again is none."""
    if pages.wants_parts(request):
        return pages.fragment(request, user, "case.html", "live", **await _context(services, user, case_id))
    await staff.read_case(case_id, user, services)
    known_now = await _context(services, user, case_id)
    return await pages.page(request, services, user, "case.html", here="Casos", **known_now)


@router.post("/{case_id}/nota")
async def add_note(request: Request, case_id: CaseId, user: Officer, services: ServicesDep) -> Response:
    """A note in its story."""
    typed = Typed(form=await request.form())
    try:
        await staff.note_case(case_id, staff.NoteBody(text=typed.text("text")), user, services)
    except (Refused, ValidationError) as refused:
        problem = problem_of(request, refused)
        told = notice("alerta", "circle-alert", "La nota no se guardó", str(problem["detail"]))
        return pages.answer("", status=int(problem["status"]), headers={**told, "HX-Reswap": "none"})
    return done("Nota guardada")


@router.get("/{case_id}/{act}")
async def ask_act(request: Request, case_id: CaseId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """The dialog of an act, for who may do it now."""
    order = known(ACTS, user, act)
    return dialog(request, user, order, await read_file(services, case_id))


@router.post("/{case_id}/{act}")
async def do_act(request: Request, case_id: CaseId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """Do it."""
    order = known(ACTS, user, act)
    return await attempt(request, order, await read_file(services, case_id), user, services)


async def officers(services: Services) -> list[tuple[str, str]]:
    """The active people who may resolve cases."""
    async with services.sessions() as session:
        everybody = await users.list_users(session)
    able = [one for one in everybody if one.status == users.ACTIVE and allows(one.role, Permission.COMPLIANCE_RESOLVE)]
    return [(str(one.id), one.full_name) for one in able]


async def rule_names(services: Services) -> dict[str, str]:
    """What each rule is called, by its key, in its newest version."""
    async with services.sessions() as session:
        rows = await rules.listed(session, status=None, before=None, limit=MOST_RULES)
    return {row.key: Definition.model_validate(row.definition).name for row in reversed(rows)}


async def read_file(services: Services, case_id: int) -> CaseFile:
    """A case with what its dialogs say."""
    case = await whole_case(services, case_id)
    async with services.sessions() as session:
        names = await names_of(session, [case.client_id])
        held = await cases.waiting_for(session, case_id) if case.closed_at is None else []
        mine = hits.HitFilter(client_id=case.client_id, ended=True)
        found = await hits.list_hits(session, mine, before=None, limit=PAGE)
    return CaseFile(
        case=case,
        client_name=names.get(case.client_id, ""),
        held=held,
        hits=[hit for hit in found if hit.case_id == case_id],
        officers=await officers(services),
        rule_names=await rule_names(services),
    )


async def _context(services: Services, user: SignedUser, case_id: int) -> dict[str, Any]:
    file = await read_file(services, case_id)
    async with services.sessions() as session:
        people = {one.id: one.full_name for one in await users.list_users(session)}
    return {
        "file": file,
        "case": file.case,
        "buttons": offered(ACTS, user, file),
        "people": people,
        "story": _story(file.case.story, people),
        "said": said,
        "CaseState": CaseState,
        "late": bool(file.case.ros_until and file.case.ros_until < datetime.now(UTC)),
    }


def _story(entries: Sequence[StoryView], people: dict[int, str]) -> list[dict[str, Any]]:
    """What was seen and done, newest first. Looks one after another by the same person are told once, with how many."""
    told: list[dict[str, Any]] = []
    for entry in entries:
        who = people.get(entry.user_id or 0, "QoriCash")
        look = LOOKS.get(entry.action)
        if look and told and told[-1]["look"] == (entry.user_id, entry.action):
            told[-1] |= {"times": told[-1]["times"] + 1, "at": entry.at}
            continue
        icon, tone = ("eye", "") if look else ICONS.get(entry.action, ("circle-dot", ""))
        told.append(
            {
                "look": (entry.user_id, entry.action) if look else None,
                "times": 1,
                "what": f"{who}: {(look or entry.action)[0].lower()}{(look or entry.action)[1:]}",
                "at": entry.at,
                "text": entry.detail,
                "icon": icon,
                "tone": tone,
            }
        )
    for one in told:
        if one["times"] > 1:
            one["what"] += f" ({one['times']} veces)"
    return told[::-1]


def _columns(names: dict[int, str], people: dict[int, str]) -> Sequence[Column[CaseLine]]:
    return (
        Column(
            key="caso",
            label="Caso",
            kind="code",
            value=lambda c: f"N.º {c.id}",
            link=lambda c: f"{PATH}/{c.id}",
            phone=True,
        ),
        Column(
            key="estado",
            label="Estado",
            kind="badge",
            value=lambda c: (said.STATES[c.state][0], c.state.value),
            phone=True,
        ),
        Column(key="tipo", label="Tipo", kind="text", value=lambda c: said.known(said.KINDS, c.kind)),
        Column(
            key="gravedad",
            label="Gravedad",
            kind="badge",
            value=lambda c: (said.SEVERITIES[c.severity], c.severity.value),
        ),
        Column(key="cliente", label="Cliente", kind="name", value=lambda c: names.get(c.client_id, ""), phone=True),
        Column(key="asignado", label="Lo tiene", kind="text", value=lambda c: people.get(c.assigned_to or 0, "Nadie")),
        Column(key="apertura", label="Abierto", kind="moment", value=lambda c: c.opened_at),
        Column(key="cierre", label="Cerrado", kind="moment", value=lambda c: c.closed_at),
    )

"""Restrictive lists on the screen: what is in force, former versions, own lists by sheet, a name asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires_unseen
from api.pages.refusals import problem_of
from api.panel import compliance_words as said
from api.panel import pages, words
from api.panel.acts import Act, Call, attempt, known
from api.panel.acts import asked as dialog
from api.panel.errors import PanelRoute, notice
from api.panel.questions import Ask, Question, Typed
from api.panel.tables import Column, Table, asked_of
from api.services import Services, ServicesDep
from api.staff import lists as staff
from api.staff.lists import ListView, RunView, VersionView
from api.staff.screening import NameBody, search_name
from api.staff.shapes import PAGE
from db import users
from domain.errors import Invalid, Refused
from domain.lists import OWN, EntryKind, ListCode
from domain.permissions import Permission
from domain.screening import THRESHOLD

router = APIRouter(prefix="/panel/listas", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
Officer = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_RESOLVE)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
PATH = "/panel/listas"
TABS = ((PATH, "Listas"), (f"{PATH}/buscar", "Buscar un nombre"), (f"{PATH}/revisiones", "Revisiones de todos"))
COLUMNS_OF_SHEET = (
    "codigo, tipo, nombres, apellidos, razon_social, alias, documento, numero, pais, nacimiento, nacionalidad, cargo, "
    "entidad, motivo"
)


@dataclass(frozen=True, kw_only=True)
class Everybody:
    """What "all clients" is about."""


@router.get("")
async def lists_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Every list with its counts, and whether its last download was taken."""
    shown: Sequence[ListView] = await staff.read_lists(user, services)
    runs = await staff.read_runs(_user=user, services=services, limit=1)
    known_now: dict[str, Any] = {
        "lists": shown,
        "run": runs.items[0] if runs.items else None,
        "tabs": TABS,
        "said": said,
        "own": OWN,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "lists.html", "live", **known_now)
    return await pages.page(request, services, user, "lists.html", here="Listas", **known_now)


@router.get("/buscar")
async def search_page(request: Request, user: Officer, services: ServicesDep) -> Response:
    """Where to ask for a name."""
    known_now: dict[str, Any] = {
        "tabs": TABS,
        "typed": {},
        "problem": {},
        "field": "",
        "found": None,
        "said": said,
        "threshold": THRESHOLD,
    }
    return await pages.page(request, services, user, "name_search.html", here="Listas", kinds=_kinds(), **known_now)


@router.post("/buscar")
async def search(request: Request, user: Officer, services: ServicesDep) -> Response:
    """What the lists say of a name; who asked, and the answer, are kept."""
    typed = Typed(form=await request.form())
    known_now: dict[str, Any] = {
        "typed": typed.texts(),
        "problem": {},
        "field": "",
        "found": None,
        "said": said,
        "threshold": THRESHOLD,
    }
    try:
        names = ("name", "kind", "document_number", "birth_date", "nationality")
        given = {name: text for name in names if (text := typed.text(name))}
        known_now["found"] = await search_name(NameBody.model_validate(given), user, services)
    except (Refused, ValidationError) as refused:
        problem = problem_of(request, refused)
        known_now |= {"problem": problem, "field": problem.get("field") or ""}
    status = int(known_now["problem"].get("status", 200))
    return pages.fragment(request, user, "name_search.html", "answer", status=status, kinds=_kinds(), **known_now)


@router.get("/revisiones")
async def runs_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Looks at everybody, with how far each has come."""
    asked = asked_of(request.query_params, sorts=("inicio",))
    found = await staff.read_runs(_user=user, services=services, cursor=asked.cursor or None, limit=PAGE)
    table = Table(
        path=f"{PATH}/revisiones",
        caption="Revisiones",
        columns=_run_columns(),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known_now: dict[str, Any] = {"table": table, "tabs": TABS}
    if pages.wants_parts(request):
        density = pages.density_of(request)
        return pages.fragment(request, user, "runs.html", "live", density=density, **known_now)
    return await pages.page(request, services, user, "runs.html", here="Listas", **known_now)


@router.get("/revisiones/{act}")
async def ask_run(request: Request, act: ActName, user: Officer) -> Response:
    """Why everybody is looked at again."""
    return dialog(request, user, known(ACTS, user, act), Everybody())


@router.post("/revisiones/{act}")
async def order_run(request: Request, act: ActName, user: Officer, services: ServicesDep) -> Response:
    """Order it; its progress is in the list of runs."""
    return await attempt(request, known(ACTS, user, act), Everybody(), user, services)


@router.get("/{list_code}")
async def versions_page(request: Request, list_code: ListCode, user: Reader, services: ServicesDep) -> Response:
    """Every version of a list that the house has used."""
    asked = asked_of(request.query_params, sorts=("carga",))
    found = await staff.read_versions(
        list_code=list_code, _user=user, services=services, cursor=asked.cursor or None, limit=PAGE
    )
    async with services.sessions() as session:
        people = await users.names(session)
    table = Table(
        path=f"{PATH}/{list_code}",
        caption="Versiones",
        columns=_version_columns(people),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known_now: dict[str, Any] = {"table": table, "code": list_code, "said": said, "own": OWN}
    return await pages.page(request, services, user, "list_versions.html", here="Listas", **known_now)


@router.get("/{list_code}/importar")
async def ask_import(request: Request, list_code: ListCode, user: Officer) -> Response:
    """The dialog of a sheet: first it is tried, then put in force."""
    known_now: dict[str, Any] = {"code": list_code, "said": said, "columns": COLUMNS_OF_SHEET}
    return pages.fragment(request, user, "list_import.html", "question", **known_now)


@router.post("/{list_code}/importar")
async def import_sheet(request: Request, list_code: ListCode, user: Officer, services: ServicesDep) -> Response:
    """Tell what the sheet would change; with `aplicar`, change it."""
    typed = Typed(form=await request.form())
    apply = typed.ticked("aplicar")
    try:
        told = await _imported(services, user, list_code, typed, dry_run=not apply)
    except Refused as refused:
        problem = problem_of(request, refused)
        return pages.fragment(
            request,
            user,
            "list_import.html",
            "outcome",
            status=problem["status"],
            problem=problem,
            told=None,
            said=said,
        )
    if told.done:
        done = notice("completada", "circle-check", "Lista en vigencia", "Se revisa a todos los clientes.")
        return pages.answer("", headers={**done, "HX-Redirect": f"{PATH}/{list_code}"})
    return pages.fragment(request, user, "list_import.html", "outcome", problem={}, told=told, said=said)


async def _imported(
    services: Services, user: SignedUser, list_code: ListCode, typed: Typed, *, dry_run: bool
) -> staff.ImportView:
    file = typed.file("file")
    if file is None:
        raise Invalid("FILE_MISSING", "Elige la hoja (.xlsx o .csv).", field="file")
    return await staff.import_list(list_code=list_code, user=user, services=services, file=file, dry_run=dry_run)


def _look_again(_: Everybody) -> Question:
    return Question(
        title="¿Revisar a todos los clientes?",
        effects=(
            ("users", "Cada cliente se compara con las listas en vigencia."),
            ("clock", "Corre en segundo plano; su avance se ve en Revisiones."),
        ),
        asks=(Ask(name="cause", label="Motivo", value="Revisión periódica", most=120),),
        ok="Revisar a todos",
    )


async def _do_look(call: Call[Everybody]) -> None:
    await staff.look_at_all(staff.RunBody(cause=call.typed.text("cause")), call.user, call.services)


ACTS: dict[str, Act[Everybody]] = {
    "ordenar": Act(
        permission=Permission.COMPLIANCE_RESOLVE,
        icon="refresh-cw",
        text="Revisar a todos",
        done="Revisión pedida",
        question=_look_again,
        run=_do_look,
    )
}


def _kinds() -> list[tuple[str, str]]:
    return [(EntryKind.PERSONA.value, "Persona"), (EntryKind.ENTIDAD.value, "Empresa")]


def _version_columns(people: dict[int, str]) -> Sequence[Column[VersionView]]:
    return (
        Column(key="carga", label="Cargada", kind="moment", value=lambda v: v.loaded_at, phone=True),
        Column(
            key="estado",
            label="Estado",
            kind="badge",
            value=lambda v: ("cancelado", "Reemplazada") if v.retired_at else ("completada", "En vigencia"),
            phone=True,
        ),
        Column(key="fecha", label="Fecha de la lista", kind="text", value=lambda v: words.list_date(v.published)),
        Column(key="entradas", label="Entradas", kind="count", value=lambda v: v.entries, phone=True),
        Column(key="alias", label="Alias", kind="count", value=lambda v: v.aliases),
        Column(key="documentos", label="Documentos", kind="count", value=lambda v: v.documents),
        Column(key="cambio", label="Cambió", kind="text", value=lambda v: f"+{v.added} · ±{v.changed} · −{v.removed}"),
        Column(key="quien", label="Quién", kind="text", value=lambda v: people.get(v.user_id or 0, "Automático")),
        Column(key="origen", label="De dónde", kind="name", value=lambda v: v.origin, hidden=True),
        Column(key="huella", label="Huella", kind="text", value=lambda v: v.checksum[:12]),
    )


def _run_columns() -> Sequence[Column[RunView]]:
    return (
        Column(key="inicio", label="Empezó", kind="moment", value=lambda r: r.started_at, phone=True),
        Column(key="motivo", label="Motivo", kind="wrap", value=lambda r: r.cause, phone=True),
        Column(
            key="avance", label="Revisados", kind="text", value=lambda r: f"{r.screened:,} de {r.clients:,}", phone=True
        ),
        Column(key="nuevas", label="Coincidencias nuevas", kind="count", value=lambda r: r.new_hits),
        Column(key="fin", label="Terminó", kind="moment", value=lambda r: r.finished_at),
    )

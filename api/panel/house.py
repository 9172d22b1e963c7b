"""What Master keeps in order: people of the house, the figures of the house, and the audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import audit_words, pages
from api.panel.errors import PanelRoute, notice
from api.panel.questions import Ask, Question, Typed, ask, done
from api.panel.tables import Column, Table, asked_of, day_of, id_of
from api.services import Services, ServicesDep
from api.staff import parameters as figures
from api.staff import users as staff
from api.staff.audit import EntryView, list_audit
from api.staff.shapes import MAX_ID
from db import users
from domain.calendar import business_day, day_bounds
from domain.errors import Missing, Refused
from domain.permissions import Permission, Role

router = APIRouter(prefix="/panel", route_class=PanelRoute)
Manager = Annotated[SignedUser, requires(Permission.USERS_MANAGE)]
Keeper = Annotated[SignedUser, requires(Permission.PARAMETERS_MANAGE)]
Auditor = Annotated[SignedUser, requires(Permission.AUDIT_READ)]
UserId = Annotated[int, Path(ge=1, le=MAX_ID)]
ROLES = tuple((role.value, role.value) for role in Role)
PERSON_ACTS = ("rol", "restablecer", "segundo-paso", "desactivar")


@router.get("/usuarios")
async def people_page(request: Request, user: Manager, services: ServicesDep) -> Response:
    """Everybody of the house."""
    known: dict[str, Any] = {"people": await staff.list_users(user, services), "me": user.id}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "users.html", "live", **known)
    return await pages.page(request, services, user, "users.html", here="Usuarios", **known)


@router.get("/usuarios/nuevo")
async def ask_person(request: Request, user: Manager) -> Response:
    """Who comes in."""
    return ask(request, user, _new_person())


@router.post("/usuarios/nuevo")
async def add_person(request: Request, user: Manager, services: ServicesDep) -> Response:
    """Add a person; the temporary password is shown once."""
    typed = Typed(form=await request.form())
    try:
        given = {name: typed.text(name) for name in ("username", "email", "full_name", "role")}
        made = await staff.create_user(staff.NewUserBody.model_validate(given), user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, _new_person(), typed=typed.texts(), problem=problem_of(request, refused))
    return _secret(request, user, f"{made.user.full_name} ya puede entrar", made)


@router.get("/usuarios/{user_id}/{act}")
async def ask_about_person(
    request: Request, user_id: UserId, act: str, user: Manager, services: ServicesDep
) -> Response:
    """The dialog of an act on a person."""
    return ask(request, user, await _person_question(services, user, user_id, act))


@router.post("/usuarios/{user_id}/{act}")
async def act_on_person(request: Request, user_id: UserId, act: str, user: Manager, services: ServicesDep) -> Response:
    """Change a role, make a temporary password, or deactivate."""
    question = await _person_question(services, user, user_id, act)
    typed = Typed(form=await request.form())
    try:
        if act == "rol":
            body = staff.RoleBody.model_validate({"role": typed.text("role")})
            await staff.set_role(user_id, body, user, services)
        elif act == "desactivar":
            await staff.deactivate(user_id, user, services)
        elif act == "segundo-paso":
            await staff.reset_factors(user_id, user, services)
        else:
            made = await staff.reset_password(user_id, user, services)
            return _secret(request, user, f"Contraseña temporal de {made.user.full_name}", made)
    except (Refused, ValidationError) as refused:
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done({"rol": "Rol cambiado", "desactivar": "Desactivado"}.get(act, "Segundo paso quitado"))


@router.get("/parametros")
async def figures_page(request: Request, user: Keeper, services: ServicesDep) -> Response:
    """The figures of the house, with what holds today and where each comes from."""
    known: dict[str, Any] = {"figures": (await figures.list_parameters(user, services)).items}
    if pages.wants_parts(request):
        return pages.fragment(request, user, "parameters.html", "live", **known)
    return await pages.page(request, services, user, "parameters.html", here="Parámetros", **known)


@router.get("/parametros/{name}")
async def ask_figure(request: Request, name: str, user: Keeper, services: ServicesDep) -> Response:
    """The new value, since when, and why."""
    return ask(request, user, await _figure_question(services, user, name))


@router.post("/parametros/{name}")
async def set_figure(request: Request, name: str, user: Keeper, services: ServicesDep) -> Response:
    """Set it from a day on."""
    typed = Typed(form=await request.form())
    try:
        since = day_of(typed.text("valid_from"), "valid_from") or business_day(datetime.now(UTC))
        body = figures.ParameterBody(value=typed.text("value"), valid_from=since, source=typed.text("source"))
        await figures.set_parameter(name, body, user, services)
    except (Refused, ValidationError) as refused:
        question = await _figure_question(services, user, name)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Parámetro guardado")


@router.get("/auditoria")
async def audit_page(request: Request, user: Auditor, services: ServicesDep) -> Response:
    """Who did what, when, and what changed."""
    asked = asked_of(request.query_params, sorts=("cuando",))
    given = asked.filters
    async with services.sessions() as session:
        people = await users.names(session)
    person = given.get("persona", "")
    found = await list_audit(
        _user=user,
        services=services,
        actor_id=id_of(person),
        entity=given.get("cosa", "")[:40] or None,
        entity_id=given.get("cual", "")[:40] or None,
        since=day_bounds(since)[0] if (since := day_of(given.get("desde", ""))) else None,
        until=day_bounds(until)[1] if (until := day_of(given.get("hasta", ""))) else None,
        cursor=asked.cursor or None,
    )
    table = Table(
        path="/panel/auditoria",
        caption="Actos",
        columns=_audit_columns(),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known: dict[str, Any] = {"table": table, "people": people, "entities": audit_words.ENTITIES}
    return await pages.page(request, services, user, "audit.html", here="Auditoría", **known)


def _audit_columns() -> Sequence[Column[EntryView]]:
    return (
        Column(key="cuando", label="Cuándo", kind="moment", value=lambda v: v.at, phone=True),
        Column(
            key="quien",
            label="Quién",
            kind="text",
            value=lambda v: audit_words.actor(v.actor_kind, v.actor_name),
            phone=True,
        ),
        Column(key="que", label="Qué hizo", kind="text", value=lambda v: audit_words.action(v.action), phone=True),
        Column(key="a", label="A", kind="text", value=lambda v: audit_words.subject(v.entity, v.entity_id)),
        Column(
            key="cambio",
            label="Antes y después",
            kind="wrap",
            value=lambda v: audit_words.changed(v.model_dump()["changes"]),
        ),
        Column(key="motivo", label="Motivo", kind="wrap", value=lambda v: v.reason),
    )


def _new_person() -> Question:
    return Question(
        title="Nueva persona de la casa",
        lead="Se crea una contraseña temporal, que cambia al entrar por primera vez.",
        asks=(
            Ask(name="full_name", label="Nombre completo", most=120),
            Ask(name="username", label="Usuario", hint="Letras, números, punto, guion. De 3 a 40.", most=40),
            Ask(name="email", label="Correo", most=250),
            Ask(name="role", label="Rol", kind="choice", options=ROLES),
        ),
        ok="Crear persona",
    )


async def _person_question(services: Services, user: SignedUser, user_id: int, act: str) -> Question:
    person = next((one for one in await staff.list_users(user, services) if one.id == user_id), None)
    if person is None or act not in PERSON_ACTS:
        raise Missing("USER_NOT_FOUND", "No encontramos a esta persona.")
    if act == "rol":
        return Question(
            title=f"Cambiar el rol de {person.full_name}",
            effects=(("log-out", "Sus sesiones se cierran y entra de nuevo con el rol nuevo."),),
            asks=(Ask(name="role", label="Rol", kind="choice", options=ROLES, value=person.role),),
            ok="Cambiar rol",
        )
    if act == "desactivar":
        return Question(
            title=f"¿Desactivar a {person.full_name}?",
            effects=(("log-out", "Sus sesiones se cierran al instante y no puede volver a entrar."),),
            ok="Desactivar persona",
            danger=True,
        )
    if act == "segundo-paso":
        return Question(
            title=f"¿Quitar el segundo paso de {person.full_name}?",
            lead="Para quien perdió el celular o sus llaves. Compruébalo en persona.",
            effects=(("log-out", "Sus sesiones se cierran y entra solo con su contraseña."),),
            ok="Quitar segundo paso",
            danger=True,
        )
    return Question(
        title=f"¿Restablecer la contraseña de {person.full_name}?",
        effects=(
            ("log-out", "Sus sesiones se cierran."),
            ("key-round", "Se crea una temporal, que se muestra una vez."),
        ),
        ok="Restablecer contraseña",
    )


def _secret(request: Request, user: SignedUser, title: str, made: staff.PersonAnswer) -> Response:
    """Shown once, in place of the dialog."""
    lead = f"Entrégala en persona a {made.user.full_name} ({made.user.username})."
    known: dict[str, Any] = {"title": title, "lead": lead, "secret": made.temporary_password or ""}
    headers = notice("completada", "circle-check", title)["HX-Trigger"][:-1] + ', "leer": ""}'
    return pages.fragment(request, user, "question.html", "secret", headers={"HX-Trigger": headers}, **known)


async def _figure_question(services: Services, user: SignedUser, name: str) -> Question:
    found = next((one for one in (await figures.list_parameters(user, services)).items if one.name == name), None)
    if found is None:
        raise Missing("PARAMETER_UNKNOWN", "No existe ese parámetro.")
    return Question(
        title=found.source,
        lead=f"Hoy vale {found.value} {found.unit}. Lo anterior no cambia: el valor nuevo rige desde su día.",
        asks=(
            Ask(name="value", label=f"Valor ({found.unit})", value=str(found.value)),
            Ask(name="valid_from", label="Desde", kind="date", hint="Vacío: desde hoy."),
            Ask(
                name="source", label="De dónde viene", kind="area", hint="La norma, el acta o la decisión que lo fija."
            ),
        ),
        ok="Guardar valor",
    )

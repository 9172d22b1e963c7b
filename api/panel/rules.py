"""Monitoring rules on the screen: their versions, a draft by typed conditions, its try on the past, its publication."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires_unseen
from api.pages.refusals import problem_of
from api.panel import compliance_words as said
from api.panel import pages, words
from api.panel.acts import asked as dialog
from api.panel.acts import attempt, known, offered
from api.panel.conditions import TESTS, typed_conditions, values_of
from api.panel.errors import PanelRoute, notice
from api.panel.questions import Typed
from api.panel.rule_acts import ACTS, RuleFile
from api.panel.tables import Column, Table, asked_of
from api.services import Services, ServicesDep
from api.staff import rules as staff
from api.staff.rules import RuleId, RuleLine
from api.staff.shapes import PAGE
from db import users
from db.client_reads import names_of
from domain.cases import CaseKind, Severity
from domain.errors import Invalid, Refused
from domain.permissions import Permission
from domain.rules import MAX_CONDITIONS, Definition, Once, RuleStatus

router = APIRouter(prefix="/panel/reglas", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_READ)]
Author = Annotated[SignedUser, requires_unseen(Permission.COMPLIANCE_RULES)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
Place = Annotated[int, Query(ge=0, lt=MAX_CONDITIONS)]
PATH = "/panel/reglas"
ONCE = {Once.OPERATION: "Por cada operación", Once.DAY: "Una vez al día", Once.MONTH: "Una vez al mes"}


@router.get("")
async def rules_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Versions, newest first; without a filter, those in force."""
    asked = asked_of(request.query_params, sorts=("version",))
    wanted = asked.filters.get("estado", RuleStatus.PUBLICADA.value)
    status = next((one for one in RuleStatus if one == wanted), None)
    found = await staff.read_rules(user=user, services=services, status=status, cursor=asked.cursor or None, limit=PAGE)
    table = Table(
        path=PATH,
        caption="Reglas",
        columns=_columns(),
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    known_now: dict[str, Any] = {"table": table, "said": said, "wanted": wanted}
    return await pages.page(request, services, user, "rules.html", here="Reglas", **known_now)


@router.get("/nueva")
async def new_rule_page(
    request: Request, user: Author, services: ServicesDep, desde: Annotated[int, Query(ge=0, le=2**31)] = 0
) -> Response:
    """The form of a draft: of a new rule, or of the next version of one."""
    model = await staff.read_rule(desde, user, services) if desde else None
    values = _values(model.definition, model.key) if model else _empty()
    known_now = _form(values, action=f"{PATH}/nueva", version_of=model.name if model else "")
    return await pages.page(request, services, user, "rule_form.html", here="Reglas", **known_now)


@router.post("/nueva")
async def draft(request: Request, user: Author, services: ServicesDep) -> Response:
    """Keep the draft."""
    form = await request.form()
    try:
        body = staff.DraftBody(key=str(form.get("key", "")).strip(), definition=_definition(form))
        made = await staff.draft_rule(body, user, services)
    except (Refused, ValidationError) as refused:
        return _refused(request, user, form, refused, action=f"{PATH}/nueva")
    told = notice("completada", "circle-check", "Borrador guardado")
    return pages.answer("", headers={**told, "HX-Redirect": f"{PATH}/{made.id}"})


@router.get("/condicion")
async def condition_fields(request: Request, user: Author, n: Place) -> Response:
    """What a test asks, when another one is chosen in the form."""
    test = request.query_params.get(f"c{n}_test", "")
    known_now: dict[str, Any] = {"place": n, "test": test, "given": {}, "tests": TESTS, "problem": {}}
    return pages.fragment(request, user, "rule_form.html", "entries", **known_now)


@router.get("/{rule_id}")
async def rule_page(request: Request, rule_id: RuleId, user: Reader, services: ServicesDep) -> Response:
    """One version with what it asks and its tries."""
    # The page reading its own parts again is no look of a person.
    quiet = pages.wants_parts(request)
    view = await (staff.whole_rule(services, rule_id) if quiet else staff.read_rule(rule_id, user, services))
    async with services.sessions() as session:
        people = await users.names(session)
        busiest = {one.client_id for trial in view.trials for one in trial.result.most}
        names = await names_of(session, busiest)
    file = RuleFile(rule=view, me=user.id)
    known_now: dict[str, Any] = {
        "rule": view,
        "people": people,
        "names": names,
        "buttons": offered(ACTS, user, file),
        "said": said,
        "once": ONCE[view.definition.once],
        "editable": view.status is RuleStatus.BORRADOR and user.may(Permission.COMPLIANCE_RULES),
    }
    if quiet:
        return pages.fragment(request, user, "rule.html", "live", **known_now)
    return await pages.page(request, services, user, "rule.html", here="Reglas", **known_now)


@router.get("/{rule_id}/editar")
async def edit_page(request: Request, rule_id: RuleId, user: Author, services: ServicesDep) -> Response:
    """The form of a draft as it stands."""
    view = await staff.read_rule(rule_id, user, services)
    values = _values(view.definition, view.key)
    known_now = _form(values, action=f"{PATH}/{rule_id}/editar", version_of=view.name)
    return await pages.page(request, services, user, "rule_form.html", here="Reglas", **known_now)


@router.post("/{rule_id}/editar")
async def edit(request: Request, rule_id: RuleId, user: Author, services: ServicesDep) -> Response:
    """Keep it; what was tried before no longer counts."""
    form = await request.form()
    try:
        await staff.edit_rule(rule_id, staff.EditBody(definition=_definition(form)), user, services)
    except (Refused, ValidationError) as refused:
        return _refused(request, user, form, refused, action=f"{PATH}/{rule_id}/editar")
    told = notice("completada", "circle-check", "Borrador guardado")
    return pages.answer("", headers={**told, "HX-Redirect": f"{PATH}/{rule_id}"})


@router.get("/{rule_id}/{act}")
async def ask_act(request: Request, rule_id: RuleId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """The dialog of an act."""
    order = known(ACTS, user, act)
    return dialog(request, user, order, await _file(services, user, rule_id))


@router.post("/{rule_id}/{act}")
async def do_act(request: Request, rule_id: RuleId, act: ActName, user: Reader, services: ServicesDep) -> Response:
    """Do it."""
    order = known(ACTS, user, act)
    return await attempt(request, order, await _file(services, user, rule_id), user, services)


async def _file(services: Services, user: SignedUser, rule_id: int) -> RuleFile:
    return RuleFile(rule=await staff.whole_rule(services, rule_id), me=user.id)


def _definition(form: FormData) -> Definition:
    typed = Typed(form=form)
    conditions = typed_conditions(form, form.getlist)
    try:
        return Definition.model_validate(
            {
                **{name: typed.text(name) for name in ("name", "kind", "severity", "once")},
                "hold": typed.ticked("hold"),
                "conditions": conditions,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "value_error":
            words = first["msg"].removeprefix("Value error, ")
            raise Invalid("RULE", words, field="once") from error
        raise


def _refused(request: Request, user: SignedUser, form: FormData, refused: Exception, *, action: str) -> Response:
    """The form again with what was typed, and what was refused under its field."""
    problem = problem_of(request, refused)
    typed = Typed(form=form)
    values: dict[str, Any] = {name: typed.text(name) for name in ("key", "name", "kind", "severity", "once", "hold")}
    values["conditions"] = []
    for place in range(MAX_CONDITIONS):
        test = str(form.get(f"c{place}_test", ""))
        given = {entry.name: _again(form, f"c{place}_{entry.name}", entry.kind) for entry in _entries(test)}
        values["conditions"].append({"test": test, **given})
    known_now = _form(values, action=action, problem=problem, version_of=typed.text("version_of"))
    return pages.fragment(request, user, "rule_form.html", "form", status=int(problem["status"]), **known_now)


def _entries(test: str) -> Sequence[Any]:
    return TESTS[test].entries if test in TESTS else ()


def _again(form: FormData, name: str, kind: str) -> object:
    return form.getlist(name) if kind == "many" else str(form.get(name, ""))


def _empty() -> dict[str, Any]:
    own = {"kind": CaseKind.MONITOREO.value, "severity": Severity.MEDIA.value, "once": Once.OPERATION.value}
    return {"key": "", "name": "", **own, "hold": "", "conditions": [{"test": "amount"}]}


def _values(definition: Definition, key: str) -> dict[str, Any]:
    own = definition.model_dump(mode="json", include={"name", "kind", "severity", "once"})
    conditions = [values_of(one) for one in definition.conditions]
    return {**own, "key": key, "hold": "si" if definition.hold else "", "conditions": conditions}


def _form(
    values: dict[str, Any], *, action: str, problem: dict[str, Any] | None = None, version_of: str = ""
) -> dict[str, Any]:
    shown = values["conditions"] + [{"test": ""}] * (MAX_CONDITIONS - len(values["conditions"]))
    return {
        "values": values,
        "shown": shown,
        "action": action,
        "problem": problem or {},
        "field": (problem or {}).get("field") or "",
        "version_of": version_of,
        "tests": TESTS,
        "kinds": [(one.value, text) for one, text in said.KINDS.items()],
        "severities": [(one.value, one.value) for one in Severity],
        "times": [(one.value, text) for one, text in ONCE.items()],
        "now": datetime.now(UTC),
    }


def _columns() -> Sequence[Column[RuleLine]]:
    return (
        Column(
            key="regla", label="Regla", kind="code", value=lambda r: r.name, link=lambda r: f"{PATH}/{r.id}", phone=True
        ),
        Column(key="estado", label="Estado", kind="badge", value=lambda r: said.RULES[r.status], hidden=True),
        Column(key="pide", label="Avisa cuando", kind="wrap", value=lambda r: words.sentence(r.words)),
        Column(
            key="gravedad",
            label="Gravedad",
            kind="badge",
            value=lambda r: (said.SEVERITIES[Severity(r.severity)], r.severity),
        ),
        Column(key="retiene", label="Retiene", kind="text", value=lambda r: "Sí" if r.hold else "No"),
        Column(key="version", label="Versión", kind="count", value=lambda r: r.version),
        Column(key="desde", label="Publicada", kind="moment", value=lambda r: r.published_at),
    )

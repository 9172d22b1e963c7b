"""Role × page × action, derived from domain/permissions.py: what a role may not do is neither shown nor taken.

The routes say their permission, the acts of a page say theirs; the table below is made of both, so that a new page or
act is in it without a line here. F164, F168.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api.auth import policy_of
from api.panel.case_acts import ACTS as CASES
from api.panel.client_acts import ACTS as CLIENTS
from api.panel.dialogs import PERMISSIONS as COMMANDS
from api.panel.ledger_acts import ENTRY_ACTS, MONTH_ACTS
from api.panel.netting_acts import BATCH_ACTS, MATCH_ACTS
from api.panel.rail import SECTIONS
from api.panel.reversals import ACTS as REVERSALS
from api.panel.rule_acts import ACTS as RULES
from db.session import Sessions
from domain.operations import Assessment, Origin
from domain.permissions import Permission, Role, allows
from tests.api.conftest import Person
from tests.api.records import create
from tests.api.test_panel import House, csrf, house, processing

__all__ = ["house"]
ROLES = tuple(Role)
SHAPE = re.compile(r"\{[^}]+\}")
OFFER = re.compile(r'(hx-get|hx-post|href)="(/panel/[^"#]+)"')


class Guarded(NamedTuple):
    """An address, how it is asked for, and the permission it wants; `shape` has `{}` where a number or a code goes."""

    verb: str
    shape: str
    permission: Permission

    def path(self, known: Mapping[str, str] | None = None) -> str:
        """The address with something in its places."""
        return SHAPE.sub(lambda found: (known or {}).get(found[0], "1"), self.shape)


@dataclass(frozen=True, kw_only=True)
class Acts:
    """The acts of one noun behind one route: only the act's own name says who may."""

    shape: str
    known: Mapping[str, Permission]


ACTS = (
    Acts(shape="/panel/operaciones/{code}", known=COMMANDS),
    Acts(shape="/panel/operaciones/{code}/reverso", known={name: act.permission for name, act in REVERSALS.items()}),
    Acts(shape="/panel/clientes/{client_id}", known={name: act.permission for name, act in CLIENTS.items()}),
    Acts(shape="/panel/casos/{case_id}", known={name: act.permission for name, act in CASES.items()}),
    Acts(shape="/panel/calce/calces/{match_id}", known={name: act.permission for name, act in MATCH_ACTS.items()}),
    Acts(shape="/panel/calce/lotes/{code}", known={name: act.permission for name, act in BATCH_ACTS.items()}),
    Acts(shape="/panel/libros/asientos/{number}", known={name: act.permission for name, act in ENTRY_ACTS.items()}),
    Acts(shape="/panel/libros/meses/{year}/{month}", known={name: act.permission for name, act in MONTH_ACTS.items()}),
    Acts(shape="/panel/reglas/{rule_id}", known={name: act.permission for name, act in RULES.items()}),
)


def routes(app: FastAPI) -> Iterator[Guarded]:
    """Every route of the house whose policy is a permission."""
    for route in iter_route_contexts(app.routes):
        path = route.path or ""
        if not path.startswith(("/panel", "/api/staff")) or not hasattr(route, "dependant"):
            continue
        for wanted in _policies(route.dependant):
            for verb in sorted((route.methods or set()) - {"HEAD"}):
                yield Guarded(verb, path, wanted)


def _policies(dependant: Any) -> Iterator[Permission]:
    for inner in dependant.dependencies:
        said = policy_of(inner.call)
        if said.startswith("permiso "):
            yield Permission(said.removeprefix("permiso "))
        yield from _policies(inner)


def acts() -> Iterator[Guarded]:
    """Every act that shares its route with others."""
    for noun in ACTS:
        for name, permission in noun.known.items():
            for verb in ("GET", "POST"):
                yield Guarded(verb, f"{noun.shape}/{name}", permission)
    yield Guarded("GET", "/panel/clientes?formato=csv", Permission.CLIENTS_EXPORT)


async def test_what_a_role_may_not_do_is_taken_from_none_of_its_addresses(
    app: FastAPI, house: House, sessions: Sessions
):
    code = (await processing(sessions, house)).now.code
    known = {"{code}": code, "{client_id}": str(house.mine.id)}
    table = [*routes(app), *acts()]
    for role in ROLES:
        person = house.people[role]
        token = await csrf(person)
        refused = [one for one in table if not allows(role, one.permission)]
        answers = {one: await person.http.request(one.verb, one.path(known), headers=token) for one in refused}
        open_ = [(one, got.status_code) for one, got in answers.items() if got.status_code not in _refusals(one)]
        assert open_ == [], role


def _refusals(one: Guarded) -> set[int]:
    """That compliance has pages with something to look at is itself secret."""
    unseen = one.permission.startswith("compliance.") and one.shape.startswith("/panel")
    return {404} if unseen else {403, 404}


async def test_every_permission_guards_something(app: FastAPI):
    """One that nothing asks for is a promise that nobody keeps. Edits and cancels ask for theirs in the domain."""
    in_the_domain = {
        Permission.OPERATIONS_EDIT_PENDING,
        Permission.OPERATIONS_EDIT_DEPOSITS,
        Permission.OPERATIONS_EDIT_PAYOUTS,
        Permission.OPERATIONS_CANCEL_IN_PROCESS,
    }
    guarded = {one.permission for one in (*routes(app), *acts())}
    assert set(Permission) - guarded <= in_the_domain


@pytest.mark.parametrize("role", ROLES)
async def test_what_a_page_offers_is_of_the_role_and_answers(
    app: FastAPI, house: House, sessions: Sessions, role: Role
):
    """Every address of every page that the role can open is one that it may use; one of each shape is asked for."""
    pending = await create(sessions, house.mine, origin=Origin.WEB)
    running, held = await processing(sessions, house), await create(sessions, house.mine)
    await held.is_assessed(Assessment.HELD)
    person = house.people[role]
    begin = [section.path for section in SECTIONS if allows(role, section.permission)]
    begin += [f"/panel/operaciones/{one.now.code}" for one in (pending, running, held)]
    begin += [f"/panel/clientes/{house.mine.id}"]
    shown = {one: await _offers(person, one) for one in begin}
    rail = {section.path for section in SECTIONS} & {path for _, path in shown["/panel/clientes"]}
    assert rail == {section.path for section in SECTIONS if allows(role, section.permission)}
    table = [*acts(), *routes(app)]
    tried: set[tuple[str, str]] = set()
    for page, offers in shown.items():
        for verb, path in sorted(offers):
            guard = _guard(table, verb, path)
            assert guard is None or allows(role, guard.permission), (page, path)
            if verb == "GET" and guard is not None and (verb, guard.shape) not in tried:
                tried.add((verb, guard.shape))
                # 422: none was chosen for the dialog of chosen rows; 503: Temporal is away in this ring.
                assert (await person.http.get(path)).status_code in {200, 422, 503}, (page, path)
    _check_commands(shown, role)


async def _offers(person: Person, path: str) -> set[tuple[str, str]]:
    answer = await person.http.get(path)
    assert answer.status_code == 200, path
    found = OFFER.findall(answer.text.replace("&amp;", "&"))
    return {("POST" if how == "hx-post" else "GET", address) for how, address in found}


def _guard(table: list[Guarded], verb: str, path: str) -> Guarded | None:
    """Which line of the table an address falls under; an act's own line comes before its route's."""
    plain = path.partition("?")[0]
    for one in table:
        if one.verb == verb and re.fullmatch(SHAPE.sub("[^/]+", one.shape), plain):
            return one
    return None


def _check_commands(shown: dict[str, set[tuple[str, str]]], role: Role) -> None:
    """What the role has of an operation is offered on one of the three, but for what their states lock."""
    offered = {path.rsplit("/", 1)[1] for offers in shown.values() for _, path in offers if "/operaciones/EXP-" in path}
    # A refusal calls for the first two; money or a proof has to be there for the next; `edit` is in the page itself.
    elsewhere = {"retry-effect", "waive-effect", "start-processing", "complete", "remove-proof", "edit"}
    mine = {name for name, permission in COMMANDS.items() if allows(role, permission)}
    assert mine - elsewhere <= offered

"""The people of the house, managed by Master."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from db.session import Sessions
from db.tables import AuditEntry, User
from domain.permissions import Role
from tests.api.conftest import PASSWORD, Staff, client_of

ROSA = {"username": "rquispe", "email": "rosa@example.test", "full_name": "Rosa Quispe", "role": "Operador"}


async def test_a_new_person_signs_in_with_a_temporary_password_that_is_shown_once(app: FastAPI, staff: Staff):
    master = await staff("marta", Role.MASTER)
    made = (await master.http.post("/api/staff/users", json=ROSA)).json()
    async with client_of(app) as http:
        body = {"username": "rquispe", "password": made["temporary_password"]}
        answer = await http.post("/api/staff/login", json=body)
    assert answer.json()["user"]["must_change_password"] is True
    listed = (await master.http.get("/api/staff/users")).json()
    assert [person["username"] for person in listed] == ["marta", "rquispe"]
    assert all("password" not in key for person in listed for key in person if key != "must_change_password")


async def test_a_deactivated_persons_name_may_be_used_again(staff: Staff, sessions: Sessions):
    """F176: the old row stays as it was."""
    master = await staff("marta", Role.MASTER)
    first = (await master.http.post("/api/staff/users", json=ROSA)).json()["user"]["id"]
    again = await master.http.post("/api/staff/users", json={**ROSA, "email": "otra@example.test"})
    assert (again.status_code, again.json()["field"]) == (409, "username")
    mail = await master.http.post("/api/staff/users", json={**ROSA, "username": "otra"})
    assert (mail.status_code, mail.json()["field"]) == (409, "email")
    await master.http.post(f"/api/staff/users/{first}/deactivate")
    assert (await master.http.post("/api/staff/users", json=ROSA)).status_code == 201
    async with sessions() as session:
        old = await session.get(User, first)
    assert old is not None
    assert (old.username, old.email, old.status) == ("rquispe", "rosa@example.test", "Inactivo")


async def test_the_last_master_stays_even_when_two_deactivate_each_other_at_once(staff: Staff, sessions: Sessions):
    one, two = await staff("uno", Role.MASTER), await staff("dos", Role.MASTER)
    answers = await asyncio.gather(
        one.http.post(f"/api/staff/users/{two.id}/deactivate"),
        two.http.post(f"/api/staff/users/{one.id}/deactivate"),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 409])
    async with sessions() as session:
        active = (await session.scalars(select(User.id).where(User.status == "Activo"))).all()
    assert len(active) == 1


async def test_nobody_deactivates_or_demotes_itself(staff: Staff):
    one = await staff("uno", Role.MASTER)
    await staff("dos", Role.MASTER)
    for act, body in (("deactivate", {}), ("role", {"role": "Trader"})):
        answer = await one.http.post(f"/api/staff/users/{one.id}/{act}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "OWN_USER")


async def test_a_new_role_signs_the_person_out_and_is_audited(staff: Staff, sessions: Sessions):
    master, ana = await staff("marta", Role.MASTER), await staff("ana", Role.TRADER)
    answer = await master.http.post(f"/api/staff/users/{ana.id}/role", json={"role": "Middle Office"})
    assert answer.json()["user"]["role"] == "Middle Office"
    assert (await ana.http.get("/api/staff/me")).status_code == 401
    async with sessions() as session:
        entry = await session.scalar(select(AuditEntry).where(AuditEntry.action == "users.set_role"))
    assert entry is not None
    assert entry.changes == [{"field": "role", "before": "Trader", "after": "Middle Office"}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "Presidente"}, "role"),
        ({"username": "con espacio"}, "username"),
        ({"email": "no-es-correo"}, "email"),
        ({"email": "a@example.test;b@example.test"}, "email"),
        ({"password": "corta1"}, "password"),
        ({"password": "sin-numeros-aqui"}, "password"),
        ({"password": "rquispe"}, "password"),
    ],
)
async def test_a_bad_new_person_is_refused_by_field(staff: Staff, change: dict[str, str], field: str):
    master = await staff("marta", Role.MASTER)
    answer = await master.http.post("/api/staff/users", json={**ROSA, **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize("role", [Role.TRADER, Role.OPERADOR, Role.MIDDLE_OFFICE])
async def test_only_master_sees_and_manages_people(staff: Staff, role: Role):
    """F165: user lists only for Master."""
    person = await staff("ana", role)
    assert (await person.http.get("/api/staff/users")).status_code == 403
    assert (await person.http.post("/api/staff/users", json=ROSA)).status_code == 403
    assert (await person.http.post("/api/staff/users/1/reset-password")).status_code == 403


async def test_a_reset_ends_the_sessions_and_the_old_password(app: FastAPI, staff: Staff):
    master, ana = await staff("marta", Role.MASTER), await staff("ana", Role.TRADER)
    await master.http.post(f"/api/staff/users/{ana.id}/reset-password")
    assert (await ana.http.get("/api/staff/me")).status_code == 401
    async with client_of(app) as http:
        answer = await http.post("/api/staff/login", json={"username": "ana", "password": PASSWORD})
    assert answer.status_code == 401

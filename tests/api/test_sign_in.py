"""Sign-in of the people of the house: sessions, locks, and what a stranger can learn."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
from fastapi import FastAPI
from sqlalchemy import select, update

from api.auth import COOKIE
from db.session import Sessions
from db.sessions import token_hash
from db.tables import Session, User
from domain.permissions import Role
from tests.api.conftest import PASSWORD, Staff, client_of


async def _login(http: httpx.AsyncClient, username: str, password: str = PASSWORD) -> httpx.Response:
    return await http.post("/api/staff/login", json={"username": username, "password": password})


async def test_a_login_answers_a_token_and_leaves_a_cookie_that_scripts_cannot_read(app: FastAPI, staff: Staff):
    person = await staff("marta", Role.MASTER)
    async with client_of(app) as http:
        answer = await _login(http, "MARTA")
    cookie = answer.headers["set-cookie"]
    assert answer.json()["user"]["role"] == "Master"
    assert all(part in cookie for part in (COOKIE, "HttpOnly", "SameSite=lax"))
    assert (await person.http.get("/api/staff/me")).json()["username"] == "marta"


async def test_only_the_hash_of_a_token_is_stored(staff: Staff, sessions: Sessions):
    person = await staff("marta", Role.MASTER)
    async with sessions() as session:
        kept = (await session.scalars(select(Session.token_hash))).all()
    assert kept == [token_hash(person.token)]


async def test_a_wrong_password_and_an_unknown_name_read_the_same(http: httpx.AsyncClient, staff: Staff):
    await staff("marta", Role.MASTER)
    wrong = await _login(http, "marta", "otra-clave-9")
    unknown = await _login(http, "nadie", "otra-clave-9")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong.json()["code"] == "BAD_CREDENTIALS"


async def test_someone_without_a_usable_hash_never_signs_in(http: httpx.AsyncClient, staff: Staff, sessions: Sessions):
    """F162: an empty hash was once taken as "no password needed"."""
    await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        await session.execute(update(User).values(password_hash=""))
    for tried in ("x", PASSWORD):
        assert (await _login(http, "marta", tried)).status_code == 401


async def test_five_failures_lock_the_account_for_fifteen_minutes_whatever_the_address(
    app: FastAPI, staff: Staff, sessions: Sessions
):
    await staff("marta", Role.MASTER)
    for place in range(5):
        async with client_of(app, f"198.51.100.{place}") as http:
            assert (await _login(http, "marta", "otra-clave-9")).status_code == 401
    async with sessions() as session:
        user = await session.scalar(select(User).where(User.username == "marta"))
    assert user is not None
    assert user.locked_until is not None
    assert timedelta(minutes=14) < user.locked_until - datetime.now(UTC) <= timedelta(minutes=15)
    app.state.login_limits = type(app.state.login_limits)(app.state.settings)
    async with client_of(app, "198.51.100.77") as http:
        refused = await _login(http, "marta")
    assert refused.status_code == 429
    assert refused.json()["code"] == "ACCOUNT_LOCKED"
    assert int(refused.headers["retry-after"]) > 800


async def test_a_lock_that_is_over_lets_in_and_the_count_starts_again(app: FastAPI, staff: Staff, sessions: Sessions):
    await staff("marta", Role.MASTER)
    ended = datetime.now(UTC) - timedelta(seconds=1)
    async with sessions.begin() as session:
        await session.execute(update(User).values(failed_attempts=5, locked_until=ended))
    async with client_of(app) as http:
        assert (await _login(http, "marta")).status_code == 200
    async with sessions() as session:
        assert await session.scalar(select(User.failed_attempts)) == 0


async def test_a_hundred_guesses_at_once_are_not_a_hundred_guesses(app: FastAPI, staff: Staff, sessions: Sessions):
    await staff("marta", Role.MASTER)
    async with client_of(app) as http:
        answers = await asyncio.gather(*(_login(http, "marta", f"intento-{n}-x") for n in range(12)))
    assert sum(answer.status_code == 401 for answer in answers) == 5
    assert sum(answer.status_code == 429 for answer in answers) == 7


async def test_ten_good_sign_ins_at_once_all_enter(app: FastAPI, staff: Staff):
    """The existing web signs in twice each time: what succeeds never counts."""
    await staff("marta", Role.MASTER)
    async with client_of(app) as http:
        answers = await asyncio.gather(*(_login(http, "marta") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}


async def test_failures_from_one_address_do_not_lock_out_another(app: FastAPI, staff: Staff):
    """F170: behind a proxy a robot locked everybody out."""
    await staff("marta", Role.MASTER)
    async with client_of(app, "198.51.100.1") as robot:
        answers = [await _login(robot, f"robot{n}", "otra-clave-9") for n in range(6)]
        assert [a.status_code for a in answers] == [401] * 5 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
    async with client_of(app, "198.51.100.2") as http:
        assert (await _login(http, "marta")).status_code == 200


async def test_a_forged_address_is_not_believed(app: FastAPI):
    """F170: forged headers are ignored unless they come from a configured proxy."""
    async with client_of(app, "198.51.100.1") as robot:
        for n in range(6):
            robot.headers["X-Forwarded-For"] = f"192.0.2.{n}"
            last = await _login(robot, f"robot{n}", "otra-clave-9")
    assert last.status_code == 429


async def test_reading_the_page_twenty_times_does_not_count_as_signing_in(http: httpx.AsyncClient, staff: Staff):
    """F171."""
    await staff("marta", Role.MASTER)
    for _ in range(20):
        await http.get("/api/staff/login")
    assert (await _login(http, "marta")).status_code == 200


async def test_a_session_ends_after_ten_idle_minutes(staff: Staff, sessions: Sessions):
    person = await staff("marta", Role.MASTER)
    async with sessions.begin() as session:
        await session.execute(update(Session).values(last_seen_at=datetime.now(UTC) - timedelta(minutes=10)))
    refused = await person.http.get("/api/staff/me")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"


async def test_using_a_session_keeps_it_alive_with_at_most_one_write_a_minute(staff: Staff, sessions: Sessions):
    person = await staff("marta", Role.MASTER)
    old = datetime.now(UTC) - timedelta(minutes=9)
    async with sessions.begin() as session:
        await session.execute(update(Session).values(last_seen_at=old))
    await person.http.get("/api/staff/me")
    async with sessions() as session:
        first = await session.scalar(select(Session.last_seen_at))
    await person.http.get("/api/staff/me")
    async with sessions() as session:
        second = await session.scalar(select(Session.last_seen_at))
    assert first is not None
    assert first > old
    assert second == first


async def test_an_inactive_person_is_out_at_once(staff: Staff):
    """The predecessor's loader never looked at the status of a signed-in person."""
    master, operator = await staff("marta", Role.MASTER), await staff("oscar", Role.OPERADOR)
    await master.http.post(f"/api/staff/users/{operator.id}/deactivate")
    assert (await operator.http.get("/api/staff/me")).status_code == 401


async def test_a_logout_ends_the_session_in_every_tab(app: FastAPI, staff: Staff):
    """F174."""
    person = await staff("marta", Role.MASTER)
    async with client_of(app) as second_tab:
        second_tab.cookies.set(COOKIE, person.token)
        assert (await second_tab.get("/api/staff/me")).status_code == 200
        await person.http.post("/api/staff/logout")
        assert (await second_tab.get("/api/staff/me")).status_code == 401


async def test_a_person_sees_and_closes_its_own_sessions_only(staff: Staff):
    first = await staff("marta", Role.MASTER)
    other = await staff("oscar", Role.OPERADOR)
    listed = (await first.http.get("/api/staff/sessions")).json()
    assert [s["current"] for s in listed] == [True]
    foreign = (await other.http.get("/api/staff/sessions")).json()[0]["id"]
    assert (await first.http.post(f"/api/staff/sessions/{foreign}/close")).status_code == 404
    assert (await first.http.post(f"/api/staff/sessions/{listed[0]['id']}/close")).status_code == 200
    assert (await first.http.get("/api/staff/me")).status_code == 401


async def test_a_changed_password_opens_and_the_old_one_does_not(http: httpx.AsyncClient, staff: Staff):
    """F188."""
    person = await staff("marta", Role.MASTER)
    body = {"current_password": PASSWORD, "new_password": "clave-nueva-77"}
    assert (await person.http.post("/api/staff/password", json=body)).status_code == 200
    assert (await _login(http, "marta", "clave-nueva-77")).status_code == 200
    assert (await _login(http, "marta")).status_code == 401


async def test_a_temporary_password_must_be_changed_before_anything_else(app: FastAPI, staff: Staff):
    master, operator = await staff("marta", Role.MASTER), await staff("oscar", Role.OPERADOR)
    given = (await master.http.post(f"/api/staff/users/{operator.id}/reset-password")).json()["temporary_password"]
    async with client_of(app) as http:
        token = (await _login(http, "oscar", given)).json()["token"]
    async with client_of(app, Authorization=f"Bearer {token}") as http:
        refused = await http.get("/api/staff/operations")
        assert (refused.status_code, refused.json()["code"]) == (403, "PASSWORD_CHANGE_NEEDED")
        body = {"current_password": given, "new_password": "clave-nueva-77"}
        assert (await http.post("/api/staff/password", json=body)).status_code == 200
        assert (await http.get("/api/staff/operations")).status_code == 200

"""Contract #3, #4: a forgotten password, and a new one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from api.auth import start_client_session
from db import deliveries, passwords
from db.tables import Client, Delivery
from tests.contract.conftest import PASSWORD, browser, row_of

FORGOT, CHANGE, LOGIN = "/api/client/forgot-password", "/api/client/change-password", "/api/client/login"
NEW = "otra-clave-2"


@dataclass
class Mailed:
    """What the mail will carry."""

    password: str
    key: str


async def asked(http, client, app, sessions):
    answer = await http.post(FORGOT, json={"dni": client.dni, "email": f"C{client.dni}@example.test"})
    assert answer.json()["success"], answer.text
    async with sessions() as session:
        row = (await session.scalars(select(Delivery))).one()
        secret = app.state.services.settings.secret_key.get_secret_value()
        sealed = await deliveries.sealed_mail(session, client_id=client.id, key=row.key, secret_key=secret)
    return Mailed(sealed.password, row.key)


async def test_the_answer_says_nothing_of_who_has_an_account(http, client, promises):
    right = await http.post(FORGOT, json={"dni": client.dni, "email": f"c{client.dni}@example.test"})
    wrong = await http.post(FORGOT, json={"dni": client.dni, "email": "otro@example.test"})
    unknown = await http.post(FORGOT, json={"dni": "49999999", "email": "otro@example.test"})
    assert right.json() == wrong.json() == unknown.json()
    assert right.json()["success"] is True


async def test_asking_voids_nothing_until_the_temporary_password_is_used(http, client, app, promises, sessions):
    """F180: a lost mail locked the client out."""
    mailed = await asked(http, client, app, sessions)
    assert (await http.post(LOGIN, json={"dni": client.dni, "password": PASSWORD})).json()["success"]
    said = (await http.post(LOGIN, json={"dni": client.dni, "password": mailed.password})).json()
    assert (said["success"], said["requires_password_change"]) == (True, True)
    assert (await http.post(LOGIN, json={"dni": client.dni, "password": PASSWORD})).json()["success"] is False


async def test_the_temporary_password_works_for_both_logins_of_the_web(http, client, app, promises, sessions):
    mailed = await asked(http, client, app, sessions)
    for _ in range(2):
        said = (await http.post(LOGIN, json={"dni": client.dni, "password": mailed.password})).json()
        assert said["requires_password_change"] is True


async def test_the_mail_is_promised_to_a_workflow(http, client, app, house, sessions):
    mailed = await asked(http, client, app, sessions)
    handle = house.client.get_workflow_handle(f"aviso-contrasena_temporal-{client.id}-{mailed.key}")
    history = await handle.fetch_history()
    assert mailed.password not in history.to_json()


async def test_a_second_request_within_minutes_keeps_the_first_mails_password(http, client, app, promises, sessions):
    mailed = await asked(http, client, app, sessions)
    again = await asked(http, client, app, sessions)
    assert again == mailed


async def test_with_temporal_away_nothing_is_changed(http, client, sessions):
    answer = await http.post(FORGOT, json={"dni": client.dni, "email": f"c{client.dni}@example.test"})
    assert answer.status_code == 503
    assert (await row_of(sessions, client)).temporary_password_hash is None


async def test_the_forced_change_needs_no_current_password_and_ends_the_force(http, client, app, promises, sessions):
    """F188: after it, login works with the new one and not with the temporary one."""
    mailed = await asked(http, client, app, sessions)
    await http.post(LOGIN, json={"dni": client.dni, "password": mailed.password})
    answer = await http.post(CHANGE, json={"dni": client.dni, "new_password": NEW})
    assert answer.json()["success"], answer.text
    said = (await http.post(LOGIN, json={"dni": client.dni, "password": NEW})).json()
    assert (said["success"], said["requires_password_change"]) == (True, False)
    assert (await http.post(LOGIN, json={"dni": client.dni, "password": mailed.password})).json()["success"] is False


@pytest.mark.parametrize("current", [None, "", "no-es-esta-1"])
async def test_without_the_current_password_nothing_changes(client, sessions, current):
    """Contract #4: an account takeover hole otherwise."""
    answer = await client.post(CHANGE, current_password=current, new_password=NEW)
    assert (answer.status_code, answer.json()["code"]) == (422, "PASSWORD_WRONG")
    assert await passwords.matches(PASSWORD, (await row_of(sessions, client)).password_hash)


async def test_a_flagged_client_is_not_changed_by_naming_its_document(http, client, arrive, sessions):
    """F162, and the hole of contract #4: the force belongs to the session, not to whoever knows the document."""
    async with sessions.begin() as session:
        (await session.get_one(Client, client.id)).requires_password_change = True
    other = await arrive("40000002")
    body = {"dni": client.dni, "new_password": NEW}
    assert (await http.post(CHANGE, json=body)).status_code == 401
    assert (await other.http.post(CHANGE, json=body)).status_code == 404
    assert await passwords.matches(PASSWORD, (await row_of(sessions, client)).password_hash)


async def test_changing_it_signs_the_other_devices_out(client, app):
    other = await start_client_session(app.state.services, client.id)
    answer = await client.post(CHANGE, current_password=PASSWORD, new_password=NEW)
    assert answer.json()["success"]
    assert (await client.post("/api/client/me")).status_code == 200
    async with browser(app, Authorization=f"Bearer {other}") as phone:
        assert (await phone.post("/api/client/me", json={})).status_code == 401


@pytest.mark.parametrize("new", ["corta1", PASSWORD, "40000001", "x" * 129])
async def test_a_new_password_that_is_no_good_is_refused(client, new):
    answer = await client.post(CHANGE, current_password=PASSWORD, new_password=new)
    assert answer.status_code == 422
    assert answer.json()["success"] is False

"""The second step of a sign-in: what asks for it, what opens it, and that nothing opens twice."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

import httpx
import pyotp
from fastapi import FastAPI
from sqlalchemy import select

from db.session import Sessions
from db.tables import User, UserTotp
from domain.permissions import Role
from tests.api.conftest import HOUSE, PASSWORD, Person, Staff, client_of
from tests.api.test_panel import csrf

FACTORS = "/api/staff/second-factors"


@dataclass(frozen=True)
class Telephone:
    """Shows the codes of the half minute in which it was taken in hand, whatever begins meanwhile."""

    secret: str
    half_minute: int = field(default_factory=lambda: int(time.time()) // 30)

    def code(self, *, later: int = 0) -> str:
        """What it shows, or will some half minutes later."""
        return pyotp.TOTP(self.secret).generate_otp(self.half_minute + later)


async def protected(person: Person) -> tuple[Telephone, list[str]]:
    """A person's telephone, and the spare codes."""
    phone = Telephone((await person.http.post(f"{FACTORS}/totp")).json()["secret"])
    wrong = await person.http.post(f"{FACTORS}/totp/confirm", json={"otp": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "OTP_WRONG")
    spare = (await person.http.post(f"{FACTORS}/totp/confirm", json={"otp": phone.code()})).json()["codes"]
    return phone, spare


async def login(http: httpx.AsyncClient, otp: str | None = None) -> tuple[int, str]:
    answer = await http.post("/api/staff/login", json={"username": "marta", "password": PASSWORD, "otp": otp})
    return answer.status_code, answer.json().get("code", "")


async def test_a_code_opens_once_and_so_does_a_spare_one(app: FastAPI, staff: Staff, sessions: Sessions):
    person = await staff("marta", Role.MASTER)
    phone, spare = await protected(person)
    async with sessions() as session:
        kept = await session.scalar(select(UserTotp.sealed_secret))
    assert kept is not None
    assert phone.secret not in kept
    async with client_of(app) as http:
        assert await login(http) == (401, "OTP_NEEDED")
        # The one that confirmed it was used by that.
        assert await login(http, phone.code()) == (401, "OTP_WRONG")
        assert await login(http, phone.code(later=1)) == (200, "")
        assert await login(http, phone.code(later=1)) == (401, "OTP_WRONG")
        assert await login(http, spare[0].upper()) == (200, "")
        assert await login(http, spare[0]) == (401, "OTP_WRONG")
    assert (await person.http.get(FACTORS)).json()["spare_codes"] == 9


async def test_wrong_codes_lock_the_account_though_the_password_is_right_each_time(
    app: FastAPI, staff: Staff, sessions: Sessions
):
    await protected(await staff("marta", Role.MASTER))
    for place in range(5):
        async with client_of(app, f"198.51.100.{place}") as http:
            assert await login(http) == (401, "OTP_NEEDED")
            assert await login(http, "000000") == (401, "OTP_WRONG")
    async with sessions() as session:
        assert await session.scalar(select(User.locked_until)) is not None


async def test_the_door_asks_in_two_steps_and_a_master_takes_a_lost_telephone_away(app: FastAPI, staff: Staff):
    person, master = await staff("marta", Role.OPERADOR), await staff("rosa", Role.MASTER)
    phone, _ = await protected(person)
    headers = {"Origin": HOUSE}
    async with client_of(app) as http:
        form = {"usuario": "marta", "clave": PASSWORD}
        first = await http.post("/panel/ingresar?siguiente=/panel/tasas", data=form, headers=headers)
        step = "/panel/ingresar/codigo?siguiente=/panel/tasas"
        assert first.headers["location"] == step
        assert (await http.get("/panel/tablero")).status_code == 303
        assert "no coincide" in (await http.post(step, data={"codigo": "000000"}, headers=headers)).text
        opened = await http.post(step, data={"codigo": phone.code(later=1)}, headers=headers)
        assert opened.headers["location"] == "/panel/tasas"
        assert (await http.get("/panel/tablero")).status_code == 200
    async with client_of(app) as http:
        stranger = await http.post(step, data={"codigo": "000000"}, headers=headers)
        assert "Escribe tu contraseña otra vez" in stranger.text
    refused = await person.http.post(f"/api/staff/users/{person.id}/reset-factors")
    assert refused.status_code == 403
    page = f"/panel/usuarios/{person.id}/segundo-paso"
    assert "perdió el celular" in (await master.http.get(page)).text
    assert (await master.http.post(page, headers=await csrf(master))).status_code == 200
    async with client_of(app) as http:
        assert await login(http) == (200, "")


async def test_the_screen_shows_the_secret_while_it_is_set_up_and_never_again(staff: Staff):
    person = await staff("marta", Role.TRADER)
    token = await csrf(person)
    shown = (await person.http.post("/panel/sesiones/codigo", headers=token)).text
    found = re.search(r'name="secreto" value="([A-Z2-7]+)"', shown)
    assert found
    assert "data:image/svg+xml" in shown
    form = {"secreto": found.group(1), "otp": Telephone(found.group(1)).code()}
    # A page whose secret was lost on the way begins again: drawing it was a 500.
    lost = {"secreto": "no-es-uno", "otp": "000000"}
    again = await person.http.post("/panel/sesiones/codigo/confirmar", data=lost, headers=token)
    assert again.status_code == 422
    assert "pide un código nuevo" in again.text
    codes = (await person.http.post("/panel/sesiones/codigo/confirmar", data=form, headers=token)).text
    spare = re.findall(r"<li><code>([a-z0-9-]+)</code>", codes)
    assert len(spare) == 10
    page = (await person.http.get("/panel/sesiones")).text
    assert "Quedan 10 códigos de reserva" in page
    assert found.group(1) not in page
    away = await person.http.post("/panel/sesiones/quitar-codigo", data={"otp": spare[3]}, headers=token)
    assert away.status_code == 200
    assert "Además de tu contraseña" in (await person.http.get("/panel/sesiones")).text
    # An address without a name can hold no passkey, and the page says how to open it.
    asked = await person.http.post("/panel/llaves/pedido", headers=token)
    assert asked.status_code in {200, 409}

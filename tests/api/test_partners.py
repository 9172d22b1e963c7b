"""Partners and their keys, as Master manages them."""

from __future__ import annotations

from domain.permissions import Role
from tests.api.conftest import Staff, client_of
from tests.api.test_panel import csrf

PARTNERS = "/api/staff/partners"


async def test_master_makes_a_partner_whose_key_is_shown_once(app, staff: Staff):
    master = await staff("marta", Role.MASTER)
    made = (await master.http.post(PARTNERS, json={"name": "Remesas del Sur"})).json()
    async with client_of(app, **{"X-API-Key": made["key"]}) as http:
        assert (await http.get("/api/platform/health")).json()["partner"] == "Remesas del Sur"
    (listed,) = (await master.http.get(PARTNERS)).json()
    assert made["key"] not in str(listed)
    assert made["key"].startswith(listed["keys"][0]["hint"])
    assert listed["keys"][0]["last_used_at"] is not None
    twice = await master.http.post(PARTNERS, json={"name": "remesas DEL sur"})
    assert (twice.status_code, twice.json()["code"]) == (409, "PARTNER_EXISTS")


async def test_a_key_is_rotated_and_a_partner_closed(app, staff: Staff):
    master = await staff("marta", Role.MASTER)
    made = (await master.http.post(PARTNERS, json={"name": "Remesas del Sur"})).json()
    place = f"{PARTNERS}/{made['partner']['id']}"
    second = (await master.http.post(f"{place}/rotate-key", json={"grace_hours": 0})).json()["key"]
    for key, status in ((made["key"], 401), (second, 200)):
        async with client_of(app, **{"X-API-Key": key}) as http:
            assert (await http.get("/api/platform/health")).status_code == status
    assert (await master.http.post(f"{place}/close")).json()["closed_at"] is not None
    async with client_of(app, **{"X-API-Key": second}) as http:
        assert (await http.get("/api/platform/health")).status_code == 401
    assert (await master.http.post(f"{place}/rotate-key", json={})).status_code == 404


async def test_nobody_else_sees_or_makes_keys(staff: Staff):
    for name, role in (("ana", Role.TRADER), ("beto", Role.OPERADOR), ("caro", Role.MIDDLE_OFFICE)):
        person = await staff(name, role)
        assert (await person.http.get(PARTNERS)).status_code == 403
        assert (await person.http.post(PARTNERS, json={"name": "Mi aliado"})).status_code == 403


async def test_a_partner_is_made_and_suspended_on_its_page(staff: Staff):
    master = await staff("marta", Role.MASTER)
    token = await csrf(master)
    made = await master.http.post("/panel/aliados/nuevo", data={"name": "Remesas del Sur"}, headers=token)
    assert "qck_" in made.text
    short = await master.http.post("/panel/aliados/nuevo", data={"name": "x"}, headers=token)
    assert (short.status_code, 'aria-invalid="true"' in short.text) == (422, True)
    page = (await master.http.get("/panel/aliados")).text
    assert "Remesas del Sur" in page
    assert "qck_" in page
    number = (await master.http.get(PARTNERS)).json()[0]["id"]
    again = await master.http.post(f"/panel/aliados/{number}/clave", data={"grace_hours": "24"}, headers=token)
    assert "Clave de Remesas del Sur" in again.text
    assert "la anterior hasta" in (await master.http.get("/panel/aliados")).text
    assert (await master.http.post(f"/panel/aliados/{number}/suspender", headers=token)).status_code == 200
    assert "Suspendido" in (await master.http.get("/panel/aliados")).text

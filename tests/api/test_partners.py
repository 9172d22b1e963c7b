"""Partners and their keys, as Master manages them."""

from __future__ import annotations

from domain.permissions import Role
from tests.api.conftest import Staff, client_of

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

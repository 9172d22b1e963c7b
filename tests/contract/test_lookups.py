"""Contract #9, #10, #13, M7: a name by DNI or RUC spares typing, and is never walked."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from api.allowances import Allowances
from db.tables import AuditEntry
from integrations.lookups import Lookup
from integrations.settings import LookupSettings
from tests.contract.conftest import row_of

DNI, RUC = "/api/web/dni-lookup", "/api/web/ruc-lookup"


@pytest.fixture
async def registry(app, registry_of_session):
    """RENIEC and SUNAT as the application sees them."""
    settings = LookupSettings(api_url=registry_of_session.url, token=SecretStr("local"), timeout=2)
    asked = Lookup(settings)
    app.state.services = replace(app.state.services, lookup=asked)
    yield registry_of_session.empty()
    await asked.aclose()


async def test_a_dni_gives_its_names_apart(http, registry):
    said = (await http.get(DNI, params={"numero": "40000010"})).json()
    assert said["success"] is True
    assert all(said[name].strip() for name in ("nombres", "apellido_paterno", "apellido_materno"))
    assert said == (await http.get(DNI, params={"numero": " 40.000.010 "})).json()


async def test_a_ruc_gives_the_company_with_sunats_own_words(http, registry):
    said = (await http.get(RUC, params={"numero": "20512333797"})).json()
    assert said.pop("success") is True
    assert set(said) == {"razon_social", "direccion", "departamento", "provincia", "distrito", "estado", "condicion"}
    assert said["razon_social"].endswith("S.A.C.")


@pytest.mark.parametrize(
    ("path", "number", "refused"),
    [
        (DNI, "40000000", (404, "DOCUMENT_UNKNOWN")),
        (DNI, "123", (422, "DOCUMENT_FORMAT")),
        (RUC, "20512333798", (422, "DOCUMENT_CHECK_DIGIT")),
        (RUC, "", (422, "DOCUMENT_FORMAT")),
    ],
)
async def test_a_number_that_gives_nothing_says_what_to_do(http, registry, path, number, refused):
    answer = await http.get(path, params={"numero": number})
    assert (answer.status_code, answer.json()["code"]) == refused
    assert answer.json()["message"]


@pytest.mark.parametrize("failure", ["500", "429", "down"])
async def test_a_provider_that_fails_lets_people_type(http, registry, failure):
    registry.inject(failure)
    answer = await http.get(DNI, params={"numero": "40000010"})
    assert (answer.status_code, answer.json()["code"]) == (503, "LOOKUP_DOWN")
    assert "a mano" in answer.json()["message"]


async def test_an_address_asks_for_a_few_and_for_no_more(app, http, registry):
    """Each costs money and shows somebody's name: the numbers must not be walked."""
    few = Allowances(app.state.services.settings.model_copy(update={"rate_limit_lookup": "2/hour"}))
    app.state.services = replace(app.state.services, allowances=few)
    answers = [await http.get(DNI, params={"numero": f"4000001{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["success"] is False
    assert int(answers[2].headers["Retry-After"]) > 0
    assert len(registry.received()) == 2


async def test_nobody_is_asked_when_no_provider_is_set(app, http, monkeypatch):
    monkeypatch.setenv("APP_ENV", "production")
    none = Lookup(LookupSettings())
    app.state.services = replace(app.state.services, lookup=none)
    answer: httpx.Response = await http.get(DNI, params={"numero": "40000010"})
    assert answer.status_code == 503
    await none.aclose()


async def test_the_profile_keeps_an_address_and_the_audit_holds_none_of_it(client, sessions):
    address = {"direccion": "Jr. Inventado 45", "departamento": "Cusco", "provincia": "Cusco", "distrito": "Wanchaq"}
    assert (await client.post("/api/web/update-address", **address)).json()["success"] is True
    kept = await row_of(sessions, client)
    assert (kept.address, kept.department, kept.province, kept.district) == tuple(address.values())
    async with sessions() as session:
        entries = (await session.scalars(select(AuditEntry).where(AuditEntry.action == "clients.edit"))).all()
    assert len(entries) == 1
    assert "Inventado" not in str(entries[0].changes)


async def test_an_address_without_a_street_is_refused(client):
    answer = await client.post("/api/web/update-address", direccion=" ")
    assert (answer.status_code, answer.json()["field"]) == (422, "direccion")

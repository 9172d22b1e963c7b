"""Operations as the people of the house list and read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.session import Sessions
from domain import commands as c
from domain.operations import Assessment, Kind, Origin, StoredFile
from domain.permissions import Role
from tests.api.conftest import Person, Staff
from tests.api.records import Written, client_actor, create, staff_actor
from tests.people import Customer, add_client, add_rate

URL = "/api/staff/operations"
PICTURE = StoredFile(key=f"operations/payment_proofs/{'0' * 64}.png", content_type="image/png", size=9)

NewClient = Callable[..., Awaitable[Customer]]


@pytest.fixture
async def client(sessions: Sessions) -> NewClient:
    async with sessions.begin() as session:
        await add_rate(session)
    count = iter(range(1, 99))

    async def added(trader_id: int | None = None) -> Customer:
        async with sessions.begin() as session:
            return await add_client(session, f"400000{next(count):02}", trader_id=trader_id)

    return added


async def _codes(person: Person, **params: Any) -> list[str]:
    answer = await person.http.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


def _action(told: dict[str, Any], command: str) -> dict[str, Any]:
    return next(action for action in told["actions"] if action["command"] == command)


async def _processed(sessions: Sessions, client: NewClient) -> Written:
    customer = await client()
    written = await create(sessions, customer, origin=Origin.WEB)
    await written.does(c.SubmitProof(actor=client_actor(customer), transfer_code="123", files=(PICTURE,)), assign=True)
    return written


async def test_a_trader_sees_what_it_created_and_what_is_of_its_clients(
    staff: Staff, sessions: Sessions, client: NewClient
):
    """F165: any signed-in person could read any operation."""
    one, two = await staff("uno", Role.TRADER), await staff("dos", Role.TRADER)
    nobodys = await client()
    own = await create(sessions, await client(one.id))
    made = await create(sessions, nobodys, actor=staff_actor(one.id, Role.TRADER))
    foreign = await create(sessions, await client(two.id))
    assert await _codes(one) == [made.now.code, own.now.code]
    assert await _codes(one, code=foreign.now.code) == []
    assert (await one.http.get(f"{URL}/{foreign.now.code}")).status_code == 404
    for command in ("complete", "notes", "cancel", "edit"):
        body = {"notes": {"text": "hola"}, "cancel": {"reason": "no"}, "edit": {"comments": "x"}}.get(command)
        refused = await one.http.post(f"{URL}/{foreign.now.code}/{command}", json=body)
        assert refused.status_code in {403, 404}, command


@pytest.mark.parametrize("role", [Role.MASTER, Role.OPERADOR, Role.MIDDLE_OFFICE])
async def test_the_other_roles_see_every_operation(staff: Staff, sessions: Sessions, client: NewClient, role: Role):
    person = await staff("ana", role)
    written = await create(sessions, await client())
    assert await _codes(person) == [written.now.code]


async def test_a_list_narrows_and_goes_on_by_cursor(staff: Staff, sessions: Sessions, client: NewClient):
    person = await staff("marta", Role.MASTER)
    one, two = await client(), await client()
    first = await create(sessions, one)
    second = await create(sessions, two, kind=Kind.VENTA)
    third = await create(sessions, one, kind=Kind.VENTA, origin=Origin.APP)
    codes = [third.now.code, second.now.code, first.now.code]
    assert await _codes(person) == codes
    assert await _codes(person, kind="Venta") == codes[:2]
    assert await _codes(person, origin="app") == codes[:1]
    assert await _codes(person, client_id=two.id) == codes[1:2]
    assert await _codes(person, code=first.now.code[-4:]) == codes[2:]
    assert await _codes(person, code="%") == []
    assert await _codes(person, state=["Pendiente", "En proceso"]) == codes
    assert await _codes(person, state="Completada") == []
    assert await _codes(person, since="2099-01-01") == []
    assert await _codes(person, until="2001-01-01") == []
    page = (await person.http.get(URL, params={"limit": 2})).json()
    rest = (await person.http.get(URL, params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert [item["code"] for item in page["items"] + rest["items"]] == codes
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    "params",
    [{"state": "Nada"}, {"kind": "x"}, {"since": "ayer"}, {"since": "9999-12-31"}, {"limit": 0}, {"client_id": 2**70}],
)
async def test_a_filter_that_makes_no_sense_is_told(staff: Staff, params: dict[str, Any]):
    person = await staff("marta", Role.MASTER)
    answer = await person.http.get(URL, params=params)
    assert (answer.status_code, answer.json()["field"]) == (422, next(iter(params)))


async def test_one_operation_tells_its_whole_story(staff: Staff, sessions: Sessions, client: NewClient):
    operator = await staff("oscar", Role.OPERADOR)
    written = await _processed(sessions, client)
    told = (await operator.http.get(f"{URL}/{written.now.code}")).json()
    assert (told["state"], told["amount_usd"], told["rate"]) == ("En proceso", "100.00", "3.4010")
    assert (told["client_pays"], told["client_receives"]) == ("USD", "PEN")
    assert told["client"]["document_masked"] == "*****001"
    assert "40000001" not in str(told)
    assert told["operator"] == {"id": operator.id, "name": "Oscar"}
    assert [line["amount"] for line in told["deposits"]] == ["100.00"]
    assert [line["amount"] for line in told["payouts"]] == ["340.10"]
    assert [event["event"] for event in told["events"]] == ["create", "submit_proof"]
    assert told["events"][1]["actor"] == "Persona De Prueba"
    assert told["proofs"][0]["url"].startswith("/api/files/")
    assert told["invoices"] == []
    assert told["temporal_url"].endswith(f"/workflows/{written.now.code}")


async def test_each_button_says_why_it_cannot_be_used(staff: Staff, sessions: Sessions, client: NewClient):
    operator, other = await staff("oscar", Role.OPERADOR), await staff("olga", Role.OPERADOR)
    trader = await staff("tito", Role.TRADER)
    customer = await client(trader.id)
    written = await create(sessions, customer)
    pending = (await trader.http.get(f"{URL}/{written.now.code}")).json()
    assert _action(pending, "cancel")["allowed"] is True
    assert "abonos" in _action(pending, "start-processing")["reason"]
    assert _action(pending, "complete")["reason"] == "Tu rol no permite esta acción."
    await written.does(c.SubmitProof(actor=client_actor(customer), transfer_code="1"), assign=True)
    seen = (await operator.http.get(f"{URL}/{written.now.code}")).json()
    assert _action(seen, "attach-proof")["allowed"] is True
    assert "cumplimiento" in _action(seen, "complete")["reason"]
    await written.is_assessed(Assessment.CLEAR)
    seen = (await operator.http.get(f"{URL}/{written.now.code}")).json()
    assert "constancia" in _action(seen, "complete")["reason"]
    assert "asignada" in _action((await other.http.get(f"{URL}/{written.now.code}")).json(), "complete")["reason"]


async def test_only_compliance_reads_that_an_operation_is_held(staff: Staff, sessions: Sessions, client: NewClient):
    """The duty of secrecy: everybody else reads that it is under review."""
    written = await _processed(sessions, client)
    await written.is_assessed(Assessment.HELD)
    resolver = await staff("mo", Role.MIDDLE_OFFICE)
    secret = "Coincidencia confirmada con la lista"
    knows = (await resolver.http.get(f"{URL}/{written.now.code}")).json()
    assert knows["assessment"] == "Retenida"
    assert _action(knows, "release-hold")["allowed"] is True
    await written.does(c.ConfirmHold(actor=staff_actor(resolver.id, Role.MIDDLE_OFFICE), resolution=secret))
    operator = await staff("olga", Role.OPERADOR)
    told = (await operator.http.get(f"{URL}/{written.now.code}")).json()
    assert (told["assessment"], told["reason"]) == ("En revisión", "Cancelada por la casa.")
    assert told["monitoring"] is None
    assert [event["event"] for event in told["events"]] == ["create", "submit_proof", "review", "review"]
    story = str({key: value for key, value in told.items() if key != "actions"})
    for hidden in (secret, "etenida", "hold", "'Mo'"):
        assert hidden not in story, hidden
    assert secret in (await resolver.http.get(f"{URL}/{written.now.code}")).text


async def test_without_temporal_reads_go_on_and_commands_say_when_to_come_back(
    staff: Staff, sessions: Sessions, client: NewClient
):
    master = await staff("marta", Role.MASTER)
    written = await create(sessions, await client())
    assert (await master.http.get(f"{URL}/{written.now.code}")).status_code == 200
    refused = await master.http.post(f"{URL}/{written.now.code}/cancel", json={"reason": "Pidió cancelar"})
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("cancel", {}, "reason"),
        ("cancel", {"reason": "   "}, "reason"),
        ("edit", {"amount_usd": "mucho"}, "amount_usd"),
        ("edit", {"deposits": [{"amount": "1", "cuenta": 2}]}, "cuenta"),
        ("edit", {"payouts": [{"amount": "1"}] * 5}, "payouts"),
        ("reassign", {"operator_id": "x"}, "operator_id"),
        ("extend-deadline", {"expires_at": "2026-11-25T15:00:00", "reason": "x"}, "expires_at"),
        ("extend-deadline", {"expires_at": "2199-01-01T00:00:00Z", "reason": "x"}, "expires_at"),
        ("retry-effect", {"effect": "magia"}, "effect"),
        ("remove-proof", {"number": -1}, "number"),
    ],
)
async def test_a_bad_order_names_the_field_and_reaches_nobody(
    staff: Staff, command: str, body: dict[str, Any], field: str
):
    master = await staff("marta", Role.MASTER)
    answer = await master.http.post(f"{URL}/EXP-1001/{command}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"amount_usd": "-5"}, 422, "amount_usd"),
        ({"amount_usd": "0"}, 422, "amount_usd"),
        ({"amount_usd": "1e30"}, 422, "amount_usd"),
        ({"amount_usd": "10.001"}, 422, "amount_usd"),
        ({"kind": "compra y venta"}, 422, "kind"),
        ({"source_account_id": 10**6}, 422, "source_account_id"),
        ({"client_id": 10**6}, 404, "client_id"),
        ({"exchange_rate": "3.0"}, 422, "exchange_rate"),
    ],
)
async def test_a_bad_operation_is_refused_before_any_workflow(
    staff: Staff, client: NewClient, change: dict[str, Any], status: int, field: str | None
):
    master, customer = await staff("marta", Role.MASTER), await client()
    body = {
        "client_id": customer.id,
        "kind": "Compra",
        "amount_usd": "100.00",
        "source_account_id": customer.usd,
        "destination_account_id": customer.pen,
    }
    answer = await master.http.post(URL, json={**body, **change})
    assert answer.status_code == status, answer.text
    assert answer.json().get("field") == field


async def test_a_stranger_and_a_client_get_nothing(http: Any):
    for path in (URL, f"{URL}/EXP-1001", "/api/staff/clients", "/api/staff/rates", "/api/staff/users"):
        assert (await http.get(path)).status_code == 401


@pytest.mark.parametrize(
    ("role", "command", "body"),
    [
        (Role.OPERADOR, "reassign", {"operator_id": 1}),
        (Role.OPERADOR, "cancel", {"reason": "x"}),
        (Role.TRADER, "complete", None),
        (Role.TRADER, "return-to-pending", {"reason": "x"}),
        (Role.MIDDLE_OFFICE, "start-processing", None),
        (Role.MASTER, "nada", None),
    ],
)
async def test_a_role_that_may_not_is_refused_at_the_door(
    staff: Staff, role: Role, command: str, body: dict[str, Any] | None
):
    """F167: what was only hidden in a template was open in the API."""
    person = await staff("ana", role)
    answer = await person.http.post(f"{URL}/EXP-1001/{command}", json=body)
    assert answer.status_code == (404 if command == "nada" else 403)

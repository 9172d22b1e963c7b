"""Nothing of one client is another's: every route that takes a document or a number, walked by a stranger and by B."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from api.public import ROUTES
from domain.operations import State
from tests.contract.conftest import PNG
from tests.contract.test_operations import WEB, stored

ACCOUNT = {
    "bank_name": "BCP",
    "account_number": "19310012345678",
    "account_type": "Ahorro",
    "currency": "S/",
    "origen": "Lima",
}


@dataclass(frozen=True)
class Call:
    """One request; `{dni}` and `{id}` stand for A's own."""

    method: str
    path: str
    json: dict[str, Any] | None = None
    form: dict[str, Any] | None = None
    file: str = ""


A_DNI = {"dni": "{dni}"}
CALLS = [
    Call("POST", "/api/client/me", A_DNI),
    Call("POST", "/api/client/register-push-token", {**A_DNI, "push_token": "ExponentPushToken[abcdefghijklmnopq]"}),
    Call("POST", "/api/client/change-password", {**A_DNI, "current_password": "x", "new_password": "clave-robada-1"}),
    Call("POST", "/api/client/upload-dni", form=A_DNI, file="dni_front"),
    Call("POST", "/api/web/update-address", {**A_DNI, "direccion": "Calle ajena 1"}),
    Call("POST", "/api/web/my-accounts", A_DNI),
    Call("POST", "/api/web/add-bank-account", {**A_DNI, **ACCOUNT}),
    Call("POST", "/api/client/add-bank-account/{dni}", ACCOUNT),
    Call("POST", "/api/web/remove-bank-account", {**A_DNI, "account_index": 0}),
    Call("DELETE", "/api/client/delete-bank-account/{dni}/0"),
    Call("POST", "/api/web/my-operations", A_DNI),
    Call("GET", "/api/client/my-operations/{dni}"),
    Call("POST", "/api/web/get-operation", {"operation_id": "{id}"}),
    Call("GET", "/api/operations/{id}"),
    Call("GET", "/api/client/operation/{id}"),
    Call("GET", "/api/web/invoices/{id}/pdf"),
    Call("POST", "/api/web/stats", A_DNI),
    Call("POST", "/api/web/create-operation", {**A_DNI, **WEB}),
    Call(
        "POST",
        "/api/client/create-operation",
        {
            "client_dni": "{dni}",
            "operation_type": "Compra",
            "amount_usd": 10,
            "destination_account": "19110012345602",
        },
    ),
    Call("POST", "/api/web/submit-proof", form={"operation_id": "{id}", "voucher_code": "1"}),
    Call("POST", "/api/operations/{id}/upload-proof", form={}, file="comprobante"),
    Call("POST", "/api/client/submit-transfer-code/{id}", {"codigo_operacion": "1"}),
    Call("POST", "/api/client/upload-deposit-proof/{id}", form={"importe": "1"}, file="file"),
    Call("POST", "/api/web/cancel-operation", {"operation_id": "{id}", "reason": "Ya no"}),
    Call("POST", "/api/client/cancel-operation/{id}", {"cancellation_reason": "Ya no"}),
    Call("POST", "/api/client/cancel-expired-operation/{id}", {}),
    Call("GET", "/api/referrals/stats/{dni}"),
    Call("DELETE", "/api/web/rate-alerts/{id}"),
    Call("POST", "/api/referrals/generate-reward-code", {"client_dni": "{dni}"}),
]
# Nothing in them names a client or a thing of one: the session alone says whose they are.
OF_THE_SESSION = {
    "/api/web/notice-preferences": "GET",
    "/api/web/notices": "GET",
    "/api/web/notices/read": "POST",
    "/api/web/push/resume": "POST",
    "/api/web/rate-alerts": "GET",
    "/api/web/push/subscribe": "POST",
    "/api/web/push/unsubscribe": "POST",
}
OPEN_TO_ALL = {
    "/api/web/dni-lookup",
    "/api/web/business-hours",
    "/api/web/push/key",
    "/api/web/ruc-lookup",
    "/api/web/check-document",
    "/api/web/send-verification-code",
    "/api/web/verify-code",
    "/api/web/complaints",
    "/api/platform/public/exchange-rates",
    "/api/client/exchange-rates",
    "/api/client/login",
    "/api/client/forgot-password",
    "/api/client/register",
    "/api/web/register",
    "/api/referrals/validate",
    "/auth/logout",
    "/legal/terms",
    "/legal/privacy",
}

pytestmark = pytest.mark.usefixtures("rates")


@pytest.fixture
async def theirs(client, sessions):
    """A's operation."""
    async with sessions.begin() as session:
        row = await stored(session, client, 1, State.PENDIENTE)
        session.add(row)
    return row.id


async def carry_out(http, call: Call, dni: str, number: int):
    def filled(value: object) -> object:
        if value == "{id}":
            return number
        return value.format(dni=dni, id=number) if isinstance(value, str) else value

    more: dict[str, Any] = {}
    if call.json is not None:
        more["json"] = {key: filled(value) for key, value in call.json.items()}
    if call.form is not None:
        more["data"] = {key: str(filled(value)) for key, value in call.form.items()}
    if call.file:
        more["files"] = {call.file: ("x.png", PNG, "image/png")}
    return await http.request(call.method, str(filled(call.path)), **more)


async def test_a_stranger_gets_401_and_another_client_404_at_every_route(http, client, arrive, theirs):
    """One application and one pair of clients for all: nothing is left behind by what is refused."""
    other = await arrive("40000002")
    for call in CALLS:
        stranger = await carry_out(http, call, client.dni, theirs)
        intruder = await carry_out(other.http, call, client.dni, theirs)
        assert (stranger.status_code, intruder.status_code) == (401, 404), (call.path, intruder.text)
        for answer in (stranger, intruder):
            assert answer.json()["success"] is False
            assert client.dni not in answer.text
    for path, method in OF_THE_SESSION.items():
        assert (await http.request(method, path, json={})).status_code == 401
    mine = (await client.http.get(f"/api/operations/{theirs}")).json()["data"]
    assert (mine["estado"], mine["client_deposits"], mine["client_proofs"]) == ("pendiente", [], [])
    assert len((await client.post("/api/web/my-accounts")).json()["data"]) == 2


def test_every_route_of_the_contract_is_walked():
    def shape(path: str) -> str:
        return re.sub(r"\{[^}]*\}|(?<=/)0$", "*", path)

    served = {shape(route.path) for route in ROUTES}
    walked = {shape(call.path) for call in CALLS} | OPEN_TO_ALL | {*OF_THE_SESSION}
    assert served == walked


async def test_validating_a_code_for_another_client_is_404(client, arrive):
    other = await arrive("40000002")
    answer = await other.http.post("/api/referrals/validate", json={"code": "QQQQQQ", "client_dni": client.dni})
    assert answer.status_code == 404


async def test_a_person_of_the_house_is_no_client(app, sessions):
    from api.auth import start_user_session
    from domain.permissions import Role
    from tests.contract.conftest import browser
    from tests.people import add_user

    async with sessions.begin() as session:
        user_id = await add_user(session, "master", Role.MASTER)
    token = await start_user_session(app.state.services, user_id)
    async with browser(app, Authorization=f"Bearer {token}") as http:
        assert (await http.post("/api/client/me", json={})).status_code == 401

"""Nothing of one client is on another's pages: every route of the portal, walked by B with A's codes and numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from api.auth import start_client_session, start_user_session
from api.portal import ROUTES
from db import passkeys, rate_alerts
from db import sessions as sign_ins
from db.tables import ClientAccount, ClientPasskey
from domain.operations import Actor, ActorKind, State
from domain.permissions import Role
from domain.rate_alerts import Direction, Side
from tests.contract.conftest import PNG, browser
from tests.contract.test_operations import stored
from tests.people import add_user
from tests.portal.conftest import act, token_of

pytestmark = pytest.mark.usefixtures("rates")

OPEN_TO_ALL = {
    "/",
    "/cotizacion",
    "/cotizacion/cupon",
    "/preguntas",
    "/terminos",
    "/privacidad",
    "/manifest.webmanifest",
    "/sw.js",
    "/sin-conexion",
    "/ingresar",
    "/ingresar/llave",
    "/ingresar/llave/pedido",
    "/olvide",
    "/registro",
    "/registro/{step}",
    "/registro/1/buscar",
    "/registro/3/otro",
    "/reclamaciones",
    "/ver/{code}/{reference}",
}
OWN = (
    "/inicio",
    "/cambiar",
    "/cambiar/cuentas?quiero=comprar&campo=recibe&recibe=100",
    "/operaciones",
    "/cuentas",
    "/cuenta",
    "/cuenta/documentos",
    "/cuenta/clave",
    "/cuenta/llaves",
    "/cuenta/sesiones",
    "/cuenta/avisos",
    "/avisos",
    "/avisos/campana",
    "/referidos",
    "/alertas",
    "/por-aprobar",
)


@pytest.fixture
async def theirs(app, client, sessions):
    """A's operation, account, session and alert, as the addresses that reach them."""
    await start_client_session(app.state.services, client.id)
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        row = await stored(session, client, 1, State.PENDIENTE)
        session.add(row)
        await session.flush()
        account = await session.scalar(select(ClientAccount.id).where(ClientAccount.client_id == client.id).limit(1))
        signed = await sign_ins.of_client(session, client.id, now, app.state.services.settings.client_idle)
        new = rate_alerts.NewAlert(
            side=Side.VENTA, direction=Direction.BAJO, value=Decimal("1.5000"), repeats=False, until=now.date()
        )
        actor = Actor(kind=ActorKind.CLIENT, id=client.id)
        new_key = passkeys.NewKey(credential_id=b"de-a", public_key=b"", sign_count=0, name="De A")
        await passkeys.add(session, ClientPasskey, client.id, new_key, actor=actor)
        alert = await rate_alerts.add(session, client.id, new, actor=actor, now=now)
        (key,) = await passkeys.owned(session, ClientPasskey, client.id)
    return {
        "GET": [f"/operaciones/{row.code}", f"/operaciones/{row.code}/constancia"],
        "POST": [
            f"/operaciones/{row.code}/constancias",
            f"/operaciones/{row.code}/cancelar",
            f"/cuentas/{account}/quitar",
            f"/cuenta/sesiones/{signed[0].id}/cerrar",
            f"/alertas/{alert.id}/quitar",
            f"/cuenta/llaves/{key.id}/quitar",
        ],
    }


async def test_another_client_reaches_nothing_by_any_address(client, arrive, theirs):
    other = await arrive("40000002")
    token = await token_of(other.http)
    for path in theirs["GET"]:
        answer = await other.http.get(path)
        assert answer.status_code == 404, path
        assert client.dni not in answer.text
    for path in theirs["POST"]:
        files = {"archivos": ("x.png", PNG, "image/png")} if path.endswith("constancias") else None
        answer = await act(other.http, path, token=token, data={"motivo": "Ya no", "codigo": "1"}, files=files)
        assert answer.status_code == 404, (path, answer.text)
        assert client.dni not in answer.text
    mine = await client.http.get(theirs["GET"][0])
    assert "Transfiere el monto exacto" in mine.text


async def test_the_link_of_a_mail_shows_nothing_by_itself(client, arrive, theirs):
    """It notes that the mail was opened and leads to the operation, which is its own client's only."""
    code = theirs["GET"][0].rpartition("/")[2]
    other = await arrive("40000002")
    for known in (code, "EXP-9999"):
        answer = await other.http.get(f"/ver/{known}/0123456789ab")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/operaciones/{known}")
        assert client.dni not in answer.text
        assert (await other.http.get(answer.headers["location"])).status_code == 404


async def test_a_strangers_way_leads_to_the_door_and_back(http, theirs):
    for path in (*OWN, *theirs["GET"]):
        answer = await http.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/ingresar?siguiente=/")
    for path in (*theirs["POST"], "/cambiar", "/referidos/cupon", "/cuenta/clave"):
        answer = await http.post(path, headers={"HX-Request": "true"})
        assert answer.status_code == 401, path
        assert answer.headers["hx-redirect"] == "/ingresar"


async def test_no_page_of_one_client_shows_another(client, arrive, theirs):
    """Names, documents, codes and account numbers of A are on no page of B, not even when B came by A's code."""
    other = await arrive("40000002", referred_by=client.id)
    secret = {client.dni, theirs["GET"][0].rpartition("/")[2]}
    for path in OWN:
        answer = await other.http.get(path)
        assert answer.status_code == 200, path
        assert not [word for word in secret if word in answer.text], path
    referrer = (await client.http.get("/referidos")).text
    assert other.dni not in referrer
    assert "1 de 4 pasos" in referrer or "2 de 4 pasos" in referrer


async def test_an_act_needs_the_token_of_this_very_session(client, arrive, theirs):
    stolen = await token_of((await arrive("40000002")).http)
    path = theirs["POST"][1]
    for token in ("", stolen):
        answer = await act(client.http, path, token=token, data={"motivo": "Ya no"})
        assert answer.status_code == 403
    assert "Transfiere el monto exacto" in (await client.http.get(theirs["GET"][0])).text


async def test_a_person_of_the_house_is_no_client_here(app, sessions):
    async with sessions.begin() as session:
        user_id = await add_user(session, "master", Role.MASTER)
    token = await start_user_session(app.state.services, user_id)
    async with browser(app, Authorization=f"Bearer {token}") as person:
        assert (await person.get("/inicio")).status_code == 303


def test_every_route_of_the_portal_is_walked():
    served = {route.path for route in ROUTES}
    walked = {path.partition("?")[0] for path in OWN} | {
        "/operaciones/{code}",
        "/operaciones/{code}/constancia",
        "/operaciones/{code}/constancias",
        "/operaciones/{code}/cancelar",
        "/cuentas/{account_id}/quitar",
        "/cuenta/sesiones/{session_id}/cerrar",
        "/cuenta/direccion",
        "/avisos/leidos",
        "/cuenta/llaves/pedido",
        "/cuenta/llaves/{passkey_id}/quitar",
        "/alertas/{alert_id}/quitar",
        "/referidos/cupon",
        # What belongs to a company's people: tests/portal/test_companies.py walks it with another company.
        "/empresa",
        "/empresa/personas",
        "/empresa/personas/{person_id}/quitar",
        "/empresa/regla",
        "/por-aprobar/{request_id}/aprobar",
        "/por-aprobar/{request_id}/descartar",
        "/salir",
    }
    assert served == walked | OPEN_TO_ALL

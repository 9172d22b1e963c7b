"""Who leaves takes its pushes along, by whichever of the ways there are to leave."""

from __future__ import annotations

from sqlalchemy import select

from db.tables import PushSubscription
from tests.contract.conftest import PASSWORD
from tests.contract.test_push import ENDPOINT, PUSH, SUBSCRIPTION, another_session, devices
from tests.portal.conftest import act


async def test_a_push_ends_with_the_session_that_asked_for_it(app, client, arrive, sessions):
    """Signed out, closed from elsewhere, or by a new password: no lock screen goes on telling of the account."""
    neighbour = await arrive("40000002")
    await neighbour.http.post(f"{PUSH}/subscribe", json={**SUBSCRIPTION, "endpoint": f"{ENDPOINT}-vecino"})
    theirs = (neighbour.id, f"{ENDPOINT}-vecino")
    phones = [await another_session(app, client.id) for _ in range(4)]
    for place, phone in enumerate(phones):
        answer = await phone.post(f"{PUSH}/subscribe", json={**SUBSCRIPTION, "endpoint": f"{ENDPOINT}-{place}"})
        assert answer.status_code == 200
    token = {"dni": client.dni, "push_token": "ExponentPushToken[abcDEF1234567]"}
    assert (await client.http.post("/api/client/register-push-token", json=token)).status_code == 200

    async def left():
        return [endpoint.rpartition("-")[2] for _, endpoint in await devices(sessions)]

    await phones[0].post("/auth/logout")
    assert await left() == ["vecino", "1", "2", "3", token["push_token"]]
    async with sessions() as session:
        closed = await session.scalar(
            select(PushSubscription.session_id).where(PushSubscription.endpoint == f"{ENDPOINT}-1")
        )
    await act(phones[2], f"/cuenta/sesiones/{closed}/cerrar")
    assert await left() == ["vecino", "2", "3", token["push_token"]]
    change = {"dni": client.dni, "current_password": PASSWORD, "new_password": "otra-clave-larga-2"}
    assert (await phones[3].post("/api/client/change-password", json=change)).json()["success"]
    assert await devices(sessions) == [theirs, (client.id, f"{ENDPOINT}-3")]
    for phone in phones:
        await phone.aclose()

"""A rate that reaches an alert is told by mail and by a browser's push, which the stand-in opens, once each."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.rate_alerts import RateAlertActivities
from db import push_subscriptions
from db.tables import Client, RateAlert, RateAlertFiring
from db.treasury import set_rate
from domain.operations import SYSTEM
from domain.rate_alerts import Direction, Side
from integrations.mail import Mailer
from integrations.push import Pusher
from integrations.settings import PushSettings
from tests.activities.conftest import MailHouse, attempt
from tests.people import add_client, add_rate
from tests.standins.programs import HTTP, StandIn
from workflows.alert_messages import AlertBatch, AlertRound


@pytest.fixture
async def signing(push_program: StandIn):
    """A pusher with a VAPID key of its own."""
    push_program.empty()
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")
    key = base64.urlsafe_b64encode(number).rstrip(b"=").decode()
    made = Pusher(PushSettings(vapid_private_key=key, vapid_subject="mailto:sistemas@qoricash.test", push_timeout=2))
    yield made
    await made.aclose()


@pytest.fixture
def alerts(sessions, mailer: Mailer, signing: Pusher, notice_settings) -> RateAlertActivities:
    return RateAlertActivities(sessions, mailer, signing, notice_settings)


@pytest.fixture
async def fired(sessions, push_program: StandIn) -> int:
    """The rate that two clients' alerts waited for; the first one has a browser."""
    browser = HTTP.post(f"{push_program.url}/browser").json()
    async with sessions.begin() as session:
        await add_rate(session)
        for document in ("40000001", "40000002"):
            client = await add_client(session, document)
            alert = {"side": Side.COMPRA, "direction": Direction.SOBRE, "value": Decimal("3.45")}
            session.add(RateAlert(client_id=client.id, until=date(2100, 1, 1), **alert))
            if document == "40000001":
                kind, keys = push_subscriptions.WEB, browser["keys"]
                await push_subscriptions.subscribe(
                    session, client.id, session_id=None, kind=kind, endpoint=browser["endpoint"], keys=keys
                )
        await session.flush()
        return (await set_rate(session, buy=Decimal("3.4510"), sell=Decimal("3.46"), actor=SYSTEM)).id


async def found(alerts: RateAlertActivities, **order: int) -> tuple[int, ...]:
    return await attempt(1).run(alerts.find_rate_alerts, AlertRound(**order))


async def test_each_client_hears_once_by_mail_and_browser(alerts, fired, mail: MailHouse, push_program, sessions):
    waiting = await found(alerts, rate_id=fired)
    assert len(waiting) == 2
    for number in (1, 2):
        await attempt(number).run(alerts.deliver_rate_alerts, AlertBatch(firing_ids=waiting))
    mails = mail.about("3.4510")
    assert sorted(one["to"][0] for one in mails) == ["c40000001@example.test", "c40000002@example.test"]
    assert "llegó a tu alerta de 3.4500" in mails[0]["text"]
    (pushed,) = push_program.received()
    assert json.loads(pushed["text"]) == {
        "title": "QoriCash",
        "body": "Compramos el dólar a 3.4510: llegó a tu alerta de 3.4500.",
        "data": {"type": "rate_alert"},
    }
    assert await found(alerts, rate_id=fired) == ()
    async with sessions() as session:
        assert None not in (await session.scalars(select(RateAlertFiring.told_at))).all()


async def test_who_muted_alerts_reads_them_on_the_screen_only(alerts, fired, mail: MailHouse, push_program, sessions):
    async with sessions.begin() as session:
        await session.execute(update(Client).values(muted_notices=["alertas:correo", "alertas:push"]))
    waiting = await found(alerts, rate_id=fired)
    await attempt(1).run(alerts.deliver_rate_alerts, AlertBatch(firing_ids=waiting))
    assert (mail.stand_in.received(), push_program.received()) == ([], [])
    assert await found(alerts, rate_id=fired) == ()


async def test_a_mail_server_that_is_away_delays_them_and_tells_nobody_twice(alerts, fired, mail: MailHouse, sessions):
    waiting = await found(alerts, rate_id=fired)
    mail.stand_in.inject("down")
    with pytest.raises(ApplicationError) as delayed:
        await attempt(1).run(alerts.deliver_rate_alerts, AlertBatch(firing_ids=waiting))
    assert delayed.value.type == "NoticeDelayed"
    assert await found(alerts, rate_id=fired) == waiting
    mail.stand_in.forget_failures()
    await attempt(2).run(alerts.deliver_rate_alerts, AlertBatch(firing_ids=waiting))
    assert len(mail.about("3.4510")) == 2


async def test_what_was_left_behind_is_swept_up_after_minutes_and_forgotten_after_hours(alerts, fired, sessions):
    async def aged(**by: int) -> None:
        async with sessions.begin() as session:
            await session.execute(update(RateAlertFiring).values(at=datetime.now(UTC) - timedelta(**by)))

    assert await found(alerts) == ()
    await aged(minutes=5)
    assert len(await found(alerts)) == 2
    first = (await found(alerts))[0]
    assert await found(alerts, after=first) == (first + 1,)
    await aged(hours=7)
    assert await found(alerts) == ()


async def test_a_client_whose_mail_refuses_keeps_nobody_waiting(alerts, fired, mail: MailHouse, sessions):
    async with sessions.begin() as session:
        nowhere = update(Client).where(Client.document_number == "40000001").values(email="no es un correo")
        await session.execute(nowhere)
    waiting = await found(alerts, rate_id=fired)
    await attempt(1).run(alerts.deliver_rate_alerts, AlertBatch(firing_ids=waiting))
    assert len(mail.about("3.4510")) == 1
    assert await found(alerts, rate_id=fired) == ()

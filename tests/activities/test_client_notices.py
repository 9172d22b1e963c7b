"""Notices about a client: welcome, and the temporary password that only its own address sees."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.client_notices import ClientNoticeActivities
from db import deliveries
from db.session import Sessions
from db.tables import Client, Delivery
from domain.permissions import Role
from tests.activities.conftest import SECRET_KEY, MailHouse, attempt
from tests.people import add_client, add_user
from workflows.messages import ClientNoticeOrder

PASSWORD = "Rk7mTq2wXz9p"
NOTICE = deliveries.TEMPORARY_PASSWORD


async def customer(sessions: Sessions) -> int:
    async with sessions.begin() as session:
        trader = await add_user(session, "teresa", Role.TRADER)
        return (await add_client(session, "45678912", trader_id=trader)).id


async def tell(client_notices: ClientNoticeActivities, client_id: int, notice: str, *, number: int = 1) -> None:
    order = ClientNoticeOrder(client_id=client_id, notice=notice, key="k1")
    await attempt(number).run(client_notices.deliver_client_notice, order)


async def leave(sessions: Sessions, client_id: int, address: str = "c45678912@example.test") -> None:
    async with sessions.begin() as session:
        await deliveries.leave_temporary_password(
            session, client_id=client_id, key="k1", recipients=[address], password=PASSWORD, secret_key=SECRET_KEY
        )


async def kept(sessions: Sessions) -> list[Delivery]:
    async with sessions() as session:
        return list((await session.scalars(select(Delivery))).all())


async def test_a_welcome_leaves_once_and_has_no_password(
    sessions: Sessions, client_notices: ClientNoticeActivities, mail: MailHouse
):
    """F105."""
    client_id = await customer(sessions)
    for _ in range(2):
        await tell(client_notices, client_id, "bienvenida")
    (only,) = mail.stand_in.received()
    assert only["recipients"] == ["c45678912@example.test"]
    assert "DNI *****912" in only["text"]


async def test_a_temporary_password_reaches_only_its_client_and_is_wiped(
    sessions: Sessions, client_notices: ClientNoticeActivities, mail: MailHouse
):
    """F110."""
    client_id = await customer(sessions)
    await leave(sessions, client_id)
    assert PASSWORD not in (await kept(sessions))[0].detail
    await tell(client_notices, client_id, NOTICE)
    (only,) = mail.stand_in.received()
    assert only["recipients"] == ["c45678912@example.test"]
    assert PASSWORD in only["text"]
    assert PASSWORD in only["html"]
    (row,) = await kept(sessions)
    assert (row.status, row.detail) == ("enviado", "")
    await tell(client_notices, client_id, NOTICE)
    assert len(mail.stand_in.received()) == 1


async def test_a_temporary_password_survives_a_mail_server_that_is_down(
    sessions: Sessions, client_notices: ClientNoticeActivities, mail: MailHouse
):
    """F180."""
    client_id = await customer(sessions)
    await leave(sessions, client_id)
    mail.stand_in.inject("tempfail")
    with pytest.raises(ApplicationError):
        await tell(client_notices, client_id, NOTICE)
    await tell(client_notices, client_id, NOTICE, number=2)
    assert PASSWORD in mail.stand_in.received()[0]["text"]


async def test_it_goes_where_it_was_asked_for_whatever_the_address_is_now(
    sessions: Sessions, client_notices: ClientNoticeActivities, mail: MailHouse
):
    client_id = await customer(sessions)
    await leave(sessions, client_id, "antes@example.test")
    async with sessions.begin() as session:
        await session.execute(update(Client).values(email="otra@example.test"))
    await tell(client_notices, client_id, NOTICE)
    assert mail.stand_in.received()[0]["recipients"] == ["antes@example.test"]


async def test_a_password_sealed_too_long_ago_is_wiped_and_never_sent(
    sessions: Sessions, client_notices: ClientNoticeActivities, mail: MailHouse
):
    client_id = await customer(sessions)
    await leave(sessions, client_id)
    key = deliveries._cipher(SECRET_KEY)
    old = key.encrypt_at_time(PASSWORD.encode(), 1_700_000_000).decode()
    assert isinstance(key, Fernet)
    async with sessions.begin() as session:
        await session.execute(update(Delivery).values(detail=old))
    with pytest.raises(ApplicationError, match="debe pedir otra") as refused:
        await tell(client_notices, client_id, NOTICE)
    assert refused.value.non_retryable
    assert mail.stand_in.received() == []
    (row,) = await kept(sessions)
    assert (row.status, row.detail) == ("rechazado", "Caducó antes de salir.")

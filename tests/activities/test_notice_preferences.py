"""What a client muted does not leave by that way; what must be told does, and so does what it asks for again."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from activities.client_notices import ClientNoticeActivities
from activities.notices import NoticeActivities
from db.session import Sessions
from db.tables import Client, Delivery, PushSubscription
from domain.notice_preferences import NOTICES, Channel, Topic
from domain.operations import Effect, State
from domain.permissions import Role
from tests.activities.conftest import MailHouse, attempt
from tests.activities.operations import add_operation
from tests.people import add_client, add_user
from workflows.messages import ClientNoticeOrder, NoticeOrder

PHONE = "ExponentPushToken[abcDEF123]"
ALL = [f"{topic}:{channel}" for topic in Topic for channel in Channel]


async def customer(sessions: Sessions, muted: list[str], state: State = State.PENDIENTE) -> tuple[int, str]:
    """A client with a phone, who muted these; and an operation of it."""
    async with sessions.begin() as session:
        added = await add_client(session, "45678912")
        await session.execute(update(Client).values(email="ana@example.test", muted_notices=muted))
        session.add(PushSubscription(client_id=added.id, kind="expo", endpoint=PHONE))
        return added.id, await add_operation(session, added, state=state)


async def left(sessions: Sessions) -> set[tuple[str, str]]:
    async with sessions() as session:
        return {(row.notice, row.channel) for row in await session.scalars(select(Delivery))}


def order(code: str, notice: str, *, again: bool = False) -> NoticeOrder:
    return NoticeOrder(code=code, effect=Effect.CREATED_NOTICE, notice=notice, key="k", again=again)


@pytest.mark.parametrize(
    ("muted", "ways"),
    [
        ([], {"correo", "push"}),
        (["pasos:correo"], {"push"}),
        (["pasos:push"], {"correo"}),
        (["pasos:correo", "pasos:push"], set()),
        (["alertas:correo", "documentos:push"], {"correo", "push"}),
    ],
)
async def test_a_step_leaves_only_by_the_ways_that_are_on(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse, muted: list[str], ways: set[str]
):
    _, code = await customer(sessions, muted, State.EN_PROCESO)
    await attempt(1).run(notices.deliver_notice, order(code, "en_proceso"))
    assert await left(sessions) == {("en_proceso", way) for way in ways}


async def test_the_desk_hears_of_a_new_operation_whatever_its_client_muted(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    _, code = await customer(sessions, ALL)
    async with sessions.begin() as session:
        await add_user(session, "marta", Role.MASTER)
    await attempt(1).run(notices.deliver_notice, order(code, "creada"))
    assert [one["recipients"] for one in mail.about(code)] == [["marta@example.test"]]


@pytest.mark.parametrize(
    ("state", "notice"),
    [(State.COMPLETADA, "completada"), (State.CANCELADO, "cancelada"), (State.EXPIRADA, "expirada")],
)
async def test_how_it_ended_is_told_in_any_case(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse, state: State, notice: str
):
    """Its money: and with Completada goes its comprobante."""
    _, code = await customer(sessions, ALL, state)
    await attempt(1).run(notices.deliver_notice, order(code, notice))
    assert await left(sessions) == {(notice, "correo"), (notice, "push")}


async def test_who_asks_for_a_mail_again_gets_it(
    sessions: Sessions,
    notices: NoticeActivities,
    client_notices: ClientNoticeActivities,
    mail: MailHouse,
):
    """By mail only: a push that is repeated comes late and confuses."""
    client_id, code = await customer(sessions, ALL)
    await attempt(1).run(notices.deliver_notice, order(code, "creada", again=True))
    for again, key in ((False, "k1"), (True, "k2")):
        told = ClientNoticeOrder(client_id=client_id, notice="aprobada", key=key, again=again)
        await attempt(1).run(client_notices.deliver_client_notice, told)
    assert await left(sessions) == {("creada", "correo"), ("aprobada", "correo")}
    assert len(mail.stand_in.received()) == 2


def test_nothing_that_must_be_told_is_in_a_topic():
    chosen = {notice for notices in NOTICES.values() for notice in notices}
    assert not chosen & {"completada", "comprobante", "cancelada", "expirada", "monto_cambiado", "contrasena_temporal"}
    assert not chosen & {"codigo_verificacion", "rechazada", "reclamo_copia", "nota_credito", "comprobante_anulado"}

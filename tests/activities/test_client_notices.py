"""Notices about a client: welcome, and the temporary password that only its own address sees."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.client_notices import ClientNoticeActivities
from activities.complaints import ComplaintActivities
from activities.email_codes import EmailCodeActivities
from db import complaints, deliveries, email_codes
from db.session import Sessions
from db.tables import Client, ClientDocument, Delivery, EmailCode
from domain.clients import PaperStatus
from domain.complaints import ComplaintKind, Sheet
from domain.permissions import Role
from integrations.mail import Mailer
from integrations.push import Pusher
from integrations.settings import NoticeSettings
from tests.activities.conftest import SECRET_KEY, MailHouse, attempt
from tests.people import add_client, add_user
from workflows.client_messages import ComplaintNotice, EmailCodeOrder
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
        return list((await session.scalars(select(Delivery).order_by(Delivery.id))).all())


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


async def test_every_notice_of_an_onboarding_says_what_to_do(
    sessions: Sessions, client_notices: ClientNoticeActivities, mail: MailHouse
):
    """What must be sent again comes with what to correct; a rejection with its reason."""
    client_id = await customer(sessions)
    async with sessions.begin() as session:
        session.add(
            ClientDocument(
                client_id=client_id,
                kind="dni_front",
                file_key="dni/a",
                content_type="image/png",
                size=9,
                status=PaperStatus.OBSERVADO,
                reason="Se ve borroso",
            )
        )
        (await session.get_one(Client, client_id)).kyc_reason = "El documento venció"
    said = {
        "aprobada": "ya está activa",
        "rechazada": "El documento venció",
        "documento_observado": "Se ve borroso",
        "recordatorio_documentos": "El reverso de tu documento",
    }
    for notice, words in said.items():
        await tell(client_notices, client_id, notice)
        told = mail.stand_in.received()[-1]
        assert words in told["text"], notice
        assert words in told["html"], notice


async def test_a_code_leaves_once_and_only_its_hash_stays(
    sessions: Sessions, mail: MailHouse, mailer: Mailer, pusher: Pusher, notice_settings: NoticeSettings
):
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        row = await email_codes.issue(session, "Nueva@example.test", secret_key=SECRET_KEY, now=now)
        code = deliveries.opened(row.sealed, SECRET_KEY)
        code_id = row.id
    codes = EmailCodeActivities(sessions, mailer, pusher, notice_settings)
    for _ in range(2):
        await attempt(1).run(codes.deliver_email_code, EmailCodeOrder(code_id=code_id))
    (only,) = mail.stand_in.received()
    assert (only["recipients"], code in only["text"]) == (["nueva@example.test"], True)
    async with sessions() as session:
        assert (await session.get_one(EmailCode, code_id)).sealed == ""


async def test_a_sheet_is_copied_whole_to_the_person_and_to_who_attends(
    sessions: Sessions, mail: MailHouse, mailer: Mailer, pusher: Pusher
):
    """DS 011-2011-PCM: the consumer keeps a copy; what the person wrote is never read as HTML."""
    sheet = Sheet(
        document_type="DNI",
        document_number="40000099",
        names="ROSA",
        surnames="INVENTADA",
        company_name="",
        contact_person="",
        email="rosa@example.test",
        phone="",
        address="",
        kind=ComplaintKind.RECLAMO,
        detail="El abono <b>demoró</b>.",
        request="Que me llamen",
    )
    async with sessions.begin() as session:
        await add_user(session, "oficial", Role.MIDDLE_OFFICE)
        row = await complaints.receive(session, sheet, now=datetime.now(UTC))
        row.answer = "Ya lo corregimos."
        sheet_id = row.id
    posted = ComplaintActivities(sessions, mailer, pusher)
    for notice in ("reclamo_copia", "reclamo_casa", "reclamo_respuesta"):
        await attempt(1).run(posted.deliver_complaint, ComplaintNotice(complaint_id=sheet_id, notice=notice))
    copy, house, answer = mail.stand_in.received()
    assert [one["recipients"] for one in (copy, house, answer)] == [
        ["rosa@example.test"],
        ["oficial@example.test"],
        ["rosa@example.test"],
    ]
    assert "Que me llamen" in copy["text"]
    assert "<b>demoró" in copy["text"]
    assert "<b>demoró" not in copy["html"]
    assert "Ya lo corregimos." in answer["text"]

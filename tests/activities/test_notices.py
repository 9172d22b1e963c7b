"""The notices of an operation: the right words to the right people, once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.invoices import InvoiceActivities
from activities.notices import NoticeActivities
from db import delivery_links
from db.session import Sessions
from db.tables import Client, Delivery, HouseAccount, Operation, OperationEvent, PushSubscription
from domain.accounts import Bank
from domain.money import Currency
from domain.operations import Actor, ActorKind, Assessment, Effect, State
from domain.permissions import Role
from tests.activities.conftest import SECRET_KEY, MailHouse, attempt
from tests.activities.operations import add_operation
from tests.people import add_client, add_user
from tests.standins.programs import StandIn
from workflows.messages import EffectOrder, NoticeOrder

DNI = "45678912"
EXPO = "ExponentPushToken[abcDEF123]"


async def deliver(notices: NoticeActivities, code: str, notice: str, *, key: str = "", number: int = 1) -> None:
    order = NoticeOrder(code=code, effect=Effect.CREATED_NOTICE, notice=notice, key=key)
    await attempt(number).run(notices.deliver_notice, order)


async def operation(sessions: Sessions, state: State, *, email: str = "ana@example.test", **columns: object) -> str:
    async with sessions.begin() as session:
        customer = await add_client(session, DNI)
        await session.execute(update(Client).values(email=email, given_names="Ana"))
        return await add_operation(session, customer, state=state, **columns)


async def statuses(sessions: Sessions, code: str) -> dict[str, str]:
    async with sessions() as session:
        rows = await session.scalars(select(Delivery).where(Delivery.subject_key == code))
        return {row.recipient: row.status for row in rows}


async def subscribe(sessions: Sessions, endpoint: str = EXPO) -> None:
    async with sessions.begin() as session:
        client = (await session.scalars(select(Client.id))).one()
        session.add(PushSubscription(client_id=client, kind="expo", endpoint=endpoint))


async def test_a_new_operation_is_told_to_its_client_and_to_the_desk(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    """F102, F114: the client's mail says until when and where to; the desk's is another one."""
    code = await operation(sessions, State.PENDIENTE)
    async with sessions.begin() as session:
        trader = await add_user(session, "teresa", Role.TRADER)
        await add_user(session, "otilia", Role.TRADER)
        await add_user(session, "omar", Role.OPERADOR)
        await add_user(session, "marta", Role.MASTER)
        await add_user(session, "mimo", Role.MIDDLE_OFFICE)
        await session.execute(update(Client).values(trader_id=trader))
        account = {"bank": Bank.BCP, "currency": Currency.PEN, "number": "1930001234567", "cci": "00219300012345678901"}
        session.add(HouseAccount(**account, holder="QORICASH S.A.C.", holder_ruc="20990000009"))
    await deliver(notices, code, "creada")
    client, desk = sorted(mail.about(code), key=lambda one: len(one["recipients"]))
    assert client["recipients"] == ["ana@example.test"]
    assert desk["recipients"] == ["marta@example.test", "omar@example.test", "teresa@example.test"]
    for words in ("S/ 5,118.00", "US$ 1,500.00", "3.4120", ". m.", "1930001234567", "DNI *****912"):
        assert words in client["text"], words
        assert words in client["html"], words
    assert "DNI *****912" in desk["text"]
    assert DNI not in client["text"] + client["html"] + desk["text"] + desk["html"]
    assert "19110012345602" not in client["html"] + desk["html"]


async def test_the_same_notice_twice_is_one_mail(sessions: Sessions, notices: NoticeActivities, mail: MailHouse):
    """F101."""
    code = await operation(sessions, State.PENDIENTE)
    await deliver(notices, code, "creada")
    await deliver(notices, code, "creada")
    (only,) = mail.about(code)
    assert only["copies"] == 1


async def test_two_changes_of_amount_are_two_mails(sessions: Sessions, notices: NoticeActivities, mail: MailHouse):
    code = await operation(sessions, State.PENDIENTE)
    for version in ("2", "3"):
        await deliver(notices, code, "monto_cambiado", key=version)
    assert len(mail.about(code)) == 2


@pytest.mark.parametrize("failure", ["tempfail", "down"])
async def test_a_mail_server_that_recovers_delivers_exactly_one(
    failure: str, sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    """F101, F111."""
    code = await operation(sessions, State.EN_PROCESO)
    mail.stand_in.inject(failure)
    with pytest.raises(ApplicationError) as delayed:
        await deliver(notices, code, "en_proceso")
    assert not delayed.value.non_retryable
    assert "ana@example.test" not in str(delayed.value)
    assert await statuses(sessions, code) == {"ana@example.test": "pendiente"}
    mail.stand_in.forget_failures()
    await deliver(notices, code, "en_proceso", number=2)
    assert len(mail.about(code)) == 1
    assert await statuses(sessions, code) == {"ana@example.test": "enviado"}


async def test_an_answer_lost_after_the_mail_was_taken_repeats_the_same_message(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    """F101: SMTP can't tell; the Message-ID lets the receiver see one mail."""
    code = await operation(sessions, State.EN_PROCESO)
    mail.stand_in.inject("timeout_after", seconds=4)
    with pytest.raises(ApplicationError):
        await deliver(notices, code, "en_proceso")
    await deliver(notices, code, "en_proceso", number=2)
    (only,) = mail.about(code)
    assert code not in only["message_id"]


async def test_every_address_gets_it_and_a_wrong_one_holds_nobody_up(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    """F104, F113."""
    code = await operation(sessions, State.EN_PROCESO, email="ana@example.test; ANA@example.test; b@example.test; mal@")
    await deliver(notices, code, "en_proceso")
    (only,) = mail.about(code)
    assert only["recipients"] == ["ana@example.test", "b@example.test"]
    expected = {"ana@example.test": "enviado", "b@example.test": "enviado", "mal@": "rechazado"}
    assert await statuses(sessions, code) == expected


async def test_a_colleague_who_is_the_client_gets_one_copy(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    """F104."""
    code = await operation(sessions, State.PENDIENTE, email="OMAR@example.test")
    async with sessions.begin() as session:
        await add_user(session, "omar", Role.OPERADOR)
    await deliver(notices, code, "creada")
    assert len(mail.about(code)) == 1


async def test_a_client_that_no_mail_reaches_needs_a_person_and_may_be_tried_again(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    code = await operation(sessions, State.EN_PROCESO)
    mail.stand_in.inject("refuse")
    with pytest.raises(ApplicationError) as refused:
        await deliver(notices, code, "en_proceso")
    assert (refused.value.type, refused.value.non_retryable) == ("NoticeRefused", True)
    assert await statuses(sessions, code) == {"ana@example.test": "rechazado"}
    await deliver(notices, code, "en_proceso")
    assert await statuses(sessions, code) == {"ana@example.test": "enviado"}


async def test_the_completion_mail_carries_the_comprobante(
    sessions: Sessions, notices: NoticeActivities, invoicing: InvoiceActivities, mail: MailHouse
):
    """F096."""
    code = await operation(sessions, State.COMPLETADA)
    await attempt(1).run(invoicing.issue_invoice, EffectOrder(code=code, effect=Effect.INVOICE))
    await deliver(notices, code, "completada")
    (only,) = mail.about(code)
    assert only["subject"] == f"Te pagamos US$ 1,500.00 · {code} (boleta adjunta)"
    (attached,) = only["attachments"]
    assert (attached["name"], attached["content_type"]) == ("B001-1.pdf", "application/pdf")
    assert attached["size"] > 1024
    assert "BCP ···5601" in only["text"]


async def test_without_comprobante_the_completion_mail_says_that_it_follows(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    """F096."""
    code = await operation(sessions, State.COMPLETADA)
    await deliver(notices, code, "completada")
    (only,) = mail.about(code)
    assert only["attachments"] == []
    assert "llegará en otro correo" in only["text"]


async def test_a_page_in_place_of_the_pdf_is_never_attached(
    sessions: Sessions, notices: NoticeActivities, invoicing: InvoiceActivities, mail: MailHouse, nubefact: StandIn
):
    """F095: the mail waits, and after ten minutes it goes and says where the comprobante is."""
    code = await operation(sessions, State.COMPLETADA)
    await attempt(1).run(invoicing.issue_invoice, EffectOrder(code=code, effect=Effect.INVOICE))
    nubefact.inject("html", operacion="descarga")
    with pytest.raises(ApplicationError, match="espera el PDF"):
        await deliver(notices, code, "completada")
    assert mail.about(code) == []
    nubefact.inject("html", operacion="descarga")
    async with sessions.begin() as session:
        await session.execute(update(Operation).values(finished_at=datetime.now(UTC) - timedelta(minutes=11)))
    await deliver(notices, code, "completada", number=2)
    (only,) = mail.about(code)
    assert only["attachments"] == []
    assert "boleta B001-1 ya está emitida" in only["text"]


async def test_the_receipt_follows_with_its_pdf(
    sessions: Sessions, notices: NoticeActivities, invoicing: InvoiceActivities, mail: MailHouse, nubefact: StandIn
):
    """F093: and says when SUNAT has not confirmed it yet."""
    code = await operation(sessions, State.COMPLETADA)
    nubefact.inject("pending_sunat")
    await attempt(1).run(invoicing.issue_invoice, EffectOrder(code=code, effect=Effect.INVOICE))
    await deliver(notices, code, "comprobante")
    (only,) = mail.about(code)
    assert [attached["name"] for attached in only["attachments"]] == ["B001-1.pdf"]
    assert "La SUNAT aún no la confirma" in only["text"]


async def test_a_cancellation_tells_its_reason(sessions: Sessions, notices: NoticeActivities, mail: MailHouse):
    """F116."""
    code = await operation(sessions, State.CANCELADO, reason="El abono llegó de otra persona.")
    await deliver(notices, code, "cancelada")
    assert "El abono llegó de otra persona." in mail.about(code)[0]["text"]


async def test_a_compliance_hold_is_never_explained(sessions: Sessions, notices: NoticeActivities, mail: MailHouse):
    reason = "Coincidencia con lista OFAC"
    code = await operation(sessions, State.CANCELADO, reason=reason, assessment=Assessment.HELD)
    await deliver(notices, code, "cancelada")
    (only,) = mail.about(code)
    assert "OFAC" not in only["text"] + only["html"] + only["subject"]


async def test_a_push_says_amounts_and_no_names(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse, push_program: StandIn
):
    code = await operation(sessions, State.COMPLETADA)
    await subscribe(sessions)
    await deliver(notices, code, "completada")
    await deliver(notices, code, "completada")
    (sent,) = push_program.received()
    assert sent["message"]["body"] == "Te pagamos US$ 1,500.00. Míralos en tu cuenta BCP ···5601."
    assert "Ana" not in str(sent)


@pytest.mark.parametrize("by", [Actor(kind=ActorKind.CLIENT, id=1), Actor(kind=ActorKind.STAFF, id=1)])
async def test_only_who_sent_a_constancia_is_thanked_for_it(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse, push_program: StandIn, by: Actor
):
    code = await operation(sessions, State.EN_PROCESO)
    await subscribe(sessions)
    async with sessions.begin() as session:
        happened = {"event": "submit_proof", "state": State.EN_PROCESO, "actor_kind": by.kind, "actor_id": by.id}
        session.add(
            OperationEvent(operation_code=code, version=2, update_id="t", changes=[], at=datetime.now(UTC), **happened)
        )
    await deliver(notices, code, "en_proceso")
    (sent,), (pushed,) = mail.about(code), push_program.received()
    for words in (sent["subject"], sent["html"], pushed["message"]["body"]):
        assert ("Recibimos tu constancia" in words) is (by.kind is ActorKind.CLIENT), words
    assert "Verificamos tu abono" in sent["html"] + sent["subject"]


async def test_an_expiry_reaches_the_app_in_the_form_it_reads(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse, push_program: StandIn
):
    code = await operation(sessions, State.EXPIRADA)
    await subscribe(sessions)
    await deliver(notices, code, "expirada")
    assert push_program.received()[0]["message"]["data"]["type"] == "operation_expired"
    assert mail.about(code)[0]["subject"] == f"{code} expiró: puedes volver a cotizar"


async def test_a_device_that_is_gone_is_forgotten_and_the_mail_still_leaves(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse, push_program: StandIn
):
    """F200."""
    code = await operation(sessions, State.EN_PROCESO)
    await subscribe(sessions)
    push_program.inject("gone", operacion="expo")
    await deliver(notices, code, "en_proceso")
    assert await statuses(sessions, code) == {"ana@example.test": "enviado", EXPO: "rechazado"}
    async with sessions() as session:
        assert (await session.scalars(select(PushSubscription.failed_at))).one() is not None


async def test_a_push_service_that_is_down_is_tried_again_and_the_mail_is_not(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse, push_program: StandIn
):
    code = await operation(sessions, State.EN_PROCESO)
    await subscribe(sessions)
    push_program.inject("500", operacion="expo")
    with pytest.raises(ApplicationError, match="Aviso pendiente"):
        await deliver(notices, code, "en_proceso")
    await deliver(notices, code, "en_proceso", number=2)
    assert len(mail.about(code)) == 1
    assert len(push_program.received()) == 1


async def test_a_late_mail_asks_for_no_money_that_is_no_longer_awaited(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse, push_program: StandIn
):
    """The mail server was down until the operation had expired: the client must not transfer now."""
    code = await operation(sessions, State.EXPIRADA)
    await subscribe(sessions)
    await deliver(notices, code, "creada")
    (only,) = mail.about(code)
    assert only["subject"] == f"{code}: registramos tu operación"
    assert "Transfiere" not in only["text"] + only["html"]
    assert push_program.received() == []


async def test_a_mail_sent_again_goes_to_the_client_only_and_its_link_tells_that_it_was_opened(
    sessions: Sessions, notices: NoticeActivities, mail: MailHouse
):
    """No push and no copy for the desk; the address of the button can't be made up."""
    code = await operation(sessions, State.PENDIENTE)
    await subscribe(sessions)
    async with sessions.begin() as session:
        await add_user(session, "omar", Role.OPERADOR)
    order = NoticeOrder(code=code, effect=Effect.CREATED_NOTICE, notice="creada", key="reenvio-1", again=True)
    await attempt(1).run(notices.deliver_notice, order)
    (only,) = mail.about(code)
    assert only["recipients"] == ["ana@example.test"]
    assert await statuses(sessions, code) == {"ana@example.test": "enviado"}
    (ref,) = set(re.findall(rf"https://qoricash\.test/ver/{code}/([0-9a-f]+)", only["text"]))
    now = datetime.now(UTC)
    for given, known in (("0" * len(ref), False), (ref, True)):
        async with sessions.begin() as session:
            assert await delivery_links.opened(session, code, given, secret_key=SECRET_KEY, now=now) is known
        async with sessions() as session:
            assert (await session.scalar(select(Delivery.opened_at)) == now) is known

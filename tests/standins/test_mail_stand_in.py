"""The stand-in of the mail server takes mails by SMTP, counts copies and shows them on a page."""

from __future__ import annotations

import base64
import json
import signal
from email.message import EmailMessage

import aiosmtplib
import pytest

from tests.free_ports import free_port
from tests.standins.programs import HTTP, StandIn, Starter

PDF = b"%PDF-1.7\n" + b"0" * 2000


@pytest.fixture(scope="module")
def process(start: Starter) -> StandIn:
    return start("mail", "--smtp-port", str(free_port()))


@pytest.fixture
def mail(process: StandIn) -> StandIn:
    return process.empty()


def completed(code: str = "EXP-1001", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "QoriCash <operaciones@qoricash.test>"
    message["To"] = "Rosa Quispe <rosa@example.test>"
    message["Subject"] = f"Tu operación {code} está completada"
    message["Message-ID"] = f"<{code}.completada@qoricash.test>"
    for name, value in headers.items():
        del message[name]
        message[name] = value
    message.set_content("Recibiste US$ 1,000.00. Adjuntamos tu boleta.")
    message.add_alternative("<h1>Listo</h1><script>alert(1)</script><p>Recibiste US$ 1,000.00.</p>", subtype="html")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="B001-1 señal.pdf")
    return message


async def deliver(mail: StandIn, message: EmailMessage, *, to: list[str] | None = None, seconds: float = 10) -> None:
    """As the house sends; `to` gives hidden recipients too."""
    port = int(mail.flags[1])
    await aiosmtplib.send(message, hostname="127.0.0.1", port=port, recipients=to, start_tls=False, timeout=seconds)


async def test_a_mail_is_received_with_its_parts_and_attachment(mail: StandIn):
    await deliver(mail, completed())
    (received,) = mail.received()
    assert received["from"] == "QoriCash <operaciones@qoricash.test>"
    assert received["to"] == ["rosa@example.test"]
    assert received["subject"] == "Tu operación EXP-1001 está completada"
    assert received["message_id"] == "<EXP-1001.completada@qoricash.test>"
    assert received["text"].strip() == "Recibiste US$ 1,000.00. Adjuntamos tu boleta."
    assert "<h1>Listo</h1>" in received["html"]
    (attachment,) = received["attachments"]
    assert attachment["name"] == "B001-1 señal.pdf"
    assert (attachment["content_type"], attachment["size"]) == ("application/pdf", len(PDF))
    assert received["copies"] == 1


async def test_the_same_message_id_is_one_mail_with_two_copies(mail: StandIn):
    """F101: whoever sends twice is seen to have sent twice."""
    for code in ("EXP-1001", "EXP-1001", "EXP-1002"):
        await deliver(mail, completed(code))
    assert [received["copies"] for received in mail.received()] == [2, 1]
    assert sum("EXP-1001" in json.dumps(received) for received in mail.received()) == 1
    assert "llegó 2 veces" in HTTP.get(mail.url).text


async def test_hidden_recipients_are_told_apart_from_the_header(mail: StandIn):
    """F104: one delivery per address can be checked."""
    await deliver(mail, completed(), to=["rosa@example.test", "archivo@qoricash.test"])
    (received,) = mail.received()
    assert received["to"] == ["rosa@example.test"]
    assert received["recipients"] == ["archivo@qoricash.test", "rosa@example.test"]
    page = HTTP.get(f"{mail.url}/mails/{received['id']}").text
    assert "Copia oculta" in page


async def test_mails_without_message_id_are_never_taken_for_copies(mail: StandIn):
    raw = b"From: a@example.test\r\nTo: b@example.test\r\nSubject: Hola\r\n\r\nHola\r\n"
    for _ in range(2):
        await aiosmtplib.send(
            raw,
            sender="a@example.test",
            recipients=["b@example.test"],
            hostname="127.0.0.1",
            port=int(mail.flags[1]),
            start_tls=False,
        )
    assert [received["copies"] for received in mail.received()] == [1, 1]


async def test_any_user_name_and_password_is_taken(mail: StandIn):
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=int(mail.flags[1]), start_tls=False) as client:
        await client.login("operaciones", "una clave")
        await client.send_message(completed())
    assert len(mail.received()) == 1


async def test_a_refused_mail_is_not_received(mail: StandIn):
    mail.inject("refuse")
    with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
        await deliver(mail, completed())
    assert refusal.value.code == 550
    assert mail.received() == []


async def test_a_server_that_is_down_refuses_for_now_until_it_is_up(mail: StandIn):
    """F101: after an outage the retry arrives once."""
    mail.inject("down")
    for _ in range(3):
        with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
            await deliver(mail, completed())
        assert refusal.value.code == 451
    mail.forget_failures()
    await deliver(mail, completed())
    assert [received["copies"] for received in mail.received()] == [1]


async def test_a_late_answer_comes_after_the_mail_was_taken(mail: StandIn):
    mail.inject("timeout_after", seconds=5)
    with pytest.raises(aiosmtplib.SMTPException):
        await deliver(mail, completed(), seconds=0.5)
    assert len(mail.received()) == 1
    await deliver(mail, completed())
    assert mail.received()[0]["copies"] == 2


async def test_the_page_lists_finds_and_opens_mails(mail: StandIn):
    assert "Todavía no hay correos" in HTTP.get(mail.url).text
    for code in ("EXP-1001", "EXP-1002"):
        await deliver(mail, completed(code))
    page = HTTP.get(mail.url, params={"q": "exp-1002"}).text
    assert "EXP-1002" in page
    assert "EXP-1001" not in page
    number = mail.received()[0]["id"]
    opened = HTTP.get(f"{mail.url}/mails/{number}").text
    assert 'sandbox="allow-popups"' in opened
    assert "B001-1 señal.pdf" in opened
    attachment = HTTP.get(f"{mail.url}/mails/{number}/attachments/0")
    assert attachment.content == PDF
    assert attachment.headers["content-disposition"].startswith("attachment")
    assert HTTP.get(f"{mail.url}/mails/99").status_code == 404
    assert HTTP.get(f"{mail.url}/mails/{number}/attachments/1").status_code == 404


async def test_what_a_mail_brings_cannot_run_nor_break_the_page(mail: StandIn):
    await deliver(mail, completed(Subject="<script>alert(1)</script>"))
    number = mail.received()[0]["id"]
    assert "<script>alert" not in HTTP.get(mail.url).text
    assert "<script>alert" not in HTTP.get(f"{mail.url}/mails/{number}").text
    policy = HTTP.get(f"{mail.url}/mails/{number}/html").headers["content-security-policy"]
    assert policy.startswith("sandbox")
    assert "default-src 'none'" in policy


async def test_a_picture_inside_the_mail_is_shown_from_its_attachment(mail: StandIn):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.test", "b@example.test", "Logo"
    message.set_content("Logo")
    message.add_alternative('<img src="cid:logo">', subtype="html")
    pixel = base64.b64decode("R0lGODlhAQABAAAAACwAAAAAAQABAAA=")
    html = message.get_payload()[1]
    html.add_related(pixel, maintype="image", subtype="gif", cid="<logo>")
    await deliver(mail, message)
    number = mail.received()[0]["id"]
    assert f'src="/mails/{number}/inside/logo"' in HTTP.get(f"{mail.url}/mails/{number}/html").text
    assert HTTP.get(f"{mail.url}/mails/{number}/inside/logo").content == pixel
    assert HTTP.get(f"{mail.url}/mails/{number}/inside/otro").status_code == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_mails_survive_a_stop_and_a_kill(mail: StandIn, number: int):
    await deliver(mail, completed())
    assert mail.stop(number) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    mail.start()
    await deliver(mail, completed())
    (received,) = mail.received()
    assert received["copies"] == 2
    assert HTTP.get(f"{mail.url}/mails/{received['id']}/attachments/0").content == PDF

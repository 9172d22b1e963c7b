"""Mail over SMTP, on connections that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.mail import Mail, MailDown, Mailer
from integrations.settings import MailSettings
from tests.free_ports import free_port
from tests.standins.programs import StandIn


def _mail(number: int) -> Mail:
    return Mail(
        message_id=f"<{number}@qoricash.test>",
        recipients=("a@example.test",),
        subject="Hola",
        text="t",
        html="<p>t</p>",
    )


async def test_mails_share_a_connection_and_outlive_a_server_that_hung_up(tmp_path: Path):
    port = free_port()
    server = StandIn("mail", tmp_path, ["--smtp-port", str(port)])
    server.start()
    mailer = Mailer(MailSettings(port=port, default_sender="QoriCash <avisos@qoricash.test>", timeout=3))
    for number in (1, 2):
        await mailer.send(_mail(number))
    (kept,) = mailer._idle
    server.stop()
    with pytest.raises(MailDown):
        await mailer.send(_mail(3))
    server.start()
    await mailer.send(_mail(3))
    assert [mail["message_id"] for mail in server.received()] == [f"<{number}@qoricash.test>" for number in (1, 2, 3)]
    assert mailer._idle[0] is not kept
    await mailer.aclose()
    server.stop()

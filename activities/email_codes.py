"""A verification code by mail: its text lives sealed in its row until the mail has left."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio import activity

from activities.deliveries import CLIENT, Envelope, Posting, Postman
from db import email_codes, parameters
from db.session import Sessions
from domain.calendar import business_day
from integrations.mail import Mailer
from integrations.notices import CodeFacts, letter
from integrations.push import Pusher
from integrations.settings import NoticeSettings
from workflows import client_messages as c
from workflows import names

NOTICE = "codigo_verificacion"


class EmailCodeActivities:
    """Load, write, hand out."""

    def __init__(self, sessions: Sessions, mailer: Mailer, pusher: Pusher, settings: NoticeSettings) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._postman = Postman(sessions, mailer, pusher)
        self._settings = settings

    @activity.defn(name=names.DELIVER_EMAIL_CODE)
    async def deliver_email_code(self, order: c.EmailCodeOrder) -> None:
        """Mail the code while it is of use; one that has expired, or left already, is let go."""
        now = datetime.now(UTC)
        key = self._settings.secret_key.get_secret_value()
        async with self._sessions() as session:
            email, code = await email_codes.sealed_code(session, order.code_id, secret_key=key, now=now)
            minutes = int(await parameters.value(session, "email_code_minutes", business_day(now)))
        if not code:
            return
        envelope = Envelope(
            audience=CLIENT, addresses=(email,), letter=letter(NOTICE, CodeFacts(code=code, minutes=minutes))
        )
        subject = f"codigo-{order.code_id}"
        await self._postman.deliver(Posting(subject_key=subject, notice=NOTICE, key="", envelopes=(envelope,)))
        async with self._sessions.begin() as session:
            await email_codes.forget_sealed(session, order.code_id)

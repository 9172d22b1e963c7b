"""Mail over SMTP: text and HTML, attachments, and an honest account of who got it.

A Message-ID is the caller's, so that a mail sent again after a lost answer is the same mail to whoever receives it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

import aiosmtplib

from integrations.settings import MailSettings

PERMANENT = 500


class MailDown(Exception):
    """The mail server did not take the mail now (network, credentials, 4xx). It may take it later."""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A PDF with its name."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to everybody in `recipients`, who see each other."""

    message_id: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """By address: `refused` for good, `delayed` for now; everybody else has it."""

    refused: dict[str, str] = field(default_factory=dict)
    delayed: dict[str, str] = field(default_factory=dict)


class Mailer:
    """The house's mailbox for sending. Opens one connection per mail: notices are few and far between."""

    def __init__(self, settings: MailSettings) -> None:
        """Nothing is opened until a mail leaves."""
        self._settings = settings

    def message_id(self, *parts: str) -> str:
        """The same parts always give the same id, and none of them can be read in it."""
        return f"<{sha256('|'.join(parts).encode()).hexdigest()[:40]}@{self._settings.domain}>"

    async def send(self, mail: Mail) -> Outcome:
        """Hand the mail to the server. Raises MailDown when nobody can have got it yet, or it cannot be known."""
        message = self._message(mail)
        try:
            async with asyncio.timeout(self._settings.timeout):
                errors, _ = await self._hand_over(message, mail.recipients)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _sorted({one.recipient: (one.code, one.message) for one in error.recipients})
        except aiosmtplib.SMTPDataError as error:
            return _sorted(dict.fromkeys(mail.recipients, (error.code, error.message)))
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailDown(f"El correo no salió ({type(error).__name__}).") from error
        return _sorted({address: (said.code, said.message) for address, said in errors.items()})

    async def _hand_over(
        self, message: EmailMessage, recipients: tuple[str, ...]
    ) -> tuple[dict[str, aiosmtplib.SMTPResponse], str]:
        settings = self._settings
        return await aiosmtplib.send(
            message,
            recipients=list(recipients),
            hostname=settings.server,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            use_tls=settings.implicit_tls,
            start_tls=settings.use_tls and not settings.implicit_tls,
            timeout=settings.timeout,
        )

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._settings.default_sender
        message["To"] = ", ".join(mail.recipients)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = mail.message_id
        # Tells out-of-office robots not to answer (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "es-PE"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        for attached in mail.attachments:
            message.add_attachment(attached.content, maintype="application", subtype="pdf", filename=attached.name)
        return message


def _sorted(answers: dict[str, tuple[int, str]]) -> Outcome:
    """5xx is for good, 4xx for now (RFC 5321, 4.2.1)."""
    refused = {address: f"{code} {words}" for address, (code, words) in answers.items() if code >= PERMANENT}
    delayed = {address: f"{code} {words}" for address, (code, words) in answers.items() if code < PERMANENT}
    return Outcome(refused=refused, delayed=delayed)

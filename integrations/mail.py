"""Mail over SMTP: text and HTML, attachments, and an honest account of who got it.

A Message-ID is the caller's, so that a mail sent again after a lost answer is the same mail to whoever receives it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from hashlib import sha256

import aiosmtplib

from integrations.settings import MailSettings

PERMANENT = 500
KEPT_CONNECTIONS, KEPT_SECONDS = 4, 20.0
# A connection that took a mail a moment ago is there; asking each time was a fifth of all that the server was told.
TRUSTED_SECONDS = 1.0


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
    """The house's mailbox for sending. One per process; close it with `aclose`.

    Connections are kept for a while: greeting the server, its TLS and its password cost more than a mail.
    """

    def __init__(self, settings: MailSettings) -> None:
        """Nothing is opened until a mail leaves."""
        self._settings = settings
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []

    async def aclose(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.pop()[1].close()

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
        self, message: Message, recipients: tuple[str, ...]
    ) -> tuple[dict[str, aiosmtplib.SMTPResponse], str]:
        """One conversation on a connection of its own; one that ends in an answer is kept for the next mail."""
        connection = await self._connection()
        try:
            answer = await connection.send_message(message, recipients=list(recipients))
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError):
            self._keep(connection)
            raise
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return answer

    async def _connection(self) -> aiosmtplib.SMTP:
        """An idle connection whose server still answers, else a new one."""
        while self._idle:
            rested_at, kept = self._idle.pop()
            rested = time.monotonic() - rested_at
            if rested < TRUSTED_SECONDS or (rested < KEPT_SECONDS and await _answers(kept)):
                return kept
            kept.close()
        settings = self._settings
        fresh = aiosmtplib.SMTP(
            hostname=settings.server,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            use_tls=settings.implicit_tls,
            start_tls=settings.use_tls and not settings.implicit_tls,
            timeout=settings.timeout,
        )
        await fresh.connect()
        return fresh

    def _keep(self, connection: aiosmtplib.SMTP) -> None:
        if connection.is_connected and len(self._idle) < KEPT_CONNECTIONS:
            self._idle.append((time.monotonic(), connection))
        else:
            connection.close()

    def _message(self, mail: Mail) -> Message:
        """The mail as it travels. The newer EmailMessage reads every header that it is given: ten times the work."""
        message: MIMEMultipart = MIMEMultipart("alternative")
        message.attach(MIMEText(mail.text, "plain", "utf-8"))
        message.attach(MIMEText(mail.html, "html", "utf-8"))
        if mail.attachments:
            body, message = message, MIMEMultipart("mixed")
            message.attach(body)
        for attached in mail.attachments:
            part = MIMEApplication(attached.content, "pdf")
            part.add_header("Content-Disposition", "attachment", filename=attached.name)
            message.attach(part)
        message["From"] = formataddr(parseaddr(self._settings.default_sender))
        message["To"] = ", ".join(mail.recipients)
        # In one line, whatever it is made of: a line break in it would begin another header.
        message["Subject"] = Header(" ".join(mail.subject.split()), "utf-8")  # type: ignore[assignment] # takes both
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = mail.message_id
        # Tells out-of-office robots not to answer (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = "es-PE"
        return message


async def _answers(connection: aiosmtplib.SMTP) -> bool:
    """Whether the server is still there: asked before a mail, so that none is lost half way for a stale connection."""
    try:
        await connection.noop()
    except (aiosmtplib.SMTPException, OSError):
        return False
    return True


def _sorted(answers: dict[str, tuple[int, str]]) -> Outcome:
    """5xx is for good, 4xx for now (RFC 5321, 4.2.1)."""
    refused = {address: f"{code} {words}" for address, (code, words) in answers.items() if code >= PERMANENT}
    delayed = {address: f"{code} {words}" for address, (code, words) in answers.items() if code < PERMANENT}
    return Outcome(refused=refused, delayed=delayed)

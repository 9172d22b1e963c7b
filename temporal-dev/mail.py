"""A mail server on this machine: takes every mail by SMTP, delivers none, and shows them on a page.

    python temporal-dev/mail.py --port 8005 --smtp-port 8006 --data var/mail

`GET /` is the mailbox. `GET /received` lists the mails by Message-ID; a mail that arrives again under the same
Message-ID adds to `copies` and not to the list. Any user name and password is taken. See `standin.py` for failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses
from hashlib import sha256
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from fastapi import FastAPI

from mail_page import install
from standin import Faults, Json, Repeated, Store, application, arguments, serve

FAILURES = (
    "refuse",  # 550, nothing taken
    "tempfail",  # 451, nothing taken
    "timeout_after",  # taken, then the answer comes after `seconds`
)
MAX_MAIL = 25 * 1024 * 1024


class Mailbox:
    """The mails that arrived, each once. They are kept as they came, and taken apart when somebody looks."""

    def __init__(self, store: Store) -> None:
        """Continue with what `store` holds."""
        self.store = store
        self._read: dict[str, Json] = {}

    def take(self, content: bytes, *, sender: str, recipients: list[str]) -> None:
        """Keep a mail, or count one more copy of it; without a Message-ID every mail is its own."""
        known = str(BytesHeaderParser().parsebytes(content).get("Message-ID", "")).strip()
        mail = {"message_id": known, "sender": sender, "recipients": sorted({*recipients}), "copies": 1}
        try:
            self.store.add("letter", mail | {"content": content.decode("latin-1")}, key=known or None)
        except Repeated:
            self._count_copy(known, recipients)

    def mails(self) -> list[Json]:
        """Every mail, oldest first."""
        return [self._described(record) for record in self.store.all("letter")]

    def mail(self, number: int) -> Json | None:
        """One mail by its number in the mailbox."""
        record = self.store.numbered("letter", number)
        return self._described(record) if record else None

    def message(self, number: int) -> EmailMessage | None:
        """One mail as it came over the wire."""
        record = self.store.numbered("letter", number)
        return parsed(record["content"].encode("latin-1")) if record else None

    def _described(self, record: Json) -> Json:
        """What the mail says, read once, with what happened to it since."""
        came = f"{record['id']} {record['at']}"
        if came not in self._read:
            message = parsed(record["content"].encode("latin-1"))
            self._read[came] = described(message, sender=record["sender"], recipients=record["recipients"])
        about = {name: value for name, value in record.items() if name not in ("content", "sender")}
        return about | self._read[came]

    def _count_copy(self, message_id: str, recipients: list[str]) -> None:
        mail = self.store.get("letter", key=message_id)
        assert mail is not None
        body = {name: value for name, value in mail.items() if name not in ("id", "at")}
        body["copies"] += 1
        body["recipients"] = sorted({*body["recipients"], *recipients})
        self.store.replace("letter", body, key=message_id)


class Clerk:
    """What aiosmtpd asks when a mail has been transmitted."""

    def __init__(self, mailbox: Mailbox, faults: Faults) -> None:
        """Put mails into `mailbox`."""
        self.mailbox = mailbox
        self.faults = faults

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's name and signature
        """Take the mail, or show the failure that was asked for."""
        fault = self.faults.take("mail")
        failure = fault.failure if fault else ""
        if failure == "refuse":
            return "550 5.7.1 Mensaje rechazado"
        if failure in ("tempfail", "down"):
            return "451 4.3.0 Vuelve a intentarlo"
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self.mailbox.take(content, sender=envelope.mail_from or "", recipients=list(envelope.rcpt_tos))
        if fault:
            await asyncio.sleep(fault.seconds)
        return "250 2.0.0 Recibido"


def parsed(content: bytes) -> EmailMessage:
    """The mail as an EmailMessage."""
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(content)


def described(message: EmailMessage, *, sender: str, recipients: list[str]) -> Json:
    """What a mail says of itself, besides `recipients` (everybody it was delivered to): `to` and `cc` are headers."""
    return {
        "from": str(message.get("From", sender)),
        "to": _addresses(message, "To") or recipients,
        "cc": _addresses(message, "Cc"),
        "subject": str(message.get("Subject", "")),
        "date": str(message.get("Date", "")),
        "text": _body(message, "plain"),
        "html": _body(message, "html"),
        "attachments": [_attachment(part) for part in message.iter_attachments()],
    }


def _addresses(message: EmailMessage, header: str) -> list[str]:
    return [address for _, address in getaddresses([str(value) for value in message.get_all(header, [])]) if address]


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else None


def _attachment(part: Any) -> Json:
    content = _content(part)
    about = {"content_type": part.get_content_type(), "size": len(content), "sha256": sha256(content).hexdigest()}
    return {"name": _name(part), **about}


def _name(part: Any) -> str:
    return str(part.get_filename() or "adjunto")


def _content(part: Any) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else part.as_bytes()


def build(store: Store, *, smtp_port: int) -> FastAPI:
    """The mailbox page, with the SMTP server listening for as long as the application runs."""
    faults, mailbox = Faults(*FAILURES), Mailbox(store)

    def session() -> SMTP:
        return SMTP(
            Clerk(mailbox, faults),
            data_size_limit=MAX_MAIL,
            hostname="localhost",
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", smtp_port)
        yield
        server.close()

    app = application(store, mailbox.mails, faults=faults, lifespan=lifespan)
    install(app, mailbox)
    return app


def main() -> None:
    """Run until stopped."""
    parser = arguments("Correo en esta máquina")
    parser.add_argument("--smtp-port", type=int, required=True)
    options = parser.parse_args()
    serve(build(Store(options.data, "mail"), smtp_port=options.smtp_port), port=options.port)


if __name__ == "__main__":
    main()

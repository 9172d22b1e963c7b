"""Handing out one notice: every address and device once, whatever fails and is tried again (F101, F111, F113).

Each recipient has its own row. A refused address is recorded and holds nobody else up; a failure that may pass makes
the activity try again, and then only what is still waiting leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from db import deliveries, notices
from db.deliveries import Claimed
from db.session import Sessions
from db.tables import PushSubscription
from integrations.mail import Attachment, Mail, MailDown, Mailer, Outcome
from integrations.notices import Letter
from integrations.push import Device, Push, PushDown, Pusher, PushRefused

DELAYED, REFUSED = "NoticeDelayed", "NoticeRefused"
CLIENT, DESK = "cliente", "casa"
# A push about a transfer is of no use much later, and must not keep its operation open.
PUSH_TRIES = 8


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One mail for one audience. `bad` are addresses that could never receive it, to be recorded."""

    audience: str
    addresses: tuple[str, ...]
    letter: Letter
    bad: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Posting:
    """All that one notice hands out; (subject_key, notice, key) is its identity."""

    subject_key: str
    notice: str
    key: str
    envelopes: tuple[Envelope, ...]
    push: Push | None = None
    devices: Sequence[PushSubscription] = ()


@dataclass
class Handed:
    """One delivery in hand: its row as it was claimed, and whether it has left, now or before."""

    row: Claimed
    left: bool = False

    def __post_init__(self) -> None:
        """One that had left before this attempt."""
        self.left = self.row.status == deliveries.SENT


class Postman:
    """Claims, sends and records; raises only when something is left to do or nobody can be reached."""

    def __init__(self, sessions: Sessions, mailer: Mailer, pusher: Pusher) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._mailer = mailer
        self._pusher = pusher

    async def deliver(self, posting: Posting) -> None:
        """Hand out everything that is still waiting.

        Raises ApplicationError: NoticeDelayed (tried again) while something may still leave, or NoticeRefused (final)
        when no address of the client takes its mail.
        """
        claimed = await self._claim(posting)
        mails = [self._mail(posting, envelope, claimed) for envelope in posting.envelopes]
        pushes = [self._push(posting, device, claimed) for device in posting.devices] if posting.push else []
        results = await asyncio.gather(*mails, *pushes)
        if delayed := [why for why in results if why is not None]:
            raise ApplicationError(f"Aviso pendiente: {delayed[0]}", type=DELAYED)
        _check_reached(posting, claimed)

    async def _claim(self, posting: Posting) -> dict[str, Handed]:
        """Every row of the posting, by address or device. Addresses that cannot exist are recorded as refused."""
        mails = [
            deliveries.Addressed(
                channel=deliveries.MAIL, recipient=address, message_id=self._message_id(posting, envelope)
            )
            for envelope in posting.envelopes
            for address in (*envelope.addresses, *envelope.bad)
        ]
        devices = posting.devices if posting.push else ()
        pushes = [deliveries.Addressed(channel=deliveries.PUSH, recipient=device.endpoint) for device in devices]
        # Here and below each statement is whole by itself, so none pays for a transaction around it.
        async with self._sessions() as session:
            rows = await deliveries.claim(
                session,
                subject_key=posting.subject_key,
                notice=posting.notice,
                key=posting.key,
                addressed=[*mails, *pushes],
            )
            found = {addressed.recipient: Handed(row=row) for addressed, row in rows.items()}
            bad = [found[address].row.id for envelope in posting.envelopes for address in envelope.bad]
            await deliveries.mark_refused(session, bad, why="No es una dirección de correo.")
        return found

    def _message_id(self, posting: Posting, envelope: Envelope) -> str:
        return self._mailer.message_id(posting.subject_key, posting.notice, posting.key, envelope.audience)

    async def _mail(self, posting: Posting, envelope: Envelope, claimed: dict[str, Handed]) -> str | None:
        """Why some of the envelope's addresses have to wait, without naming them; None when none has to."""
        waiting = {address: claimed[address] for address in envelope.addresses if _due(claimed[address].row)}
        if not waiting:
            return None
        mail = Mail(
            message_id=self._message_id(posting, envelope),
            recipients=tuple(waiting),
            subject=envelope.letter.subject,
            text=envelope.letter.text,
            html=envelope.letter.html,
            attachments=envelope.attachments,
        )
        try:
            outcome = await self._mailer.send(mail)
        except MailDown as error:
            outcome = Outcome(delayed=dict.fromkeys(waiting, str(error)))
        await self._record(waiting, outcome)
        return next(iter(outcome.delayed.values()), None)

    async def _record(self, waiting: dict[str, Handed], outcome: Outcome) -> None:
        delayed = [handed.row.id for address, handed in waiting.items() if address in outcome.delayed]
        taken = {a: handed for a, handed in waiting.items() if a not in outcome.delayed and a not in outcome.refused}
        async with self._sessions() as session:
            await deliveries.mark_sent(session, [handed.row.id for handed in taken.values()], at=datetime.now(UTC))
            await deliveries.mark_delayed(session, delayed)
            for address, why in outcome.refused.items():
                await deliveries.mark_refused(session, [waiting[address].row.id], why=why)
        for handed in taken.values():
            handed.left = True

    async def _push(self, posting: Posting, device: PushSubscription, claimed: dict[str, Handed]) -> str | None:
        """Why this device has to wait; None when it has the push, or never will."""
        assert posting.push is not None
        row = claimed[device.endpoint].row
        if row.status != deliveries.PENDING:
            return None
        try:
            await self._pusher.send(Device(kind=device.kind, endpoint=device.endpoint, keys=device.keys), posting.push)
        except PushDown as error:
            return await self._push_later(row, str(error))
        except PushRefused as error:
            await self._push_refused(row, device, error)
            return None
        async with self._sessions() as session:
            await deliveries.mark_sent(session, [row.id], at=datetime.now(UTC))
        return None

    async def _push_later(self, row: Claimed, why: str) -> str | None:
        async with self._sessions() as session:
            if row.attempts + 1 >= PUSH_TRIES:
                await deliveries.mark_refused(session, [row.id], why=why)
                return None
            await deliveries.mark_delayed(session, [row.id])
        return why

    async def _push_refused(self, row: Claimed, device: PushSubscription, refused: PushRefused) -> None:
        async with self._sessions.begin() as session:
            await deliveries.mark_refused(session, [row.id], why=str(refused))
            if refused.gone:
                await notices.forget_device(session, device.id, at=datetime.now(UTC))


def _check_reached(posting: Posting, claimed: dict[str, Handed]) -> None:
    """A client whose every address refuses needs a person; a colleague's does not."""
    client = next((one for one in posting.envelopes if one.audience == CLIENT), None)
    if client is not None and not any(claimed[address].left for address in client.addresses):
        raise ApplicationError(
            "Ningún correo del cliente recibe mensajes. Corrige su correo y vuelve a intentar.",
            type=REFUSED,
            non_retryable=True,
        )


def _due(row: Claimed) -> bool:
    """Waiting, or refused before a person asked to try again: that is a first attempt of a new activity."""
    if row.status == deliveries.REFUSED:
        return activity.info().attempt == 1
    return row.status == deliveries.PENDING

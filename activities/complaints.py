"""The Libro de Reclamaciones outside: copies by mail, the answer, the ringing near the end of the term."""

from __future__ import annotations

from temporalio import activity

from activities.deliveries import CLIENT, DESK, Envelope, Posting, Postman
from activities.notice_facts import sheet
from activities.refusals import refusals
from db import complaints
from db.session import Sessions
from domain.clients import split_emails
from integrations.mail import Mailer
from integrations.notices import letter
from integrations.push import Pusher
from workflows import client_messages as c
from workflows import names

HOUSE = "reclamo_casa"


class ComplaintActivities:
    """Load, write, hand out."""

    def __init__(self, sessions: Sessions, mailer: Mailer, pusher: Pusher) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._postman = Postman(sessions, mailer, pusher)

    @activity.defn(name=names.FIND_COMPLAINT)
    async def find_complaint(self, complaint_id: int) -> bool | None:
        """True once the sheet is there; None while its transaction has not committed."""
        async with self._sessions() as session:
            return True if await complaints.exists(session, complaint_id) else None

    @activity.defn(name=names.DELIVER_COMPLAINT)
    async def deliver_complaint(self, order: c.ComplaintNotice) -> None:
        """Mail the sheet or its answer, once an address. Raises NoticeDelayed (tried again) or NoticeRefused."""
        async with self._sessions() as session:
            row = await complaints.one(session, order.complaint_id)
            house = await complaints.house_addresses(session)
        good, bad = (tuple(house), ()) if order.notice == HOUSE else split_emails(row.email)
        envelope = Envelope(
            audience=DESK if order.notice == HOUSE else CLIENT,
            addresses=good,
            bad=bad,
            letter=letter(order.notice, sheet(row)),
        )
        subject = f"reclamo-{row.id}"
        await self._postman.deliver(Posting(subject_key=subject, notice=order.notice, key="", envelopes=(envelope,)))

    @activity.defn(name=names.RECORD_ANSWER)
    async def record_answer(self, order: c.RecordAnswer) -> None:
        """Write the answer, once."""
        with refusals():
            async with self._sessions.begin() as session:
                await complaints.answer(
                    session,
                    order.complaint_id,
                    actor=order.command.actor,
                    text=order.command.text,
                    key=order.key,
                    at=order.at,
                )

    @activity.defn(name=names.REMIND_COMPLAINT)
    async def remind_complaint(self, complaint_id: int) -> None:
        """Ring for who attends the book."""
        async with self._sessions.begin() as session:
            await complaints.remind(session, complaint_id)

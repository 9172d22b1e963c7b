"""Notices about a client and no operation: welcome, temporary password. Only the client's own addresses get them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.deliveries import CLIENT, REFUSED, Envelope, Posting, Postman
from activities.notice_facts import about
from db import clients, deliveries, notices, onboarding
from db.session import Sessions
from db.tables import Client
from domain.clients import DOCUMENT_WORDS, papers_of, split_emails
from domain.notice_preferences import Channel, leaves
from integrations.mail import Mailer
from integrations.notices import client_push, letter
from integrations.push import Pusher
from integrations.settings import NoticeSettings
from workflows import messages as m
from workflows import names


class ClientNoticeActivities:
    """Load, write, hand out."""

    def __init__(self, sessions: Sessions, mailer: Mailer, pusher: Pusher, settings: NoticeSettings) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._postman = Postman(sessions, mailer, pusher)
        self._settings = settings

    @activity.defn(name=names.DELIVER_CLIENT_NOTICE)
    async def deliver_client_notice(self, order: m.ClientNoticeOrder) -> None:
        """Tell the client once. Raises NoticeDelayed (tried again) or NoticeRefused.

        A temporary password comes sealed from its own pending mail (db/deliveries.py): it is in no workflow's history.
        """
        async with self._sessions() as session:
            client = await session.get_one(Client, order.client_id)
        good, bad = split_emails(client.email)
        password = ""
        if order.notice == deliveries.TEMPORARY_PASSWORD:
            sealed = await self._sealed(order)
            if not sealed.password:
                return
            # Only where it was asked for, whatever address the client has by now.
            good, bad, password = sealed.recipients, (), sealed.password
        # What a person of the house sends again was asked for by the client just now; a push is not repeated.
        muted = () if order.again else client.muted_notices
        wanted = not order.again and leaves(order.notice, Channel.PUSH, muted)
        push = client_push(order.notice) if wanted else None
        async with self._sessions() as session:
            papers = await _papers(session, client)
            devices = await notices.devices(session, client.id) if push else ()
        facts = about(client, site=self._settings.public_url, password=password, papers=papers)
        envelope = Envelope(audience=CLIENT, addresses=good, bad=bad, letter=letter(order.notice, facts))
        await self._postman.deliver(
            Posting(
                subject_key=deliveries.client_subject(order.client_id),
                notice=order.notice,
                key=order.key,
                envelopes=(envelope,) if leaves(order.notice, Channel.MAIL, muted) else (),
                push=push,
                devices=devices,
            )
        )

    async def _sealed(self, order: m.ClientNoticeOrder) -> deliveries.SealedMail:
        """The password and where it goes; without password when every mail has already left."""
        key = self._settings.secret_key.get_secret_value()
        async with self._sessions.begin() as session:
            sealed = await deliveries.sealed_mail(session, client_id=order.client_id, key=order.key, secret_key=key)
        if sealed.password or sealed.already_sent:
            return sealed
        words = "La contraseña temporal caducó antes de salir. El cliente debe pedir otra."
        raise ApplicationError(words, type=REFUSED, non_retryable=True)


async def _papers(session: AsyncSession, client: Client) -> tuple[tuple[str, str], ...]:
    """What the client has to send: observed ones with what to correct, then those it never sent."""
    newest = await clients.documents(session, client.id)
    sent = papers_of(client.document_type, {kind: paper.status for kind, paper in newest.items()})
    reasons = dict(await onboarding.observed_reasons(session, client.id))
    owed = [*reasons, *(kind for kind in sent.missing if kind not in reasons)]
    return tuple((DOCUMENT_WORDS[kind], reasons.get(kind, "")) for kind in owed)

"""Notices about a client and no operation: welcome, temporary password. Only the client's own addresses get them."""

from __future__ import annotations

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.deliveries import CLIENT, REFUSED, Envelope, Posting, Postman
from activities.notice_facts import about
from db import deliveries
from db.session import Sessions
from db.tables import Client
from domain.clients import split_emails
from integrations.mail import Mailer
from integrations.notices import letter
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
        facts = about(client, site=self._settings.public_url, password=password)
        envelope = Envelope(audience=CLIENT, addresses=good, bad=bad, letter=letter(order.notice, facts))
        await self._postman.deliver(
            Posting(
                subject_key=deliveries.client_subject(order.client_id),
                notice=order.notice,
                key=order.key,
                envelopes=(envelope,),
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

"""Rate alerts that have fired: found in the database, told by mail and push."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.deliveries import CLIENT, DELAYED, Envelope, Posting, Postman
from db import deliveries, notices, rate_alerts
from db.client_reads import display_name
from db.rate_alerts import Fired
from db.session import Sessions
from domain.clients import split_emails
from domain.notice_preferences import Channel, leaves
from integrations.mail import Mailer
from integrations.notices import RateAlertFacts, letter, rate_push
from integrations.push import Pusher
from integrations.settings import NoticeSettings
from workflows import alert_messages as m
from workflows import names

NOTICE = "alerta_tc"
BATCH = 50
AT_ONCE = 10
# Longer than a rate's own round lasts (workflows/rate_alerts.py).
LEFT_BEHIND = timedelta(minutes=4)


class RateAlertActivities:
    """Find, write, hand out."""

    def __init__(self, sessions: Sessions, mailer: Mailer, pusher: Pusher, settings: NoticeSettings) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._postman = Postman(sessions, mailer, pusher)
        self._settings = settings
        self._place = asyncio.Semaphore(AT_ONCE)

    @activity.defn(name=names.FIND_RATE_ALERTS)
    async def find_rate_alerts(self, order: m.AlertRound) -> tuple[int, ...]:
        """The next firings that wait, by their ids; none when all are told."""
        now = datetime.now(UTC)
        async with self._sessions() as session:
            found = await rate_alerts.waiting(
                session, rate_id=order.rate_id, before=now - LEFT_BEHIND, after=order.after, limit=BATCH, now=now
            )
        return tuple(found)

    @activity.defn(name=names.DELIVER_RATE_ALERTS)
    async def deliver_rate_alerts(self, batch: m.AlertBatch) -> None:
        """Tell each client once. Raises NoticeDelayed while any of them waits for the post."""
        async with self._sessions() as session:
            fired = await rate_alerts.fired(session, batch.firing_ids)
        delayed = [why for why in await asyncio.gather(*(self._tell(one) for one in fired)) if why]
        if delayed:
            raise ApplicationError(f"Alertas pendientes: {len(delayed)}. {delayed[0]}", type=DELAYED)

    async def _tell(self, fired: Fired) -> str | None:
        """Why this one has to wait; None when it was told, or can't ever be."""
        async with self._place:
            async with self._sessions() as session:
                devices = await notices.devices(session, fired.client.id)
            facts = told(fired, site=self._settings.public_url)
            good, bad = split_emails(fired.client.email)
            envelope = Envelope(audience=CLIENT, addresses=good, bad=bad, letter=letter(NOTICE, facts))
            muted = fired.client.muted_notices
            posting = Posting(
                subject_key=deliveries.client_subject(fired.client.id),
                notice=NOTICE,
                key=str(fired.firing.id),
                envelopes=(envelope,) if leaves(NOTICE, Channel.MAIL, muted) else (),
                push=rate_push(facts) if leaves(NOTICE, Channel.PUSH, muted) else None,
                devices=devices,
            )
            try:
                await self._postman.deliver(posting)
            except ApplicationError as error:
                if error.type == DELAYED:
                    return error.message
                # Every address refuses: a person will see it at the client's next notice; news of a rate would be old.
            async with self._sessions.begin() as session:
                await rate_alerts.mark_told(session, fired.firing.id, at=datetime.now(UTC))
        return None


def told(fired: Fired, *, site: str) -> RateAlertFacts:
    """What the notice of a firing says."""
    alert = fired.alert
    return RateAlertFacts(
        client=display_name(fired.client),
        side=alert.side.value,
        value=f"{alert.value:.4f}",
        now=f"{fired.firing.value:.4f}",
        repeats=alert.repeats,
        until=f"{alert.until:%d/%m/%Y}",
        site=site,
    )

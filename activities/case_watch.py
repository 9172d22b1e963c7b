"""Decisions of compliance that an operation has not heard, told again; and the alarm of the ROS."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities.deliveries import DESK, Envelope, Posting, Postman
from db import case_watch, cases
from db.session import Sessions
from db.tables import ComplianceCase, User
from domain import commands as c
from domain.calendar import format_moment
from domain.cases import Decision
from domain.lifecycle import RULES
from domain.operations import Actor, ActorKind
from integrations.mail import Mailer
from integrations.notices import DeadlineFacts, letter
from integrations.push import Pusher
from workflows import messages as m
from workflows import names

logger = logging.getLogger(__name__)
NOTICE = "plazo_caso"
# Whoever decided is telling it at this moment; only what has been left behind is told from here.
LEFT_BEHIND = timedelta(minutes=1)
ANSWER = timedelta(seconds=10)
ORDERS: dict[Decision, type[c.ReleaseHold | c.ConfirmHold]] = {
    Decision.LIBERAR: c.ReleaseHold,
    Decision.CONFIRMAR: c.ConfirmHold,
}


class CaseWatchActivities:
    """Finishes what a process that died, or an absent Temporal, left half told."""

    def __init__(self, sessions: Sessions, client: Client, *, left_behind: timedelta = LEFT_BEHIND) -> None:
        """Use the worker's pool and its client."""
        self._sessions = sessions
        self._client = client
        self._left_behind = left_behind

    @activity.defn(name=names.WATCH_CASES)
    async def watch_cases(self) -> m.CasesWatched:
        """Tell what was not told, ring for what is due."""
        now = datetime.now(UTC)
        async with self._sessions() as session:
            left = await cases.undelivered(session, before=now - self._left_behind)
        told = [case.id for case in left if await self._tell(case)]
        async with self._sessions.begin() as session:
            rung = await case_watch.ring(session, now=now)
        alarms = tuple(m.CaseAlarm(case_id=alarm.case_id, late=alarm.late) for alarm in rung)
        return m.CasesWatched(told=tuple(told), rung=alarms)

    async def _tell(self, case: ComplianceCase) -> bool:
        """Whether nobody is left to hear it. An operation that refuses while it is still held hears it next time."""
        assert case.decision is not None  # `undelivered` asked for it
        actor = await self._decider(case)
        order = ORDERS[case.decision](actor=actor, resolution=case.resolution)
        for code in await self._waiting(case.id):
            await self._order(code, order, key=f"caso-{case.id}-{case.decision}")
        if await self._waiting(case.id):
            return False
        async with self._sessions.begin() as session:
            await cases.told(session, case.id)
        return True

    async def _order(self, code: str, order: c.ReleaseHold | c.ConfirmHold, *, key: str) -> None:
        # A refusal is remembered with its update: another attempt must be another one.
        update = f"{key}-{activity.info().workflow_run_id}-{activity.info().attempt}"
        handle = self._client.get_workflow_handle(code)
        try:
            await handle.execute_update(RULES[type(order)].name, order, id=update, rpc_timeout=ANSWER)
        except (WorkflowUpdateFailedError, RPCError) as error:
            logger.warning("%s no recibió la decisión de su caso (%s).", code, type(error).__name__)

    async def _waiting(self, case_id: int) -> Sequence[str]:
        async with self._sessions() as session:
            return await cases.waiting_for(session, case_id)

    async def _decider(self, case: ComplianceCase) -> Actor:
        """Whoever decided, with the role of today: who has left the house still decided it."""
        assert case.decided_by is not None  # written with the decision
        async with self._sessions() as session:
            user = await session.get_one(User, case.decided_by)
        return Actor(kind=ActorKind.STAFF, id=user.id, role=user.role)


class CaseAlarmActivities:
    """The alarm for whoever is not before a screen."""

    def __init__(self, sessions: Sessions, mailer: Mailer, pusher: Pusher) -> None:
        """Use the worker's pool and connections."""
        self._sessions = sessions
        self._postman = Postman(sessions, mailer, pusher)

    @activity.defn(name=names.DELIVER_CASE_ALARM)
    async def deliver_case_alarm(self, alarm: m.CaseAlarm) -> None:
        """Mail whoever resolves cases, once when the term is near and once when it has passed."""
        async with self._sessions() as session:
            until = await case_watch.alarm_of(session, alarm.case_id)
            addresses = await case_watch.officers(session)
        if until is None:
            return
        facts = DeadlineFacts(case=alarm.case_id, until=format_moment(until), late=alarm.late)
        envelope = Envelope(audience=DESK, addresses=tuple(addresses), letter=letter(NOTICE, facts))
        key = f"{until.isoformat()}-{'vencido' if alarm.late else 'cerca'}"
        posting = Posting(subject_key=f"caso-{alarm.case_id}", notice=NOTICE, key=key, envelopes=(envelope,))
        await self._postman.deliver(posting)

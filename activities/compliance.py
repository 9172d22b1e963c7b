"""Compliance's look at an operation, at its creation and when it is completed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from temporalio import activity

from db import monitoring, register
from db.rules import RuleBook
from db.session import Sessions
from workflows import messages as m
from workflows import names

CLOSING = "cierre"


class ComplianceActivities:
    """Assessments, each recorded once per operation and occasion."""

    def __init__(self, sessions: Sessions, freshen: Callable[[int], Awaitable[None]] | None = None) -> None:
        """Use the worker's pool. `freshen` looks at a client again when a list is newer than its last check."""
        self._sessions = sessions
        self._freshen = freshen
        # Kept between assessments; every look at an operation says whether it is still the one in force.
        self._book: RuleBook | None = None

    @activity.defn(name=names.ASSESS_OPERATION)
    async def assess_operation(self, order: m.AssessOperation) -> m.Assessed:
        """HELD when a list or a rule says so, else CLEAR. A repeat answers what was recorded.

        At its closing a completed operation also goes in the Registro de Operaciones, where it must: on its own day.
        """
        if self._freshen is not None:
            await self._freshen(order.client_id)
        async with self._sessions.begin() as session:
            self._book, outcome = await monitoring.assess(session, self._book, order.code, occasion=order.occasion)
            if order.occasion == CLOSING:
                await register.record(session, order.code)
        return m.Assessed(outcome=outcome)

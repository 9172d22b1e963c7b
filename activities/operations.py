"""The operation's record: what its workflow writes to the database, version by version."""

from __future__ import annotations

import logging

from sqlalchemy.exc import IntegrityError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.refusals import refusals
from db import incidents, operation_creation, operations
from db.notifications import notify
from db.session import Sessions
from domain.errors import Conflict
from domain.notifications import role_room, user_room
from domain.operations import ActorKind
from domain.permissions import Role
from workflows import messages as m
from workflows import names

logger = logging.getLogger(__name__)
UNSAVED = "cambio que la base no acepta"


class OperationActivities:
    """One short transaction each, safe to run twice."""

    def __init__(self, sessions: Sessions) -> None:
        """Use the worker's pool."""
        self._sessions = sessions

    @activity.defn(name=names.RECORD_CREATION)
    async def record_creation(self, order: m.RecordCreation) -> m.Recorded:
        """Version 1, if the rules still hold. Refuses for good when they do not."""
        with refusals():
            try:
                async with self._sessions.begin() as session:
                    await operation_creation.record_creation(
                        session, order.operation, update_id=order.update_id, at=order.at
                    )
            except IntegrityError as error:
                # Two creates of one client in the same instant: the partial unique index decided (F018).
                if "uq_operations_active_self_service" not in str(error.orig):
                    raise await self._unsaved(order.operation.code, error) from error
                raise Conflict("ACTIVE_OPERATION", "Ya tienes una operación en curso.") from error
        return m.Recorded()

    @activity.defn(name=names.RECORD_TRANSITION)
    async def record_transition(self, order: m.RecordTransition) -> m.Recorded:
        """One version, fenced. Refuses for good what only the database can tell, and a version that has passed."""
        with refusals():
            try:
                async with self._sessions.begin() as session:
                    operator = await operations.record_transition(
                        session,
                        order.operation,
                        event=order.event,
                        actor=order.actor,
                        update_id=order.update_id,
                        at=order.at,
                        changes=order.changes,
                        assign_operator=order.assign_operator,
                        whole=order.whole,
                    )
            except operations.StaleWrite as stale:
                raise ApplicationError(str(stale), stale.row_version, type="StaleWrite", non_retryable=True) from stale
            except IntegrityError as error:
                # What the clock does is owed: it waits, in sight, for whoever mends it. A person hears at once.
                if order.actor.kind is ActorKind.SYSTEM:
                    raise
                raise await self._unsaved(order.operation.code, error) from error
        return m.Recorded(operator_id=operator)

    async def _unsaved(self, code: str, error: IntegrityError) -> Conflict:
        """The database refuses for good what our rules let through: a fault of ours, told once; nothing changed."""
        found = getattr(error.orig, "diag", None)
        rule = str(getattr(found, "constraint_name", None) or type(error.orig).__name__)
        logger.error("%s: la base de datos no acepta el cambio (%s).", code, rule)
        async with self._sessions.begin() as session:
            await incidents.open_incident(session, kind=UNSAVED, subject=code, detail=f"Regla de la base: {rule}.")
        return Conflict("NOT_SAVED", "No pudimos guardar el cambio y nada cambió. Ya avisamos a sistemas.")

    @activity.defn(name=names.RECORD_NOTE)
    async def record_note(self, order: m.RecordNote) -> m.Recorded:
        """A remark, once by its key."""
        author = order.note.actor
        async with self._sessions.begin() as session:
            await operations.record_note(
                session,
                order.code,
                user_id=author.id if author.kind is ActorKind.STAFF else None,
                words=order.note.text,
                key=order.note.key,
                at=order.at,
            )
        return m.Recorded()

    @activity.defn(name=names.RECORD_ALERT)
    async def record_alert(self, order: m.RecordAlert) -> m.Recorded:
        """Ring for the assigned operator and the Masters, once per occasion."""
        rooms = [role_room(Role.MASTER)]
        if order.operator_id is not None:
            rooms.append(user_room(order.operator_id))
        payload = {
            "operation_id": order.code,
            "minutes": order.minutes,
            "title": f"{order.code} lleva {order.minutes} minutos en proceso",
            "message": "Complétala, devuélvela o pide que la reasignen.",
        }
        async with self._sessions.begin() as session:
            for room in rooms:
                await notify(
                    session,
                    key=f"{order.code}:alerta:{order.at.isoformat()}",
                    room=room,
                    event="operacion_demorada",
                    payload=payload,
                    operation_code=order.code,
                )
        return m.Recorded()

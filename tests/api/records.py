"""Operations as their workflows would have written them, for tests that only read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from db.operation_creation import next_code, quote, record_creation
from db.operations import record_transition
from db.session import Sessions
from db.tables import TransactionMonitoring
from domain.commands import Command, NewOperation
from domain.lifecycle import RULES, assessed, decide
from domain.operations import SYSTEM, Actor, ActorKind, Assessment, Kind, Operation, Origin, differences
from domain.permissions import Role
from tests.people import Customer

EXPIRY = timedelta(minutes=15)


def staff_actor(user_id: int, role: Role) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=user_id, role=role)


def client_actor(client: Customer) -> Actor:
    return Actor(kind=ActorKind.CLIENT, id=client.id)


@dataclass
class Written:
    """An operation and the database that holds it."""

    sessions: Sessions
    now: Operation

    async def does(self, command: Command, *, assign: bool = False) -> None:
        """What the workflow does with a command: decide, then write."""
        after = decide(self.now, command, datetime.now(UTC))
        await self._write(after, RULES[type(command)].name, command.actor, assign=assign)

    async def is_assessed(self, outcome: Assessment) -> None:
        """As the workflow has it: a hold is written at once, "conforme" goes with the next version."""
        async with self.sessions.begin() as session:
            session.add(
                TransactionMonitoring(
                    operation_code=self.now.code,
                    client_id=self.now.client_id,
                    occasion="creacion",
                    outcome=outcome,
                    findings={},
                )
            )
        if outcome is Assessment.CLEAR:
            self.now = replace(self.now, assessment=outcome)
            return
        await self._write(assessed(self.now, outcome, datetime.now(UTC)), "hold", SYSTEM)

    async def _write(self, after: Operation, event: str, actor: Actor, *, assign: bool = False) -> None:
        at = datetime.now(UTC)
        changes = differences(self.now, after)
        async with self.sessions.begin() as session:
            await record_transition(
                session,
                after,
                event=event,
                actor=actor,
                update_id=f"{event}-{after.version}",
                at=at,
                changes=changes,
                assign_operator=assign,
            )
        self.now = after


async def create(
    sessions: Sessions,
    client: Customer,
    *,
    actor: Actor | None = None,
    kind: Kind = Kind.COMPRA,
    origin: Origin = Origin.SISTEMA,
    usd: str = "100.00",
) -> Written:
    """A new operation of this client, by itself unless `actor` says otherwise."""
    source, destination = (client.usd, client.pen) if kind is Kind.COMPRA else (client.pen, client.usd)
    asked = NewOperation(
        actor=actor or client_actor(client),
        client_id=client.id,
        kind=kind,
        origin=origin,
        amount_usd=Decimal(usd),
        source_account_id=source,
        destination_account_id=destination,
    )
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        operation = await quote(session, asked, code=await next_code(session), now=now, expiry=EXPIRY)
        await record_creation(session, operation, update_id="create", at=now)
    return Written(sessions, operation)

"""What a client does not want by mail or push; kept on its own row, which every notice reads anyway."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, clients
from domain.notice_preferences import Choice, choices, muted
from domain.operations import Actor, FieldChange


async def read(session: AsyncSession, client_id: int) -> tuple[Choice, ...]:
    """Every topic with what the client chose."""
    return choices((await clients.live(session, client_id)).muted_notices)


async def change(
    session: AsyncSession, client_id: int, chosen: Iterable[Choice], *, actor: Actor
) -> tuple[Choice, ...]:
    """Put these topics as chosen and leave the others; audited when anything changes. Answers all of them."""
    await clients.lock(session, client_id)
    row = await clients.live(session, client_id)
    wanted = {one.topic: one for one in choices(row.muted_notices)} | {one.topic: one for one in chosen}
    before, after = row.muted_notices, muted(wanted.values())
    if before != after:
        row.muted_notices = after
        change = FieldChange(field="muted_notices", before=_listed(before), after=_listed(after))
        audit.record(
            session,
            actor=actor,
            action="clients.choose_notices",
            entity="client",
            entity_id=client_id,
            changes=[change],
        )
    return choices(after)


def _listed(off: Collection[str]) -> str:
    return ", ".join(one.replace(":", " por ") for one in off)

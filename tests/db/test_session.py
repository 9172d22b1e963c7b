"""What a failed statement may say, and whom a held row makes wait."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from db.session import HELD, Sessions
from db.tables import Client
from tests.people import add_client


async def test_a_failed_statement_names_its_constraint_and_no_persons_data(sessions: Sessions) -> None:
    """F186: errors end in logs and in Temporal's history."""
    async with sessions.begin() as session:
        await add_client(session, "40000001")
    with pytest.raises(IntegrityError) as failed:
        async with sessions.begin() as session:
            await add_client(session, "40000001")
    assert "uq_clients" in str(failed.value)
    assert "already exists" not in str(failed.value)
    assert "already exists" not in str(failed.value.orig)
    assert "40000001" not in str(failed.value)
    assert "40000001" not in str(failed.value.orig)


async def test_a_held_row_keeps_its_writers_waiting_and_nobody_who_refers_to_it(sessions: Sessions) -> None:
    """A foreign key asks FOR KEY SHARE of the row that it names."""
    wanted = select(Client.id)
    async with sessions.begin() as session:
        await add_client(session, "40000001")
    async with sessions.begin() as holder, sessions.begin() as other:
        await holder.scalar(select(Client).with_for_update(**HELD))  # type: ignore[arg-type] # as `session.get` takes it
        assert await other.scalar(wanted.with_for_update(read=True, key_share=True, nowait=True)) is not None
        with pytest.raises(OperationalError):
            await other.scalar(wanted.with_for_update(key_share=True, nowait=True))


async def test_what_a_test_reads_without_an_order_does_not_come_as_it_stands(sessions: Sessions) -> None:
    """A test of the tests: CI met one that leaned on that order (see tests.unordered)."""
    counted = "SELECT place FROM generate_series(1, 3) AS place"
    async with sessions.begin() as session:
        await add_client(session, "40000001")
        loose, kept = [list(await session.scalars(text(one))) for one in (counted, f"{counted} ORDER BY place")]
        both = list(await session.scalars(text(f"{counted} UNION ALL {counted}")))
        locked = list(await session.scalars(select(Client.id).with_for_update()))
    assert (loose, kept, both, len(locked)) == ([3, 2, 1], [1, 2, 3], [3, 2, 1, 3, 2, 1], 1)

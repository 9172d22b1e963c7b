"""What a failed statement may say."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from db.session import Sessions
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

"""What the doctor says of comprobantes: nothing while they flow, and how to mend the account when they wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cli import checkups
from cli.checkups import Ill
from db import incidents, invoices
from db.session import Sessions


async def test_comprobantes_that_wait_for_the_account_are_told_until_one_passes(
    database_url: str, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
):
    """Need L."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert await checkups.invoices() == "ninguno espera"
    async with sessions.begin() as session:
        for _ in range(2):
            await invoices.account_fails(session, "La serie B777 no está autorizada en la cuenta.")
    with pytest.raises(Ill, match="La serie B777") as told:
        await checkups.invoices()
    assert str(told.value).count("B777") == 1
    async with sessions.begin() as session:
        account = {"kind": invoices.ACCOUNT_FAILS, "subject": invoices.ACCOUNT}
        await incidents.close_incidents(session, **account, at=datetime.now(UTC))
    assert await checkups.invoices() == "ninguno espera"


async def test_a_house_without_a_token_is_told_where_to_get_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NUBEFACT_ENABLED", "true")
    monkeypatch.setenv("NUBEFACT_API_URL", "http://127.0.0.1:9/api/v1/cuenta")
    with pytest.raises(Ill, match="NUBEFACT_TOKEN"):
        await checkups.nubefact()

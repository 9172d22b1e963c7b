"""Ten years after its closing a client's data goes, with its pictures; what another also sent stays (Ley 29733)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from temporalio.testing import ActivityEnvironment

from activities.client_retention import RetentionActivities
from db.session import Sessions
from db.tables import Client, ClientDocument, Operation, Proof
from domain.errors import Missing
from integrations.files import FileStore, StorageDown
from tests.activities.operations import add_operation
from tests.people import Customer, add_client
from tests.standins.programs import StandIn

PNG = b"\x89PNG\r\n\x1a\n" + b"una imagen" * 50


async def test_pictures_go_before_the_row_says_so_and_what_another_client_sent_stays(
    sessions: Sessions, files: FileStore, files_program: StandIn
):
    shared, own, proof = [
        (await files.put(PNG + name, folder=folder, content_type="image/png")).key
        for name, folder in ((b"a", "dni"), (b"b", "dni"), (b"c", "operations/payment_proofs"))
    ]
    async with sessions.begin() as session:
        gone, other = await add_client(session, "40000001"), await add_client(session, "40000002")
        for client, key in ((gone, shared), (gone, own), (other, shared)):
            session.add(paper(client, key))
        code = await add_operation(session, gone)
        session.add(
            Proof(
                operation_code=code,
                number=1,
                by_operator=False,
                file_key=proof,
                content_type="image/png",
                size=1,
                created_at=datetime.now(UTC),
            )
        )
        long_ago = datetime.now(UTC) - timedelta(days=3660)
        await session.execute(update(Client).where(Client.id == gone.id).values(closed_at=long_ago))
    anonymise = RetentionActivities(sessions, files).anonymise_clients
    files_program.inject("500", operacion="destroy")
    with pytest.raises(StorageDown):
        await ActivityEnvironment().run(anonymise)
    async with sessions() as session:
        assert (await session.get_one(Client, gone.id)).anonymised_at is None
    assert (await ActivityEnvironment().run(anonymise)).clients == 1
    assert await files.get(shared) == PNG + b"a"
    for key in (own, proof):
        with pytest.raises(Missing):
            await files.get(key)
    async with sessions() as session:
        row = await session.get_one(Client, gone.id)
        assert (row.given_names, row.email, row.anonymised_at is None) == ("Cuenta anonimizada", "", False)
        operation = (await session.scalars(select(Operation).where(Operation.code == code))).one()
        assert (operation.source_account, operation.destination_account) == ("", "")


def paper(client: Customer, key: str) -> ClientDocument:
    return ClientDocument(client_id=client.id, kind="dni_front", file_key=key, content_type="image/png", size=1)

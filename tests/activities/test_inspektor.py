"""Inspektor beside the own lists, over HTTP to its stand-in: how it matched, what it holds, what its failure costs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.inspektor import InspektorActivities
from activities.screening import ScreeningActivities
from db import screenings
from db.session import Sessions
from db.tables import Client, ClientHit, Incident, ListCheck
from integrations.inspektor import Inspektor, InspektorFailed
from integrations.sanction_lists.source import ListSource
from integrations.settings import InspektorSettings, ListSettings
from tests.people import add_client
from tests.standins.programs import StandIn
from workflows import messages as m


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    program = StandIn("inspektor", tmp_path_factory.mktemp("inspektor"), [])
    program.start()
    yield program
    program.stop()


@pytest.fixture(params=["A", "B"])
async def account(vendor: StandIn, request: pytest.FixtureRequest) -> AsyncIterator[Inspektor]:
    vendor.empty()
    made = account_of(vendor, generation=request.param)
    yield made
    await made.aclose()


def account_of(vendor: StandIn, **changes: object) -> Inspektor:
    known = {"url": vendor.url, "user": "casa", "password": "inspektor", "timeout": 2, **changes}
    return Inspektor(InspektorSettings(**known))


@dataclass
class Engine:
    """Temporal as these activities use it: no review runs."""

    def get_workflow_handle(self, _workflow_id: str) -> Engine:
        return self

    async def signal(self, _name: str) -> None:
        raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")


async def client_called(sessions: Sessions, names: str, surnames: str, number: str) -> int:
    """A client that the own lists have looked at already, and found nothing."""
    async with sessions.begin() as session:
        made = await add_client(session, number)
        client = await session.get_one(Client, made.id)
        client.given_names, client.paternal_surname = names, surnames
    source = ListSource(ListSettings())
    with pytest.raises(ApplicationError, match="Falta cargar"):
        await ScreeningActivities(sessions, source, None).screen_client(m.ClientOrder(client_id=made.id))
    await source.aclose()
    return made.id


async def consult(sessions: Sessions, account: Inspektor, client_id: int, *, attempt: int = 1):
    env = ActivityEnvironment()
    env.info = env.info.__class__(**{**env.info.__dict__, "attempt": attempt})
    doing = InspektorActivities(sessions, account, Engine())
    return await env.run(doing.consult_inspektor, m.ClientOrder(client_id=client_id))


async def test_a_coincidence_is_kept_by_how_it_matched(sessions, account):
    """P1 and P2 stop an operation, P3 and P4 are looked at; somebody exposed is known better, not stopped."""
    for person, told in (
        (("Nicanor", "Amaru Pumacahua", "98000111"), ("1", 100, True)),
        (("Otro", "Nombre", "98000122"), ("2", 95, True)),
        (("Sebastiana", "Roque Illatinta", "40000001"), ("3", 85, False)),
        (("Sebastiana María", "Roque Illatinta", "40000002"), ("4", 72, False)),
        (("Edelmira", "Cusirramos Taco", "98000133"), ("1", 100, False)),
        (("Nadie", "De Ningún Sitio", "40000003"), None),
    ):
        client_id = await client_called(sessions, *person)
        done = await consult(sessions, account, client_id)
        async with sessions() as session:
            mine = await session.scalars(select(ClientHit).where(ClientHit.client_id == client_id))
            found = [(hit.explanation["prioridad"], hit.score, hit.likely) for hit in mine]
            flagged = (await session.get_one(Client, client_id)).list_match
            assert (await session.get_one(ListCheck, client_id)).inspektor_number
        assert found == ([told] if told else [])
        assert (done.asked, done.open_hits, flagged) == (True, len(found), bool(told and told[2]))


async def test_it_is_asked_once_for_each_person_and_with_a_new_token_when_the_old_one_expires(
    sessions, account, vendor
):
    client_id = await client_called(sessions, "Nadie", "De Ningún Sitio", "40000001")
    assert (await consult(sessions, account, client_id)).asked
    assert not (await consult(sessions, account, client_id)).asked
    async with sessions.begin() as session:
        client = await session.get_one(Client, client_id)
        client.paternal_surname = "De Otro"
        checked = await session.get_one(ListCheck, client_id)
        checked.subject_fingerprint = screenings.fingerprint_of(client)
    vendor.inject("expired", operacion="query")
    assert (await consult(sessions, account, client_id)).asked
    assert [one["identificacion"] for one in vendor.received()] == ["40000001", "40000001"]


async def test_its_failure_alerts_after_three_attempts_and_changes_nothing_else(sessions, vendor):
    vendor.empty()
    account = account_of(vendor)
    client_id = await client_called(sessions, "Nicanor", "Amaru Pumacahua", "98000111")
    kept = select(Incident).where(Incident.closed_at.is_(None))
    for attempt, incidents in ((1, 0), (3, 1)):
        vendor.inject("500", operacion="query")
        with pytest.raises(ApplicationError, match="Inspektor"):
            await consult(sessions, account, client_id, attempt=attempt)
        async with sessions() as session:
            assert len((await session.scalars(kept)).all()) == incidents
    async with sessions() as session:
        assert (await session.get_one(ListCheck, client_id)).inspektor_at is None
    await consult(sessions, account, client_id)
    async with sessions() as session:
        assert (await session.scalars(kept)).all() == []
    await account.aclose()


async def test_a_wrong_password_says_what_to_mend(vendor):
    account = account_of(vendor, password="otra")
    with pytest.raises(InspektorFailed, match="INSPEKTOR_PASSWORD"):
        await account.consult(screenings.Subject(kind="Persona", name="Nadie"))
    await account.aclose()

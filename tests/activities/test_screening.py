"""Lists brought from a real server, clients screened on a real database: what is found, decided, and raised again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.compliance import ComplianceActivities
from activities.screening import ScreeningActivities
from db import hits, lists, screenings
from db.session import Sessions
from db.tables import (
    CaseAlert,
    Client,
    ClientHit,
    ClientRiskProfile,
    ComplianceAudit,
    Incident,
    ListCheck,
    ListEntry,
    NameSearch,
    Notification,
    ScreeningRun,
)
from domain.cases import Decision
from domain.clients import DocumentType
from domain.lists import OUTDATED, EntryKind, ListCode
from domain.permissions import Role
from domain.risk import ListStatus
from domain.screening import CheckResult, HitState
from integrations.sanction_lists.source import ListSource
from integrations.settings import ListSettings
from tests.people import add_client, add_user
from tests.standins.programs import PROGRAMS, StandIn
from workflows import messages as m
from workflows import screening_messages as s

PUBLISHED = PROGRAMS / "lists"
OFAC, UN = s.RefreshOrder(list_code=ListCode.OFAC), s.RefreshOrder(list_code=ListCode.ONU)


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Where the lists are published."""
    program = StandIn("files", tmp_path_factory.mktemp("press"), ["--api-secret", "x"])
    program.start()
    yield program
    program.stop()


@pytest.fixture
async def desk(press: StandIn, sessions: Sessions) -> AsyncIterator[ScreeningActivities]:
    shutil.rmtree(press.data / "lists", ignore_errors=True)
    press.forget_failures()
    source = ListSource(ListSettings(ofac_url=f"{press.url}/lists", un_url=f"{press.url}/lists/consolidated.xml"))
    yield ScreeningActivities(sessions, source, None)
    await source.aclose()


def publish(press: StandIn, name: str, content: bytes) -> None:
    folder = Path(press.data) / "lists"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)


async def loaded(desk: ScreeningActivities) -> None:
    await desk.refresh_list(OFAC)
    await desk.refresh_list(UN)


async def newcomer(sessions: Sessions, number: str, names: str = "", surnames: str = "") -> int:
    async with sessions.begin() as session:
        made = await add_client(session, number)
        client = await session.get_one(Client, made.id)
        client.given_names, client.paternal_surname = names or "Rosaura Inés", surnames or "Valderrama"
        return made.id


async def abelardo(sessions: Sessions) -> int:
    """Named as somebody who is listed, with a DNI of its own that the list does not give."""
    return await newcomer(sessions, "40000001", "Arkadiy Semyonovich", "Volkov")


async def hits_of(sessions: Sessions, client_id: int) -> list[ClientHit]:
    async with sessions() as session:
        wanted = hits.HitFilter(client_id=client_id, ended=True)
        return list(reversed(await hits.list_hits(session, wanted, before=None, limit=50)))


async def decide(sessions: Sessions, hit_id: int, state: HitState) -> None:
    async with sessions.begin() as session:
        officer = await add_user(session, f"oficial{hit_id}", Role.MIDDLE_OFFICE)
        hit = await hits.get_hit(session, hit_id)
        await hits.decide(session, hit, state, user_id=officer, reason="Otro DNI", at=datetime.now(UTC))
        await screenings.rescore(session, hit.client_id, at=datetime.now(UTC))


async def test_lists_are_downloaded_counted_and_asked_again_without_a_new_version(desk, sessions):
    first, second = await desk.refresh_list(OFAC), await desk.refresh_list(OFAC)
    await desk.refresh_list(UN)
    assert (first.entries, first.added, second.version_id) == (10, 10, None)
    async with sessions() as session:
        active = await lists.active(session)
        standing = await session.scalar(select(func.count()).select_from(ListEntry))
    assert {code: (v.entries, v.aliases, v.documents) for code, v in active.items()} == {
        ListCode.OFAC: (10, 7, 9),
        ListCode.ONU: (5, 8, 0),
    }
    assert standing == 15


async def test_a_new_version_writes_what_changed_and_the_former_one_can_still_be_read(desk, sessions, press):
    await loaded(desk)
    sdn = (PUBLISHED / "SDN.CSV").read_bytes().replace(b"VOLKOV, Arkadiy", b"VOLKOV, Arkadii")
    publish(press, "SDN.CSV", sdn.replace(b'990003,"', b'990099,"'))
    publish(press, "ALT.CSV", (PUBLISHED / "ALT.CSV").read_bytes().replace(b"990003,", b"990099,"))
    done = await desk.refresh_list(OFAC)
    assert (done.added, done.changed, done.removed) == (1, 1, 1)
    async with sessions() as session:
        new, old = await lists.versions(session, ListCode.OFAC, before=None, limit=9)
        now = {entry.uid: entry for entry in await lists.entries_of(session, new)}
        then = {entry.uid: entry for entry in await lists.entries_of(session, old)}
        rows = await session.scalar(select(func.count()).where(ListEntry.list_code == ListCode.OFAC))
    assert (new.retired_at, old.retired_at is None, rows) == (None, False, 12)
    assert (now.keys() - then.keys(), then.keys() - now.keys()) == ({"990099"}, {"990003"})
    assert then["990006"].main_name == "VOLKOV, Arkadiy Semyonovich"
    assert now["990006"].main_name == "VOLKOV, Arkadii Semyonovich"


@pytest.mark.parametrize("trouble", ["cut", "another", "shrunk", "older", "down"])
async def test_a_broken_download_changes_nothing_and_alerts_until_it_comes_whole(desk, sessions, press, trouble):
    await loaded(desk)
    xml = (PUBLISHED / "consolidated.xml").read_bytes()
    one = xml.index(b"<INDIVIDUAL>"), xml.rindex(b"</INDIVIDUAL>") + len(b"</INDIVIDUAL>")
    broken = {
        "cut": xml[:-200],
        "another": b"<html>Mantenimiento</html>",
        "shrunk": xml[: one[0]] + xml[one[1] :],
        "older": xml.replace(b"2026-01-15", b"2025-12-31"),
    }
    if trouble == "down":
        press.inject("500", operacion="lists")
    else:
        publish(press, "consolidated.xml", broken[trouble])
    with pytest.raises(ApplicationError):
        await desk.refresh_list(UN)
    async with sessions() as session:
        version = (await lists.active(session))[ListCode.ONU]
        assert (version.entries, version.retired_at) == (5, None)
        incidents = select(Incident).where(Incident.kind == OUTDATED, Incident.closed_at.is_(None))
        assert [one.subject for one in await session.scalars(incidents)] == ["ONU"]
        told = select(Notification.room).where(Notification.event == "lista_no_actualizada")
        assert len((await session.scalars(told)).all()) == 2
    press.forget_failures()
    publish(press, "consolidated.xml", xml)
    await desk.refresh_list(UN)
    async with sessions() as session:
        assert (await session.scalars(incidents)).all() == []


async def test_a_refresh_that_fails_for_what_nobody_foresaw_is_an_incident_too(desk, sessions):
    """It was tried six times and given up, and nobody was told that the list was old."""
    still_open = select(Incident.subject).where(Incident.kind == OUTDATED, Incident.closed_at.is_(None))
    async with sessions() as session:
        await session.execute(text("ALTER TABLE list_entries RENAME TO away"))
        try:
            with pytest.raises(ApplicationError, match="No se pudo leer ni guardar"):
                await desk.refresh_list(UN)
        finally:
            await session.execute(text("ALTER TABLE away RENAME TO list_entries"))
        assert (await session.scalars(still_open)).all() == ["ONU"]
        await desk.refresh_list(UN)
        assert (await session.scalars(still_open)).all() == []


async def test_nobody_is_clean_before_both_lists_have_been_looked_at(desk, sessions):
    """F254"""
    client_id = await newcomer(sessions, "40000001")
    for refreshed in (None, OFAC):
        if refreshed:
            await desk.refresh_list(refreshed)
        with pytest.raises(ApplicationError, match="Falta cargar"):
            await desk.screen_client(m.ClientOrder(client_id=client_id))
    async with sessions() as session:
        assert (await session.get_one(ListCheck, client_id)).result is CheckResult.PARCIAL
        assert (await session.get_one(ClientRiskProfile, client_id)).list_status is ListStatus.SIN_REVISAR
    await desk.refresh_list(UN)
    answer = await desk.screen_client(m.ClientOrder(client_id=client_id))
    assert answer == m.Screened(open_hits=0, strongest="")
    async with sessions() as session:
        assert (await session.get_one(ListCheck, client_id)).result is CheckResult.LIMPIO
        assert (await session.get_one(ClientRiskProfile, client_id)).list_status is ListStatus.LIMPIO


async def test_a_match_flags_the_client_opens_a_case_and_tells_why_word_by_word(desk, sessions):
    await loaded(desk)
    client_id = await abelardo(sessions)
    for _ in range(2):
        answer = await desk.screen_client(m.ClientOrder(client_id=client_id))
    assert (answer.open_hits, answer.strongest[:4]) == (1, "OFAC")
    (hit,) = await hits_of(sessions, client_id)
    assert (hit.state, hit.likely, hit.entry_uid) == (HitState.NUEVA, True, "990006")
    assert [word["motivo"] for word in hit.explanation["palabras"]] == ["igual"] * 3
    async with sessions() as session:
        assert (await session.get_one(Client, client_id)).list_match
        assert (await session.get_one(ClientRiskProfile, client_id)).list_status is ListStatus.COINCIDENCIA
        alerts = (await session.scalars(select(CaseAlert).where(CaseAlert.case_id == hit.case_id))).all()
        assert len(alerts) == 1
        assert "Volkov" not in alerts[0].summary


async def test_who_speaks_for_a_company_is_looked_for_too(desk, sessions):
    await loaded(desk)
    async with sessions.begin() as session:
        made = await add_client(session, "20999999035", document_type=DocumentType.RUC)
        (await session.get_one(Client, made.id)).contact_person = "Volkov Arkadiy Semyonovich"
    assert (await desk.screen_client(m.ClientOrder(client_id=made.id))).open_hits == 1
    (hit,) = await hits_of(sessions, made.id)
    assert (hit.entry_uid, hit.explanation["de"], hit.likely) == ("990006", "representante", True)


async def test_a_cleared_hit_stays_cleared_until_the_entry_or_the_client_changes(desk, sessions, press):
    await loaded(desk)
    client_id = await abelardo(sessions)
    look = m.ClientOrder(client_id=client_id)
    await desk.screen_client(look)
    (hit,) = await hits_of(sessions, client_id)
    await decide(sessions, hit.id, HitState.DESCARTADA)
    assert (await desk.screen_client(look)).open_hits == 0
    async with sessions() as session:
        client = await session.get_one(Client, client_id)
        assert (client.list_match, (await session.get_one(ListCheck, client_id)).result) == (False, CheckResult.LIMPIO)
    sdn = (PUBLISHED / "SDN.CSV").read_bytes()
    publish(press, "SDN.CSV", sdn.replace(b"CYBER2", b"CYBER3"))
    await desk.refresh_list(OFAC)
    assert (await desk.screen_client(look)).open_hits == 0, "a new programme is not another person"
    publish(press, "SDN.CSV", sdn.replace(b"DOB 30 Nov 1985", b"DOB 30 Nov 1986"))
    await desk.refresh_list(OFAC)
    assert (await desk.screen_client(look)).open_hits == 1
    old, new = await hits_of(sessions, client_id)
    assert (old.state, old.ended_at is None, new.state) == (HitState.DESCARTADA, False, HitState.NUEVA)
    await decide(sessions, new.id, HitState.DESCARTADA)
    async with sessions.begin() as session:
        (await session.get_one(Client, client_id)).document_number = "40000002"
    assert (await desk.screen_client(look)).open_hits == 1


async def test_a_confirmed_hit_ends_only_when_its_entry_leaves_the_list(desk, sessions, press):
    await loaded(desk)
    client_id = await abelardo(sessions)
    look = m.ClientOrder(client_id=client_id)
    await desk.screen_client(look)
    (hit,) = await hits_of(sessions, client_id)
    await decide(sessions, hit.id, HitState.CONFIRMADA)
    async with sessions.begin() as session:
        client = await session.get_one(Client, client_id)
        client.given_names, client.paternal_surname = "Otro", "Nombre"
    await desk.screen_client(look)
    async with sessions() as session:
        assert (await session.get_one(Client, client_id)).list_match, "its name was changed, not what it is"
    sdn = (PUBLISHED / "SDN.CSV").read_bytes().replace(b"990006,", b"990098,")
    publish(press, "SDN.CSV", sdn)
    publish(press, "ALT.CSV", (PUBLISHED / "ALT.CSV").read_bytes().replace(b"990006,", b"990098,"))
    await desk.refresh_list(OFAC)
    await desk.screen_client(look)
    async with sessions() as session:
        assert not (await session.get_one(Client, client_id)).list_match


async def test_a_look_at_everybody_raises_only_what_is_new_and_a_repeated_piece_counts_once(desk, sessions, press):
    await loaded(desk)
    known = await abelardo(sessions)
    await desk.screen_client(m.ClientOrder(client_id=known))
    listed = await newcomer(sessions, "40000003", "Ivo Casimiro", "Lanzarote")
    await newcomer(sessions, "40000004")
    sdn = (PUBLISHED / "SDN.CSV").read_bytes()
    publish(press, "SDN.CSV", sdn.replace(b"PIEDRAHITA OCAMPO, Wilfran", b"LANZAROTE, Ivo Casimiro"))
    await desk.refresh_list(OFAC)
    run = await desk.open_screening_run(s.RunOrder(cause="Lista nueva: OFAC"))
    order = s.PieceOrder(run_id=run.run_id, after=0)
    worker = ActivityEnvironment()
    first, again = [await worker.run(desk.rescreen_piece, order) for _ in range(2)]
    assert (first.screened, first.new_hits, first.over, again) == (3, 1, True, first)
    (hit,) = await hits_of(sessions, listed)
    assert hit.listed_name == "LANZAROTE, Ivo Casimiro"
    async with sessions() as session:
        kept = await session.get_one(ScreeningRun, run.run_id)
        assert (kept.clients, kept.screened, kept.new_hits, kept.finished_at is None) == (3, 3, 1, False)
        checks = (await session.scalars(select(ListCheck))).all()
        assert {check.result for check in checks} == {CheckResult.COINCIDENCIA, CheckResult.LIMPIO}


async def test_a_client_that_operates_is_looked_at_again_when_a_list_is_newer(desk, sessions, press):
    client_id = await newcomer(sessions, "40000001", "Ivo Casimiro", "Lanzarote")
    await loaded(desk)
    await desk.screen_client(m.ClientOrder(client_id=client_id))
    sdn = (PUBLISHED / "SDN.CSV").read_bytes()
    publish(press, "SDN.CSV", sdn.replace(b"PIEDRAHITA OCAMPO, Wilfran", b"LANZAROTE, Ivo Casimiro"))
    await desk.refresh_list(OFAC)
    await ComplianceActivities(sessions, desk.freshen)._freshen(client_id)
    async with sessions() as session:
        assert (await session.get_one(Client, client_id)).list_match
        assert (await session.get_one(ListCheck, client_id)).occasion == "operación"


async def test_deciding_a_case_decides_its_hits_and_all_of_it_is_in_the_story(desk, sessions):
    await loaded(desk)
    client_id = await abelardo(sessions)
    await desk.screen_client(m.ClientOrder(client_id=client_id))
    (hit,) = await hits_of(sessions, client_id)
    async with sessions.begin() as session:
        officer = await add_user(session, "oficial", Role.MIDDLE_OFFICE)
        await screenings.follow_case(session, hit.case_id, Decision.LIBERAR, user_id=officer, reason="Homónimo")
    (hit,) = await hits_of(sessions, client_id)
    assert (hit.state, hit.reason) == (HitState.DESCARTADA, "Homónimo")
    async with sessions() as session:
        story = select(ComplianceAudit.action).where(ComplianceAudit.case_id == hit.case_id)
        assert list(await session.scalars(story.order_by(ComplianceAudit.id))) == ["alerta", "coincidencia descartada"]
        assert not (await session.get_one(Client, client_id)).list_match


async def test_a_name_that_somebody_asks_for_is_answered_in_its_row(desk, sessions):
    await loaded(desk)
    async with sessions.begin() as session:
        officer = await add_user(session, "oficial", Role.MIDDLE_OFFICE)
        asked = NameSearch(user_id=officer, kind=EntryKind.PERSONA, name="Umar Keita-Diallo")
        session.add(asked)
        await session.flush()
    await desk.answer_name_search(s.SearchOrder(search_id=asked.id))
    async with sessions() as session:
        told = await session.get_one(NameSearch, asked.id)
    assert told.result is CheckResult.COINCIDENCIA
    assert [one["uid"] for one in told.matches] == ["880002"]
    assert told.versions.keys() == {"OFAC", "ONU"}

"""Every row of the contract, and every error it may meet, over one running site. The rows are data: rows.py.

One site for all: a case costs a request or two. No case leans on another; each has a client of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import Engine, event, func, select

from api.main import create_app
from api.public.objects import moment
from api.realtime import NAMESPACES
from api.settings import ApiSettings
from db import client_changes, onboarding
from db.session import make_engine, make_sessions
from db.settings import DatabaseSettings
from db.tables import ClientDocument, HouseAccount, Operation
from db.treasury import set_rate
from domain import commands as c
from domain.accounts import Bank
from domain.clients import DocumentKind
from domain.money import Currency
from domain.operations import SYSTEM, State, StoredFile
from domain.permissions import Role
from tests import clean_database
from tests.applications import running_app
from tests.contract.conftest import SITE, browser
from tests.contract.rows import EVENTS, LEFT_OUT, NOT_SERVED, PAGE_ROWS, PAGES, ROWS, SAME, WEB, Row, mismatch
from tests.contract.site import Site, running_site
from tests.free_ports import free_port
from tests.people import add_rate, add_user
from tests.workflows.house import PROOF, eventually, running_house, staff

SETTINGS = ApiSettings(public_url=SITE, rate_limit_anonymous="", rate_limit_lookup="")
BY_NUMBER = {row.number: row for row in ROWS}
SIGNED = [row for row in ROWS if row.given not in {"", "code"}]
# Leaving without having come in is no error; the login tells a stranger nothing.
OPEN = {"2", "6", "M2"}
GUARDED = [row for row in SIGNED if row.number not in OPEN]
BODIES = [row for row in ROWS if row.body]
PATIENT = {"1", "M8", "2", "6", "M2"}


def named(row: Row) -> str:
    return f"{row.number} {row.call}"


@pytest.fixture(scope="module")
async def site(
    migrated_url, shelf_of_session, registry_of_session, password_hash, temporal_of_tests
) -> AsyncIterator[Site]:
    clean_database.make_as_migrated(migrated_url)
    database = DatabaseSettings(url=migrated_url)
    engine = make_engine(database)
    sessions = make_sessions(engine)
    async with sessions.begin() as session:
        await add_rate(session)
        numbers = {Currency.USD: "19100000001", Currency.PEN: "19100000002"}
        session.add_all(
            HouseAccount(
                bank=Bank.BCP, currency=currency, number=number, cci=number.zfill(20), holder="Casa", holder_ruc="2"
            )
            for currency, number in numbers.items()
        )
    shelf_of_session.empty()
    registry_of_session.empty()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
        app = create_app(SETTINGS, database=database)
        async with running_house(await temporal_of_tests.env(), sessions) as house:
            house.outside.failures["deliver_email_code"] = 1000
            servers = {"shelf": shelf_of_session, "registry": registry_of_session}
            async with running_site(app, sessions, house, password_hash=password_hash, **servers) as made:
                yield made
    await engine.dispose()


@pytest.mark.parametrize("row", ROWS, ids=named)
async def test_a_row_answers_what_its_pages_read(site: Site, row: Row):
    answer = await site.send(row, await site.caller(row.given))
    assert answer.status_code == row.status, answer.text
    assert mismatch(answer.json(), row.reads) == "", answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_no_row_of_the_contract_is_left_out():
    """30 of the web and 21 of the mobile; the mobile shares seven addresses with the web."""
    wanted = {*map(str, range(1, 31)), *(f"M{n}" for n in range(1, 22))}
    assert {*BY_NUMBER, *SAME, *PAGE_ROWS, *LEFT_OUT} == wanted
    assert {*SAME.values()} <= {*BY_NUMBER}


def test_dates_are_limas_unless_the_web_of_january_is_in_use():
    """Contract 0.4: no single format suits every version, so it is a setting."""
    instant = datetime(2026, 11, 26, 2, 30, 15, tzinfo=UTC)
    assert ApiSettings(public_url=SITE).client_dates == "lima"
    assert moment(instant, "lima") == "2026-11-25T21:30:15-05:00"
    assert moment(instant, "utc") == "2026-11-26T02:30:15Z"


def refused(answer: httpx.Response, status: int) -> str:
    """Checks that a refusal speaks the contract's envelope; answers its code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get("cache-control", "no-store") == "no-store"
    said = answer.json()
    assert said["success"] is False
    assert said["message"].strip()
    return str(said["code"])


@pytest.mark.parametrize("row", GUARDED, ids=named)
async def test_a_row_is_nobodys_without_a_session(site: Site, row: Row):
    stranger = replace(await site.caller(""), id=1, operation=1)
    assert refused(await site.send(row, stranger), 401) == "SIGN_IN_NEEDED"


@pytest.mark.parametrize("row", ROWS, ids=named)
async def test_a_wrong_method_is_answered_in_json(site: Site, row: Row):
    path = row.path.format(dni="40000001", id=1)
    assert refused(await site.http.request("PATCH", path), 405) == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("row", BODIES, ids=named)
async def test_a_body_that_is_no_json_is_answered_in_json(site: Site, row: Row):
    me = await site.caller("client")
    headers = {**site.headers(me), "Content-Type": "application/json"}
    path = row.path.format(dni=me.dni, id=1)
    assert refused(await site.http.request(row.method, path, content=b"{", headers=headers), 422) == "INVALID"


@pytest.mark.parametrize("call", NOT_SERVED)
async def test_what_is_not_served_is_404_in_json(site: Site, call: str):
    method, path = call.split()
    assert refused(await site.http.request(method, path), 404) == "NOT_FOUND"


@pytest.mark.parametrize("path", PAGES)
async def test_the_legal_pages_are_pages(site: Site, path: str):
    answer = await site.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("number", ["7", "14", "21", "24", "M13"])
async def test_a_body_that_is_too_large_is_answered_in_json(site: Site, number: str):
    row = BY_NUMBER[number]
    kind = "application/json" if row.body else "multipart/form-data; boundary=x"
    headers = {"Content-Type": kind, "Content-Length": str(200 * 1024 * 1024)}
    # Refused by the size that it declares: the bytes themselves need not be there.
    async with browser(site.app) as http:
        answer = await http.post(row.path.format(id=1), headers=headers)
    assert refused(answer, 413) == "TOO_LARGE"


async def test_a_fault_of_ours_is_answered_in_json_at_every_row(site: Site):
    """The insides stay inside: an id that the log has too."""
    answers = []
    me = await site.caller("client")
    whole = site.app.state.services
    site.app.state.services = replace(whole, sessions=_broken)
    try:
        answers = [await site.send(row, replace(me, operation=1)) for row in ROWS if row.number not in {"9", "10"}]
    finally:
        site.app.state.services = whole
    for answer in answers:
        assert refused(answer, 500) == "INTERNAL"
        assert answer.json()["error_id"] in answer.json()["message"]
        assert "secreto" not in answer.text


class _Broken:
    def __call__(self) -> None:
        raise RuntimeError("secreto de la casa")

    def begin(self) -> None:
        raise RuntimeError("secreto de la casa")


_broken = _Broken()


async def test_a_stranger_over_the_limit_is_answered_429_and_never_401_or_404(site: Site, migrated_url):
    """Contract 1: `/api/client/me` polled without pause must not sign anybody out by a limit."""
    few = SETTINGS.model_copy(update={"rate_limit_anonymous": "1/day"})
    async with running_app(few, DatabaseSettings(url=migrated_url)) as app, browser(app) as http:
        other = replace(site, app=app, http=http)
        stranger = replace(await site.caller(""), id=1, operation=1)
        await other.send(BY_NUMBER["8"], stranger)
        for row in ROWS:
            answer = await other.send(row, stranger)
            if row.number in PATIENT:
                assert answer.status_code == 200, row
            else:
                assert refused(answer, 429) == "TOO_MANY_REQUESTS"
                assert int(answer.headers["Retry-After"]) > 0
        me = await site.caller("client")
        polled = [await other.send(BY_NUMBER["5"], me) for _ in range(60)]
        assert {answer.status_code for answer in polled} == {200}


async def test_me_costs_four_small_reads(site: Site):
    """Contract 0.16: a client that waits for its review asks without pause, some 75 times a second."""
    me = await site.caller("client")
    await site.send(BY_NUMBER["5"], me)
    asked: list[str] = []

    def count(*cursor: object) -> None:
        asked.append(str(cursor[2]))

    event.listen(Engine, "before_cursor_execute", count)
    await site.send(BY_NUMBER["5"], me)
    event.remove(Engine, "before_cursor_execute", count)
    assert [statement.split()[0] for statement in asked] == ["SELECT"] * 4


async def test_the_clients_own_figures_are_not_read_and_five_clicks_are_one_operation(site: Site):
    """Contract 0.11, F001: 31.00 x 3.4010 is 105.43, whatever the page says."""
    me = await site.caller("client")
    row = BY_NUMBER["21"]
    wish = replace(row, body={**WEB, "monto_soles": 9_999_999.99, "tipo_cambio": 99})
    answers = await asyncio.gather(*(site.send(wish, me) for _ in range(5)))
    seen = [answer.json()["data"]["operation"] for answer in answers]
    assert {answer.status_code for answer in answers} == {201}
    assert {(one["codigo_operacion"], one["monto_soles"], one["tipo_cambio"]) for one in seen} == {
        (seen[0]["codigo_operacion"], 105.43, 3.401)
    }
    async with site.sessions() as session:
        assert await session.scalar(select(func.count()).where(Operation.client_id == me.id)) == 1


async def test_a_clients_whole_life_is_heard_with_what_its_pages_read_and_by_nobody_else(site: Site):
    """Contract 7, F181, in both namespaces. A neighbour asks for the client's room and for all that it missed."""
    async with site.sessions.begin() as session:
        operator = staff(await add_user(session, "marta", Role.MASTER), Role.MASTER)
    me, other = await site.caller("new"), await site.caller("client")
    async with AsyncExitStack() as opened:
        mine, theirs = [
            [await opened.enter_async_context(site.ear(who, namespace)) for namespace in NAMESPACES]
            for who in (me, other)
        ]
        for ear in (*mine, *theirs):
            said = await ear.socket.call("join_client_room", {"dni": me.dni}, namespace=ear.namespace)
            assert said["success"] is (ear in mine)
        await _approved(site, me.id, operator)
        for ending in ("complete", "cancel", "expire"):
            await _lived(site, me, ending, operator)
        async with site.sessions.begin() as session:
            await set_rate(session, buy=Decimal("3.4010"), sell=Decimal("3.4120"), actor=SYSTEM)
            await client_changes.close(session, me.id, actor=operator, reason="lo pidió", now=datetime.now(UTC))
        for ear in mine:
            for name, reads in EVENTS.items():
                assert mismatch(await ear.hears(name), reads) == "", name
            assert {payload.get("client_dni", me.dni) for _, payload in ear.heard} == {me.dni}
        for ear in theirs:
            assert (await ear.socket.call("missed", {"last_id": 0}, namespace=ear.namespace))["success"] is True
            await ear.hears("tipos_cambio_actualizados")
            assert {name for name, _ in ear.heard} == {"tipos_cambio_actualizados"}


async def test_another_client_reads_and_moves_nothing_by_a_number_a_code_or_a_document(site: Site):
    """Every guarded row, called by B with what is A's."""
    owner, other = await site.caller("live"), await site.caller("client")
    async with site.sessions() as session:
        code = (await session.get_one(Operation, owner.operation)).code
    for row in GUARDED:
        for named_by in (owner.operation, code):
            answer = await site.send(row, replace(owner, token=other.token, operation=named_by))
            wrong_shape = named_by == code and answer.status_code == 422
            assert wrong_shape or answer.status_code == 404, (row.number, answer.text)
            assert not any(mark in answer.text for mark in (owner.dni, "19110012345601", '"EXP-'))
    async with site.sessions() as session:
        row = await session.get_one(Operation, owner.operation)
        assert row.state is State.PENDIENTE
        assert await session.scalar(select(func.count()).where(Operation.client_id == other.id)) == 0


async def _approved(site: Site, client_id: int, officer) -> None:
    now = datetime.now(UTC)
    kinds = (DocumentKind.DNI_FRONT, DocumentKind.DNI_BACK)
    papers = [(kind, StoredFile(key=f"dni/{kind}", content_type="image/png", size=1)) for kind in kinds]
    async with site.sessions.begin() as session:
        await onboarding.add_papers(session, client_id, papers, actor=officer)
        mine = select(ClientDocument.id).where(ClientDocument.client_id == client_id)
        for paper_id in (await session.scalars(mine)).all():
            told = {"actor": officer, "accepted": True, "reason": "", "at": now}
            await onboarding.review_paper(session, client_id, paper_id, **told)
        await onboarding.approve(session, client_id, actor=officer, notes="", key="k", at=now)


async def _lived(site: Site, me, ending: str, operator) -> None:
    """One operation, to one of its three ends."""
    made = await site.send(BY_NUMBER["M11"], me)
    operation = made.json()["operation"]
    handle = site.house.client.get_workflow_handle(operation["operation_id"])
    mine = replace(me, operation=operation["id"])
    if ending == "cancel":
        assert (await site.send(BY_NUMBER["M14"], mine)).status_code == 200
    elif ending == "expire":
        await site.house.pass_time(handle, 16)
    else:
        assert (await site.send(BY_NUMBER["M12"], mine)).status_code == 200
        await site.house.do(handle, c.AttachProof(actor=operator, files=(PROOF,)))
        await eventually(site.house.assessed, handle)
        await site.house.do(handle, c.Complete(actor=operator))
    await eventually(_over, site, operation["id"])


async def _over(site: Site, operation_id: int) -> bool:
    async with site.sessions() as session:
        return await session.scalar(select(Operation.finished_at).where(Operation.id == operation_id)) is not None


async def test_a_new_rate_reaches_twenty_pages(site: Site):
    """Strangers on the home page hear it too."""
    async with AsyncExitStack() as open_pages:
        nobody = await site.caller("")
        ears = [await open_pages.enter_async_context(site.ear(nobody)) for _ in range(20)]
        async with site.sessions.begin() as session:
            await set_rate(session, buy=Decimal("3.4010"), sell=Decimal("3.4120"), actor=SYSTEM)
        for ear in ears:
            assert mismatch(await ear.hears("tipos_cambio_actualizados"), EVENTS["tipos_cambio_actualizados"]) == ""

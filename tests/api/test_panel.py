"""The pages of the house: who sees what, who may do what, and nothing that a page must not carry."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from fastapi import FastAPI
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from api.panel import words
from api.panel.pages import TEMPLATES
from db.session import Sessions
from db.tables import Session as SignIn
from domain import commands as c
from domain.operations import Assessment, StoredFile
from domain.permissions import Permission, Role, allows
from tests.api.conftest import HOUSE, PASSWORD, Person, Staff, client_of
from tests.api.records import Written, create, staff_actor
from tests.people import Customer, add_client, add_rate

PICTURE = StoredFile(key="operations/payment_proofs/uno", content_type="image/png", size=10)
ROLES = tuple(Role)


@dataclass(frozen=True, kw_only=True)
class House:
    """One person of each role, a client of the Trader's, and a stranger's client."""

    people: dict[Role, Person]
    mine: Customer
    other: Customer


@pytest.fixture
async def house(staff: Staff, sessions: Sessions) -> House:
    people = {role: await staff(role.name.lower(), role) for role in ROLES}
    async with sessions.begin() as session:
        await add_rate(session)
        mine = await add_client(session, "40000001", trader_id=people[Role.TRADER].id)
        other = await add_client(session, "40000002")
    return House(people=people, mine=mine, other=other)


async def processing(sessions: Sessions, house: House) -> Written:
    """An operation En proceso, in the hands of the house's only Operador."""
    written = await create(sessions, house.mine)
    await written.is_assessed(Assessment.CLEAR)
    trader = staff_actor(house.people[Role.TRADER].id, Role.TRADER)
    await written.does(c.SubmitProof(actor=trader, files=(PICTURE,), transfer_code="00123"), assign=True)
    return written


async def csrf(person: Person) -> dict[str, str]:
    page = (await person.http.get("/panel/tablero")).text
    found = re.search(r'name="csrf" content="([0-9a-f]+)"', page)
    assert found
    return {"X-CSRF-Token": found.group(1)}


async def test_a_trader_meets_nobody_elses_operation_or_client_on_any_page(house: House, sessions: Sessions):
    """F165"""
    hidden = (await create(sessions, house.other)).now.code
    http = house.people[Role.TRADER].http
    for path in ("/panel/tablero", "/panel/operaciones", "/panel/operaciones?formato=csv"):
        assert hidden not in (await http.get(path)).text
    assert (await http.get(f"/panel/operaciones/{hidden}")).status_code == 404
    assert (await http.get(f"/panel/clientes/{house.other.id}")).status_code == 404
    assert hidden in (await house.people[Role.MASTER].http.get("/panel/operaciones")).text


async def test_only_compliance_reads_that_an_operation_is_held(house: House, sessions: Sessions):
    """The duty of secrecy: everybody else reads the same words as during any review."""
    held = await create(sessions, house.mine)
    await held.is_assessed(Assessment.HELD)
    for role in ROLES:
        http = house.people[role].http
        for path in ("/panel/tablero", f"/panel/operaciones/{held.now.code}"):
            page = (await http.get(path)).text
            assert ("Retenida" in page) is allows(role, Permission.COMPLIANCE_READ), (role, path)
            assert "Retenida" in page or "En revisión" in page, (role, path)


async def test_an_act_without_the_token_of_its_page_is_refused(house: House):
    person = house.people[Role.MASTER]
    refused = await person.http.post("/panel/tasas", data={"compra": "3.7000", "venta": "3.7200"})
    assert refused.status_code == 403
    done = await person.http.post(
        "/panel/tasas", data={"compra": "3.4000", "venta": "3.4200"}, headers=await csrf(person)
    )
    assert done.status_code == 200


async def test_who_comes_in_goes_on_to_where_it_was_and_never_to_another_site(app: FastAPI, house: House):
    async with client_of(app) as http:
        asked = await http.get("/panel/operaciones?estado=Pendiente")
        assert asked.status_code == 303
        door = asked.headers["location"]
        assert door == "/panel/ingresar?siguiente=/panel/operaciones%3Festado%3DPendiente"
        wrong = await _enter(http, door, "otra-clave-1234")
        assert wrong.status_code == 401
        assert "no son correctos" in wrong.text
        assert (await _enter(http, door, PASSWORD)).headers["location"] == "/panel/operaciones?estado=Pendiente"
        elsewhere = "/panel/ingresar?siguiente=https://otra.test"
        assert (await http.get(elsewhere)).headers["location"] == "/panel/tablero"


async def _enter(http: httpx.AsyncClient, door: str, password: str) -> httpx.Response:
    username = Role.MASTER.name.lower()
    return await http.post(door, data={"usuario": username, "clave": password}, headers={"Origin": HOUSE})


async def test_a_sheet_holds_exactly_what_the_filters_and_columns_show(house: House, sessions: Sessions):
    amounts = ("100.00", "250.50", "75.25")
    for usd in amounts:
        await create(sessions, house.mine, usd=usd)
    http = house.people[Role.MASTER].http
    address = "/panel/operaciones?orden=dolares&columnas=codigo,cliente,dolares&formato="
    rows = list(csv.reader(io.StringIO((await http.get(f"{address}csv")).content.decode("utf-8-sig"))))
    assert rows[0] == ["Código", "Cliente", "Dólares"]
    assert [row[2] for row in rows[1:]] == sorted(amounts, key=Decimal)
    book = CalamineWorkbook.from_filelike(io.BytesIO((await http.get(f"{address}xlsx")).content))
    cells = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in cells[1:]] == [row[0] for row in rows[1:]]
    assert [Decimal(str(row[2])) for row in cells[1:]] == [Decimal(row[2]) for row in rows[1:]]


async def test_pages_by_key_show_every_operation_once_in_their_order(
    house: House, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
):
    """Equal amounts are told apart by their number, so none is repeated or skipped between two pages."""
    monkeypatch.setattr("api.panel.operation_list.PAGE", 2)
    made = [
        (await create(sessions, house.mine, usd=usd)).now.code for usd in ("50.00", "50.00", "90.00", "50.00", "10.00")
    ]
    http = house.people[Role.MASTER].http
    seen: list[str] = []
    following: str | None = "/panel/operaciones?orden=-dolares"
    while following:
        page = (await http.get(following)).text
        seen += re.findall(r'row-link" href="/panel/operaciones/(EXP-\d+)"', page)
        found = re.search(r'href="([^"]+)" rel="next"', page)
        following = found.group(1).replace("&amp;", "&") if found else None
    assert seen == [made[2], made[3], made[1], made[0], made[4]]


async def test_a_page_read_in_the_background_does_not_keep_a_session_in_use(house: House, sessions: Sessions):
    """Otherwise a screen that nobody looks at would stay signed in for ever."""
    person = house.people[Role.OPERADOR]
    then = datetime.now(UTC) - timedelta(minutes=5)
    own = SignIn.user_id == person.id
    async with sessions.begin() as session:
        await session.execute(update(SignIn).where(own).values(last_seen_at=then))
    parts = await person.http.get("/panel/tablero", headers={"X-Fondo": "1", "X-Partes": "1"})
    assert parts.status_code == 200
    assert "<html" not in parts.text
    async with sessions() as session:
        assert await session.scalar(select(SignIn.last_seen_at).where(own)) == then
    await person.http.get("/panel/tablero")
    async with sessions() as session:
        assert await session.scalar(select(SignIn.last_seen_at).where(own)) > then


async def test_every_page_forbids_what_is_not_ours(house: House):
    answer = await house.people[Role.MASTER].http.get("/panel/tablero")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_no_template_holds_a_script_or_a_style_or_trusts_a_text():
    """The policy above would stop them, and a page that needs them would be broken."""
    for file in TEMPLATES.glob("*.html"):
        text = file.read_text()
        assert not re.search(r"\sstyle=|\son[a-z]+=\"|<script(?! src)|<style|\|\s*safe\b", text), file.name
        assert text.count("\n") <= 200, file.name


def test_the_hour_of_a_page_is_limas():
    assert words.hour(datetime(2026, 11, 25, 4, 30, tzinfo=UTC)) == "23:30"
    assert words.day(datetime(2026, 11, 25, 4, 30, tzinfo=UTC)) == "24/11/2026"
    assert words.amount(Decimal(-15450)) == "−15,450.00"
    assert (words.clock(252), words.clock(4320)) == ("04:12", "1 h 12 min")

"""The staff's comprobantes: the queue by state and portfolio, series, files of a period, and what is refused."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from db.session import Sessions
from db.tables import AuditEntry, Invoice, InvoiceAttempt, InvoiceSeries
from domain.invoices import InvoiceStatus, InvoiceType
from domain.permissions import Role
from tests.activities.operations import add_operation
from tests.api.conftest import Person, Staff
from tests.api.test_panel import csrf
from tests.people import add_client

QUEUE = "/api/staff/invoices"


@dataclass(frozen=True)
class House:
    """A Master, a Trader, and three boletas: an accepted one of the Trader's client, a rejected and a refused one."""

    master: Person
    trader: Person
    ids: list[int]


@pytest.fixture
async def house(staff: Staff, sessions: Sessions) -> House:
    master, trader = await staff("rosa", Role.MASTER), await staff("carla", Role.TRADER)
    async with sessions.begin() as session:
        session.add(InvoiceSeries(series="B001", type=InvoiceType.BOLETA, next_number=4))
        await session.flush()
        clients = [await add_client(session, "40000001", trader_id=trader.id), await add_client(session, "40000002")]
        codes = [await add_operation(session, one) for one in (clients[0], clients[1], clients[1])]
        told = (("Aceptado", "0", "ha sido aceptada"), ("Rechazado", "2022", "nombre"), ("Rechazado", "", "DNI malo"))
        rows = [
            Invoice(
                operation_code=code,
                type=InvoiceType.BOLETA,
                series="B001",
                number=number,
                status=InvoiceStatus(status),
                total=Decimal("5118.00"),
                issued_on=f"2026-11-{20 + number}",
                request={},
                sunat_code=sunat,
                sunat_description=words,
                pdf_url="https://nubefact.test/1.pdf",
            )
            for number, (code, (status, sunat, words)) in enumerate(zip(codes, told, strict=True), start=1)
        ]
        session.add_all(rows)
        await session.flush()
        ids = [row.id for row in rows]
        call = {"authorization": "****1234", "body": {"numero": 1}}
        session.add(
            InvoiceAttempt(invoice_id=ids[0], action="generar", outcome="Answer", request=call, response={"a": 1})
        )
    return House(master, trader, ids)


async def names(person: Person, query: str = "") -> list[str]:
    return [one["name"] for one in (await person.http.get(f"{QUEUE}{query}")).json()["items"]]


async def refused(person: Person, path: str, **body: Any) -> tuple[int, str]:
    answer = await person.http.post(f"{QUEUE}/{path}", json=body)
    return answer.status_code, answer.json()["code"]


async def test_the_queue_is_read_by_state_and_key_and_a_trader_sees_its_portfolio(house: House):
    """F165."""
    assert await names(house.master) == ["B001-3", "B001-2", "B001-1"]
    assert await names(house.master, "?status=Rechazado&status=Enviado") == ["B001-3", "B001-2"]
    assert await names(house.master, "?since=2026-11-22&until=2026-11-22") == ["B001-2"]
    first = (await house.master.http.get(f"{QUEUE}?limit=2")).json()
    assert await names(house.master, f"?limit=2&cursor={first['next_cursor']}") == ["B001-1"]
    assert await names(house.trader) == ["B001-1"]
    assert (await house.trader.http.get(f"{QUEUE}/{house.ids[1]}")).status_code == 404


async def test_one_comprobante_shows_its_calls_and_what_can_be_done(house: House):
    accepted, burnt, untaken = [(await house.master.http.get(f"{QUEUE}/{one}")).json() for one in house.ids]
    assert accepted["attempts"][0]["request"]["authorization"] == "****1234"
    assert (accepted["why_not_void"], accepted["why_not_reissue"]) == ("", "Está Aceptado.")
    assert accepted["baja_until"] == "2026-11-28"
    assert accepted["papers"] == [{"kind": "pdf", "url": "https://nubefact.test/1.pdf", "ours": False}]
    assert burnt["what_to_do"].startswith("El nombre o la razón social")
    assert burnt["why_not_reissue"] == ""
    assert "Solo se anula lo que la SUNAT ya aceptó" in burnt["why_not_void"]
    assert "conserva su número" in untaken["what_to_do"]


async def test_what_the_state_does_not_allow_is_refused_before_anything_moves(house: House):
    accepted, burnt, _ = house.ids
    assert await refused(house.master, f"{burnt}/retry") == (409, "NUMBER_BURNT")
    assert await refused(house.master, f"{accepted}/ask") == (409, "NOTHING_TO_ASK")
    assert await refused(house.master, f"{accepted}/reissue", reason="Otra vez") == (409, "INVOICE_STANDS")
    assert await refused(house.master, f"{burnt}/resend") == (409, "NOTHING_TO_SEND")
    assert await refused(house.master, f"{burnt}/void", reason="No vale") == (409, "NOT_ACCEPTED")
    assert await refused(house.master, f"{accepted}/void/approve") == (404, "VOID_NOT_FOUND")
    assert (await refused(house.trader, f"{accepted}/void", reason="Mío"))[0] == 403


async def test_a_request_is_written_though_temporal_is_away_and_only_once(house: House):
    """Whoever decides starts the workflow: a Temporal that is away loses no request."""
    answer = await house.master.http.post(f"{QUEUE}/{house.ids[0]}/void", json={"reason": "Otro cliente"})
    assert (answer.status_code, answer.json()["voids"][0]["state"]) == (200, "Solicitada")
    assert await refused(house.master, f"{house.ids[0]}/credit-note", reason="Otra") == (409, "VOID_ASKED")


async def test_a_master_says_where_a_series_goes_on_and_never_backwards(house: House, sessions: Sessions):
    """F089, need L: the reason is kept, and what is skipped is named."""
    body = {"type": "boleta", "next_number": 9, "reason": "B001-4 a B001-8 en el panel"}
    answer = await house.master.http.post(f"{QUEUE}/series/B001/next-number", json=body)
    assert answer.json() == {"series": "B001", "next_number": 9, "skipped": "B001-4 a B001-8"}
    assert await refused(house.master, "series/B001/next-number", **{**body, "next_number": 3}) == (409, "NUMBER_GIVEN")
    assert await refused(house.master, "series/F001/next-number", **body) == (422, "SERIES_FORMAT")
    # A number of eight digits is the last one: a slip of the hand would have ended the series for good.
    for slip in (99_999_999, 100_004):
        far = await refused(house.master, "series/B001/next-number", **{**body, "next_number": slip})
        assert far == (409, "NUMBER_FAR")
    shown = (await house.trader.http.get(f"{QUEUE}/series")).json()
    assert shown == [{"series": "B001", "type": "boleta", "next_number": 9, "last_given": 3}]
    async with sessions() as session:
        kept = await session.get_one(AuditEntry, 1)
    assert (kept.action, kept.reason) == ("invoices.set_next", body["reason"])


async def test_a_period_in_a_sheet_adds_up_by_type_and_state(house: House):
    asked = {"since": "2026-11-21", "until": "2026-11-23"}
    text = (await house.master.http.post(f"{QUEUE}/export", json={**asked, "format": "csv"})).content.decode(
        "utf-8-sig"
    )
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[3] for row in rows[1:4]] == ["1", "2", "3"]
    assert rows[5:] == [
        ["Tipo", "Estado", "Moneda", "Comprobantes", "Total"],
        ["boleta", "Aceptado", "PEN", "1", "5118.00"],
        ["boleta", "Rechazado", "PEN", "2", "10236.00"],
    ]
    own = await house.trader.http.post(f"{QUEUE}/export", json={**asked, "format": "xlsx"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(own.content))
    assert book.sheet_names == ["Comprobantes", "Totales"]
    assert book.get_sheet_by_name("Totales").to_python()[1] == ["boleta", "Aceptado", "PEN", 1.0, 5118.0]
    assert await refused(house.master, "export", since="2026-11-23", until="2026-11-21") == (422, "PERIOD")


async def test_the_pages_show_each_comprobante_with_what_can_be_done_and_to_whom(house: House):
    """A page offers what the state and the role allow, and nothing else is taken."""
    path, token = "/panel/comprobantes", await csrf(house.master)
    assert [name in (await house.trader.http.get(path)).text for name in ("B001-1", "B001-2")] == [True, False]
    assert "B001-1" not in (await house.master.http.get(f"{path}?estado=por-atender")).text
    assert (await house.trader.http.get(f"{path}/cuenta")).status_code == 403
    pages = [(await house.master.http.get(f"{path}/{one}")).text for one in house.ids]
    offered = [re.findall(rf'hx-get="{path}/\d+/([a-z]+)"', page) for page in pages]
    assert offered == [["reenviar", "nota", "anular"], ["reemitir"], ["reintentar", "reemitir"]]
    assert "****1234" in pages[0]
    assert re.findall(rf'hx-get="{path}/\d+/', (await house.trader.http.get(f"{path}/{house.ids[0]}")).text) == []
    empty = await house.master.http.post(f"{path}/{house.ids[0]}/anular", data={"reason": ""}, headers=token)
    assert (empty.status_code, 'aria-invalid="true"' in empty.text) == (422, True)
    asked = {"data": {"reason": "Otro cliente"}, "headers": token}
    assert (await house.trader.http.post(f"{path}/{house.ids[0]}/anular", **asked)).status_code == 403
    assert (await house.master.http.post(f"{path}/{house.ids[0]}/anular", **asked)).status_code == 200
    after = (await house.master.http.get(f"{path}/{house.ids[0]}")).text
    assert "La pediste tú: la decide otra persona." in after
    assert "Ya hay un pedido de anulación en curso." in after
    sheet = (await house.trader.http.get(f"{path}?formato=csv")).content.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(sheet))] == ["Número", "B001-1"]


async def test_the_page_of_a_completed_operation_shows_its_comprobante(house: House):
    code = (await house.master.http.get(f"{QUEUE}/{house.ids[0]}")).json()["operation_code"]
    page = (await house.trader.http.get(f"/panel/operaciones/{code}")).text
    assert f'href="/panel/comprobantes/{house.ids[0]}">Boleta B001-1' in page

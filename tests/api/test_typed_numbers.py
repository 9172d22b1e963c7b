"""Numbers as people type them, and as nobody does: none is read as another, and none breaks a page."""

from __future__ import annotations

import pytest

from api.panel.operation_commands import number, pips, whole
from domain.errors import Invalid
from domain.permissions import Role
from tests.api.conftest import Staff
from tests.api.test_treasury_pages import send
from tests.books import Books, open_books


@pytest.mark.parametrize(
    ("typed", "read"), [("1500.50", "1500.50"), ("1,500.50", "1500.50"), ("1,234,567", "1234567"), (".5", ".5")]
)
def test_an_amount_with_and_without_thousands(typed: str, read: str):
    assert number(typed, "monto") == read


@pytest.mark.parametrize("typed", ["", "1,5", "12,50", "1,23,456", "1.2.3", "3.7²", "²", "-5", "1e3", "."])
def test_what_could_be_another_amount_is_refused(typed: str):
    """12,50 was read as 1250."""
    with pytest.raises(Invalid):
        number(typed, "monto")


@pytest.mark.parametrize("typed", ["7.5", "10.0", "1,5", "²", "", "-1"])
def test_half_a_pip_is_refused_and_never_read_as_none(typed: str):
    with pytest.raises(Invalid):
        pips(typed, "pips")


def test_an_id_that_is_none_of_ours_is_none():
    assert [whole(text) for text in ("12", "²", "9" * 30, "-1", "x")] == [12, 0, 0, 0, 0]


@pytest.mark.parametrize("typed", ["²", "9" * 30, "x"])
async def test_an_odd_number_in_an_address_breaks_no_page(staff: Staff, typed: str):
    master = await staff("marta", Role.MASTER)
    for path in ("clientes?trader=", "auditoria?persona=", "casos?persona=", "casos?cliente=", "alertas?cliente="):
        assert (await master.http.get(f"/panel/{path}{typed}")).status_code == 200, path


async def test_a_typing_slip_takes_no_clients_rate_away(staff: Staff, sessions):
    async with sessions.begin() as session:
        books: Books = await open_books(session)
    master = await staff("marta", Role.MASTER)
    path = f"tasas/cliente/{books.client.id}"
    assert (await send(master, path, pips="15", until="", reason="cliente frecuente"))[0] == 200
    status, said = await send(master, path, pips="7.5", until="", reason="otra")
    assert status == 422
    assert "número entero" in said
    told = (await master.http.get("/api/staff/rates/preferential")).json()["clients"]
    assert [(one["client_id"], one["pips"]) for one in told] == [(books.client.id, 15)]

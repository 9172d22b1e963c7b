"""The bell and the page of notices, and the page where a client says how it wants to be told."""

from __future__ import annotations

import re

import pytest

from tests.contract.test_inbox import tell
from tests.portal.conftest import act

pytestmark = pytest.mark.usefixtures("rates")


def count(page: str) -> int:
    found = re.search(r'data-unread="(\d+)"', page)
    assert found is not None
    return int(found[1])


async def test_the_bell_counts_what_is_new_and_the_page_takes_it_away(client, arrive, sessions):
    other = await arrive("40000002")
    ids = [await tell(sessions, client, status="Completada", key=str(turn)) for turn in range(22)]
    assert [count((await one.http.get("/inicio")).text) for one in (client, other)] == [22, 0]
    page = (await client.http.get("/avisos")).text
    assert page.count('href="/operaciones/EXP-9001"') == 20
    assert page.count("(nuevo)") == 20
    assert f'data-newest="{ids[-1]}"' in page
    assert f'href="?antes={ids[2]}"' in page
    older = (await client.http.get(f"/avisos?antes={ids[2]}")).text
    assert older.count('href="/operaciones/EXP-9001"') == 2
    assert 'data-newest="0"' in older
    read = await act(client.http, "/avisos/leidos", data={"hasta": str(ids[-1])})
    assert count(read.text) == count((await client.http.get("/avisos/campana")).text) == 0
    assert "(nuevo)" not in (await client.http.get("/avisos")).text
    assert (await act(client.http, "/avisos/leidos", token="", data={"hasta": "1"})).status_code == 403


async def test_a_client_without_notices_reads_what_will_be_there(client):
    assert "Aún no tienes avisos" in (await client.http.get("/avisos")).text


async def test_what_is_not_ticked_is_kept_off_and_the_page_says_what_always_comes(client):
    page = (await client.http.get("/cuenta/avisos")).text
    assert len(re.findall(r'type="checkbox"[^>]* checked', page)) == 6
    for words in ("Tu pago y tu comprobante", "Cancelada, expirada", "Seguridad de tu cuenta"):
        assert words in page
    kept = await act(client.http, "/cuenta/avisos", data={"pasos:push": "on", "alertas:correo": "on"})
    assert kept.status_code == 200
    ticked = re.findall(r'name="([a-z:]+)" checked', (await client.http.get("/cuenta/avisos")).text)
    assert ticked == ["pasos:push", "alertas:correo"]

"""What a client chooses not to be told by mail or push, and that what must be told can't be chosen."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from db.tables import AuditEntry

PREFERENCES = "/api/web/notice-preferences"


async def test_everything_is_told_until_the_client_says_otherwise(client, arrive, sessions):
    other = await arrive("40000002")
    before = (await client.http.get(PREFERENCES)).json()["data"]
    assert before == [{"tema": one, "correo": True, "push": True} for one in ("pasos", "alertas", "documentos")]
    change = {"temas": [{"tema": "pasos", "correo": False, "push": True}]}
    for _ in range(2):
        answer = await client.http.put(PREFERENCES, json=change)
        assert answer.json()["data"][0] == change["temas"][0], answer.text
    assert (await client.http.get(PREFERENCES)).json()["data"] == [change["temas"][0], *before[1:]]
    assert (await other.http.get(PREFERENCES)).json()["data"] == before
    async with sessions() as session:
        (told,) = await session.scalars(select(AuditEntry).where(AuditEntry.action == "clients.choose_notices"))
        assert told.changes == [{"field": "muted_notices", "before": "", "after": "pasos por correo"}]


@pytest.mark.parametrize("topic", ["completada", "seguridad", "cancelada", ""])
async def test_what_must_be_told_is_no_choice(client, topic):
    answer = await client.http.put(PREFERENCES, json={"temas": [{"tema": topic, "correo": False, "push": False}]})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "TOPIC_UNKNOWN", "tema")

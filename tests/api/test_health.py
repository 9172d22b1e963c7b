"""What /readyz says of each part."""

from __future__ import annotations

import httpx
from sqlalchemy import text

from db.session import Sessions


async def test_readyz_names_the_part_that_fails(http: httpx.AsyncClient):
    answer = await http.get("/readyz")
    checks = answer.json()["checks"]
    assert answer.status_code == 503
    assert (checks["database"], checks["schema"]) == ("ok", "ok")
    assert checks["temporal"].startswith("no responde")
    assert checks["worker"].startswith("no responde")


async def test_readyz_sees_a_schema_that_is_behind(http: httpx.AsyncClient, sessions: Sessions):
    async with sessions.begin() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = 'anterior'"))
    assert "migrate" in (await http.get("/readyz")).json()["checks"]["schema"]

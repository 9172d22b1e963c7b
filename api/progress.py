"""How far a long act has come, told to the screens of who asked for it. Nothing is stored."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import func, select

from api.services import Services
from domain.notifications import user_room

CHANNEL = "progress"
EVENT = "avance"


async def tell(services: Services, user_id: int, act: str, percent: int) -> None:
    """Every API process hears it over the database, and the one that holds the person's socket tells it."""
    told = {"user_id": user_id, "act": act, "percent": percent}
    async with services.sessions.begin() as session:
        await session.execute(select(func.pg_notify(CHANNEL, json.dumps(told))))


def heard(payload: str) -> tuple[str, dict[str, Any]]:
    """What another process told: the room, and what its screens are told."""
    told: dict[str, Any] = json.loads(payload)
    return user_room(told.pop("user_id")), told

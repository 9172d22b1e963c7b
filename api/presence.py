"""Who has an operation on its screen at this moment, so that two people on one see each other.

Nothing is stored: a screen says every few seconds that it is there, every API process hears it over the database and
tells the screens of the same operation. Who stops saying so is gone.
"""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import func, select

from api.auth import SignedUser
from api.services import Services
from db.operation_reads import may_read

CHANNEL = "presence"
CODE = re.compile(r"EXP-\d{1,12}$")


def room(code: str) -> str:
    """The sockets that have this operation on screen."""
    return f"mira_{code}"


async def look(services: Services, user: SignedUser, data: object) -> str | None:
    """Tell everybody who looks at the same that this person does too; the code, or None when it may not read it.

    `data`: {"operation": "EXP-1001", "editing": false, "gone": false}.
    """
    if not isinstance(data, dict) or not CODE.match(code := str(data.get("operation", ""))):
        return None
    told = {
        "operation": code,
        "user_id": user.id,
        "name": user.full_name,
        "editing": data.get("editing") is True,
        "gone": data.get("gone") is True,
    }
    async with services.sessions.begin() as session:
        if not await may_read(session, user.actor, code):
            return None
        await session.execute(select(func.pg_notify(CHANNEL, json.dumps(told))))
    return code


def heard(payload: str) -> tuple[str, dict[str, Any]]:
    """What another process told: the room, and what its screens are told."""
    told: dict[str, Any] = json.loads(payload)
    return room(told["operation"]), told

"""What a workflow writes a moment after it was asked: the page waits for it, so that reading itself again shows it."""

from __future__ import annotations

import asyncio

from sqlalchemy import Select

from api.services import Services

PATIENCE, EVERY = 3.0, 0.1


async def appears(services: Services, row: Select[int]) -> bool:
    """Whether the row is there within PATIENCE seconds. A late one is shown when the page next reads itself."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                async with services.sessions() as session:
                    if await session.scalar(row) is not None:
                        return True
                await asyncio.sleep(EVERY)
    except TimeoutError:
        return False

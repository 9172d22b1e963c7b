"""How a sheet of the Libro de Reclamaciones is handed to its workflow, from either face."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy.ext.asyncio import AsyncSession

from db import parameters
from db.tables import Complaint
from domain.calendar import LIMA, add_business_days, business_day
from domain.complaints import code
from workflows.client_messages import ComplaintStart

# When the house opens.
MORNING = time(9)


async def start_of(session: AsyncSession, row: Complaint) -> ComplaintStart:
    """The clock of a sheet: its last day, and the morning on which to ring."""
    ahead = int(await parameters.value(session, "complaint_reminder_days", business_day(row.received_at)))
    ring = add_business_days(row.due_on, -ahead)
    return ComplaintStart(
        complaint_id=row.id,
        code=code(row.year, row.number),
        due_on=row.due_on,
        remind_at=datetime.combine(ring, MORNING, LIMA),
    )

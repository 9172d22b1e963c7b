"""Operations as rows, for what happens around them: each with a code that no other test has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Operation, Payout
from domain.accounts import Bank
from domain.money import to_pen
from domain.operations import Assessment, Kind, Origin, State
from tests.people import SELL, Customer

_numbers = count(5001)


async def add_operation(
    session: AsyncSession,
    customer: Customer,
    *,
    state: State = State.COMPLETADA,
    usd: Decimal = Decimal("1500.00"),
    **columns: Any,
) -> str:
    """A Venta of `usd` at the sell rate in `state`, paid out when it is Completada; answers its code."""
    code, now = f"EXP-{next(_numbers)}", datetime.now(UTC)
    values: dict[str, Any] = {
        "version": 1,
        "last_update_id": "t",
        "kind": Kind.VENTA,
        "origin": Origin.WEB,
        "amount_usd": usd,
        "amount_pen": to_pen(usd, SELL),
        "base_rate": SELL,
        "rate": SELL,
        "source_account_id": customer.pen,
        "destination_account_id": customer.usd,
        "source_bank": Bank.BCP,
        "source_account": "19110012345602",
        "destination_bank": Bank.BCP,
        "destination_account": "19110012345601",
        "assessment": Assessment.CLEAR,
        "created_at": now,
        "expires_at": now + timedelta(minutes=15) if state is State.PENDIENTE else None,
        "finished_at": now if state is State.COMPLETADA else None,
        "updated_at": now,
    }
    session.add(Operation(code=code, client_id=customer.id, state=state, **(values | columns)))
    await session.flush()
    if state is State.COMPLETADA:
        paid = {"amount": usd, "account_id": customer.usd, "bank": "BCP", "account": "19110012345601"}
        session.add(Payout(operation_code=code, number=1, created_at=now, **paid))
        await session.flush()
    return code

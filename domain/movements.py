"""Movements that people register: what they may be and what each needs to say."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.errors import Invalid

ZERO = Decimal("0.00")
SHORTEST_REASON = 3


class MovementKind(StrEnum):
    """What a person may register."""

    APERTURA = "apertura"
    AJUSTE = "ajuste"
    TRANSFERENCIA = "transferencia"
    GASTO = "gasto"


class RefundState(StrEnum):
    """Whether the money of a cancelled operation went back to its client."""

    OWED = "Pendiente"
    SETTLED = "Devuelto"


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A movement as a person gives it, in the currency of its account.

    `amount` is positive, but for an adjustment, which may take away. `target_id` is the other account of a transfer;
    `counterpart` the ledger account of an expense or of an opening; `itf` and `target_itf` None are computed.
    """

    kind: MovementKind
    key: str
    house_account_id: int
    amount: Decimal
    day: date
    reason: str
    target_id: int | None = None
    counterpart: str = ""
    fee: Decimal = ZERO
    itf: Decimal | None = None
    target_itf: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        """As a request for approval keeps it."""
        return {name: None if value is None else str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Movement:
        """What a request for approval kept."""
        money = {name: _money(kept[name]) for name in ("itf", "target_itf")}
        return cls(
            kind=MovementKind(kept["kind"]),
            key=kept["key"],
            house_account_id=int(kept["house_account_id"]),
            amount=Decimal(kept["amount"]),
            day=date.fromisoformat(kept["day"]),
            reason=kept["reason"],
            target_id=None if kept["target_id"] is None else int(kept["target_id"]),
            counterpart=kept["counterpart"],
            fee=Decimal(kept["fee"]),
            itf=money["itf"],
            target_itf=money["target_itf"],
        )


def check(movement: Movement, *, today: date) -> None:
    """Raises Invalid: no amount, a reason that says nothing, a day to come, a transfer without its target."""
    if movement.amount == 0 or (movement.amount < 0 and movement.kind is not MovementKind.AJUSTE):
        raise Invalid("AMOUNT_NOT_POSITIVE", "El monto debe ser mayor que cero.", field="amount")
    if len(movement.reason.strip()) < SHORTEST_REASON:
        raise Invalid("REASON_NEEDED", "Escribe el motivo.", field="reason")
    if movement.day > today:
        raise Invalid("DAY_AHEAD", "La fecha no puede ser futura.", field="day")
    if (movement.target_id is not None) != (movement.kind is MovementKind.TRANSFERENCIA):
        raise Invalid("TARGET", "Una transferencia necesita la cuenta de destino.", field="target_id")
    if movement.kind is MovementKind.GASTO and not movement.counterpart:
        raise Invalid("COUNTERPART", "Un gasto necesita su cuenta contable.", field="counterpart")
    if any((value or ZERO) < 0 for value in (movement.fee, movement.itf, movement.target_itf)):
        raise Invalid("AMOUNT_NOT_POSITIVE", "La comisión y el ITF no pueden ser negativos.", field="fee")


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)

"""The daily close: what the books say of each account against what was counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.errors import Invalid

ZERO = Decimal("0.00")


class ClosingState(StrEnum):
    """Borrador until somebody signs it; Reabierto keeps the figures of then."""

    BORRADOR = "Borrador"
    FIRMADO = "Firmado"
    REABIERTO = "Reabierto"


@dataclass(frozen=True, kw_only=True)
class Cash:
    """An account on a day: opening + came_in − went_out = system, in its own currency (F243)."""

    house_account_id: int
    opening: Decimal = ZERO
    came_in: Decimal = ZERO
    went_out: Decimal = ZERO

    @property
    def system(self) -> Decimal:
        """What the books say at the end of the day."""
        return self.opening + self.came_in - self.went_out


@dataclass(frozen=True, kw_only=True)
class Count:
    """What a person counted in an account, and why it differs."""

    house_account_id: int
    counted: Decimal
    reason: str = ""


def checked(cash: Iterable[Cash], counts: Iterable[Count]) -> dict[int, Count]:
    """The counts by account: every account is counted, and a difference has its reason. Raises Invalid."""
    given = {count.house_account_id: count for count in counts}
    accounts = {one.house_account_id: one for one in cash}
    if accounts.keys() != given.keys():
        raise Invalid("COUNT_MISSING", "Cuenta cada cuenta de la casa antes de firmar.", field="counts")
    for one in accounts.values():
        count = given[one.house_account_id]
        if count.counted != one.system and not count.reason.strip():
            raise Invalid("COUNT_REASON", "Di por qué difiere lo contado de lo registrado.", field="counts")
    return given

"""The figures that monitoring takes of an operation, its client and the client's recent past; and what a test is.

The measures of one operation or of fifty thousand are taken by `db/measures.py` in one statement, so that what a
back-test counts is what will ring.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

HUNDRED = Decimal(100)


class MeasureName(StrEnum):
    """What can be measured. Windows end at the operation's creation and include it."""

    AMOUNT = "amount"
    KIND = "kind"
    ORIGIN = "origin"
    DOCUMENT = "document"
    PEP = "pep"
    LIST_MATCH = "list_match"
    RISK_LEVEL = "risk_level"
    CLIENT_DAYS = "client_days"
    IDLE_DAYS = "idle_days"
    EARLIER = "earlier"
    COUNT = "count"
    ACCUMULATED = "accumulated"
    NEAR = "near"
    COMPLETED_USD = "completed_usd"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REVERSED = "reversed"
    SHARED_ACCOUNT = "shared_account"
    SHARED_PHONE = "shared_phone"
    SHARED_ADDRESS = "shared_address"
    SHARED_DEVICE = "shared_device"


class Shared(StrEnum):
    """What several clients may have in common."""

    ACCOUNT = "account"
    PHONE = "phone"
    ADDRESS = "address"
    DEVICE = "device"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure to take. `hours` is its window; `low` and `high` bound amounts in USD, or `low` is a percentage."""

    name: MeasureName
    hours: int = 0
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)


Facts = Mapping[Measure, Any]
Days = Annotated[int, Field(ge=1, le=366)]
Count = Annotated[int, Field(ge=1, le=1000)]
Usd = Annotated[Decimal, Field(gt=0, le=Decimal("99999999.99"), decimal_places=2)]
Percent = Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2)]


def in_days(days: int) -> str:
    """A window in words."""
    return "1 día" if days == 1 else f"{days} días"


class Test(BaseModel):
    """Something that holds or not. Its text in a stored rule names its class by `test`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def measures(self) -> tuple[Measure, ...]:
        """The figures that it looks at."""

    @abstractmethod
    def holds(self, facts: Facts) -> bool:
        """Whether it is so."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What it asks, for the officer."""

    def found(self, facts: Facts) -> str:
        """What was seen, for the case; `words` where the figures say no more."""
        return self.words if self.holds(facts) else ""

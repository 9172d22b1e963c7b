"""What goes into and comes out of treasury's rounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TreasuryTask(StrEnum):
    """What is done by the clock."""

    DAILY_CLOSE = "borrador del cierre"
    NIGHTLY_CHECK = "revisión de la noche"
    ROLL_UP = "saldos por día"
    REFERENCE_RATES = "tipos de referencia"
    GOALS = "metas del mes"


@dataclass(frozen=True, kw_only=True)
class TreasuryOrder:
    """The task to do."""

    task: TreasuryTask


@dataclass(frozen=True, kw_only=True)
class TreasuryReport:
    """What it found, in words without personal data."""

    words: str

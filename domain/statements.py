"""Bank statements."""

from __future__ import annotations

from enum import StrEnum


class Layout(StrEnum):
    """How a bank writes its statements."""

    BCP = "BCP"
    INTERBANK = "INTERBANK"
    BBVA = "BBVA"
    SCOTIABANK = "SCOTIABANK"
    MT940 = "MT940"

"""The Registro de Operaciones: which operations go in it, and as what.

Source: Res. SBS 789-2018 (and before it 6426-2015) for houses of exchange; the thresholds are dated parameters because
the sources that could be read do not agree on them.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

SINGLE, ACCUMULATED = "register_single_usd", "register_accumulated_usd"


class Modality(StrEnum):
    """Why an operation is in the register: by itself, or because of what its client adds up in the month."""

    UNICA = "única"
    MULTIPLE = "múltiple"


class PartyRole(StrEnum):
    """The three people of an operation: in whose name, by whose hand, and for whom it is done."""

    ORDENANTE = "ordenante"
    EJECUTANTE = "ejecutante"
    BENEFICIARIO = "beneficiario"


def modality(amount_usd: Decimal, month_usd: Decimal, *, single: Decimal, accumulated: Decimal) -> Modality | None:
    """As what a completed operation goes in the register; None when it does not.

    `month_usd` is what the client completed in the operation's calendar month in Lima, with this one. Thresholds are
    reached, not passed: exactly US$ 5,000.00 is registered.
    """
    if amount_usd >= single:
        return Modality.UNICA
    return Modality.MULTIPLE if month_usd >= accumulated else None

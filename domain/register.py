"""The Registro de Operaciones: which operations go in it, and as what.

Source: Res. SBS 789-2018 (and before it 6426-2015) for houses of exchange; the thresholds are dated parameters because
the sources that could be read do not agree on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.clients import DocumentType
from domain.errors import Invalid

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


def month_days(month: str, *, field: str = "month") -> tuple[date, date]:
    """First day of a month written `2026-11`, and of the next one. Raises Invalid."""
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", month):
        raise Invalid("MONTH", "Escribe el mes como 2026-11.", field=field)
    year, number = int(month[:4]), int(month[5:])
    following = (year + 1, 1) if number == 12 else (year, number + 1)  # noqa: PLR2004 - December
    return date(year, number, 1), date(*following, 1)


def person_type(kind: DocumentType, number: str) -> str:
    """Natural or jurídica: of the RUCs, those that begin with 10 are of people with a business."""
    return "Jurídica" if kind is DocumentType.RUC and not number.startswith("10") else "Natural"


def parties(client: Mapping[str, str], *, representative: str) -> dict[str, dict[str, str]]:
    """The three roles as they are known at completion: clients operate for themselves and to accounts of their own.

    A company acts by the hand of its representative. What the officer learns otherwise is written by a correction.
    """
    hand = dict(client)
    if representative and client["person_type"] == "Jurídica":
        hand = {**dict.fromkeys(client, ""), "person_type": "Natural", "name": representative}
    return {
        PartyRole.ORDENANTE: dict(client),
        PartyRole.EJECUTANTE: hand,
        PartyRole.BENEFICIARIO: dict(client),
    }


def corrected(people: Mapping[str, Any], changes: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The roles with what was learnt. Raises Invalid for a role that an operation does not have."""
    unknown = set(changes) - set(PartyRole)
    if unknown:
        raise Invalid("ROLE_UNKNOWN", f"Los roles son {', '.join(PartyRole)}.", field="people")
    return {role: {**people[role], **changes.get(role, {})} for role in PartyRole}

"""Referral codes, reward codes, and the ledger of pips that they earn and cost. Pips are whole numbers (F125)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.errors import Conflict, Invalid
from domain.money import pips as pips_of_rate

# Without I, O, 0 and 1, which people confuse. 32 symbols: one random byte gives one symbol without bias.
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 6


class LedgerKind(StrEnum):
    """Why pips moved. With the operation code it is unique, so that no benefit is paid twice (F125)."""

    OPERATION_BENEFIT = "beneficio"
    REDEMPTION = "canje"
    MANUAL = "manual"
    REVERSAL = "reverso"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One movement of a client's pips: earned above zero, spent below."""

    kind: LedgerKind
    pips: int


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What a client's entries add up to, in pips. Earned and spent are both positive."""

    earned: int
    spent: int
    available: int


def is_code(text: str) -> bool:
    """Whether this could be a referral or reward code."""
    return len(text) == CODE_LENGTH and all(symbol in CODE_ALPHABET for symbol in text)


def code(text: str, *, field: str = "coupon") -> str:
    """Read a code that a person typed, in any case. Raises Invalid."""
    typed = text.strip().upper()
    if not is_code(typed):
        raise Invalid("CODE_FORMAT", "El código tiene 6 letras o números. Revísalo.", field=field)
    return typed


def code_from(random_bytes: bytes) -> str:
    """A code from at least 6 bytes of a cryptographic source (`secrets.token_bytes`)."""
    if len(random_bytes) < CODE_LENGTH:
        raise ValueError("a code needs six random bytes")
    return "".join(CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in random_bytes[:CODE_LENGTH])


def improved_rate(kind_is_compra: bool, rate: Decimal, pips: int) -> Decimal:
    """The rate (PEN per USD) `pips` better for the client.

    Compra pays the client more (3.7000 with 30 is 3.7030, F129); Venta charges less (3.4120 with 15 is 3.4105, F049).
    """
    gain = pips_of_rate(pips)
    return rate + gain if kind_is_compra else rate - gain


def balance(entries: Iterable[Entry]) -> Balance:
    """Add up a client's entries."""
    movements = [entry.pips for entry in entries]
    earned = sum(pips for pips in movements if pips > 0)
    spent = -sum(pips for pips in movements if pips < 0)
    return Balance(earned=earned, spent=spent, available=earned - spent)


def redeem(*, available: int, cost: int) -> Entry:
    """The entry that pays for a reward code. Raises Conflict when the client has too few pips."""
    if available < cost:
        raise Conflict("PIPS_NOT_ENOUGH", f"Necesitas {cost} pips y tienes {available}. Te faltan {cost - available}.")
    return Entry(kind=LedgerKind.REDEMPTION, pips=-cost)


def check_referral(*, owner_id: int, client_id: int, already_used: bool) -> None:
    """Raises Invalid for one's own code, Conflict when the client was already referred once (F120)."""
    if owner_id == client_id:
        raise Invalid("COUPON_OWN", "No puedes usar tu propio código.", field="coupon")
    if already_used:
        raise Conflict("REFERRAL_USED", "Ya usaste un código de referido. Puedes usar un cupón.", field="coupon")


def check_reward(*, owner_id: int, client_id: int, free: bool) -> None:
    """Raises Invalid for one's own reward code, Conflict when it is used or another operation holds it (F126)."""
    if owner_id == client_id:
        raise Invalid("COUPON_OWN", "Este cupón es para regalar; no puedes usarlo tú.", field="coupon")
    if not free:
        raise Conflict("COUPON_USED", "Este cupón ya se usó. Cada cupón vale para una sola operación.", field="coupon")

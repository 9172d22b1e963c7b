"""How much a client may exchange before its documents are complete."""

from __future__ import annotations

from decimal import Decimal

from domain.errors import Invalid
from domain.money import dollars


def check_limit(
    *, has_complete_documents: bool, accumulated_usd: Decimal, amount_usd: Decimal, limit_usd: Decimal
) -> None:
    """Raises Invalid when `amount_usd` would take the client over the limit; exactly the limit is allowed.

    `accumulated_usd` is what the client has in completed and open operations, without this one: an open operation
    counts, a cancelled or expired one does not (F132). The caller holds the client's row lock while it counts.
    """
    reached = accumulated_usd + amount_usd
    if has_complete_documents or reached <= limit_usd:
        return
    raise Invalid(
        "LIMIT_EXCEEDED",
        f"Con esta operación llegas a {dollars(reached)}. Sin documentos completos puedes hasta {dollars(limit_usd)}.",
        field="amount_usd",
    )


def left(*, has_complete_documents: bool, accumulated_usd: Decimal, limit_usd: Decimal) -> Decimal | None:
    """USD that the client may still exchange without documents; None when no limit applies."""
    if has_complete_documents:
        return None
    return max(limit_usd - accumulated_usd, Decimal("0.00"))

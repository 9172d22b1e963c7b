"""Companies with several people: who prepares, who approves, and what two people must agree on.

A company's own sign-in (its RUC) administers: it does everything, and says who else comes in. With `two people` on, an
exchange that one of them prepared is created only when another one approves it, at the rate of that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Conflict, Forbidden


class RequestState(StrEnum):
    """Por aprobar until another person decides; Aprobada keeps its operation's code."""

    POR_APROBAR = "Por aprobar"
    APROBADA = "Aprobada"
    DESCARTADA = "Descartada"


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person of a company who is in. The company's own sign-in is no member: it administers."""

    id: int
    name: str
    may_prepare: bool
    may_approve: bool


def check_prepares(member: Member | None) -> None:
    """Raises Forbidden for who only approves."""
    if member is not None and not member.may_prepare:
        raise Forbidden("NOT_A_MAKER", "En tu empresa tú apruebas. Las operaciones las prepara otra persona.")


def check_approves(member: Member | None, *, prepared_by: int | None) -> None:
    """Whoever prepared it does not approve it. Raises Forbidden."""
    if member is not None and not member.may_approve:
        raise Forbidden("NOT_AN_APPROVER", "En tu empresa aprueba otra persona.")
    if (member.id if member else None) == prepared_by:
        raise Forbidden("TWO_PEOPLE", "La preparaste tú: la aprueba otra persona de tu empresa.")


def check_waits(state: RequestState) -> None:
    """Raises Conflict once it was discarded."""
    if state is RequestState.DESCARTADA:
        raise Conflict("REQUEST_DISCARDED", "Este pedido se descartó.")

"""What goes into and comes out of the workflows about comprobantes: ids and states, never personal data.

Every field added later needs a default: histories written before it must still be read.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.operations import Actor


@dataclass(frozen=True, kw_only=True)
class AnswerRound:
    """Ask for SUNAT's answers: of everything that is due, or of one document at once."""

    invoice_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerReport:
    """How a batch went. `rejected` are the documents of which the house has had no mail yet."""

    asked: int = 0
    answered: int = 0
    left: int = 0
    rejected: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PapersReport:
    """How many documents were looked at, and of how many everything is now in our store."""

    documents: int = 0
    complete: int = 0


@dataclass(frozen=True, kw_only=True)
class Reissue:
    """Issue the comprobante of an operation again, outside its own workflow. `name`: what it replaces (`B001-7`)."""

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class VoidStart:
    """A request that was written: `name` is the comprobante (`B001-7`), `requested_by` an internal id.

    `decided` comes with one that two people agreed on elsewhere: nobody is waited for.
    """

    void_id: int
    invoice_id: int
    name: str
    requested_by: int
    decided: VoidProgress | None = None


@dataclass(frozen=True, kw_only=True)
class VoidDecision:
    """A second person's word. `reason` is needed to say no."""

    actor: Actor
    approved: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordVoidDecision:
    """Write the decision on a request."""

    void_id: int
    decision: VoidDecision


@dataclass(frozen=True, kw_only=True)
class VoidProgress:
    """Where taking it back stands: the request's state, how it is done, and the nota when there is one."""

    state: str
    method: str = ""
    note_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class InvoiceNotice:
    """Mail one notice about a document. `key` tells apart two of the same kind (a resend)."""

    invoice_id: int
    code: str
    notice: str
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class AccountFinding:
    """What was seen of the account or of one series; `said` is for people."""

    subject: str
    works: bool
    said: str

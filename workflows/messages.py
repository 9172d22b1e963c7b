"""What goes into and comes out of workflows and activities: ids and figures, never personal data.

Every field added later needs a default: histories written before it must still be read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.operations import Actor, Assessment, Effect, FieldChange, Operation


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The house's terms in force when the operation was created; fixed for its life.

    `stale_after` raises attention on a `sistema` operation left Pendiente; `alert_every` rings while En proceso.
    """

    stale_after: timedelta = timedelta(hours=4)
    alert_every: timedelta = timedelta(minutes=10)
    invoice_wait: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class OperationStart:
    """The operation as the API quoted it (server's rate, server's amounts), to be recorded as version 1."""

    operation: Operation
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, kw_only=True)
class OperationAnswer:
    """What a command answers: the operation's state after it."""

    code: str
    state: str
    version: int
    operator_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class OperationOutcome:
    """How the workflow ended. `outcome` is a final state, or `Rechazada` with the refusal's code."""

    code: str
    outcome: str
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordCreation:
    """Write version 1, if the rules still hold under the client's lock."""

    operation: Operation
    update_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordTransition:
    """Write one version of the operation and everything that belongs to the same instant.

    `event` names the command or the machine's event; `update_id` is the caller's key (or a name of the workflow's own)
    and tells a repeat from an orphan.
    """

    operation: Operation
    event: str
    actor: Actor
    update_id: str
    at: datetime
    changes: tuple[FieldChange, ...] = ()
    assign_operator: bool = False
    # The row may differ in more than `changes` tells: every line and proof is then compared with the workflow's.
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What the database decided while recording: who has the operation."""

    operator_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Note:
    """A remark of the house on an operation."""

    actor: Actor
    text: str
    key: str


@dataclass(frozen=True, kw_only=True)
class RecordNote:
    """Store a note once, by its key."""

    code: str
    note: Note
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordAlert:
    """An operation has been En proceso for `minutes`: tell its operator and the Masters, once per occasion."""

    code: str
    operator_id: int | None
    minutes: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AssessOperation:
    """Screen the client and assess the operation; `occasion` is `creacion` or `cierre`."""

    code: str
    client_id: int
    occasion: str


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """What compliance says."""

    outcome: Assessment


@dataclass(frozen=True, kw_only=True)
class EffectOrder:
    """Carry out one effect of an operation. The code and the effect are its idempotency key."""

    code: str
    effect: Effect


@dataclass(frozen=True, kw_only=True)
class NoticeOrder:
    """Send the mails and pushes of one event. `key` tells apart two events of the same kind (amount changed twice).

    `again`: a person sends it once more, to the client's mail and to nobody else.
    """

    code: str
    effect: Effect
    notice: str
    key: str = ""
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued:
    """The comprobante that NubeFact has; `status` is Enviado or Aceptado."""

    status: str
    series: str
    number: int


@dataclass(frozen=True, kw_only=True)
class ClientNoticeOrder:
    """Send one notice that is about a client and no operation. `key` tells apart two of the same kind.

    `again` when a person of the house sends it once more: by mail only, whatever the client has muted.
    """

    client_id: int
    notice: str
    key: str
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class ClientOrder:
    """Do something about one client, by its internal id."""

    client_id: int


@dataclass(frozen=True, kw_only=True)
class Screened:
    """What screening a client against the lists found: hits that nobody has resolved, and how strong the best is."""

    open_hits: int
    strongest: str


@dataclass(frozen=True, kw_only=True)
class ReconciliationReport:
    """What the comparison of open workflows with rows found."""

    compared: int = 0
    drifted: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseAlarm:
    """A term of compliance that is near, or over."""

    case_id: int
    late: bool


@dataclass(frozen=True, kw_only=True)
class CasesWatched:
    """Cases whose decision has now been heard, and the terms that rang."""

    told: tuple[int, ...] = ()
    rung: tuple[CaseAlarm, ...] = ()

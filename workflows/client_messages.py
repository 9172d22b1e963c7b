"""What goes into and comes out of the workflows about people: ids and states, never personal data.

Every field added later needs a default: histories written before it must still be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.clients import ClientStatus, DocumentKind, KycStatus
from domain.operations import Actor, StoredFile


@dataclass(frozen=True, kw_only=True)
class OnboardingStart:
    """Begin, or take up again, a client's onboarding. `welcome` only at its registration."""

    client_id: int
    welcome: bool = False


@dataclass(frozen=True, kw_only=True)
class OnboardingTerms:
    """The house's figures when this run began. `automatic`: who is of low risk is activated without a person."""

    automatic: bool = False
    remind_after: timedelta = timedelta(days=3)
    reminders: int = 3


@dataclass(frozen=True, kw_only=True)
class OnboardingState:
    """The client's file as the workflow holds it, after each write."""

    client_id: int
    status: ClientStatus
    kyc: KycStatus
    complete: bool
    closed: bool = False
    missing: tuple[DocumentKind, ...] = ()
    to_review: tuple[DocumentKind, ...] = ()

    @property
    def over(self) -> bool:
        """Nothing is left to do: approved with everything, rejected, or closed."""
        return self.closed or self.kyc is KycStatus.RECHAZADO or (self.kyc is KycStatus.APROBADO and self.complete)


@dataclass(frozen=True, kw_only=True)
class OnboardingOpened:
    """State and terms, read once the client's row is there."""

    state: OnboardingState
    terms: OnboardingTerms


@dataclass(frozen=True, kw_only=True)
class OnboardingOutcome:
    """How a run ended: `Activo`, `Rechazado`, `Cerrado` or `Sin registro`."""

    client_id: int
    outcome: str


@dataclass(frozen=True, kw_only=True)
class SentPaper:
    """A document that is already in the store."""

    kind: DocumentKind
    file: StoredFile


@dataclass(frozen=True, kw_only=True)
class SendPapers:
    """The client, or staff for it, sends documents."""

    actor: Actor
    papers: tuple[SentPaper, ...]


@dataclass(frozen=True, kw_only=True)
class ReviewPaper:
    """Middle Office accepts a document, or asks for it again with a reason."""

    actor: Actor
    paper_id: int
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Approve, reject or reopen. `words` are notes of an approval, and the reason of the other two."""

    actor: Actor
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordPapers:
    """Write what `SendPapers` asks."""

    client_id: int
    command: SendPapers


@dataclass(frozen=True, kw_only=True)
class RecordReview:
    """Write what `ReviewPaper` asks."""

    client_id: int
    command: ReviewPaper
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RecordDecision:
    """Write a decision. `key` is its update's id: a repeated attempt changes nothing."""

    client_id: int
    command: Decision
    key: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AssessRisk:
    """Score the client. `open_hits` is what a screening has just found; None when none has run."""

    client_id: int
    occasion: str
    at: datetime
    open_hits: int | None = None


@dataclass(frozen=True, kw_only=True)
class ActivateClient:
    """Activate by the house's rule, if the client is of low risk and has sent everything."""

    client_id: int
    key: str


@dataclass(frozen=True, kw_only=True)
class EmailCodeOrder:
    """Mail one verification code, by its row."""

    code_id: int


@dataclass(frozen=True, kw_only=True)
class ComplaintStart:
    """Attend one sheet of the Libro de Reclamaciones until it is answered, at the latest on `due_on` (Lima)."""

    complaint_id: int
    code: str
    due_on: date
    remind_at: datetime


@dataclass(frozen=True, kw_only=True)
class ComplaintNotice:
    """Mail a sheet: `reclamo_copia` to the person, `reclamo_casa` to the house, `reclamo_respuesta` the answer."""

    complaint_id: int
    notice: str


@dataclass(frozen=True, kw_only=True)
class ComplaintAnswer:
    """The house's answer, by its reference in the request: the text is personal and never shown in the UI's labels."""

    actor: Actor
    text: str


@dataclass(frozen=True, kw_only=True)
class RecordAnswer:
    """Write the answer. `key` is its update's id."""

    complaint_id: int
    command: ComplaintAnswer
    key: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Anonymised:
    """How many clients lost their personal data by this run."""

    clients: int = 0

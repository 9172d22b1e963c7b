"""What a person asks of an operation: one class per command, with exactly what the command needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from domain.operations import Actor, Effect, Kind, Origin, StoredFile


@dataclass(frozen=True, kw_only=True)
class NewOperation:
    """What a face asks for. The rate and the PEN amount are never asked: the server fixes them.

    `amount_usd` in USD. `coupon` is a reward code, another client's referral code, or empty. `agreed`: two people of
    the company have agreed on it.
    """

    actor: Actor
    client_id: int
    kind: Kind
    origin: Origin
    amount_usd: Decimal
    source_account_id: int
    destination_account_id: int
    coupon: str = ""
    comments: str = ""
    agreed: bool = False


@dataclass(frozen=True, kw_only=True)
class LineDraft:
    """An abono or pago as a person types it. `number` names a line to change; None adds one."""

    amount: Decimal
    number: int | None = None
    account_id: int | None = None
    transfer_code: str = ""
    house_account_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class SubmitProof:
    """The client has transferred: a transfer code, 1 to 4 files, or both.

    `amount` (in what the client pays) is None when the proof covers all that is owed.
    """

    actor: Actor
    transfer_code: str = ""
    files: tuple[StoredFile, ...] = ()
    amount: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Change what is given; None leaves a field as it is. `version` is the one the person was looking at."""

    actor: Actor
    amount_usd: Decimal | None = None
    deposits: tuple[LineDraft, ...] | None = None
    payouts: tuple[LineDraft, ...] | None = None
    comments: str | None = None
    version: int | None = None


@dataclass(frozen=True, kw_only=True)
class StartProcessing:
    """The abonos are in: hand the operation to an operator. Empty payouts mean the whole to the destination."""

    actor: Actor
    payouts: tuple[LineDraft, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ReturnToPending:
    """Something is wrong with the abono: back to Pendiente, without a deadline."""

    actor: Actor
    reason: str


@dataclass(frozen=True, kw_only=True)
class Reassign:
    """Give the operation to another operator."""

    actor: Actor
    operator_id: int


@dataclass(frozen=True, kw_only=True)
class AttachProof:
    """The operator's proof of a pago."""

    actor: Actor
    files: tuple[StoredFile, ...]
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class RemoveProof:
    """Take an operator's proof away, by its stable number."""

    actor: Actor
    number: int


@dataclass(frozen=True, kw_only=True)
class Complete:
    """The client has been paid; `value_day`: on an earlier Lima day, which a Master says with a reason."""

    actor: Actor
    comments: str | None = None
    value_day: date | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """Stop it, with a reason."""

    actor: Actor
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExtendDeadline:
    """More time for the client to transfer."""

    actor: Actor
    expires_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReleaseHold:
    """Compliance lets it go on."""

    actor: Actor
    resolution: str


@dataclass(frozen=True, kw_only=True)
class ConfirmHold:
    """Compliance confirms the match: the operation is cancelled."""

    actor: Actor
    resolution: str


@dataclass(frozen=True, kw_only=True)
class RetryEffect:
    """Try a refused effect again."""

    actor: Actor
    effect: Effect


@dataclass(frozen=True, kw_only=True)
class WaiveEffect:
    """Let a refused effect go: the first Master asks, a second one grants."""

    actor: Actor
    effect: Effect
    reason: str


Command = (
    SubmitProof
    | Edit
    | StartProcessing
    | ReturnToPending
    | Reassign
    | AttachProof
    | RemoveProof
    | Complete
    | Cancel
    | ExtendDeadline
    | ReleaseHold
    | ConfirmHold
    | RetryEffect
    | WaiveEffect
)

"""One route for each command of an operation's life. The rules are the workflow's; here, who may ask for what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import AwareDatetime, Field

from api.auth import SignedUser, requires
from api.files import store
from api.operations import add_note, command_operation
from api.services import Services, ServicesDep
from api.staff.operations import Code, CommandAnswer, answered
from api.staff.shapes import MAX_ID, Body, Day, Done, IdempotencyKey, Money, example, key_or_new
from db import closings
from db.operation_reads import check_visible
from domain import commands as c
from domain.errors import Invalid
from domain.money import MAX_AMOUNT
from domain.operations import MAX_DEPOSITS, MAX_PAYOUTS, MAX_PROOFS, Effect, StoredFile
from domain.permissions import Permission
from workflows.messages import Note

router = APIRouter(prefix="/api/staff/operations/{code}", tags=["Órdenes sobre una operación"])

CLIENT_PROOFS = "operations/payment_proofs"
OPERATOR_PROOFS = "operations/operator_proofs"
LONGEST_EXTENSION = timedelta(days=7)


class LineBody(Body):
    """An abono or a pago. With `number` it changes that line; without, it adds one."""

    amount: Money
    number: int | None = Field(default=None, ge=1, le=1000)
    account_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    transfer_code: str = Field(default="", max_length=60)
    house_account_id: int | None = Field(default=None, ge=1, le=MAX_ID)

    def draft(self) -> c.LineDraft:
        """As the domain reads it."""
        return c.LineDraft(**self.model_dump())


class EditBody(Body):
    """What to change; what is absent stays. A list of lines replaces the whole list."""

    model_config = example(amount_usd="1600.00", comments="Cliente pidió subir el monto", version=3)
    amount_usd: Money | None = None
    deposits: list[LineBody] | None = Field(default=None, max_length=MAX_DEPOSITS)
    payouts: list[LineBody] | None = Field(default=None, max_length=MAX_PAYOUTS)
    comments: str | None = Field(default=None, max_length=1000)
    version: int | None = Field(default=None, ge=1, le=10**6)


class StartBody(Body):
    """The pagos to make; without them, the whole amount to the destination account."""

    payouts: list[LineBody] | None = Field(default=None, max_length=MAX_PAYOUTS)


class ReasonBody(Body):
    """Why."""

    model_config = example(reason="El abono llegó incompleto")
    reason: str = Field(min_length=1, max_length=500)


class ReassignBody(Body):
    """To whom."""

    operator_id: int = Field(ge=1, le=MAX_ID)


class RemoveProofBody(Body):
    """Which proof, by its number."""

    number: int = Field(ge=1, le=1000)


class CompleteBody(Body):
    """A last comment, if any. `value_day`: the earlier Lima day of the payment, which a Master says with a reason."""

    comments: str | None = Field(default=None, max_length=1000)
    value_day: Day | None = None
    reason: str = Field(default="", max_length=500)


class ExtendBody(Body):
    """Until when, with its time zone, and why."""

    model_config = example(expires_at="2026-11-25T15:30:00-05:00", reason="El banco está demorando")
    expires_at: AwareDatetime
    reason: str = Field(min_length=1, max_length=500)


class ResolutionBody(Body):
    """What compliance decided, in words."""

    resolution: str = Field(min_length=1, max_length=500)


class EffectBody(Body):
    """Which effect."""

    model_config = example(effect="comprobante")
    effect: Effect


class WaiveBody(EffectBody):
    """Which effect, and why it is let go."""

    reason: str = Field(min_length=1, max_length=500)


class NoteBody(Body):
    """A remark."""

    text: str = Field(min_length=1, max_length=1000)


async def _command(
    services: Services, user: SignedUser, code: str, command: c.Command, key: str | None
) -> CommandAnswer:
    """Carry it out, if the operation is this person's to see."""
    await _visible(services, user, code)
    return answered(await command_operation(services, code, command, key=key_or_new(key)))


async def _visible(services: Services, user: SignedUser, code: str) -> None:
    async with services.sessions() as session:
        await check_visible(session, user.actor, code)


@router.post("/submit-proof")
async def submit_proof(
    *,
    code: Code,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_SUBMIT_PROOF)],
    services: ServicesDep,
    files: Annotated[list[UploadFile] | None, File(max_length=MAX_PROOFS)] = None,
    transfer_code: Annotated[str, Form(max_length=60)] = "",
    amount: Annotated[Decimal | None, Form(gt=0, le=MAX_AMOUNT)] = None,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """The client has transferred: its transfer code, 1 to 4 pictures, or both. Passes to En proceso."""
    await _visible(services, user, code)
    stored = await _stored(services, files or [], folder=CLIENT_PROOFS)
    command = c.SubmitProof(actor=user.actor, transfer_code=transfer_code, files=stored, amount=amount)
    return answered(await command_operation(services, code, command, key=key_or_new(key)))


@router.post("/edit")
async def edit(
    code: Code,
    body: EditBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_READ)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Change the amount, abonos, pagos or comments. Which of them depends on the role and the state."""
    command = c.Edit(
        actor=user.actor,
        amount_usd=body.amount_usd,
        deposits=_drafts(body.deposits),
        payouts=_drafts(body.payouts),
        comments=body.comments,
        version=body.version,
    )
    return await _command(services, user, code, command, key)


@router.post("/start-processing")
async def start_processing(
    code: Code,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_START_PROCESSING)],
    services: ServicesDep,
    body: StartBody | None = None,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """The abonos are in: pass to En proceso and to the operator with the least work."""
    command = c.StartProcessing(actor=user.actor, payouts=_drafts(body.payouts) if body else None)
    return await _command(services, user, code, command, key)


@router.post("/return-to-pending")
async def return_to_pending(
    code: Code,
    body: ReasonBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_RETURN)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Something is wrong with the abono: back to Pendiente, without a deadline."""
    return await _command(services, user, code, c.ReturnToPending(actor=user.actor, reason=body.reason), key)


@router.post("/reassign")
async def reassign(
    code: Code,
    body: ReassignBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_REASSIGN)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Give it to another active Operador."""
    return await _command(services, user, code, c.Reassign(actor=user.actor, operator_id=body.operator_id), key)


@router.post("/attach-proof")
async def attach_proof(
    *,
    code: Code,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_ATTACH_PROOF)],
    services: ServicesDep,
    file: Annotated[list[UploadFile], File(max_length=MAX_PROOFS)],
    comentario: Annotated[str, Form(max_length=500)] = "",
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """The proof of a pago: PNG, JPG, WEBP, HEIC or PDF, up to 10 MB, at most 4 in all."""
    await _visible(services, user, code)
    stored = await _stored(services, file, folder=OPERATOR_PROOFS)
    command = c.AttachProof(actor=user.actor, files=stored, comment=comentario)
    return answered(await command_operation(services, code, command, key=key_or_new(key)))


@router.post("/remove-proof")
async def remove_proof(
    code: Code,
    body: RemoveProofBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_ATTACH_PROOF)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Take an operator's proof away."""
    return await _command(services, user, code, c.RemoveProof(actor=user.actor, number=body.number), key)


@router.post("/complete")
async def complete(
    code: Code,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_COMPLETE)],
    services: ServicesDep,
    body: CompleteBody | None = None,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """The client has been paid. Comprobante, mail, pips and the rest follow by themselves."""
    given = body or CompleteBody()
    if given.value_day is not None:
        async with services.sessions() as session:
            await closings.check_open(session, given.value_day)
    command = c.Complete(actor=user.actor, comments=given.comments, value_day=given.value_day, reason=given.reason)
    return await _command(services, user, code, command, key)


@router.post("/cancel")
async def cancel(
    code: Code,
    body: ReasonBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_CANCEL_PENDING)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Stop it. En proceso only a Master may; if the client had paid, a refund is opened."""
    return await _command(services, user, code, c.Cancel(actor=user.actor, reason=body.reason), key)


@router.post("/extend-deadline")
async def extend_deadline(
    code: Code,
    body: ExtendBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_EXTEND_DEADLINE)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """More time for the client to transfer, up to seven days."""
    until = body.expires_at.astimezone(UTC)
    if until > datetime.now(UTC) + LONGEST_EXTENSION:
        raise Invalid("DEADLINE_TOO_FAR", "El plazo puede ser de hasta 7 días.", field="expires_at")
    command = c.ExtendDeadline(actor=user.actor, expires_at=until, reason=body.reason)
    return await _command(services, user, code, command, key)


@router.post("/release-hold")
async def release_hold(
    code: Code,
    body: ResolutionBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_RESOLVE_HOLD)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Compliance lets it go on."""
    return await _command(services, user, code, c.ReleaseHold(actor=user.actor, resolution=body.resolution), key)


@router.post("/confirm-hold")
async def confirm_hold(
    code: Code,
    body: ResolutionBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_RESOLVE_HOLD)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Compliance confirms the match: it is cancelled."""
    return await _command(services, user, code, c.ConfirmHold(actor=user.actor, resolution=body.resolution), key)


@router.post("/retry-effect")
async def retry_effect(
    code: Code,
    body: EffectBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_RETRY_EFFECT)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Try a refused effect again, after mending its cause."""
    return await _command(services, user, code, c.RetryEffect(actor=user.actor, effect=body.effect), key)


@router.post("/waive-effect")
async def waive_effect(
    code: Code,
    body: WaiveBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_WAIVE_EFFECT)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> CommandAnswer:
    """Let a refused effect go. One Master asks; a second one grants by asking the same."""
    command = c.WaiveEffect(actor=user.actor, effect=body.effect, reason=body.reason)
    return await _command(services, user, code, command, key)


@router.post("/notes")
async def write_note(
    code: Code,
    body: NoteBody,
    user: Annotated[SignedUser, requires(Permission.OPERATIONS_NOTE)],
    services: ServicesDep,
    key: IdempotencyKey = None,
) -> Done:
    """A remark of the house, in any state. Clients never see it."""
    await _visible(services, user, code)
    await add_note(services, code, Note(actor=user.actor, text=body.text, key=key_or_new(key)))
    return Done()


async def _stored(services: Services, uploads: list[UploadFile], *, folder: str) -> tuple[StoredFile, ...]:
    return tuple([await store(services, upload, folder=folder) for upload in uploads])


def _drafts(lines: list[LineBody] | None) -> tuple[c.LineDraft, ...] | None:
    return None if lines is None else tuple(line.draft() for line in lines)

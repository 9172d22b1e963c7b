"""The client says that it has transferred: a code, pictures, or both (contract #24, #25, M12, M13).

Files are judged by their bytes and stored before the command is sent; when the store is down nothing changes (F032,
F209).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, Field, StringConstraints

from api.auth import CurrentClient, SignedClient
from api.files import store
from api.operations import command_operation
from api.public.identity import ClientKey, Json, derived_key
from api.public.objects import Dates
from api.public.operations import shown
from api.services import Services, ServicesDep
from db import client_operations
from db.tables import Operation
from domain.commands import SubmitProof
from domain.errors import Conflict, Invalid
from domain.money import amount
from domain.operations import MAX_PROOFS, StoredFile

router = APIRouter(tags=["Contrato: constancias"])

FOLDER = "operations/payment_proofs"
_THANKS = "Recibimos tu constancia. Estamos verificando tu transferencia."
Voucher = Annotated[str, StringConstraints(max_length=50, strip_whitespace=True)]


class TransferCode(BaseModel):
    """The bank's number of the transfer."""

    codigo_operacion: Voucher = Field(examples=["00123456"])


@router.post("/api/web/submit-proof")
async def submit_proof(
    *,
    operation_id: Annotated[int, Form()],
    client: CurrentClient,
    services: ServicesDep,
    voucher_code: Annotated[Voucher, Form()] = "",
    files: Annotated[list[UploadFile] | None, File()] = None,
    key: ClientKey = None,
) -> Json:
    """The web's proof: up to 4 files, a code, or both; the operation passes to En proceso."""
    operation = await _own(services, client, operation_id)
    stored = await _stored(services, operation, files or [], field="files")
    command = SubmitProof(actor=client.actor, transfer_code=voucher_code, files=stored)
    return await _submit(services, operation, command, key, dates=services.settings.client_dates)


@router.post("/api/operations/{operation_id}/upload-proof")
async def upload_proof(
    operation_id: int, comprobante: UploadFile, client: CurrentClient, services: ServicesDep, key: ClientKey = None
) -> Json:
    """One file, at the path that the web of January 2026 uses on its detail page."""
    operation = await _own(services, client, operation_id)
    stored = await _stored(services, operation, [comprobante], field="comprobante")
    command = SubmitProof(actor=client.actor, files=stored)
    return await _submit(services, operation, command, key, dates=services.settings.client_dates)


@router.post("/api/client/submit-transfer-code/{operation_id}")
async def submit_transfer_code(
    operation_id: int, body: TransferCode, client: CurrentClient, services: ServicesDep, key: ClientKey = None
) -> Json:
    """Only the code, from the mobile."""
    operation = await _own(services, client, operation_id)
    command = SubmitProof(actor=client.actor, transfer_code=body.codigo_operacion)
    return await _submit(services, operation, command, key, dates="lima")


@router.post("/api/client/upload-deposit-proof/{operation_id}")
async def upload_deposit_proof(
    *,
    operation_id: int,
    file: UploadFile,
    client: CurrentClient,
    services: ServicesDep,
    deposit_index: Annotated[int, Form()] = 0,
    importe: Annotated[Decimal | None, Form()] = None,
    codigo_operacion: Annotated[Voucher, Form()] = "",
    key: ClientKey = None,
) -> Json:
    """One abono with its picture, from the mobile. `importe` is in what the client pays; absent, all that is owed.

    `deposit_index` only tells two equal abonos apart: lines keep the numbers that the house gives them.
    """
    operation = await _own(services, client, operation_id)
    paid = None if importe is None else amount(importe, field="importe")
    stored = await _stored(services, operation, [file], field="file")
    command = SubmitProof(actor=client.actor, transfer_code=codigo_operacion, files=stored, amount=paid)
    return await _submit(services, operation, command, key, dates="lima", place=deposit_index)


async def _own(services: Services, client: SignedClient, operation_id: int) -> Operation:
    async with services.sessions() as session:
        return await client_operations.owned_row(session, client.id, operation_id)


async def _stored(
    services: Services, operation: Operation, files: Sequence[UploadFile], *, field: str
) -> tuple[StoredFile, ...]:
    """Stored, when the operation could still take them. An empty part of a form with no file chosen is nothing."""
    if operation.finished_at is not None:
        state = operation.state
        raise Conflict("WRONG_STATE", f"{operation.code} ya está {state}; esta acción ya no corresponde.")
    given = [file for file in files if file.filename]
    if len(given) > MAX_PROOFS:
        raise Invalid("TOO_MANY_PROOFS", f"Como máximo {MAX_PROOFS} constancias.", field=field)
    return tuple([await store(services, file, folder=FOLDER, field=field) for file in given])


async def _submit(
    services: Services,
    operation: Operation,
    command: SubmitProof,
    key: str | None,
    *,
    dates: Dates,
    place: int = 0,
) -> Json:
    if not command.files and not command.transfer_code:
        raise Invalid("PROOF_EMPTY", "Escribe el número de operación o adjunta la constancia.", field="files")
    code = operation.code
    if key is None:
        async with services.sessions() as session:
            key = derived_key(code, command, place, await client_operations.times_returned(session, code))
    await command_operation(services, code, command, key=key)
    async with services.sessions() as session:
        after = await client_operations.by_code(session, code)
        seen = await shown(services, session, after, dates)
    return {"success": True, "message": _THANKS, "data": {"operation": seen}, "operation": seen}

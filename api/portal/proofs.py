"""The client says that it has transferred: a transfer code, files, or both."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentMember
from api.pages.refusals import problem_of
from api.portal.errors import PortalRoute, go
from api.portal.operations import Code, refused_on
from api.public import proofs as contract
from api.services import ServicesDep
from db import client_operations
from domain.errors import Refused

router = APIRouter(route_class=PortalRoute)


@router.post("/operaciones/{code}/constancias")
async def send_proof(
    *,
    code: Code,
    request: Request,
    client: CurrentMember,
    services: ServicesDep,
    codigo: Annotated[str, Form(max_length=50)] = "",
    archivos: Annotated[list[UploadFile] | None, File()] = None,
    clave_unica: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Send it as the web does; the operation passes to En proceso and the page follows it."""
    async with services.sessions() as session:
        operation = await client_operations.owned_by_code(session, client.id, code)
    try:
        await contract.submit_proof(
            operation_id=operation.row.id,
            client=client,
            services=services,
            voucher_code=codigo.strip(),
            files=archivos,
            key=clave_unica or None,
        )
    except Refused as refused:
        return await refused_on(request, services, client, code, problem_of(request, refused))
    return go(f"/operaciones/{operation.row.code}")

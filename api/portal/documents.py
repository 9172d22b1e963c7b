"""The papers that prove who the client is, sent from the camera or a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.auth import CurrentClient, SignedClient
from api.pages.refusals import problem_of
from api.portal import pages
from api.portal.errors import PortalRoute, go
from api.portal.papers import papers_of_client
from api.public.documents import upload_documents
from api.services import Services, ServicesDep
from db import clients, limits
from domain.errors import Refused

router = APIRouter(route_class=PortalRoute)


@router.get("/cuenta/documentos")
async def documents(request: Request, client: CurrentClient, services: ServicesDep) -> Response:
    """What is missing, what is being looked at, and why something came back."""
    known = await _known(services, client)
    return await pages.page(request, services, client, "documents.html", active="cuenta", **known)


@router.post("/cuenta/documentos")
async def send_documents(
    *,
    request: Request,
    client: CurrentClient,
    services: ServicesDep,
    dni_front: Annotated[UploadFile | None, File()] = None,
    dni_back: Annotated[UploadFile | None, File()] = None,
    ruc_ficha: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Send one or more; Middle Office looks at them."""
    try:
        await upload_documents(
            signed=client, services=services, dni_front=dni_front, dni_back=dni_back, ruc_ficha=ruc_ficha
        )
    except Refused as refused:
        problem = problem_of(request, refused)
        known = {**await _known(services, client), "problem": problem}
        return pages.fragment(request, client, "documents.html", "main", status=problem["status"], **known)
    return go("/cuenta/documentos")


async def _known(services: Services, client: SignedClient) -> dict[str, Any]:
    async with services.sessions() as session:
        row = await clients.live(session, client.id)
        papers = await papers_of_client(session, row)
        room = await limits.room(session, row, now=datetime.now(UTC))
    wanted = [paper for paper in papers if paper.wanted]
    return {"row": row, "papers": papers, "wanted": wanted, "room": room, "problem": None}

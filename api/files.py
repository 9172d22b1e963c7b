"""Files in and out: an upload is stored before any command names it; a stored file is served by a signed link."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, UploadFile
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from starlette.responses import Response

from api.auth import public
from api.services import Services, ServicesDep
from domain.errors import Missing
from domain.files import MAX_BYTES, FileKind, sniff
from domain.operations import StoredFile

router = APIRouter(tags=["Archivos"])

LINK_SECONDS = 15 * 60
SHOWN = frozenset(kind.content_type for kind in FileKind)


async def store(services: Services, upload: UploadFile, *, folder: str, field: str = "file") -> StoredFile:
    """Read at most 10 MB, tell its kind by its bytes, store it. Raises Invalid; StorageDown when the store is away."""
    content = await upload.read(MAX_BYTES + 1)
    kind = sniff(content, field=field)
    return await services.files.put(content, folder=folder, content_type=kind.content_type)


def link(services: Services, file_key: str, content_type: str) -> str:
    """Where to see a stored file for the next 15 minutes; whoever has the link can see it."""
    return f"/api/files/{_signer(services).dumps([file_key, content_type])}"


@router.get(
    "/api/files/{token}",
    response_class=Response,
    dependencies=[public("el enlace firmado, que vence en 15 minutos, es el permiso")],
    responses={200: {"content": {kind: {} for kind in sorted(SHOWN)}}, 404: {"description": "Enlace vencido o roto"}},
)
async def read_file(token: Annotated[str, Path(max_length=600)], services: ServicesDep) -> Response:
    """A stored file, shown in the browser with the type that its bytes had."""
    file_key, content_type = _read(services, token)
    content = await services.files.get(file_key)
    headers = {
        "Content-Disposition": "inline" if content_type in SHOWN else "attachment",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": f"private, max-age={LINK_SECONDS}",
        "Referrer-Policy": "no-referrer",
    }
    return Response(content, media_type=content_type if content_type in SHOWN else None, headers=headers)


def _read(services: Services, token: str) -> tuple[str, str]:
    try:
        file_key, content_type = _signer(services).loads(token, max_age=LINK_SECONDS)
    except SignatureExpired as error:
        raise Missing("LINK_EXPIRED", "Este enlace venció. Vuelve a abrir la operación.") from error
    except BadSignature as error:
        raise Missing("LINK_BROKEN", "Este enlace no es válido.") from error
    return str(file_key), str(content_type)


def _signer(services: Services) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(services.settings.secret_key.get_secret_value(), salt="archivos")

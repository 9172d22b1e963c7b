"""The files that browsers load with the pages: found by their plain name, served under the name that their hash gives.

`build.py` makes them at install. A page never names a file that is not there: a missing build is said in one sentence.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from api.auth import public
from domain.errors import Missing

DIST = FilePath(__file__).parent / "dist"
PREFIX = "/assets"
KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
}
# Already compressed by their own format.
PACKED = (KINDS["woff2"], KINDS["png"])
FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter(prefix=PREFIX, include_in_schema=False)


class NotBuilt(RuntimeError):
    """The files of the pages have not been made on this machine."""


@cache
def manifest() -> dict[str, str]:
    """Plain name → name with its hash. Raises NotBuilt."""
    try:
        found: dict[str, str] = json.loads((DIST / "manifest.json").read_text())
    except FileNotFoundError as error:
        raise NotBuilt("Faltan los archivos de las páginas: ejecuta `make install`.") from error
    return found


def address(name: str) -> str:
    """Where a page finds the file `name`: `panel.css` is `/assets/panel-3f2a….css`."""
    return f"{PREFIX}/{manifest()[name]}"


@router.get("/{name}", dependencies=[public("estilos, programas y letras de las páginas, iguales para todos")])
async def read_asset(name: Annotated[str, Path(max_length=80)], request: Request) -> Response:
    """A file of the pages; compressed when the browser takes it so."""
    # A process that outlives its files (they were built anew beneath it) has nothing to give either.
    if name not in manifest().values() or not (DIST / name).is_file():
        raise Missing("NOT_FOUND", "No existe lo que buscas.")
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    kind = KINDS[name.rpartition(".")[2]]
    if "gzip" in request.headers.get("accept-encoding", "") and kind not in PACKED:
        return FileResponse(DIST / f"{name}.gz", media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
    return FileResponse(DIST / name, media_type=kind, headers=headers)

"""What makes the portal an app of the phone: its manifest, its service worker and the page for no connection."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api import assets
from api.auth import public
from api.portal import pages
from api.portal.errors import PortalRoute

router = APIRouter(route_class=PortalRoute)

OFFLINE = "/sin-conexion"
WORKER = Path(__file__).with_name("worker.js")
KEPT = ("portal.css", "portal.js", "htmx.js", "morph.js", "sockets.js", "portal-icons.svg", "inter.woff2", "mark.svg")
# The browser asks for both again by itself; a day late would be a day with an old app.
FRESH = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


@router.get("/manifest.webmanifest", dependencies=[public("la lee el navegador para instalar la app")])
async def manifest() -> Response:
    """Name, icons and colours of the app."""
    icons = [
        {"src": assets.address(f"icon-{side}.png"), "sizes": f"{side}x{side}", "type": "image/png", "purpose": purpose}
        for side in (192, 512)
        for purpose in ("any", "maskable")
    ]
    content = {
        "name": "QoriCash",
        "short_name": "QoriCash",
        "description": "Cambia dólares y soles al precio que ves.",
        "lang": "es-PE",
        "start_url": "/inicio",
        "id": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbfaf7",
        "theme_color": "#123d31",
        "icons": icons,
        "shortcuts": [{"name": "Cambiar", "url": "/cambiar"}, {"name": "Operaciones", "url": "/operaciones"}],
    }
    return Response(json.dumps(content), media_type="application/manifest+json", headers=FRESH)


@router.get("/sw.js", dependencies=[public("lo instala el navegador; no guarda nada de nadie")])
async def worker() -> Response:
    """The service worker, with the names that today's files have."""
    return Response(_worker(), media_type="text/javascript", headers=FRESH)


@router.get(OFFLINE, dependencies=[public("se guarda para cuando no hay conexión; no tiene datos")])
async def offline(request: Request) -> Response:
    """What is shown without a line."""
    return pages.bare_page(request, "offline.html")


@cache
def _worker() -> str:
    kept = [assets.address(name) for name in KEPT]
    icon = f"const ICON = {json.dumps(assets.address('icon-192.png'))};\n"
    return f"const KEPT = {json.dumps(kept)};\nconst OFFLINE = {json.dumps(OFFLINE)};\n{icon}{WORKER.read_text()}"

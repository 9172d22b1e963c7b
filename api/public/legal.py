"""The two legal pages that the mobile opens in the browser (contract M21)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from api.auth import public

router = APIRouter(tags=["Contrato: páginas legales"])

PAGES = Path(__file__).with_name("pages")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


@router.get("/legal/terms", response_class=HTMLResponse, dependencies=[public("se lee antes de abrir una cuenta")])
async def terms() -> HTMLResponse:
    """Terms of the service."""
    return _page("terms.html")


@router.get("/legal/privacy", response_class=HTMLResponse, dependencies=[public("se lee antes de abrir una cuenta")])
async def privacy() -> HTMLResponse:
    """What is done with personal data (Ley 29733)."""
    return _page("privacy.html")


def _page(name: str) -> HTMLResponse:
    return HTMLResponse(_text(name), headers={"Content-Security-Policy": _POLICY})


@cache
def _text(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")

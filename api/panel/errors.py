"""What a person sees when something is refused or fails: a page, a notice in the corner, or the door to come in again.

The sentences are those of the API (api/errors.py); here they only get clothes.
"""

from __future__ import annotations

import hmac
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, identity
from api.origins import SAFE
from api.pages.answers import wants_fragment
from api.pages.refusals import CSRF_HEADER, TITLES
from api.pages.routes import PageRoute
from api.panel import pages
from api.settings import ApiSettings
from domain.errors import Forbidden

DOOR = "/panel/ingresar"


class PanelRoute(PageRoute):
    """A route of the panel: whatever it raises is answered in HTML."""

    async def same_page(self, request: Request) -> None:
        """An act comes from a page that we made for this very session. Raises Forbidden."""
        if request.method in SAFE:
            return
        signed = await identity(request)
        if not isinstance(signed, SignedUser):
            return
        settings: ApiSettings = request.app.state.settings
        if not hmac.compare_digest(request.headers.get(CSRF_HEADER, ""), pages.csrf_token(settings, signed)):
            raise Forbidden("PAGE_STALE", "Esta página es de otra sesión. Vuelve a cargarla y repite.")

    def door(self, then: str = "") -> str:
        """The sign-in page, and where it leads afterwards."""
        return door(then)

    def dressed(self, request: Request, problem: dict[str, Any]) -> Response:
        """A notice in the corner, or a page."""
        status, detail = int(problem["status"]), str(problem["detail"])
        title = TITLES.get(HTTPStatus(status), "Algo falló de nuestro lado")
        if wants_fragment(request):
            headers = {**notice("alerta", "circle-alert", title, detail), "HX-Reswap": "none"}
            return pages.answer("", status=status, headers=headers)
        return pages.bare_page(request, "error.html", status=status, title=title, detail=detail)


def notice(tone: str, icon: str, title: str, text: str = "") -> dict[str, str]:
    """The header that shows a notice in the corner."""
    told = {"aviso": {"tone": tone, "icon": icon, "title": title, "text": text}}
    # A header speaks latin-1: JSON's own escapes keep every letter.
    return {"HX-Trigger": json.dumps(told)}


def door(then: str = "") -> str:
    """The sign-in page, and where it leads afterwards."""
    return f"{DOOR}?siguiente={quote(then, safe='/')}" if then.startswith("/panel/") else DOOR

"""What a client sees when something is refused or fails: a page, a sentence on it, or the door to come in again."""

from __future__ import annotations

import hmac
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedClient, identity
from api.origins import SAFE
from api.pages.answers import answer, csrf_token, wants_fragment
from api.pages.refusals import CSRF_HEADER, TITLES
from api.pages.routes import PageRoute
from api.portal import pages
from api.settings import ApiSettings
from domain.errors import Forbidden

DOOR = "/ingresar"
CSRF_FIELD = "csrf"


class PortalRoute(PageRoute):
    """A route of the portal: whatever it raises is answered in HTML."""

    async def same_page(self, request: Request) -> None:
        """An act of who is signed in comes from a page that we made for this very session. Raises Forbidden."""
        if request.method in SAFE:
            return
        signed = await identity(request)
        if not isinstance(signed, SignedClient):
            return
        settings: ApiSettings = request.app.state.settings
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given, csrf_token(settings, pages.FACE, signed.session_id)):
            raise Forbidden("PAGE_STALE", "Esta página es de otra sesión. Vuelve a cargarla y repite.")

    def door(self, then: str = "") -> str:
        """The sign-in page, and where it leads afterwards."""
        return door(then)

    def dressed(self, request: Request, problem: dict[str, Any]) -> Response:
        """A sentence at the foot of the page, or a page."""
        status, detail = int(problem["status"]), str(problem["detail"])
        if wants_fragment(request):
            headers = {**notice("circle-alert", detail, "error"), "HX-Reswap": "none"}
            return answer("", status=status, headers=headers)
        title = TITLES.get(HTTPStatus(status), "Algo falló de nuestro lado")
        return pages.bare_page(request, "error.html", status=status, title=title, detail=detail)


def notice(icon: str, text: str, tone: str = "") -> dict[str, str]:
    """The header that shows a sentence at the foot of the page."""
    # A header speaks latin-1: JSON's own escapes keep every letter.
    return {"HX-Trigger": json.dumps({"aviso": {"icon": icon, "text": text, "tone": tone}})}


def go(path: str) -> Response:
    """Done: the page goes there."""
    return answer("", headers={"HX-Redirect": path})


def door(then: str = "") -> str:
    """The sign-in page, and where it leads afterwards."""
    return f"{DOOR}?siguiente={quote(then, safe='/')}" if inside(then) else DOOR


def inside(path: str) -> bool:
    """Only to our own pages: an address in a mail must not lead elsewhere."""
    return path.startswith("/") and not path.startswith(("//", "/panel", "/api/")) and "\\" not in path

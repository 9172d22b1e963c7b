"""What a client sees when something is refused or fails: a page, a sentence on it, or the door to come in again.

And what it sees of an act that its browser sent by itself, before the page's programs were there: a slow line, an old
browser. The act is the same; only its answer is dressed as a page.
"""

from __future__ import annotations

import hmac
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth import SignedClient, identity
from api.origins import SAFE
from api.pages.answers import HEADERS, answer, csrf_token, wants_fragment
from api.pages.refusals import CSRF_HEADER, TITLES
from api.pages.routes import Handler, PageRoute
from api.portal import pages
from api.settings import ApiSettings
from domain.errors import Forbidden

DOOR = "/ingresar"
CSRF_FIELD = "csrf"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# What an answer that leads elsewhere has to say besides.
KEPT = (b"set-cookie", b"clear-site-data")


class PortalRoute(PageRoute):
    """A route of the portal: whatever it raises is answered in HTML."""

    def get_route_handler(self) -> Handler:
        """The handler, whose answers to acts are whole pages for a browser that sent them by itself."""
        inner = super().get_route_handler()

        async def handled(request: Request) -> Response:
            answered = await inner(request)
            if request.method in SAFE or wants_fragment(request):
                return answered
            return await _whole(request, answered)

        return handled

    async def same_page(self, request: Request) -> None:
        """An act of who is signed in comes from a page that we made for this very session. Raises Forbidden."""
        if request.method in SAFE:
            return
        signed = await identity(request)
        if not isinstance(signed, SignedClient):
            return
        settings: ApiSettings = request.app.state.settings
        given = request.headers.get(CSRF_HEADER) or await _typed_token(request)
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


async def _typed_token(request: Request) -> str:
    """The token as a form of ours carries it, for a browser that sends the form by itself."""
    if not request.headers.get("content-type", "").startswith(FORMS):
        return ""
    return str((await request.form()).get(CSRF_FIELD, ""))


async def _whole(request: Request, answered: Response) -> Response:
    """What the page's programs would have done with this answer: go where it says, or show its part in its place."""
    if place := answered.headers.get("hx-redirect"):
        gone = RedirectResponse(place, HTTPStatus.SEE_OTHER, HEADERS)
        kept = [pair for pair in answered.raw_headers if pair[0] in KEPT]
        gone.raw_headers.extend(kept)
        return gone
    body = bytes(answered.body)
    if answered.media_type != "text/html" or not body or body.lstrip().startswith(b"<!doctype"):
        return answered
    signed = await identity(request)
    client = signed if isinstance(signed, SignedClient) else None
    part = Markup(body.decode())  # noqa: S704 - a template of ours made it
    return pages.part_page(request, client, part, status=answered.status_code)


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

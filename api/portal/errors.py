"""What a client sees when something is refused or fails: a page, a sentence on it, or the door to come in again."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth import SignedClient, identity
from api.errors import SignInNeeded
from api.origins import SAFE
from api.pages.answers import HEADERS, answer, csrf_token, wants_fragment
from api.pages.refusals import CSRF_HEADER, TITLES, problem_of
from api.portal import pages
from api.settings import ApiSettings
from domain.errors import Forbidden

DOOR = "/ingresar"
CSRF_FIELD = "csrf"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PortalRoute(APIRoute):
    """A route of the portal: whatever it raises is answered in HTML."""

    def get_route_handler(self) -> Handler:
        """The handler, with the portal's own answers to refusals and faults."""
        inner = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                await _same_page(request)
                return await inner(request)
            except SignInNeeded as refused:
                return _to_the_door(request, refused)
            except Exception as error:  # noqa: BLE001 - the API's own answers, which log what they must, in HTML
                return _dressed(request, problem_of(request, error))

        return handled


def notice(icon: str, text: str, tone: str = "") -> dict[str, str]:
    """The header that shows a sentence at the foot of the page."""
    # A header speaks latin-1: JSON's own escapes keep every letter.
    return {"HX-Trigger": json.dumps({"aviso": {"icon": icon, "text": text, "tone": tone}})}


def go(path: str) -> Response:
    """Done: the page goes there."""
    return answer("", headers={"HX-Redirect": path})


async def _same_page(request: Request) -> None:
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


def _dressed(request: Request, problem: dict[str, Any]) -> Response:
    status, detail = int(problem["status"]), str(problem["detail"])
    if wants_fragment(request):
        headers = {**notice("circle-alert", detail, "error"), "HX-Reswap": "none"}
        return answer("", status=status, headers=headers)
    title = TITLES.get(HTTPStatus(status), "Algo falló de nuestro lado")
    return pages.bare_page(request, "error.html", status=status, title=title, detail=detail)


def _to_the_door(request: Request, refused: SignInNeeded) -> Response:
    """Back to the door, and from there to where the person was."""
    if wants_fragment(request):
        here = request.headers.get("hx-current-url", "")
        path = "/" + here.split("/", 3)[-1] if here.count("/") >= 3 else ""  # noqa: PLR2004 - scheme://host/path
        return answer("", status=refused.status, headers={"HX-Redirect": door(path)})
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(door(path if request.method == "GET" else ""), HTTPStatus.SEE_OTHER, HEADERS)


def door(then: str = "") -> str:
    """The sign-in page, and where it leads afterwards."""
    return f"{DOOR}?siguiente={quote(then, safe='/')}" if inside(then) else DOOR


def inside(path: str) -> bool:
    """Only to our own pages: an address in a mail must not lead elsewhere."""
    return path.startswith("/") and not path.startswith(("//", "/panel", "/api/")) and "\\" not in path

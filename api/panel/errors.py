"""What a person sees when something is refused or fails: a page, a notice in the corner, or the door to come in again.

The sentences are those of the API (api/errors.py); here they only get clothes.
"""

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

from api.auth import SignedUser, identity
from api.errors import SignInNeeded
from api.origins import SAFE
from api.pages.answers import wants_fragment
from api.pages.refusals import CSRF_HEADER, TITLES, problem_of
from api.panel import pages
from api.settings import ApiSettings
from domain.errors import Forbidden

__all__ = ["problem_of", "wants_fragment"]

DOOR = "/panel/ingresar"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PanelRoute(APIRoute):
    """A route of the panel: whatever it raises is answered in HTML."""

    def get_route_handler(self) -> Handler:
        """The handler, with the panel's own answers to refusals and faults."""
        inner = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                await _same_page(request)
                return await inner(request)
            except SignInNeeded as refused:
                return _to_the_door(request, refused)
            except Exception as error:  # noqa: BLE001 - the API's own answers, which log what they must, in HTML
                return _dressed(request, problem_of(request, error))
            finally:
                # The files of a form that a page read by itself: nobody else closes them.
                await request.close()

        return handled


def notice(tone: str, icon: str, title: str, text: str = "") -> dict[str, str]:
    """The header that shows a notice in the corner."""
    told = {"aviso": {"tone": tone, "icon": icon, "title": title, "text": text}}
    # A header speaks latin-1: JSON's own escapes keep every letter.
    return {"HX-Trigger": json.dumps(told)}


async def _same_page(request: Request) -> None:
    """An act comes from a page that we made for this very session. Raises Forbidden."""
    if request.method in SAFE:
        return
    signed = await identity(request)
    if not isinstance(signed, SignedUser):
        return
    settings: ApiSettings = request.app.state.settings
    if not hmac.compare_digest(request.headers.get(CSRF_HEADER, ""), pages.csrf_token(settings, signed)):
        raise Forbidden("PAGE_STALE", "Esta página es de otra sesión. Vuelve a cargarla y repite.")


def _dressed(request: Request, problem: dict[str, Any]) -> Response:
    status, detail = int(problem["status"]), str(problem["detail"])
    title = TITLES.get(HTTPStatus(status), "Algo falló de nuestro lado")
    if wants_fragment(request):
        headers = {**notice("alerta", "circle-alert", title, detail), "HX-Reswap": "none"}
        return pages.answer("", status=status, headers=headers)
    return pages.bare_page(request, "error.html", status=status, title=title, detail=detail)


def _to_the_door(request: Request, refused: SignInNeeded) -> Response:
    """Back to the door, and from there to where the person was."""
    if wants_fragment(request):
        here = request.headers.get("hx-current-url", "")
        path = "/" + here.split("/", 3)[-1] if here.count("/") >= 3 else ""  # noqa: PLR2004 - scheme://host/path
        return pages.answer("", status=refused.status, headers={"HX-Redirect": door(path)})
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(door(path if request.method == "GET" else ""), HTTPStatus.SEE_OTHER, pages.HEADERS)


def door(then: str = "") -> str:
    """The sign-in page, and where it leads afterwards."""
    return f"{DOOR}?siguiente={quote(then, safe='/')}" if then.startswith("/panel/") else DOOR

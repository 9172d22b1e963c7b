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
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth import SignedUser, identity
from api.errors import SignInNeeded, response_for
from api.origins import SAFE
from api.panel import pages
from api.settings import ApiSettings
from domain.errors import Forbidden, Invalid

DOOR = "/panel/ingresar"
CSRF_HEADER = "x-csrf-token"
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

TITLES = {
    HTTPStatus.FORBIDDEN: "No tienes permiso para esto",
    HTTPStatus.NOT_FOUND: "No encontramos lo que buscas",
    HTTPStatus.CONFLICT: "Ya no corresponde",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Revisa lo que escribiste",
    HTTPStatus.SERVICE_UNAVAILABLE: "No responde por ahora",
}


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
                return _dressed(request, _problem(request, error))
            finally:
                # The files of a form that a page read by itself: nobody else closes them.
                await request.close()

        return handled


def wants_fragment(request: Request) -> bool:
    """Whether a page asks for a part of itself."""
    return request.headers.get("hx-request") == "true"


def problem_of(request: Request, error: Exception) -> dict[str, Any]:
    """What the API says of this: `status`, `code`, `detail` and, where it has one, `field`."""
    return _problem(request, _as_refusal(error))


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


def _as_refusal(error: Exception) -> Exception:
    if not isinstance(error, ValidationError):
        return error
    first = error.errors()[0]
    return Invalid("INVALID", _said(first["type"]), field=str(first["loc"][0]) if first["loc"] else None)


def _said(kind: str) -> str:
    known = {
        "string_too_short": "Escribe algo más: hace falta para guardarlo.",
        "missing": "Falta este dato.",
        "string_too_long": "Es demasiado largo.",
    }
    return known.get(kind, "Este dato no se entiende. Revísalo.")


def _problem(request: Request, error: Exception) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(response_for(request, _as_refusal(error)).body))
    return found


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
